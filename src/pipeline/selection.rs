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

/// What a run's selections took the place of: for each chapter the take that
/// was its text before, or none.
///
/// An edited text that the run adopted before it put another in its place was
/// the chapter's text before; it is not what the run made of it.
#[must_use]
pub fn selections_before(entries: &[Entry], run: u64) -> BTreeMap<String, Option<u32>> {
    let mut current: BTreeMap<String, u32> = BTreeMap::new();
    let mut before = BTreeMap::new();
    let mut adopted: BTreeMap<String, u32> = BTreeMap::new();
    for entry in entries {
        let (chapter, take) = match &entry.event {
            Event::Take(note) if entry.run == run && note.origin == Origin::Author => {
                adopted.insert(note.chapter.clone(), note.take);
                continue;
            }
            Event::Selected { chapter, take } => (chapter, Some(*take)),
            Event::Cleared { chapter } => (chapter, None),
            _ => continue,
        };
        if entry.run == run {
            before.entry(chapter.clone()).or_insert_with(|| current.get(chapter).copied());
            let replaced = adopted
                .get(chapter)
                .filter(|adopted| Some(**adopted) != take && current.get(chapter) == Some(adopted));
            if let Some(adopted) = replaced {
                before.insert(chapter.clone(), Some(*adopted));
            }
        }
        match take {
            Some(take) => current.insert(chapter.clone(), take),
            None => current.remove(chapter),
        };
    }
    before
}
