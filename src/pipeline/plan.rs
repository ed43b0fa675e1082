//! What to do next. A pure function of the story and of what has been written;
//! resuming, staleness and never doing a thing twice all follow from it.

use std::collections::BTreeMap;

use crate::project::archive::{Archive, Shelf};
use crate::prompt::memory::{Passage, Shape, Span};
use crate::story::fingerprint::{self, Inputs, digest};
use crate::story::{Chapter, Story};

/// What the user asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The numbers of the chapters, first and last.
    pub first: usize,
    /// The last one.
    pub last: usize,
    /// Draw each anew, finished or not.
    pub redo: bool,
    /// Draw what is missing before the first one, too.
    pub through: bool,
    /// Also redraw chapters before which the text has changed since.
    pub follow: bool,
    /// Leave stale chapters as they are.
    pub keep_stale: bool,
}

impl Wanted {
    /// All that is missing or stale in a book of so many chapters.
    #[must_use]
    pub fn rest(chapters: usize) -> Self {
        Self {
            first: 1,
            last: chapters,
            redo: false,
            through: false,
            follow: false,
            keep_stale: false,
        }
    }
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Keep the author's edited text as a take.
    Adopt(usize),
    /// Make a kept take the chapter's text: it is missing from the manuscript,
    /// or a crash came before it was selected.
    Restore(usize, u32),
    /// Rename the files of a chapter that has moved.
    Move(usize),
    /// Draw a take.
    Draft(usize),
    /// Make the synopsis and the facts.
    Record(usize),
    /// Fold passages into one.
    Fold(Span),
    /// An earlier chapter has no text or no canon, and nobody asked for it.
    Blocked {
        /// The chapter asked for.
        chapter: usize,
        /// The earlier one.
        by: usize,
        /// Whether it has at least a text.
        has_text: bool,
    },
    /// All is done.
    Done,
}

/// Why a chapter is stale.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stale {
    /// The parts of the bible that have changed since it was drafted.
    pub because: Vec<String>,
    /// Whether the text before it has changed since.
    pub earlier_text: bool,
}

/// What the next step depends on beside the archive.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    /// The story.
    pub story: &'a Story,
    /// Digests of what each chapter depends on, by chapter id.
    pub inputs: &'a BTreeMap<String, Inputs>,
    /// How synopses are grouped.
    pub shape: Shape,
    /// The chapters drawn in this run already, when all are to be drawn anew.
    pub redrawn: &'a [String],
}

/// The chapters at the beginning of a book that need nothing any more, as far as
/// the run that asks for the next step has found out.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// How many they are.
    chapters: usize,
    /// The digest of their texts.
    before: String,
}

/// The next step towards what is wanted.
#[must_use]
pub fn next_step(given: &Given<'_>, archive: &Archive, wanted: &Wanted) -> Step {
    next_step_after(given, archive, wanted, &mut Settled::default())
}

/// The same, without looking again at what was settled. A step never touches a
/// chapter before its own, so a run that does each and asks for the next looks at
/// every chapter once, not at the whole book each time.
#[must_use]
pub fn next_step_after(
    given: &Given<'_>,
    archive: &Archive,
    wanted: &Wanted,
    settled: &mut Settled,
) -> Step {
    let empty = Shelf::default();
    let first = if wanted.through { 1 } else { wanted.first };
    let chapters = given.story.chapters.iter().skip(settled.chapters);
    for chapter in chapters.take_while(|chapter| chapter.number <= wanted.last) {
        let shelf = archive.chapters.get(&chapter.id).unwrap_or(&empty);
        let is_redone =
            wanted.redo && chapter.number >= wanted.first && !given.redrawn.contains(&chapter.id);
        if let Some(step) = upkeep(given, chapter, shelf, is_redone) {
            return step;
        }
        if chapter.number < first {
            if shelf.text.is_none() || !shelf.has_canon() {
                return Step::Blocked {
                    chapter: wanted.first,
                    by: chapter.number,
                    has_text: shelf.text.is_some(),
                };
            }
            settled.add(shelf);
            continue;
        }
        if is_redone || needs_draft(given, chapter, shelf, wanted, &settled.before) {
            return missing_fold(given, archive, chapter.number)
                .map_or(Step::Draft(chapter.number), Step::Fold);
        }
        if !shelf.has_canon() {
            return Step::Record(chapter.number);
        }
        settled.add(shelf);
    }
    Step::Done
}

