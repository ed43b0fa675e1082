//! What a run that is only rehearsed does to the shelves of chapters.

use std::collections::BTreeMap;

use super::standin;
use crate::pipeline::run::Session;
use crate::project::archive::{Shelf, Text};
use crate::project::journal::{Origin, TakeNote};
use crate::project::layout;
use crate::provider::Usage;
use crate::story::{Chapter, Story};

/// Changes a chapter's shelf, with the chapter and how many there are.
pub(super) fn with_shelf(
    session: &mut Session<'_>,
    number: usize,
    change: impl FnOnce(&mut Shelf, &Chapter, usize),
) {
    let story = session.story;
    if let Some(chapter) = story.chapter(number) {
        change(session.archive.shelf(&chapter.id), chapter, story.chapters.len());
    }
}

/// A take becomes the one that counts.
pub(super) fn select(shelf: &mut Shelf, take: u32) {
    shelf.selected = Some(take);
    shelf.pending = None;
}

/// The author's text becomes a take.
pub(super) fn adopt(shelf: &mut Shelf, chapter: &Chapter, _: usize) {
    let Some(text) = &shelf.text else { return };
    let take = shelf.next_take();
    let note = note(&chapter.id, take, &text.digest, text.words);
    shelf.takes.push(note);
    select(shelf, take);
}

/// A take becomes the text: of its words, for its own are not read here.
pub(super) fn restore(
    shelf: &mut Shelf,
    chapter: &Chapter,
    chapters: usize,
    take: u32,
    story: &Story,
) {
    select(shelf, take);
    let Some(note) = shelf.takes.iter().find(|note| note.take == take) else { return };
    if shelf.text.as_ref().is_none_or(|text| text.digest != note.text) {
        shelf.text = Some(Text {
            path: layout::manuscript(chapter.number, &chapter.id, chapters),
            prose: standin::prose(story, note.words, chapter.number),
            digest: note.text.clone(),
            words: note.words,
        });
    }
}

/// A chapter's files go where its number is.
pub(super) fn place(shelf: &mut Shelf, chapter: &Chapter, chapters: usize) {
    if let Some(text) = &mut shelf.text {
        text.path = layout::manuscript(chapter.number, &chapter.id, chapters);
    }
    if let Some(canon) = &mut shelf.canon {
        canon.path = layout::canon(chapter.number, &chapter.id, chapters);
    }
}

/// A take that is there: as the author's, which are never stale, a text just
/// drawn needs no comparing with the bible.
pub(super) fn note(chapter: &str, take: u32, text: &str, words: usize) -> TakeNote {
    TakeNote {
        chapter: chapter.to_owned(),
        take,
        origin: Origin::Author,
        model: None,
        answered: None,
        text: text.to_owned(),
        words,
        inputs: BTreeMap::new(),
        before: String::new(),
        tokens: Usage::default(),
        density: None,
        calls: Vec::new(),
        conditions: None,
        stopped: None,
    }
}
