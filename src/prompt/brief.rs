//! Gathers what a step needs to know, from the story and what has been written.

use std::collections::BTreeMap;

use super::budget::Shares;
use super::memory::{Passage, Shape, Span};
use super::view::{
    AttributeView, BookView, CardView, ChapterView, DraftView, FoldView, PassageView, PlaceView,
    RecordView, SceneView, StateView, ThreadView, WayView,
};
use crate::chat::Tokenizer;
use crate::story::canon::{Canon, Kind, Record};
use crate::story::{Calendar, Chapter, Character, Id, Place, Scene, Story, fingerprint, take};

/// What accepted chapters have left behind, as far as a prompt may draw on it.
#[derive(Clone, Copy)]
pub struct Past<'a> {
    /// The record of each chapter, by number.
    pub records: &'a BTreeMap<usize, Record>,
    /// The passages that stand for several chapters.
    pub folds: &'a BTreeMap<Span, String>,
    /// The canon up to this chapter.
    pub canon: &'a Canon,
    /// How synopses are grouped.
    pub shape: Shape,
}

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
    DraftView {
        book: book(story),
        rules: story.rules.iter().map(|rule| rule.rule.clone()).collect(),
        people,
        folds,
        synopses,
        cast,
        states: states(story, chapter, past.canon, shares.facts, tokenizer),
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

/// Everyone's cards within `room` tokens: full ones of those who are in most
/// scenes of the book, short ones of the rest; and the full cards of those of
/// the rest who are in this chapter. Which are full does not depend on the
/// chapter, so the first list stays the same throughout the book.
fn people(
    story: &Story,
    chapter: &Chapter,
    room: usize,
    tokenizer: &dyn Tokenizer,
) -> (Vec<CardView>, Vec<CardView>) {
    let weigh =
        |card: &CardView| tokenizer.text(&serde_json::to_string(card).unwrap_or_default()) * 2 / 3;
    let full: Vec<CardView> = story.characters.iter().map(|one| card(story, one)).collect();
    let mut people: Vec<CardView> =
        story.characters.iter().map(|one| short_card(story, one)).collect();
    let mut left = room.saturating_sub(people.iter().map(weigh).sum());
    for index in by_scenes(story) {
        let more = weigh(&full[index]).saturating_sub(weigh(&people[index]));
        if more > left {
            break;
        }
        left -= more;
        people[index] = full[index].clone();
    }
    let cast = chapter
        .cast()
        .into_iter()
        .map(crate::story::Id::index)
        .filter(|index| people[*index] != full[*index])
        .map(|index| full[index].clone())
        .collect();
    (people, cast)
}

/// The positions of the people, those in most scenes of the book first.
fn by_scenes(story: &Story) -> Vec<usize> {
    let mut scenes = vec![0_usize; story.characters.len()];
    for id in
        story.chapters.iter().flat_map(|chapter| &chapter.scenes).flat_map(|scene| &scene.cast)
    {
        scenes[id.index()] += 1;
    }
    let mut order: Vec<usize> = (0..scenes.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(scenes[*index]));
    order
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

/// The passages for the chapters before `number`: folds, then synopses.
fn so_far(story: &Story, number: usize, past: &Past<'_>) -> (Vec<PassageView>, Vec<PassageView>) {
    let (mut folds, mut synopses) = (Vec::new(), Vec::new());
    for part in past.shape.passages(number.saturating_sub(1)) {
        let Some(view) = passage(story, part, past) else { continue };
        match part {
            Passage::Fold(_) => folds.push(view),
            Passage::Synopsis(_) => synopses.push(view),
        }
    }
    (folds, synopses)
}

fn passage(story: &Story, part: Passage, past: &Past<'_>) -> Option<PassageView> {
    Some(match part {
        Passage::Fold(span) => PassageView {
            from: span.from,
            to: span.to,
            title: String::new(),
            text: past.folds.get(&span)?.clone(),
        },
        Passage::Synopsis(number) => PassageView {
            from: number,
            to: number,
            title: story.chapter(number)?.title.clone(),
            text: past.records.get(&number)?.synopsis.trim().to_owned(),
        },
    })
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

fn chapter_view(story: &Story, chapter: &Chapter) -> ChapterView {
    ChapterView {
        number: chapter.number,
        of: story.chapters.len(),
        title: chapter.title.clone(),
        summary: chapter.summary.clone(),
        words: chapter.words,
    }
}

/// A character's age when the story starts.
fn age(story: &Story, character: &Character) -> Option<i32> {
    match (&character.age, &character.born, story.calendar.starts) {
        (Some(age), _, _) => i32::try_from(age.value).ok(),
        (None, Some(born), Some(starts)) => {
            Some(Calendar::years_between(born.value, starts)).filter(|age| *age >= 0)
        }
        _ => None,
    }
}

fn card(story: &Story, character: &Character) -> CardView {
    CardView {
        appearance: character
            .appearance
            .iter()
            .filter_map(|(name, value)| Some(pair(name, &phrase(Some(value))?)))
            .collect(),
        goal: character.goal.clone(),
        need: character.need.clone(),
        fear: character.fear.clone(),
        secret: character.secret.clone(),
        register: phrase(character.voice.register.as_ref()),
        habits: phrases(&character.voice.habits),
        lines: character.voice.lines.clone(),
        relationships: character
            .relationships
            .iter()
            .filter_map(|one| Some(pair(&story[one.with].name, &phrase(Some(&one.is))?)))
            .collect(),
        knows: phrases(&character.knows),
        ..short_card(story, character)
    }
}

fn short_card(story: &Story, character: &Character) -> CardView {
    CardView {
        id: character.id.clone(),
        name: character.name.clone(),
        aliases: character.aliases.clone(),
        pronouns: character.pronouns.clone(),
        role: character.role.clone(),
        age: age(story, character),
        appearance: Vec::new(),
        goal: None,
        need: None,
        fear: None,
        secret: None,
        register: None,
        habits: Vec::new(),
        lines: Vec::new(),
        relationships: Vec::new(),
        knows: Vec::new(),
    }
}

/// What holds of the cast and the places, newest facts first to stay, within
/// `room` tokens shared evenly; of those nobody has told of yet, the bible's start.
fn states(
    story: &Story,
    chapter: &Chapter,
    canon: &Canon,
    room: usize,
    tokenizer: &dyn Tokenizer,
) -> Vec<StateView> {
    let people = chapter.cast().into_iter().map(|id| {
        let character = &story[id];
        let start = character
            .starts_at
            .map(|place| story[place].name.clone())
            .into_iter()
            .chain(character.starts_as.clone())
            .collect();
        (&character.id, &character.name, start)
    });
    let places =
        chapter.places().into_iter().map(|id| (&story[id].id, &story[id].name, Vec::new()));
    let subjects: Vec<(&String, &String, Vec<String>)> = people.chain(places).collect();
    let each = room / subjects.len().max(1);
    subjects
        .into_iter()
        .filter_map(|(id, name, start)| {
            let mut left = each;
            let mut facts = Vec::new();
            // Some models name people instead of giving the id.
            let by_name = canon.of(name).filter(|_| name != id);
            let mut known: Vec<_> =
                canon.of(id).chain(by_name).filter(|one| one.fact.kind != Kind::Event).collect();
            known.sort_by_key(|one| one.chapter);
            for one in known.into_iter().rev() {
                let phrase = format!("{}: {}", one.fact.about, one.fact.fact);
                let tokens = tokenizer.text(&phrase) + 2;
                if tokens > left {
                    break;
                }
                left -= tokens;
                facts.push(phrase);
            }
            facts.reverse();
            let initial = facts.is_empty();
            let facts = if initial { start } else { facts };
            (!facts.is_empty()).then(|| StateView { name: name.clone(), initial, facts })
        })
        .collect()
}

fn places(story: &Story, chapter: &Chapter) -> Vec<PlaceView> {
    let here = chapter.places();
    here.iter()
        .map(|id| {
            let place = &story[*id];
            PlaceView {
                name: place.name.clone(),
                description: place.description.clone(),
                ways: ways(story, *id, &here),
            }
        })
        .collect()
}

/// The ways from a place to the other places of the chapter.
fn ways(story: &Story, from: Id<Place>, here: &[Id<Place>]) -> Vec<WayView> {
    story[from]
        .travel
        .iter()
        .filter(|way| here.contains(&way.to))
        .map(|way| WayView {
            to: story[way.to].name.clone(),
            takes: way.takes.clone(),
            by: way.by.clone(),
        })
        .collect()
}

fn threads(story: &Story, chapter: &Chapter) -> Vec<ThreadView> {
    story
        .threads
        .iter()
        .filter(|thread| (thread.planted..=thread.paid_off_by).contains(&chapter.number))
        .map(|thread| {
            let pay_off = thread.paid_off_by == chapter.number;
            ThreadView {
                text: thread.thread.clone(),
                plant: thread.planted == chapter.number,
                pay_off,
                payoff: thread.payoff.clone().filter(|_| pay_off),
            }
        })
        .collect()
}

fn scene_view(story: &Story, scene: &Scene, number: usize) -> SceneView {
    let language = story.book.primary_language();
    SceneView {
        number,
        summary: scene.summary.clone(),
        pov: scene.pov.as_ref().map(|pov| story[pov.value].name.clone()),
        place: scene.place.map(|place| story[place].name.clone()),
        date: scene.date.as_ref().map(|date| story.calendar.describe(date.value, &language)),
        time: scene.time.clone(),
        flashback: scene.flashback,
        cast: scene.cast.iter().map(|id| story[*id].name.clone()).collect(),
        happens: scene
            .beats
            .iter()
            .map(|id| story[*id].beat.clone())
            .chain(scene.happens.iter().cloned())
            .collect(),
        goal: scene.goal.clone(),
        conflict: scene.conflict.clone(),
        outcome: scene.outcome.clone(),
        words: scene.words,
    }
}
