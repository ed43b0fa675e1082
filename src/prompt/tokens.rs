//! Token counts that are never too low, for models whose vocabulary is not at hand.
//!
//! Two bounds, each proven:
//!
//! - A byte-level vocabulary never needs more than a token a byte. This holds
//!   for any model.
//! - The vocabularies of most open models hold the same pairs of letters and
//!   the same common words (see [`Seen`]). A text of theirs never takes more
//!   tokens than the longest way to cut it that these leave open: about a third
//!   of a token a byte of English prose, where the true count is a quarter.
//!
//! In both the NFC form counts as well, because some tokenizers normalise
//! first, which can make a text longer; and one extra token is the space that
//! others put in front.

use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::chat::{Counting, Message, Tokenizer};

mod pairs;
mod vocabulary;
mod words;

pub use vocabulary::Vocabulary;
pub use words::is_common;

/// What a chat template puts round one message, at most.
const PER_MESSAGE: usize = 8;

/// The mark at the beginning of a prompt, and the opening of the reply.
const PER_PROMPT: usize = 4;

/// A vocabulary that has been seen, and of which `pairs` and `words` hold:
/// those of Llama 2, Llama 3, Qwen 2.5 and 3, Mistral's Tekken, Gemma 3,
/// `DeepSeek` V3 and `OpenAI`'s o200k.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen;

/// The smallest bound that is proven of a model's vocabulary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bound {
    seen: Option<Seen>,
}

impl Bound {
    /// The bound for a vocabulary that has been seen, or for any other one.
    #[must_use]
    pub fn new(seen: Option<Seen>) -> Self {
        Self { seen }
    }

    fn of(self, text: &str) -> usize {
        match self.seen {
            Some(Seen) => words::most_tokens(text),
            None => text.len(),
        }
    }
}

impl Tokenizer for Bound {
    fn text(&self, text: &str) -> usize {
        let as_it_is = self.of(text);
        let most = if is_nfc(text) {
            as_it_is
        } else {
            let normal: String = text.nfc().collect();
            as_it_is.max(self.of(&normal))
        };
        most + 1
    }

    fn prompt(&self, messages: &[Message]) -> usize {
        with_marks(messages, |text| self.text(text))
    }

    fn counting(&self) -> Counting {
        Counting::Bound { seen: self.seen.is_some(), raw: None }
    }
}

/// A whole prompt: its texts, and what a chat template puts round them at most.
fn with_marks(messages: &[Message], text: impl Fn(&str) -> usize) -> usize {
    messages.iter().map(|message| text(&message.text) + PER_MESSAGE).sum::<usize>() + PER_PROMPT
}

#[cfg(test)]
mod tests;
