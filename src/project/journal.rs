//! The journal: one line of JSON for each thing that happened, only ever added to.
//!
//! Files hold the text; the journal says which take is which and what they were
//! made from. A line is durable before the next step begins. A line that a crash
//! has cut is passed over: what it would have said is found again in the files.

use anyhow::Result;
use serde::{Deserialize, Serialize};

pub use super::archive::{Origin, TakeNote};
pub use super::call_note::{CallNote, Ended, Stage};
use super::folder::Folder;
use super::layout;
use crate::failure::{Exit, Failure};
use crate::money::Money;
use crate::provider::{Reckoning, Tally, Tried, Usage};
use crate::story::canon::Maker;

/// The most bytes of a journal.
const LIMIT: usize = 512 * 1024 * 1024;

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The version of the format.
    pub v: u32,
    /// Seconds since 1970, UTC.
    pub at: u64,
    /// The run it belongs to, counted from 1.
    pub run: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// A run began.
    Run {
        /// Its command line, without what could be secret.
        command: String,
    },
    /// A run did all that it was asked for.
    Ended,
    /// A take was accepted, or an edited chapter adopted as one.
    Take(TakeNote),
    /// A take became the text of its chapter.
    Selected {
        /// The chapter's id.
        chapter: String,
        /// The number of the take.
        take: u32,
    },
    /// A chapter no longer has a text.
    Cleared {
        /// The chapter's id.
        chapter: String,
    },
    /// A chapter's synopsis and facts are about to be written.
    Recording {
        /// The chapter's id.
        chapter: String,
        /// The digest of the file.
        file: String,
    },
    /// A chapter's synopsis and facts were written.
    Recorded {
        /// The chapter's id.
        chapter: String,
        /// The digest of the text they were made from.
        text: String,
        /// The digest of the file, as written.
        file: String,
        /// Who wrote the synopsis.
        maker: Maker,
        /// How many facts were kept.
        facts: usize,
        /// How many facts had no quote in the text and were dropped.
        dropped: usize,
        /// What it took.
        tokens: Usage,
        /// The calls they were made from, by digest.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        calls: Vec<String>,
        /// The digest of the conditions under which they were asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        conditions: Option<String>,
    },
    /// Several passages were folded into one.
    Folded {
        /// The level of the fold.
        level: u32,
        /// The first chapter.
        from: usize,
        /// The last chapter.
        to: usize,
        /// The digest of what it was made of.
        parts: String,
        /// What it took.
        tokens: Usage,
        /// The calls it was made from, by digest.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        calls: Vec<String>,
    },
    /// A reply was not accepted.
    Rejected {
        /// The chapter's id.
        chapter: String,
        /// Which drawing it was.
        #[serde(default)]
        call: String,
        /// Why.
        reason: String,
    },
    /// A run's selections were taken back.
    Undone {
        /// The run.
        undone: u64,
    },
    /// A call that can cost something is about to be made.
    Reserved {
        /// The call.
        call: CallNote,
        /// How many times it may be sent.
        tries: u32,
        /// The most that a try can cost.
        each: Money,
    },
    /// A call was sent again, or to another model: what it was sent so far. Only of use
    /// where its end is not known.
    Sent {
        /// The call's id.
        id: String,
        /// Who was asked how often, in their order.
        sent: Vec<Sent>,
    },
    /// A call has ended.
    Called {
        /// The call.
        call: CallNote,
        /// How.
        ended: Ended,
        /// The model that answered, in the endpoint's own words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answered: Option<String>,
        /// What it was billed.
        #[serde(flatten)]
        took: Reckoning,
    },
}

/// How often a call was sent to a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The model, as `endpoint/model`.
    pub model: String,
    /// How many times.
    pub tries: u32,
}

/// What tells a line of [`Event::Called`]. Nothing else has it: within a text
/// the quotes are escaped.
const CALLED: &str = r#","event":"called","#;

/// A line of [`Event::Called`]. There are more of them than of all others, and so
/// they are read without the detour that [`Entry`] takes to find out what it is.
#[derive(Deserialize)]
struct Called {
    v: u32,
    at: u64,
    run: u64,
    call: CallNote,
    ended: Ended,
    #[serde(default)]
    answered: Option<String>,
    tally: Tally,
    #[serde(default)]
    before: Vec<Tried>,
}

impl From<Called> for Entry {
    fn from(line: Called) -> Self {
        let Called { v, at, run, call, ended, answered, tally, before } = line;
        let took = Reckoning { tally, before };
        Self { v, at, run, event: Event::Called { call, ended, answered, took } }
    }
}

