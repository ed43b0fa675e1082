//! How many tokens the prompts of an endpoint take, the marks of a raw text included.

use std::sync::Arc;

use super::dialect::{Dialect, Knobs};
use crate::chat::{Counting, Message, Tokenizer};

/// What counts the tokens of prompts that are sent by a wire.
#[must_use]
pub fn counting(
    dialect: &'static Dialect,
    knobs: &Knobs,
    tokenizer: Arc<dyn Tokenizer>,
) -> Arc<dyn Tokenizer> {
    if dialect.raw.is_none() {
        return tokenizer;
    }
    Arc::new(Marked { tokenizer, dialect, knobs: knobs.clone() })
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
            Counting::Vocabulary => Counting::Vocabulary,
        }
    }
}
