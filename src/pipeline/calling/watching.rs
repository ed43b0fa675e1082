//! Watching a reply while it streams, and what becomes of one that was stopped.
//!
//! A verdict is kept with the reply, so that whoever reads it again decides the
//! same. A reply without an end, which a kill has cut, is judged when it is
//! found: its text is the same, and so is the verdict.

use std::sync::Arc;

use crate::phrases::Bans;
use crate::project::calls::{Ending, Kept};
use crate::provider::Facts;
use crate::story::take::watch::{Terms, Watch};

/// Who hears a reply while it streams.
pub(super) struct Watching {
    watch: Option<Watch>,
    has_stopped: bool,
}

impl Watching {
    /// For a reply that is watched for this, if for anything. What a provider
    /// keeps out of its replies by itself is told to it, and not watched for.
    pub fn begin(terms: Option<Terms>, facts: &Facts) -> (Option<Arc<Bans>>, Self) {
        let Some(mut terms) = terms else {
            return (None, Self { watch: None, has_stopped: false });
        };
        let bans = if facts.steps_back { terms.bans.take() } else { None };
        (bans, Self { watch: Some(Watch::new(terms)), has_stopped: false })
    }

    /// Hears more; says whether it is time to stop.
    pub fn hear(&mut self, piece: &str) -> bool {
        let verdict = self.watch.as_mut().and_then(|watch| watch.hear(piece));
        self.has_stopped |= verdict.is_some();
        self.has_stopped
    }

    /// Whether it was time to stop.
    pub fn has_stopped(&self) -> bool {
        self.has_stopped
    }

    /// The reply that was heard, with the verdict.
    pub fn over(mut self, kept: Kept) -> Kept {
        let by_itself = kept.ending == Ending::Stop;
        match self.watch.as_mut().and_then(|watch| watch.end(by_itself)) {
            Some(verdict) => {
                Kept { ending: Ending::Stopped, verdict: Some(verdict.clone()), ..kept }
            }
            None => kept,
        }
    }

    /// A reply that was found: with the verdict of then or, if it has no end, of
    /// now.
    pub fn found(mut self, kept: Kept) -> Kept {
        if kept.ending != Ending::Interrupted || kept.verdict.is_some() {
            return kept;
        }
        self.hear(&kept.text);
        self.over(kept)
    }
}
