//! From the shapes of files to a valid story: every id is looked up, every
//! date read, and all that does not fit is a finding.
//!
//! Pure: shapes in, [`Story`] and findings out. What cannot be resolved is left
//! out of the story, so that the checks after this one still see the rest.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};

use super::schema::{
    ArcsFile, BookFile, CharactersFile, ModelsShape, OutlineFile, PremiseFile, ThreadsFile,
    WorldFile,
};
use super::shape::Lost;
use super::wishes::{NO_NAME, is_name};
use super::yaml::Placed;
use crate::diagnostic::{Finding, Place as Site, Spot, did_you_mean};
use crate::story::{Beat, Book, Character, Id, Place, Premise, Story, Unresolved, book, slug};

mod figures;
mod outline;
mod people;
mod promises;
mod world;

/// The shapes of all files of one kind.
#[derive(Debug)]
pub struct Files<T> {
    /// Each file's path in the project, and its shape.
    pub read: Vec<(String, T)>,
    /// Whether every file of the kind could be read. Where one could not, a
    /// name that is missing is no finding: it may stand there.
    pub complete: bool,
    /// What was taken out of those that could.
    pub lost: Lost,
}

impl<T> Files<T> {
    /// Whether nothing of the files is missing.
    fn is_whole(&self) -> bool {
        self.complete && !self.lost.any
    }
}

/// The shapes of the whole project.
#[derive(Debug)]
pub struct Shapes {
    /// `storygen.yaml`.
    pub book: Option<(String, BookFile)>,
    /// The premise.
    pub premise: Option<(String, PremiseFile)>,
    /// The characters.
    pub characters: Files<CharactersFile>,
    /// Places, rules, calendar.
    pub world: Files<WorldFile>,
    /// The arcs.
    pub arcs: Files<ArcsFile>,
    /// Threads and commitments.
    pub threads: Files<ThreadsFile>,
    /// The outline.
    pub outline: Files<OutlineFile>,
}

/// Words of a chapter that names no target, in a book that names none.
pub const CHAPTER_WORDS: u32 = 1_800;

/// Turns shapes into a story; adds to `findings` what does not fit.
///
/// Where `storygen.yaml` or the premise could not be read, which is a finding
/// by itself, the story has an empty one: the rest can still be checked.
pub fn resolve(shapes: Shapes, findings: &mut Vec<Finding>) -> Story {
    let default_words = shapes
        .book
        .as_ref()
        .and_then(|(_, book)| book.targets.as_ref()?.chapter_words.as_ref())
        .map_or(CHAPTER_WORDS, |words| words.value);
    let book = shapes.book.map(|(file, book)| read_book(&file, book, findings));
    let premise = shapes.premise.map(|(file, premise)| read_premise(&file, premise, findings));

    let uses_known = shapes.characters.is_whole() && shapes.arcs.is_whole();

    let calendar = world::calendar(&shapes.world, findings);
    let place_names = world::place_names(&shapes.world, findings);
    let places = world::places(&shapes.world, &place_names, findings);
    let rules = world::rules(&shapes.world, findings);

    let character_names = people::names(&shapes.characters, findings);
    let lookup =
        people::Lookup { calendar: &calendar, places: &place_names, characters: &character_names };
    let characters = people::characters(shapes.characters, &lookup, findings);

    let beat_names = promises::beat_names(&shapes.arcs, findings);
    let (arcs, beats) = promises::arcs(shapes.arcs, &character_names, &beat_names, findings);

    let lookup = outline::Lookup {
        calendar: &calendar,
        characters: &character_names,
        places: &place_names,
        beats: &beat_names,
        default_words,
    };
    // Numbers and ids of chapters are known only if none is missing.
    let outline_complete = shapes.outline.complete && shapes.outline.lost.ids.is_empty();
    // What is used where is known only if nothing is missing that may use it.
    let uses_known = shapes.outline.is_whole() && uses_known;
    let (parts, chapters) = outline::outline(shapes.outline, &lookup, findings);
    let chapter_names = promises::ChapterNames { chapters: &chapters, complete: outline_complete };
    let uses_known = uses_known && !chapters.is_empty();
    let (threads, commitments) =
        promises::threads(shapes.threads, &chapter_names, &beat_names, findings);

    Story {
        book: book.unwrap_or_default(),
        premise: premise.unwrap_or_default(),
        unresolved: Unresolved {
            characters: !uses_known || character_names.missed.get(),
            places: !uses_known || place_names.missed.get(),
            beats: !uses_known || beat_names.missed.get(),
        },
        calendar,
        characters,
        places,
        rules,
        arcs,
        beats,
        threads,
        commitments,
        parts,
        chapters,
    }
}