impl Settled {
    fn add(&mut self, shelf: &Shelf) {
        self.chapters += 1;
        self.before = roll(&self.before, Some(shelf));
    }
}

/// What is due for any chapter, asked for or not: an edited text is adopted and
/// recorded, a take that lost its file is put back, files move with the chapter.
fn upkeep(given: &Given<'_>, chapter: &Chapter, shelf: &Shelf, is_redone: bool) -> Option<Step> {
    if shelf.is_edited() {
        return Some(Step::Adopt(chapter.number));
    }
    if let Some(take) = shelf.pending {
        return Some(Step::Restore(chapter.number, take));
    }
    if shelf.text.is_none() {
        let selected = shelf.takes.iter().rfind(|note| Some(note.take) == shelf.selected)?;
        // A new take is the way out for a chapter whose take is lost, too.
        return (!is_redone).then_some(Step::Restore(chapter.number, selected.take));
    }
    let current = shelf.current().map(|note| note.take);
    if let Some(take) = current.filter(|take| Some(*take) != shelf.selected) {
        return Some(Step::Restore(chapter.number, take));
    }
    if shelf.places(given.story, chapter) != (None, None) {
        return Some(Step::Move(chapter.number));
    }
    let outdated = shelf.canon.is_some() && !shelf.has_canon();
    // A text that is about to be redrawn need not be recorded first.
    (outdated && !is_redone).then_some(Step::Record(chapter.number))
}

fn needs_draft(
    given: &Given<'_>,
    chapter: &Chapter,
    shelf: &Shelf,
    wanted: &Wanted,
    before: &str,
) -> bool {
    let asked = chapter.number >= wanted.first;
    if shelf.text.is_none() {
        return true;
    }
    if wanted.keep_stale || !asked {
        return false;
    }
    let stale = staleness(given, chapter, shelf, before);
    !stale.because.is_empty() || wanted.follow && stale.earlier_text
}

/// Whether and why a chapter's text is out of date. The author's own text never is.
#[must_use]
pub fn staleness(given: &Given<'_>, chapter: &Chapter, shelf: &Shelf, before: &str) -> Stale {
    let Some(note) = shelf.current().filter(|_| !shelf.is_the_authors()) else {
        return Stale::default();
    };
    let because = given
        .inputs
        .get(&chapter.id)
        .map(|now| fingerprint::changed(&note.inputs, now))
        .unwrap_or_default();
    Stale { because, earlier_text: note.before != before }
}

/// The digest of the texts of all chapters before one.
#[must_use]
pub fn before(story: &Story, archive: &Archive, number: usize) -> String {
    let mut rolled = String::new();
    for chapter in story.chapters.iter().take_while(|chapter| chapter.number < number) {
        rolled = roll(&rolled, archive.chapters.get(&chapter.id));
    }
    rolled
}

/// One chapter further: the digest of the texts up to and with this one.
#[must_use]
pub fn roll(before: &str, shelf: Option<&Shelf>) -> String {
    let text = shelf.and_then(|shelf| shelf.text.as_ref());
    digest(&format!("{before} {}", text.map_or("-", |text| text.digest.as_str())))
}

/// The first fold that the chapter's prompt needs and that is missing or made
/// of other passages than now; the narrower ones it is made of come first.
fn missing_fold(given: &Given<'_>, archive: &Archive, number: usize) -> Option<Span> {
    given
        .shape
        .passages(number.saturating_sub(1))
        .into_iter()
        .find_map(|passage| missing_in(given, archive, passage))
}

fn missing_in(given: &Given<'_>, archive: &Archive, passage: Passage) -> Option<Span> {
    let Passage::Fold(span) = passage else { return None };
    let inner =
        given.shape.parts(span).into_iter().find_map(|part| missing_in(given, archive, part));
    inner.or_else(|| {
        let fresh = archive
            .folds
            .get(&span)
            .is_some_and(|fold| fold.parts == parts_digest(given.story, archive, span));
        (!fresh).then_some(span)
    })
}

/// The digest of the canon files a fold stands for.
#[must_use]
pub fn parts_digest(story: &Story, archive: &Archive, span: Span) -> String {
    let mut parts = String::new();
    for number in span.from..=span.to {
        let canon = story
            .chapter(number)
            .and_then(|chapter| archive.chapters.get(&chapter.id)?.canon.as_ref())
            .map_or("-", |canon| canon.digest.as_str());
        parts.push_str(canon);
    }
    digest(&parts)
}
