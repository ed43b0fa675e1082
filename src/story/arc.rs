//! Lines of change, and what the book has promised: arcs, threads, commitments.

use super::{Character, Id};
use crate::diagnostic::Place as Site;

/// A line of change, from `bible/arcs`.
#[derive(Clone, Debug)]
pub struct Arc {
    /// The short name used in files.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Whose arc it is.
    pub character: Option<Id<Character>>,
    /// From what to what.
    pub description: Option<String>,
    /// Its turns, in the order in which they are to happen.
    pub beats: Vec<Id<Beat>>,
}

/// A turn of an arc.
#[derive(Clone, Debug)]
pub struct Beat {
    /// The short name used in files, unique in the bible.
    pub id: String,
    /// Where the author declared it.
    pub site: Site,
    /// The arc it belongs to.
    pub arc: Id<Arc>,
    /// What happens.
    pub beat: String,
    /// The planned tension after it, 0 to 10.
    pub tension: Option<u8>,
}

/// Something planted that has to be paid off, from `bible/threads`.
#[derive(Clone, Debug)]
pub struct Thread {
    /// The short name used in files.
    pub id: String,
    /// Where the author declared it.
    pub site: Site,
    /// The question it leaves with the reader.
    pub thread: String,
    /// The number of the chapter in which it is planted.
    pub planted: usize,
    /// The number of the chapter by which it is paid off.
    pub paid_off_by: usize,
    /// Where the author wrote `paid_off_by`.
    pub paid_off_site: Site,
    /// How it is paid off.
    pub payoff: Option<String>,
}

/// A promise the book keeps, from `bible/threads`.
#[derive(Clone, Debug)]
pub struct Commitment {
    /// The short name used in files.
    pub id: String,
    /// Where the author declared it.
    pub site: Site,
    /// The promise, in a sentence.
    pub statement: String,
    /// What kind of promise it is.
    pub promise: Promise,
    /// Where the author wrote its last bound: `until`, `then` or `by`; the
    /// commitment's own place where none is given.
    pub bound_site: Site,
}

/// The three kinds of promise.
#[derive(Clone, Debug)]
pub enum Promise {
    /// Holds in every chapter from the first to the last given.
    Invariant {
        /// The first chapter in which it holds.
        from: usize,
        /// The last chapter in which it holds.
        until: usize,
    },
    /// One beat comes before another.
    Ordering {
        /// The earlier beat.
        first: Id<Beat>,
        /// The later beat.
        then: Id<Beat>,
    },
    /// Has come about by a chapter.
    Achievement {
        /// The chapter by which it has come about.
        by: usize,
    },
}
