//! What a chapter's text depends on, part by part: one digest each.
//!
//! A take remembers these digests. When one differs later, the chapter is
//! stale, and the part's name says because of what. A value the author has not
//! given leaves no trace, so that a version of storygen that knows more keys
//! does not make old books stale.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Chapter, Character, Commitment, Place, Promise, Scene, Story, Thread};

/// The parts a chapter depends on, by name, each with the digest of its content.
pub type Inputs = BTreeMap<String, String>;

/// The digest of a text: the first 16 hexadecimal digits of its BLAKE3.
#[must_use]
pub fn digest(text: &str) -> String {
    let hex = blake3::hash(text.as_bytes()).to_hex();
    hex.as_str()[..16].to_owned()
}

/// Writes out what an author has given, key by key.
#[derive(Default)]
struct Given(String);

impl Given {
    fn text(&mut self, key: &str, value: &str) {
        if !value.is_empty() {
            // Lengths keep two values from running into each other.
            // Writing to a text does not fail.
            let _ = writeln!(self.0, "{key}={}:{value}", value.len());
        }
    }
    fn maybe(&mut self, key: &str, value: Option<&str>) {
        self.text(key, value.unwrap_or_default());
    }
    fn all<'a>(&mut self, key: &str, values: impl IntoIterator<Item = &'a str>) {
        for value in values {
            self.text(key, value);
        }
    }
    fn digest(&self) -> String {
        digest(&self.0)
    }
}

/// A part's name and the digest of its content.
type Part = (String, String);

/// The parts of a bible that chapters share, each with its digest, so that no part
/// is digested for every chapter anew.
pub struct Parts<'a> {
    story: &'a Story,
    /// What every chapter depends on.
    all: Vec<Part>,
    // These stand in the order of the story's lists.
    characters: Vec<Part>,
    places: Vec<Part>,
    threads: Vec<Part>,
    commitments: Vec<Part>,
}

impl<'a> Parts<'a> {
    /// The parts of this story.
    #[must_use]
    pub fn of(story: &'a Story) -> Self {
        let mut all = vec![("premise and style".to_owned(), premise(story))];
        if !story.rules.is_empty() {
            let mut given = Given::default();
            given.all("rule", story.rules.iter().map(|rule| rule.rule.as_str()));
            all.push(("world rules".to_owned(), given.digest()));
        }
        let character = |one: &Character| (format!("character `{}`", one.id), card(story, one));
        let place = |one: &Place| (format!("place `{}`", one.id), place_card(one));
        let thread = |one: &Thread| (format!("thread `{}`", one.id), thread_card(one));
        let commitment =
            |one: &Commitment| (format!("commitment `{}`", one.id), digest(&one.statement));
        Self {
            story,
            all,
            characters: story.characters.iter().map(character).collect(),
            places: story.places.iter().map(place).collect(),
            threads: story.threads.iter().map(thread).collect(),
            commitments: story.commitments.iter().map(commitment).collect(),
        }
    }

    /// Everything the text of a chapter depends on in the bible.
    #[must_use]
    pub fn inputs(&self, chapter: &Chapter) -> Inputs {
        let story = self.story;
        let cast = chapter.cast().into_iter().filter_map(|id| self.characters.get(id.index()));
        let places = chapter.places().into_iter().filter_map(|id| self.places.get(id.index()));
        let threads = story.threads.iter().zip(&self.threads).filter_map(|(thread, part)| {
            (thread.planted..=thread.paid_off_by).contains(&chapter.number).then_some(part)
        });
        let commitments = story.commitments.iter().zip(&self.commitments);
        let commitments = commitments
            .filter_map(|(one, part)| binds(&one.promise, chapter.number).then_some(part));
        let mut inputs: Inputs = self
            .all
            .iter()
            .chain(cast)
            .chain(places)
            .chain(threads)
            .chain(commitments)
            .cloned()
            .collect();
        inputs.insert("outline".to_owned(), outline(story, chapter));
        inputs
    }
}

/// Whether a promise has to be minded while this chapter is written.
#[must_use]
pub fn binds(promise: &Promise, chapter: usize) -> bool {
    match promise {
        Promise::Invariant { from, until } => (*from..=*until).contains(&chapter),
        Promise::Achievement { by } => *by == chapter,
        Promise::Ordering { .. } => false,
    }
}

