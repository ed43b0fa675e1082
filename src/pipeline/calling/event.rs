//! What a run tells while it works.

use super::purse::Overbilled;
use crate::project::journal::Stage;
use crate::provider::{Fault, Total, Usage};

/// Whoever listens to a run.
pub type Listener<'a> = &'a mut (dyn FnMut(Event<'_>) + Send);

/// What a run tells while it works.
#[derive(Debug)]
pub enum Event<'a> {
    /// A chapter's drawing begins.
    Drafting {
        /// Its number.
        chapter: usize,
        /// Its title.
        title: &'a str,
        /// The number of the take.
        take: u32,
    },
    /// Text of the chapter has come.
    Text(&'a str),
    /// What was shown since the last [`Event::Drafting`] does not count: the
    /// reply was rejected.
    Rejected {
        /// Why.
        reason: String,
        /// What tells this drawing from every other.
        call: String,
        /// Which drawing comes next, from 2.
        next: u32,
        /// How many there may be.
        of: u32,
    },
    /// A take was accepted.
    Drafted {
        /// The chapter's number.
        chapter: usize,
        /// How many words it has.
        words: usize,
        /// How many were wanted.
        target: u32,
        /// Where its text stands.
        path: &'a str,
        /// What it took.
        tokens: Usage,
        /// How many things were left out of its prompts.
        omissions: usize,
    },
    /// A chapter is being recorded.
    Recording {
        /// Its number.
        chapter: usize,
        /// Its title.
        title: &'a str,
    },
    /// A chapter's synopsis and facts stand.
    Recorded {
        /// The chapter's number.
        chapter: usize,
        /// Whether the synopsis is the chapter's own sentences.
        extract: bool,
        /// How many facts were kept.
        facts: usize,
        /// How many had no quote in the text.
        dropped: usize,
    },
    /// A call has ended, whatever came of it, and was billed this.
    Billed(Total),
    /// Facts of a chapter contradict earlier ones.
    Contradiction {
        /// The chapter's number.
        chapter: usize,
        /// What contradicts what.
        text: String,
    },
    /// Passages are being folded into one.
    Folding {
        /// The first chapter.
        from: usize,
        /// The last chapter.
        to: usize,
    },
    /// A hand-edited chapter was kept as a take.
    Adopted {
        /// The chapter's number.
        chapter: usize,
        /// The take's number.
        take: u32,
    },
    /// A kept take was put back into the manuscript.
    Restored {
        /// The chapter's number.
        chapter: usize,
        /// The take's number.
        take: u32,
    },
    /// The files of a chapter that has moved were renamed.
    Moved {
        /// The chapter's number.
        chapter: usize,
        /// Where its text stands now.
        path: &'a str,
    },
    /// The author's corrected canon was set aside, for the text has changed.
    Replaced {
        /// The chapter's number.
        chapter: usize,
        /// Where it is kept.
        path: String,
    },
    /// A call was billed more than it could cost by what is known of the model.
    Overbilled(Overbilled),
    /// A reply was stopped for what it said; what is good of it counts.
    Stopped {
        /// Why.
        why: String,
    },
    /// An accepted chapter says what it was not to say.
    Standing {
        /// The chapter's number.
        chapter: usize,
        /// The phrases, as often as they stand there.
        phrases: Vec<String>,
    },
    /// A record or fold reached the limit of its reply before a word was written, and is
    /// not asked for again.
    Wordless {
        /// What it was for.
        stage: Stage,
        /// The chapter's number; none for a fold.
        chapter: Option<usize>,
        /// The model that was asked.
        model: String,
        /// What gives it more room.
        way_out: String,
    },
    /// A stream broke off.
    Interrupted {
        /// Why.
        fault: &'a Fault,
        /// Whether all is asked for anew, as what is of use only whole; else what came is
        /// gone on from.
        is_asked_anew: bool,
    },
}
