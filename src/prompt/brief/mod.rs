//! Gathers what a step needs to know, from the story and what has been written.

use super::budget::Shares;
use super::memory::Span;
use super::view::{AttributeView, BookView, DraftView, FoldView, RecordView};
use crate::chat::Tokenizer;
use crate::story::canon::{Canon, Kind};
use crate::story::{Chapter, Story, fingerprint, take};

mod chapter;
mod past;
mod people;
mod standing;

pub use past::Past;

use chapter::{chapter_view, places, scene_view, threads};
use past::{passage, so_far};
use people::people;
use standing::states;

/// What is to be written: a chapter, or one scene of it.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// The chapter.
    pub chapter: &'a Chapter,
    /// The scene, from 0; none for the whole chapter.
    pub scene: Option<usize>,
}

impl Task<'_> {
    /// How many words are wanted.
    #[must_use]
    pub fn words(&self) -> u32 {
        self.scene
            .and_then(|scene| self.chapter.scenes.get(scene))
            .map_or(self.chapter.words, |scene| scene.words)
    }
}

/// Tokens that a reply takes for a word of this book, measured on its premise.
#[must_use]
pub fn tokens_per_word(story: &Story, tokenizer: &dyn Tokenizer) -> f64 {
    // A bound in bytes says nothing about what an endpoint will count.
    counted_per_word(story, tokenizer).min(2.4)
}

/// Tokens that a word of this book counts for in a prompt: with a bound in
/// bytes far more than it will take, but the prompt is fitted by this count.
#[must_use]
pub fn counted_per_word(story: &Story, tokenizer: &dyn Tokenizer) -> f64 {
    let text = &story.premise.premise;
    let words = crate::story::prose::words(text).max(1);
    #[expect(clippy::cast_precision_loss, reason = "counts of words and tokens are small")]
    let measured = tokenizer.text(text) as f64 / words as f64;
    measured.clamp(1.2, 12.0)
}

/// What the drafting of a chapter or scene needs.
#[must_use]
pub fn draft(
    story: &Story,
    task: Task<'_>,
    past: &Past<'_>,
    tail: Option<&str>,
    shares: &Shares,
    tokenizer: &dyn Tokenizer,
) -> DraftView {
    let chapter = task.chapter;
    let (folds, synopses) = so_far(story, chapter.number, past);
    let (people, cast) = people(story, chapter, shares.people, tokenizer);
    let (states, untold) = states(story, chapter, past.canon, shares, tokenizer);
    DraftView {
        book: book(story),
        rules: story.rules.iter().map(|rule| rule.rule.clone()).collect(),
        people,
        folds,
        synopses,
        cast,
        states,
        untold,
        places: places(story, chapter),
        threads: threads(story, chapter),
        commitments: story
            .commitments
            .iter()
            .filter(|one| fingerprint::binds(&one.promise, chapter.number))
            .map(|one| one.statement.clone())
            .collect(),
        chapter: chapter_view(story, chapter),
        scenes: chapter
            .scenes
            .iter()
            .enumerate()
            .map(|(index, scene)| scene_view(story, scene, index + 1))
            .collect(),
        scene: task.scene.map(|scene| scene + 1),
        words: task.words(),
        tail: tail.map(str::to_owned).filter(|tail| !tail.is_empty()),
        missing: 0,
        last_words: None,
        cut: false,
    }
}

/// What the record of a chapter's text needs.
#[must_use]
pub fn record(
    story: &Story,
    chapter: &Chapter,
    canon: &Canon,
    words: usize,
    facts: usize,
) -> RecordView {
    let known = chapter
        .cast()
        .into_iter()
        .flat_map(|id| {
            let character = &story[id];
            let fixed = canon.of(&character.id).filter(|one| one.fact.kind == Kind::Fixed);
            fixed
                .map(|one| format!("{}: {} {}", character.name, one.fact.about, one.fact.fact))
                .collect::<Vec<_>>()
        })
        .collect();
    RecordView {
        book: book(story),
        chapter: chapter_view(story, chapter),
        cast: chapter.cast().into_iter().map(|id| pair(&story[id].id, &story[id].name)).collect(),
        places: chapter
            .places()
            .into_iter()
            .map(|id| pair(&story[id].id, &story[id].name))
            .collect(),
        beats: chapter.beats().into_iter().map(|id| story[id].beat.clone()).collect(),
        known,
        words,
        facts,
        text: String::new(),
        part: 1,
        parts: 1,
        lacks: Vec::new(),
    }
}

/// What a fold needs.
#[must_use]
pub fn fold(story: &Story, span: Span, past: &Past<'_>, words: usize) -> FoldView {
    FoldView {
        book: book(story),
        passages: past
            .shape
            .parts(span)
            .into_iter()
            .filter_map(|part| passage(story, part, past))
            .collect(),
        from: span.from,
        to: span.to,
        words,
    }
}

/// The book, as every prompt sees it.
#[must_use]
pub fn book(story: &Story) -> BookView {
    let (book, premise) = (&story.book, &story.premise);
    let language = book.primary_language();
    BookView {
        title: book.title.clone(),
        author: book.author.clone(),
        language: book.language.clone(),
        language_name: take::language_name(&language)
            .map_or_else(|| book.language.clone(), str::to_owned),
        genre: book.genre.clone(),
        point_of_view: premise.point_of_view.name().to_owned(),
        tense: premise.tense.name().to_owned(),
        spelling: phrase(premise.spelling.as_ref()),
        notes: premise.notes.clone(),
        sample: premise.sample.clone(),
        avoid: premise.avoid.clone(),
        premise: premise.premise.clone(),
        themes: premise.themes.iter().filter_map(|theme| phrase(Some(theme))).collect(),
        tone: phrase(premise.tone.as_ref()),
        audience: phrase(premise.audience.as_ref()),
    }
}

/// A text that stands within a sentence of the prompt: without a stop of its own.
fn phrase(text: Option<&String>) -> Option<String> {
    text.map(|text| text.trim().trim_end_matches('.').to_owned()).filter(|text| !text.is_empty())
}

/// Texts that stand one after the other within a sentence.
fn phrases(texts: &[String]) -> Vec<String> {
    texts.iter().filter_map(|text| phrase(Some(text))).collect()
}

fn pair(name: &str, value: &str) -> AttributeView {
    AttributeView { name: name.to_owned(), value: value.to_owned() }
}