fn premise(story: &Story) -> String {
    let (book, premise) = (&story.book, &story.premise);
    let mut given = Given::default();
    given.text("language", &book.language);
    given.maybe("genre", book.genre.as_deref());
    given.text("premise", &premise.premise);
    given.all("theme", premise.themes.iter().map(String::as_str));
    given.maybe("tone", premise.tone.as_deref());
    given.maybe("audience", premise.audience.as_deref());
    given.text("pov", premise.point_of_view.name());
    given.text("tense", premise.tense.name());
    given.maybe("spelling", premise.spelling.as_deref());
    given.all("note", premise.notes.iter().map(String::as_str));
    given.maybe("sample", premise.sample.as_deref());
    given.all("avoid", premise.avoid.iter().map(String::as_str));
    given.text("worn", if premise.allows_worn { "allowed" } else { "" });
    given.digest()
}

/// The chapter's entry of the outline, its words included, its number not:
/// chapters that move stay fresh.
fn outline(story: &Story, chapter: &Chapter) -> String {
    let mut given = Given::default();
    given.text("title", &chapter.title);
    given.maybe("summary", chapter.summary.as_deref());
    given.text("words", &chapter.words.to_string());
    for scene in &chapter.scenes {
        scene_entry(story, scene, &mut given);
    }
    given.digest()
}

fn scene_entry(story: &Story, scene: &Scene, given: &mut Given) {
    given.text("scene", ".");
    given.maybe("summary", scene.summary.as_deref());
    given.text("words", &scene.words.to_string());
    given.maybe("pov", scene.pov.as_ref().map(|pov| story[pov.value].id.as_str()));
    given.maybe("place", scene.place.map(|place| story[place].id.as_str()));
    given.text("date", &scene.date.as_ref().map(|date| date.value.to_string()).unwrap_or_default());
    given.maybe("time", scene.time.as_deref());
    given.text("flashback", if scene.flashback { "yes" } else { "" });
    given.all("cast", scene.cast.iter().map(|id| story[*id].id.as_str()));
    given.all("beat", scene.beats.iter().map(|id| story[*id].beat.as_str()));
    given.all("happens", scene.happens.iter().map(String::as_str));
    given.maybe("goal", scene.goal.as_deref());
    given.maybe("conflict", scene.conflict.as_deref());
    given.maybe("outcome", scene.outcome.as_deref());
}

fn card(story: &Story, character: &Character) -> String {
    let mut given = Given::default();
    given.all("name", character.names());
    given.maybe("pronouns", character.pronouns.as_deref());
    given.maybe("role", character.role.as_deref());
    given.text(
        "born",
        &character.born.as_ref().map(|born| born.value.to_string()).unwrap_or_default(),
    );
    given.text("age", &character.age.as_ref().map(|age| age.value.to_string()).unwrap_or_default());
    for (name, value) in &character.appearance {
        given.text(name, value);
    }
    for (key, value) in [
        ("goal", &character.goal),
        ("need", &character.need),
        ("fear", &character.fear),
        ("secret", &character.secret),
        ("register", &character.voice.register),
        ("state", &character.starts_as),
    ] {
        given.maybe(key, value.as_deref());
    }
    given.all("habit", character.voice.habits.iter().map(String::as_str));
    given.all("line", character.voice.lines.iter().map(String::as_str));
    for relationship in &character.relationships {
        given.text(&story[relationship.with].id, &relationship.is);
    }
    given.all("knows", character.knows.iter().map(String::as_str));
    given.maybe("place", character.starts_at.map(|place| story[place].id.as_str()));
    given.digest()
}

fn thread_card(thread: &Thread) -> String {
    let mut given = Given::default();
    given.text("thread", &thread.thread);
    given.maybe("payoff", thread.payoff.as_deref());
    given.digest()
}

fn place_card(place: &Place) -> String {
    let mut given = Given::default();
    given.text("name", &place.name);
    given.maybe("description", place.description.as_deref());
    given.digest()
}

/// The names of the parts that differ between two sets of inputs.
#[must_use]
pub fn changed(then: &Inputs, now: &Inputs) -> Vec<String> {
    let mut names: Vec<String> = now
        .iter()
        .filter(|(name, digest)| then.get(*name) != Some(digest))
        .chain(then.iter().filter(|(name, _)| !now.contains_key(*name)))
        .map(|(name, _)| name.clone())
        .collect();
    names.sort();
    names.dedup();
    names
}