fn read_book(file: &str, shape: BookFile, findings: &mut Vec<Finding>) -> Book {
    figures::of_book(file, &shape, findings);
    for (name, text, spot) in [
        ("title", Some(&shape.title.value), shape.title.spot),
        ("author", shape.author.as_ref().map(|one| &one.value), spot_of(shape.author.as_ref())),
        ("genre", shape.genre.as_ref().map(|one| &one.value), spot_of(shape.genre.as_ref())),
    ] {
        if text.is_some_and(|text| text.trim().contains(char::is_control)) {
            // It stands in headings, which one line end would split.
            let message = format!("the {name} is not one line of text");
            findings.push(
                Finding::error("line-end", Site::at(file, spot), message)
                    .hint("write it in one line, without tabs and other control characters"),
            );
        }
    }
    let models = shape.models.iter().flat_map(ModelsShape::all).chain(&shape.model);
    for named in models.filter(|named| !is_name(&named.value)) {
        findings.push(
            Finding::error("model-name", Site::at(file, named.spot), NO_NAME)
                .hint("write it in one line, such as `openrouter/NAME`"),
        );
    }
    if shape.title.value.trim().is_empty() {
        findings.push(Finding::error(
            "empty-title",
            Site::at(file, shape.title.spot),
            "the book needs a title",
        ));
    }
    if !is_language(&shape.language.value) {
        findings.push(
            Finding::error(
                "language",
                Site::at(file, shape.language.spot),
                format!("`{}` is no language tag", shape.language.value),
            )
            .hint("write a BCP-47 tag such as `en`, `en-GB`, `de` or `pt-BR`"),
        );
    }
    Book {
        title: shape.title.value.trim_end().to_owned(),
        author: shape.author.map(|author| author.value.trim_end().to_owned()),
        language: shape.language.value,
        genre: shape.genre.map(|genre| genre.value.trim_end().to_owned()),
    }
}

fn spot_of(text: Option<&Placed<String>>) -> Spot {
    text.map(|text| text.spot).unwrap_or_default()
}

