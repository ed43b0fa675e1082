//! The plan of the book: parts, chapters, scenes. A planned event is not a fact.

use super::{Beat, Character, Date, Id, Place, Sited};
use crate::diagnostic::Place as Site;

/// A part of the book.
#[derive(Clone, Debug)]
pub struct Part {
    /// The title.
    pub title: String,
    /// The number of its first chapter.
    pub first: usize,
}

/// A chapter of the outline. It has at least one scene.
#[derive(Clone, Debug)]
pub struct Chapter {
    /// The short name that its files carry; it stays when chapters move.
    pub id: String,
    /// Where the author declared it.
    pub site: Site,
    /// Its place in the book, from 1.
    pub number: usize,
    /// The title.
    pub title: String,
    /// What it does for the story.
    pub summary: Option<String>,
    /// How many words it is to have.
    pub words: u32,
    /// The scenes, in order.
    pub scenes: Vec<Scene>,
}

impl Chapter {
    /// Everyone who is in any of its scenes, in order of appearance.
    #[must_use]
    pub fn cast(&self) -> Vec<Id<Character>> {
        distinct(self.scenes.iter().flat_map(|scene| scene.cast.iter().copied()))
    }

    /// Every place of its scenes, in order.
    #[must_use]
    pub fn places(&self) -> Vec<Id<Place>> {
        distinct(self.scenes.iter().filter_map(|scene| scene.place))
    }

    /// Every arc beat that is to happen in it, in order.
    #[must_use]
    pub fn beats(&self) -> Vec<Id<Beat>> {
        distinct(self.scenes.iter().flat_map(|scene| scene.beats.iter().copied()))
    }
}

/// The items in order, each once.
fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = Vec::new();
    for item in items {
        if !seen.contains(&item) {
            seen.push(item);
        }
    }
    seen
}

/// A scene: one place, one stretch of time.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The short name, if the author gave one.
    pub id: Option<String>,
    /// Where the author declared it.
    pub site: Site,
    /// What it is about.
    pub summary: Option<String>,
    /// How many words it is to have.
    pub words: u32,
    /// Through whom it is told.
    pub pov: Option<Sited<Id<Character>>>,
    /// Where it happens.
    pub place: Option<Id<Place>>,
    /// On which day it happens.
    pub date: Option<Sited<Date>>,
    /// At what time, as the author wrote it.
    pub time: Option<String>,
    /// Where the author wrote the time.
    pub time_site: Option<Site>,
    /// Whether it lies before what was told earlier.
    pub flashback: bool,
    /// Who is there.
    pub cast: Vec<Id<Character>>,
    /// The arc beats that happen here.
    pub beats: Vec<Id<Beat>>,
    /// Where the author wrote each of `beats`.
    pub beat_sites: Vec<Site>,
    /// What happens, step by step.
    pub happens: Vec<String>,
    /// What the point-of-view character wants.
    pub goal: Option<String>,
    /// What stands in the way.
    pub conflict: Option<String>,
    /// How it ends.
    pub outcome: Option<String>,
}

impl Scene {
    /// Minutes after midnight, where the time is given as `HH:MM`.
    #[must_use]
    pub fn clock(&self) -> Option<u32> {
        clock(self.time.as_deref()?)
    }
}

/// Minutes after midnight of a time given as `HH:MM`.
#[must_use]
pub fn clock(time: &str) -> Option<u32> {
    let (hours, minutes) = time.trim().split_once(':')?;
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}
