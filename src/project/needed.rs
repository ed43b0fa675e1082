//! Which kept calls something of the project was made from.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::call_note::{CallNote, Stage};
use super::journal::{Ended, Entry, Event, Origin};
use crate::prompt::memory::Span;

/// What a journal tells of the calls that are needed.
///
/// A call is needed when a take, the last record of a take's text or the last
/// fold of its chapters was made from it, or when it belongs to what is not
/// finished yet. What the journal does not tell of is kept.
#[derive(Debug, Default)]
pub struct Needed {
    made_from: HashSet<String>,
    /// Calls since the last thing of their kind was made.
    unfinished: HashMap<(Stage, Option<String>), Vec<String>>,
    /// The chapter of each call that is noted; none for a fold.
    noted: HashMap<String, Option<String>>,
    /// Whether all that was made of a chapter tells its calls.
    told: BTreeMap<String, Told>,
    folds_are_told: Option<bool>,
    /// Calls whose end is noted, and that brought no reply.
    failed: HashSet<String>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Told {
    takes: Option<bool>,
    records: Option<bool>,
}

/// Draft and continue are one kind of work.
fn work(stage: Stage) -> Stage {
    if stage == Stage::Continue { Stage::Draft } else { stage }
}

fn also(told: &mut Option<bool>, calls: &[String]) {
    *told = Some(told.unwrap_or(true) && !calls.is_empty());
}

impl Needed {
    /// What these entries tell.
    #[must_use]
    pub fn of(entries: &[Entry]) -> Self {
        let mut needed = Self::default();
        let mut records: BTreeMap<(&str, &str), &[String]> = BTreeMap::new();
        let mut folds: BTreeMap<Span, &[String]> = BTreeMap::new();
        for entry in entries {
            match &entry.event {
                Event::Called { call, ended, .. } => {
                    needed.call(call);
                    if matches!(ended, Ended::Failed | Ended::Cancelled) {
                        needed.failed.insert(call.digest.clone());
                    }
                }
                Event::Reserved { call, .. } => {
                    needed.call(call);
                    // It is asked again, and its end is not noted yet.
                    needed.failed.remove(&call.digest);
                }
                Event::Take(note) if note.origin == Origin::Model => {
                    also(&mut needed.told(&note.chapter).takes, &note.calls);
                    needed.made_from.extend(note.calls.iter().cloned());
                    needed.finished(Stage::Draft, Some(&note.chapter));
                }
                Event::Recorded { chapter, text, calls, .. } => {
                    also(&mut needed.told(chapter).records, calls);
                    records.insert((chapter, text), calls);
                    needed.finished(Stage::Record, Some(chapter));
                }
                Event::Folded { level, from, to, calls, .. } => {
                    also(&mut needed.folds_are_told, calls);
                    folds.insert(Span { level: *level, from: *from, to: *to }, calls);
                    needed.finished(Stage::Fold, None);
                }
                _ => {}
            }
        }
        let last = records.into_values().chain(folds.into_values()).flatten();
        needed.made_from.extend(last.cloned());
        needed
    }

    fn told(&mut self, chapter: &str) -> &mut Told {
        self.told.entry(chapter.to_owned()).or_default()
    }

    fn call(&mut self, call: &CallNote) {
        let kind = (work(call.stage), call.chapter.clone());
        self.unfinished.entry(kind).or_default().push(call.digest.clone());
        self.noted.insert(call.digest.clone(), call.chapter.clone());
    }

    fn finished(&mut self, stage: Stage, chapter: Option<&String>) {
        self.unfinished.remove(&(stage, chapter.cloned()));
    }

    /// Whether a call has ended without a reply, and its end is noted: of a file
    /// in which no word stands nothing can be made then.
    #[must_use]
    pub fn has_failed(&self, digest: &str) -> bool {
        self.failed.contains(digest)
    }

    /// Whether a call is to be kept. `read` gives what its file says, for one
    /// that the journal does not note.
    ///
    /// # Errors
    ///
    /// As `read`.
    pub fn keeps<E>(
        &self,
        digest: &str,
        read: impl FnOnce() -> Result<Option<CallNote>, E>,
    ) -> Result<bool, E> {
        let is_open = || self.unfinished.values().flatten().any(|one| one == digest);
        if self.made_from.contains(digest) || is_open() {
            return Ok(true);
        }
        let chapter = match self.noted.get(digest) {
            Some(chapter) => Some(chapter.clone()),
            None => read()?.map(|call| call.chapter),
        };
        Ok(match chapter {
            None => true,
            Some(None) => self.folds_are_told != Some(true),
            Some(Some(chapter)) => !self
                .told
                .get(&chapter)
                .is_some_and(|told| told.takes == Some(true) && told.records == Some(true)),
        })
    }
}
