//! How many tokens the prompts of an endpoint take, the marks of a raw text included.

use std::sync::{Arc, Mutex, PoisonError};

use super::dialect::{Dialect, Knobs};
use crate::chat::{Counting, Message, Tokenizer};

/// What counts the tokens of prompts that are sent by a wire.
#[must_use]
pub fn counting(
    dialect: &'static Dialect,
    knobs: &Knobs,
    tokenizer: Arc<dyn Tokenizer>,
) -> Arc<dyn Tokenizer> {
    let tokenizer: Arc<dyn Tokenizer> = match dialect.raw {
        Some(_) => Arc::new(Marked { tokenizer, dialect, knobs: knobs.clone() }),
        None => tokenizer,
    };
    Arc::new(Remembering { tokenizer, last: Mutex::default() })
}

/// A tokenizer that remembers the last prompt it has counted: the same one is
/// fitted, checked, and checked again where it is sent.
#[derive(Debug)]
struct Remembering {
    tokenizer: Arc<dyn Tokenizer>,
    last: Mutex<Option<(Vec<Message>, usize)>>,
}

impl Tokenizer for Remembering {
    fn text(&self, text: &str) -> usize {
        self.tokenizer.text(text)
    }

    fn prompt(&self, messages: &[Message]) -> usize {
        // It is whole whatever a panicking holder did.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, tokens)) = last.as_ref().filter(|(counted, _)| counted == messages) {
            return *tokens;
        }
        let tokens = self.tokenizer.prompt(messages);
        *last = Some((messages.to_vec(), tokens));
        tokens
    }

    fn is_bound(&self) -> bool {
        self.tokenizer.is_bound()
    }

    fn counting(&self) -> Counting {
        self.tokenizer.counting()
    }
}

/// A tokenizer, and the marks that a wire of raw text adds to what it counts.
#[derive(Debug)]
struct Marked {
    tokenizer: Arc<dyn Tokenizer>,
    dialect: &'static Dialect,
    knobs: Knobs,
}

impl Tokenizer for Marked {
    fn text(&self, text: &str) -> usize {
        self.tokenizer.text(text)
    }

    /// A model that does not know the marks of a template spells them out: each
    /// of their bytes may be a token.
    fn prompt(&self, messages: &[Message]) -> usize {
        let raw = self.dialect.raw.as_ref();
        let marks = raw.map_or(0, |raw| (raw.marks)(messages, &self.knobs));
        self.tokenizer.prompt(messages) + marks
    }

    fn counting(&self) -> Counting {
        match self.tokenizer.counting() {
            Counting::Bound { seen, .. } => {
                let template = self.knobs.template.clone().unwrap_or_default();
                Counting::Bound { seen, raw: Some((self.dialect.name.to_owned(), template)) }
            }
            other => other,
        }
    }
}
