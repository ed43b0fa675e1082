//! The story: what the author has declared, valid by construction.
//!
//! A [`Story`] is made by `project::resolve` from the bible's files. Whatever
//! an [`Id`] in it points to exists, dates are dates of its calendar, chapters
//! are numbered from 1 without gaps. Values that a check may complain about
//! carry the place where the author wrote them ([`Sited`]).

use std::fmt;
use std::marker::PhantomData;
use std::ops::Index;

use crate::diagnostic::Place as Site;

pub mod arc;
pub mod book;
pub mod calendar;
pub mod canon;
pub mod character;
pub mod fingerprint;
pub mod outline;
pub mod prose;
pub mod slug;
pub mod synopsis;
pub mod take;
mod texts;
pub mod world;

pub use arc::{Arc, Beat, Commitment, Promise, Thread};
pub use book::{Book, Premise};
pub use calendar::{Calendar, Date};
pub use character::Character;
pub use outline::{Chapter, Part, Scene};
pub use texts::texts;
pub use world::{Place, Rule};

/// A value and where the author wrote it.
#[derive(Clone, Debug)]
pub struct Sited<T> {
    /// The value.
    pub value: T,
    /// Where it stands in the project's files.
    pub site: Site,
}

/// Points to a thing of the story that exists.
pub struct Id<T> {
    index: usize,
    kind: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// The thing at this position of its list in the story.
    #[must_use]
    pub fn new(index: usize) -> Self {
        Self { index, kind: PhantomData }
    }

    /// The position in its list.
    #[must_use]
    pub fn index(self) -> usize {
        self.index
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.index.cmp(&other.index)
    }
}
impl<T> std::hash::Hash for Id<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.index.hash(state);
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.index)
    }
}

/// Everything the author has declared.
#[derive(Clone, Debug)]
pub struct Story {
    /// The book.
    pub book: Book,
    /// What it is about and how it sounds.
    pub premise: Premise,
    /// How time is counted.
    pub calendar: Calendar,
    /// The people, in the order of the files.
    pub characters: Vec<Character>,
    /// The places, in the order of the files.
    pub places: Vec<Place>,
    /// What holds in this world.
    pub rules: Vec<Rule>,
    /// The arcs, in the order of the files.
    pub arcs: Vec<Arc>,
    /// The beats of all arcs, arc by arc.
    pub beats: Vec<Beat>,
    /// What is planted and paid off.
    pub threads: Vec<Thread>,
    /// What the book has promised.
    pub commitments: Vec<Commitment>,
    /// The parts, if the book has any.
    pub parts: Vec<Part>,
    /// The chapters, in reading order; number 1 is the first.
    pub chapters: Vec<Chapter>,
    /// What may be there although it is not in this story.
    pub unresolved: Unresolved,
}

/// Kinds of which some name could not be resolved, or the outline that would
/// name them not be read. Where one is set there is an error to be mended, and
/// that a thing of the kind appears nowhere proves nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unresolved {
    /// Some character.
    pub characters: bool,
    /// Some place.
    pub places: bool,
    /// Some beat.
    pub beats: bool,
}

impl Story {
    /// The chapter with this number, counted from 1.
    #[must_use]
    pub fn chapter(&self, number: usize) -> Option<&Chapter> {
        self.chapters.get(number.checked_sub(1)?)
    }

    /// The chapter with this id.
    #[must_use]
    pub fn chapter_named(&self, id: &str) -> Option<&Chapter> {
        self.chapters.iter().find(|chapter| chapter.id == id)
    }

    /// The character with this id.
    #[must_use]
    pub fn character_named(&self, id: &str) -> Option<&Character> {
        self.characters.iter().find(|one| one.id == id)
    }
}

impl Index<Id<Character>> for Story {
    type Output = Character;
    fn index(&self, id: Id<Character>) -> &Character {
        &self.characters[id.index]
    }
}
impl Index<Id<Place>> for Story {
    type Output = Place;
    fn index(&self, id: Id<Place>) -> &Place {
        &self.places[id.index]
    }
}
impl Index<Id<Beat>> for Story {
    type Output = Beat;
    fn index(&self, id: Id<Beat>) -> &Beat {
        &self.beats[id.index]
    }
}
impl Index<Id<Arc>> for Story {
    type Output = Arc;
    fn index(&self, id: Id<Arc>) -> &Arc {
        &self.arcs[id.index]
    }
}