fn entry(line: &str) -> serde_json::Result<Entry> {
    if line.contains(CALLED) {
        serde_json::from_str::<Called>(line).map(Entry::from)
    } else {
        serde_json::from_str(line)
    }
}

/// Ends a line that a crash or a full disk has cut.
const CUT: &str = "#cut";

/// Reads the whole journal.
///
/// # Errors
///
/// When it cannot be read, or a line is damaged otherwise than by a cut.
pub fn read(folder: &Folder) -> Result<Vec<Entry>> {
    let Some(bytes) = folder.read_bytes(layout::JOURNAL, LIMIT)? else {
        return Ok(Vec::new());
    };
    // A cut inside a character must not hide all that stands before it.
    let text = String::from_utf8_lossy(&bytes);
    let mut entries = Vec::new();
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let (line, is_whole) = line.strip_suffix('\n').map_or((line, false), |line| (line, true));
        if line.is_empty() {
            continue;
        }
        match entry(line) {
            Ok(entry) => entries.push(entry),
            Err(_) if !is_whole || line.ends_with(CUT) => {}
            Err(error) => {
                return Err(Failure::new(
                    Exit::Failed,
                    format!("line {} of `{}` is damaged: {error}", index + 1, layout::JOURNAL),
                )
                .hint("take the line out, or put back a copy of the file; no text is lost, takes stand in `.storygen/takes`")
                .into());
            }
        }
    }
    Ok(entries)
}

/// The number of the last run that has begun; none where none has.
#[must_use]
pub fn last_run(entries: &[Entry]) -> Option<u64> {
    entries.iter().map(|entry| entry.run).max()
}

/// Adds entries, each on a line of its own, after what [`mend`] gave. Durably
/// when `sync` is set.
///
/// # Errors
///
/// When the journal cannot be written.
pub fn append(folder: &Folder, entries: &[Entry], mend: &str, sync: bool) -> Result<()> {
    let mut lines = mend.to_owned();
    for entry in entries {
        lines.push_str(&serde_json::to_string(entry)?);
        lines.push('\n');
    }
    folder.append(layout::JOURNAL, lines.as_bytes(), sync)
}

/// What ends the journal's last line, so that the next entry stands on a fresh
/// one: nothing, a line end, or the mark of a line that was cut.
///
/// # Errors
///
/// When it cannot be read.
pub fn mend(folder: &Folder) -> Result<&'static str> {
    let bytes = folder.read_bytes(layout::JOURNAL, LIMIT)?.unwrap_or_default();
    let last = bytes.rsplit(|b| *b == b'\n').next().unwrap_or_default();
    Ok(match last {
        [] => "",
        whole if serde_json::from_slice::<Entry>(whole).is_ok() => "\n",
        _ => "#cut\n",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read_as_it_was_written() {
        let call = CallNote {
            id: "1-2-3".to_owned(),
            digest: "d".to_owned(),
            stage: Stage::Record,
            chapter: Some("a".to_owned()),
            model: r#"x,"event":"called","#.to_owned(),
            prompt: 7,
            reply: 9,
        };
        let tally = Tally::unknown(2, Money::of_pico(5));
        let tried = Tried { model: "a/one".to_owned(), tally };
        let called = |before: Vec<Tried>| {
            let took = Reckoning { tally, before };
            Event::Called { call: call.clone(), ended: Ended::Failed, answered: None, took }
        };
        let reserved = Event::Reserved { call: call.clone(), tries: 4, each: Money::of_pico(5) };
        let events = [(called(vec![]), true), (called(vec![tried]), true), (reserved, false)];
        for (event, is_called) in events {
            let written = Entry { v: 1, at: 2, run: 3, event };
            let line = serde_json::to_string(&written).unwrap();
            assert_eq!(line.contains(CALLED), is_called, "{line}");
            assert_eq!(entry(&line).unwrap(), written);
        }
    }

    #[test]
    fn a_call_of_before_tries_were_told_apart_is_that_of_its_model() {
        let line = r#"{"v":1,"at":2,"run":3,"event":"called","call":{"id":"1-2-3","digest":"d","stage":"draft","model":"b/two","prompt":7,"reply":9},"ended":"stop","answered":"two","tally":{"tries":2,"usage":{"prompt":7,"cached":0,"reply":9}}}"#;
        let Event::Called { call, took, .. } = entry(line).unwrap().event else { panic!() };
        assert_eq!((call.model.as_str(), took.tally.tries), ("b/two", 2));
        assert_eq!(took.before, []);
    }
}
