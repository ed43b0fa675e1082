//! The journal: one line of JSON for each thing that happened, only ever added to.
//!
//! Files hold the text; the journal says which take is which and what they were
//! made from. A line is durable before the next step begins. A last line that a
//! crash has cut is passed over: what it would have said is found again in the
//! files.

use anyhow::Result;
use serde::{Deserialize, Serialize};

pub use super::archive::{Origin, TakeNote};
use super::folder::Folder;
use super::layout;
use crate::failure::{Exit, Failure};
use crate::provider::Usage;
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
    },
    /// A reply was not accepted.
    Rejected {
        /// The chapter's id.
        chapter: String,
        /// Why.
        reason: String,
    },
    /// A run's selections were taken back.
    Undone {
        /// The run.
        undone: u64,
    },
}

/// Reads the whole journal.
///
/// # Errors
///
/// When it cannot be read, or a line other than the last is damaged.
pub fn read(folder: &Folder) -> Result<Vec<Entry>> {
    let Some(text) = folder.read(layout::JOURNAL, LIMIT)? else {
        return Ok(Vec::new());
    };
    let mut entries = Vec::new();
    let lines: Vec<&str> = text.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        if line.is_empty() {
            continue;
        }
        match serde_json::from_str::<Entry>(line) {
            Ok(entry) => entries.push(entry),
            // The last line may have been cut by a crash, and a new run then
            // began a line of its own after it.
            Err(_) if index + 1 == lines.len() || !line.ends_with('}') => {}
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

/// Adds entries, durably, each on a line of its own.
///
/// # Errors
///
/// When the journal cannot be written.
pub fn append(folder: &Folder, entries: &[Entry], after_cut: bool) -> Result<()> {
    let mut lines = String::new();
    if after_cut {
        lines.push('\n');
    }
    for entry in entries {
        lines.push_str(&serde_json::to_string(entry)?);
        lines.push('\n');
    }
    folder.append(layout::JOURNAL, lines.as_bytes(), true)
}

/// Whether the journal's last line was cut, so that the next entry has to begin
/// on a fresh one.
///
/// # Errors
///
/// When it cannot be read.
pub fn is_cut(folder: &Folder) -> Result<bool> {
    Ok(folder
        .read_bytes(layout::JOURNAL, LIMIT)?
        .is_some_and(|bytes| bytes.last().is_some_and(|last| *last != b'\n')))
}
