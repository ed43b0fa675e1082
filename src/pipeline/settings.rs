//! What a run may do: limits, targets, seed.

use serde::{Deserialize, Serialize};

use crate::prompt::budget::Shares;
use crate::prompt::memory::Shape;
use crate::provider::{Facts, Sampling};

/// What a run may do, every default filled in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Tokens of prompt and text together; what the model thinks stands beside them.
    pub window: usize,
    /// Tokens of the text of one reply.
    pub reply_limit: usize,
    /// How many more times a rejected reply is drawn.
    pub redraws: u32,
    /// How many times a reply is continued.
    pub continuations: u32,
    /// Words of a synopsis.
    pub synopsis_words: usize,
    /// What every call's seed is made from.
    pub seed: u64,
    /// How prose is sampled.
    pub prose: Sampling,
    /// How records and folds are sampled.
    pub exact: Sampling,
}

/// What flags and the project ask for; none where neither says anything.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Tokens of prompt and reply together.
    pub window: Option<u32>,
    /// Tokens of one reply.
    pub reply_tokens: Option<u32>,
    /// How many more times a rejected reply is drawn.
    pub redraws: Option<u32>,
    /// How many times a reply is continued.
    pub continuations: Option<u32>,
    /// Words of a synopsis.
    pub synopsis_words: Option<u32>,
    /// The seed.
    pub seed: Option<u64>,
    /// How prose is sampled: the book's word, then that of the model's author.
    pub sampling: Sampling,
}

impl Settings {
    /// The settings for a model: the smallest of the limits that apply.
    #[must_use]
    pub fn new(asked: Asked, facts: &Facts) -> Self {
        let count = |value: Option<u32>| value.and_then(|value| usize::try_from(value).ok());
        let held = facts.window.saturating_sub(facts.thinking);
        let window = count(asked.window).map_or(held, |window| window.min(held));
        // A third: what a longer reply would take is missing from the memory.
        let share = window / 3;
        let text_limit = facts.reply_limit.map(|limit| limit.saturating_sub(facts.thinking));
        let reply_limit = [count(asked.reply_tokens), text_limit]
            .into_iter()
            .flatten()
            .fold(share, usize::min)
            .max(32);
        Self {
            window,
            reply_limit,
            redraws: asked.redraws.unwrap_or(3).min(100),
            continuations: asked.continuations.unwrap_or(8).min(1_000),
            synopsis_words: count(asked.synopsis_words).unwrap_or(90).clamp(20, 1_000),
            seed: asked.seed.unwrap_or(0),
            prose: Self::prose_of(asked.sampling),
            exact: Sampling {
                temperature: Some(0.2),
                top_p: Some(0.95),
                min_p: Some(0.05),
                repetition_penalty: Some(1.0),
                ..Sampling::default()
            },
        }
    }

    /// How prose is sampled where this is asked for.
    #[must_use]
    pub fn prose_of(asked: Sampling) -> Sampling {
        asked.or(&Sampling {
            temperature: Some(0.8),
            top_p: Some(0.95),
            min_p: Some(0.05),
            repetition_penalty: Some(1.1),
            ..Sampling::default()
        })
    }

    /// How the window is shared.
    #[must_use]
    pub fn shares(&self) -> Shares {
        Shares::of(self.window, self.reply_limit)
    }

    /// How synopses are grouped, where a word counts for this many tokens.
    #[must_use]
    pub fn memory(&self, tokens_per_word: f64) -> Shape {
        Shape::for_room(
            self.shares().synopses,
            tokens(self.synopsis_words, tokens_per_word * 1.2) + 12,
        )
    }

    /// The words a fold may have in a book of this many chapters, so that all
    /// folds together fit their share.
    #[must_use]
    pub fn fold_words(&self, chapters: usize, tokens_per_word: f64) -> usize {
        let most = self.memory(tokens_per_word).most_folds(chapters).max(1);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "counts of tokens are small and positive"
        )]
        let words = (self.shares().folds as f64 / most as f64 / tokens_per_word / 1.2) as usize;
        words.clamp(25, 220)
    }

    /// The seed of one call, from what tells it from every other.
    #[must_use]
    pub fn seed_of(&self, what: &str) -> u32 {
        let hash = blake3::hash(format!("{}\n{what}", self.seed).as_bytes());
        let bytes = hash.as_bytes();
        u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    }
}

/// The tokens of so many words.
#[must_use]
pub fn tokens(words: usize, tokens_per_word: f64) -> usize {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts of words are small and positive"
    )]
    let tokens = (words as f64 * tokens_per_word).ceil() as usize;
    tokens
}
