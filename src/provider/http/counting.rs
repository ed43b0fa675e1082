//! How many tokens the prompts of an endpoint take, the marks of a raw text included.

use std::sync::Arc;

use super::Endpoint;
use super::dialect::{Dialect, Knobs};
use crate::chat::{Message, Tokenizer};

/// A tokenizer, and what a wire adds to what it counts.
#[derive(Debug)]
pub(super) struct Counting {
    tokenizer: Arc<dyn Tokenizer>,
    dialect: &'static Dialect,
    knobs: Knobs,
}

impl Counting {
    pub fn new(endpoint: &Endpoint) -> Self {
        let tokenizer = Arc::clone(&endpoint.tokenizer);
        Self { tokenizer, dialect: endpoint.dialect, knobs: endpoint.knobs.clone() }
    }
}

impl Tokenizer for Counting {
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

    fn is_bound(&self) -> bool {
        self.tokenizer.is_bound()
    }
}
