//! Which take is the text of its chapter: choosing one, and what was chosen before.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::failure::{Exit, Failure};
use crate::project::archive::Shelf;
use crate::project::history;
use crate::project::journal::{Entry, Event, Origin, TakeNote};
use crate::project::store::Store;
use crate::story::{Chapter, Story};

/// A kept take of a chapter.
///
/// # Errors
///
/// When there is no such take; says which there are.
pub fn find_take<'a>(
    chapter: &Chapter,
    shelf: &'a Shelf,
    take: u32,
) -> Result<&'a TakeNote, Failure> {
    shelf.takes.iter().find(|note| note.take == take).ok_or_else(|| {
        let have: Vec<String> = shelf.takes.iter().map(|note| note.take.to_string()).collect();
        Failure::new(Exit::Usage, format!("chapter {} has no take {take}", chapter.number)).hint(
            if have.is_empty() {
                "it has no takes yet".to_owned()
            } else {
                format!("it has {}", have.join(", "))
            },
        )
    })
}

/// Makes a kept take the text of its chapter again.
///
/// # Errors
///
/// When there is no such take, or a file cannot be read or written.
pub fn select_take(
    story: &Story,
    chapter: &Chapter,
    shelf: &mut Shelf,
    take: u32,
    store: &mut Store<'_>,
) -> Result<()> {
    let prose = history::take_text(store.folder(), find_take(chapter, shelf, take)?)?;
    store.select(story, chapter, shelf, take, &prose)
}

/// What a run made of a chapter's selection: the take that was its text before
/// and the one that was afterwards, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Before the run.
    pub before: Option<u32>,
    /// After it.
    pub after: Option<u32>,
}

/// The chapters whose text a run replaced.
///
/// An edited text that the run adopted was the chapter's text before the run;
/// keeping it as a take changed nothing.
#[must_use]
pub fn changes(entries: &[Entry], run: u64) -> BTreeMap<String, Change> {
    let mut current: BTreeMap<&str, u32> = BTreeMap::new();
    let mut changes: BTreeMap<String, Change> = BTreeMap::new();
    for entry in entries {
        let (chapter, take, is_adopted) = match &entry.event {
            Event::Take(note) if note.origin == Origin::Author => {
                (&note.chapter, Some(note.take), true)
            }
            Event::Selected { chapter, take } => (chapter, Some(*take), false),
            Event::Cleared { chapter } => (chapter, None, false),
            _ => continue,
        };
        if entry.run == run {
            let before = if is_adopted { take } else { current.get(chapter.as_str()).copied() };
            let change = changes.entry(chapter.clone()).or_insert(Change { before, after: take });
            change.after = take;
            if is_adopted {
                change.before = take;
            }
        }
        match take {
            Some(take) => current.insert(chapter, take),
            None => current.remove(chapter.as_str()),
        };
    }
    changes.retain(|_, change| change.before != change.after);
    changes
}