/// Whether a text has the form of a BCP-47 tag: a language of two or three
/// letters, then subtags of one to eight letters or digits.
#[must_use]
pub fn is_language(tag: &str) -> bool {
    let mut subtags = tag.split('-');
    subtags.next().is_some_and(|language| {
        (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_alphabetic())
    }) && subtags.all(|subtag| {
        (1..=8).contains(&subtag.len()) && subtag.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

fn read_premise(file: &str, shape: PremiseFile, findings: &mut Vec<Finding>) -> Premise {
    use super::schema::{PointOfViewShape as Shape, TenseShape};
    let style = shape.style;
    let allows_worn = style.as_ref().and_then(|style| style.allow_worn_phrases) == Some(true);
    let (spelling, notes, sample, avoid) = match style {
        Some(style) => (style.spelling, style.notes, style.sample, style.avoid),
        None => (None, Vec::new(), None, Vec::new()),
    };
    Premise {
        premise: shape.premise.value.trim().to_owned(),
        themes: shape.themes,
        tone: shape.tone,
        audience: shape.audience,
        point_of_view: match shape.point_of_view {
            Some(Shape::First) => book::PointOfView::First,
            Some(Shape::Second) => book::PointOfView::Second,
            Some(Shape::ThirdOmniscient) => book::PointOfView::ThirdOmniscient,
            Some(Shape::ThirdLimited) | None => book::PointOfView::ThirdLimited,
        },
        tense: match shape.tense {
            Some(TenseShape::Present) => book::Tense::Present,
            Some(TenseShape::Past) | None => book::Tense::Past,
        },
        spelling,
        notes,
        sample: sample.map(|sample| sample.trim().to_owned()),
        avoid: avoid
            .into_iter()
            .filter(|phrase| is_phrase(file, phrase, findings))
            .map(|phrase| phrase.value)
            .collect(),
        allows_worn,
    }
}

/// Every text contains the empty phrase, so it cannot be avoided.
fn is_phrase(file: &str, phrase: &Placed<String>, findings: &mut Vec<Finding>) -> bool {
    let is_empty = phrase.value.trim().is_empty();
    if is_empty {
        findings.push(
            Finding::warning(
                "empty-phrase",
                Site::at(file, phrase.spot),
                "a phrase to avoid is empty",
            )
            .hint("write the phrase, or take the item out"),
        );
    }
    !is_empty
}

/// The ids declared of one kind.
pub(crate) struct Names<T> {
    kind: &'static str,
    complete: bool,
    /// What was declared, but taken out.
    lost: Vec<String>,
    ids: Vec<String>,
    index: HashMap<String, Id<T>>,
    /// Whether some name was looked up in vain.
    missed: Cell<bool>,
}

impl<T> Names<T> {
    fn new<F>(kind: &'static str, files: &Files<F>) -> Self {
        Self {
            kind,
            complete: files.complete,
            lost: files.lost.ids.clone(),
            ids: Vec::new(),
            index: HashMap::new(),
            missed: Cell::new(false),
        }
    }

    /// Takes up a declared id. A repeated or malformed one is a finding; it
    /// keeps its position all the same, so that positions match the files.
    fn declare(&mut self, file: &str, id: &Placed<String>, findings: &mut Vec<Finding>) {
        let position = Id::new(self.ids.len());
        if !slug::is_id(&id.value) {
            findings.push(malformed(self.kind, file, id));
            // Those who refer to it by its proper id are right.
            if let Some(slug) = slug::slug(&id.value) {
                self.index.entry(slug).or_insert(position);
            }
        }
        self.ids.push(id.value.clone());
        if self.index.contains_key(&id.value) {
            findings.push(
                Finding::error(
                    "duplicate-id",
                    Site::at(file, id.spot),
                    format!("a second {} has the id `{}`", self.kind, id.value),
                )
                .hint("give each its own id"),
            );
        } else {
            self.index.insert(id.value.clone(), position);
        }
    }

    /// Looks an id up where a file refers to it.
    fn find(
        &self,
        file: &str,
        wanted: &Placed<String>,
        findings: &mut Vec<Finding>,
    ) -> Option<Id<T>> {
        let found = self.index.get(&wanted.value).copied();
        self.missed.set(self.missed.get() || found.is_none());
        if found.is_none() && self.complete && !self.lost.contains(&wanted.value) {
            findings.push(
                Finding::error(
                    "unknown-id",
                    Site::at(file, wanted.spot),
                    format!("no {} has the id `{}`", self.kind, wanted.value),
                )
                .hint(
                    did_you_mean(&wanted.value, self.ids.iter().map(String::as_str))
                        .unwrap_or_else(|| self.list()),
                ),
            );
        }
        found
    }

    fn find_all(
        &self,
        file: &str,
        wanted: &[Placed<String>],
        findings: &mut Vec<Finding>,
    ) -> Vec<Id<T>> {
        wanted.iter().filter_map(|one| self.find(file, one, findings)).collect()
    }

    fn list(&self) -> String {
        const SHOWN: usize = 8;
        if self.ids.is_empty() {
            return format!("the bible declares no {}", self.kind);
        }
        let distinct: BTreeSet<&String> = self.ids.iter().collect();
        let names: Vec<String> = distinct.iter().take(SHOWN).map(|id| format!("`{id}`")).collect();
        let more = if distinct.len() > SHOWN { ", …" } else { "" };
        format!("declared are {}{more}", names.join(", "))
    }
}

fn malformed(kind: &str, file: &str, id: &Placed<String>) -> Finding {
    Finding::error(
        "malformed-id",
        Site::at(file, id.spot),
        format!("`{}` cannot be the id of a {kind}", id.value),
    )
    .hint(match slug::slug(&id.value) {
        Some(slug) => format!("ids are made of `a-z`, `0-9` and `-`: `{slug}`"),
        None => "ids are made of `a-z`, `0-9` and `-`, at most 60 of them".to_owned(),
    })
}

type PlaceNames = Names<Place>;
type CharacterNames = Names<Character>;
type BeatNames = Names<Beat>;
