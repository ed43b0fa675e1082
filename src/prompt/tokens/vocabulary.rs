//! Exact counts, by a vocabulary that the user has put there.

use kitoken::Kitoken;

use super::{Bound, Seen};
use crate::chat::{Message, Tokenizer};

/// A vocabulary: a model's own way to cut text into tokens.
pub struct Vocabulary {
    tokens: Kitoken,
    /// What counts where the vocabulary has no token for a text.
    bound: Bound,
}

impl Vocabulary {
    /// Reads a `tokenizer.json` or a `tekken.json`; `seen` is what is known of
    /// the vocabulary without it.
    ///
    /// # Errors
    ///
    /// When the bytes are neither: why not.
    pub fn read(bytes: &[u8], seen: Option<Seen>) -> Result<Self, String> {
        let tokens = match Kitoken::from_tokenizers_slice(bytes) {
            Ok(tokens) => tokens,
            Err(why) => Kitoken::from_tekken_slice(bytes).map_err(|_| why.to_string())?,
        };
        Ok(Self { tokens, bound: Bound::new(seen) })
    }
}

impl std::fmt::Debug for Vocabulary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vocabulary").field("bound", &self.bound).finish_non_exhaustive()
    }
}

impl Tokenizer for Vocabulary {
    /// Control tokens are text here: nothing in a prompt may be one.
    fn text(&self, text: &str) -> usize {
        self.tokens.encode(text, false).map_or_else(|_| self.bound.text(text), |all| all.len())
    }

    /// What a chat template puts round the messages is bounded, not counted.
    fn prompt(&self, messages: &[Message]) -> usize {
        super::with_marks(messages, |text| self.text(text))
    }
}
