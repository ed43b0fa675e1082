//! Finding what a request was answered before.

use anyhow::Result;

use super::super::folder::Folder;
use super::{CallNote, Ending, Head, Kept, Last, parts, read};
use crate::provider::Reckoning;

/// What is kept of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Lookup {
    /// A reply of use.
    Kept(Found),
    /// A reply that reached its limit without a word: whoever thinks before it writes may
    /// get to writing with more room, which is no part of the request.
    Wordless {
        /// The reply.
        found: Found,
        /// The most tokens that it could take, all told; none where an old file does not
        /// say.
        room: Option<u64>,
    },
    /// It was sent, or about to be, and no reply of use has come.
    Lost(Option<CallNote>),
    /// The same, and not a word has come.
    Silent(Option<CallNote>),
    /// Nothing.
    Absent,
}

/// A reply that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The reply.
    pub kept: Kept,
    /// The id of the call that brought it; none in an old file.
    pub id: Option<String>,
    /// What the call was billed; none where its end is not known.
    pub took: Option<Reckoning>,
    /// How much of its file there is.
    pub state: State,
}

/// How much of a kept call's file there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// All of it.
    Whole,
    /// It stops in the reply: a kill or a fault has cut it.
    Cut,
    /// What says how the reply ended cannot be read.
    Damaged,
}

/// What is kept of a request. Where only the whole reply is of use (`in_parts`
/// unset), one without its end is none.
///
/// # Errors
///
/// When the file cannot be read.
pub fn look(folder: &Folder, digest: &str, in_parts: bool) -> Result<Lookup> {
    let Some(bytes) = read(folder, digest)? else { return Ok(Lookup::Absent) };
    let Some((head, text, end)) = parts(&bytes) else { return Ok(Lookup::Lost(None)) };
    let call = || serde_json::from_slice::<Head>(head).ok().and_then(|head| head.call);
    if let Last::End(mut end) = end {
        if !end.belongs_to(digest, &text) {
            return Ok(Lookup::Lost(None));
        }
        let took = end.took();
        let is_wordless = end.ending == Ending::Length && text.trim().is_empty();
        let found = Found {
            kept: Kept {
                text,
                ending: end.ending,
                usage: end.usage,
                asked: end.asked,
                answered: end.answered,
                is_new: false,
                verdict: end.verdict,
            },
            id: end.id,
            took,
            state: State::Whole,
        };
        return Ok(if is_wordless {
            Lookup::Wordless { found, room: call().map(|call| call.reply) }
        } else {
            Lookup::Kept(found)
        });
    }
    let call = call();
    if text.trim().is_empty() && matches!(end, Last::Cut) {
        return Ok(Lookup::Silent(call));
    }
    if !in_parts || text.trim().is_empty() {
        return Ok(Lookup::Lost(call));
    }
    Ok(Lookup::Kept(Found {
        kept: Kept {
            text,
            ending: Ending::Interrupted,
            usage: None,
            asked: None,
            answered: None,
            is_new: false,
            verdict: None,
        },
        id: call.map(|call| call.id),
        took: None,
        state: if matches!(end, Last::Damaged) { State::Damaged } else { State::Cut },
    }))
}
