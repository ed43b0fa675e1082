//! Every call to a model, kept by the digest of its request.
//!
//! One file a call: a line of JSON with the request, then the reply as it
//! streamed in, then a line of JSON that says how it ended. A file without
//! that last line is a reply that a crash or the author interrupted; its text
//! is as good as any that was cut. A call that ended is never sent again.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::call_note::CallNote;
use super::folder::Folder;
use super::layout;
use crate::provider::{Finish, Reckoning, Request, Tally, Tried, Usage};
use crate::story::take::watch::Verdict;

mod kin;
mod reading;
mod seal;
mod shelf;
mod writing;

use seal::Seal;

pub use kin::{is_kept, otherwise};
pub use reading::{Found, Lookup, State, look};
pub use shelf::{Heading, Whole, list, open, remove};
pub use writing::Writing;

/// The most bytes of one call's file.
const LIMIT: usize = 64 * 1024 * 1024;

/// Begins the line that says how a reply ended. Cleaned text never holds it.
const END: char = '\u{1e}';

/// How a kept reply ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ending {
    /// The model had said all.
    Stop,
    /// The token limit cut it.
    Length,
    /// A filter cut it.
    Filtered,
    /// The stream broke off, or the program was stopped.
    Interrupted,
    /// It was stopped for what it said; the verdict says why.
    Stopped,
}

impl From<Finish> for Ending {
    fn from(finish: Finish) -> Self {
        match finish {
            Finish::Stop => Self::Stop,
            Finish::Length => Self::Length,
            Finish::Filtered => Self::Filtered,
        }
    }
}

/// A reply that is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Its text, as it came.
    pub text: String,
    /// How it ended.
    pub ending: Ending,
    /// What it took, if the endpoint said.
    pub usage: Option<Usage>,
    /// The model that was asked for it, as `endpoint/model`: where others stood in, the
    /// last of them. None where a kill came first, and in an old file.
    pub asked: Option<String>,
    /// The model that answered, in the endpoint's own words.
    pub answered: Option<String>,
    /// Whether it came just now, and was not found.
    pub is_new: bool,
    /// Why it was stopped, if it was, and how much of its text is good.
    pub verdict: Option<Verdict>,
}

impl Kept {
    /// A reply that came just now, of which nothing else is known.
    #[cfg(test)]
    #[must_use]
    pub fn just_now(text: &str, ending: Ending) -> Self {
        Self {
            text: text.to_owned(),
            ending,
            usage: None,
            asked: None,
            answered: None,
            is_new: true,
            verdict: None,
        }
    }

    /// The model that answered, as `endpoint/model`: two endpoints may have one of the
    /// same name. An old file says nothing of the endpoint. Nothing of it is taken from
    /// the configuration, which may be another one when the reply is played again.
    #[must_use]
    pub fn author(&self) -> Option<String> {
        let answered = self.answered.as_deref()?;
        let endpoint = match self.asked.as_deref() {
            // It goes by its full name there.
            Some(asked) if asked == answered => None,
            asked => asked.and_then(|asked| asked.split_once('/')),
        };
        Some(match endpoint {
            Some((endpoint, _)) => format!("{endpoint}/{answered}"),
            None => answered.to_owned(),
        })
    }

    /// The part of its text that is good: all of it, if it was not stopped.
    #[must_use]
    pub fn good(&self) -> &str {
        let keep = self.verdict.as_ref().map_or(self.text.len(), |verdict| verdict.keep);
        self.text.get(..keep).unwrap_or(&self.text)
    }
}

/// The first line of a call's file.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    v: u32,
    model: String,
    about: String,
    /// When it was sent, in seconds since 1970; 0 where an old file does not say.
    #[serde(default)]
    at: u64,
    #[serde(default)]
    call: Option<CallNote>,
    request: Request,
}

/// The last line of a call's file.
#[derive(Debug, Serialize, Deserialize)]
struct End {
    ending: Ending,
    usage: Option<Usage>,
    answered: Option<String>,
    /// The model that was asked last; none in an old file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked: Option<String>,
    /// The id of the call; none in an old file, as with the next.
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    tally: Option<Tally>,
    /// What the models took that failed before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    before: Vec<Tried>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    verdict: Option<Verdict>,
    /// What tells whether the text is as it came; none in an old file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seal: Option<String>,
}

impl End {
    /// Whether it was written for this reply to the request of this digest, as far as it
    /// tells.
    fn belongs_to(&self, digest: &str, text: &str) -> bool {
        self.seal.as_ref().is_none_or(|name| {
            let mut seal = Seal::of(digest);
            seal.add(text);
            *name == seal.name()
        })
    }

    /// What the call took; an old file tells what its only try did.
    fn took(&mut self) -> Option<Reckoning> {
        let one_try = self.usage.map(|usage| Tally { tries: 1, usage, ..Tally::default() });
        let tally = self.tally.or(one_try)?;
        Some(Reckoning { tally, before: std::mem::take(&mut self.before) })
    }
}

/// The digest by which a request to a model is kept.
///
/// # Errors
///
/// When the request cannot be written as JSON; none of ours is such.
pub fn digest(model: &str, request: &Request) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(model.as_bytes());
    hasher.update(b"\n");
    hasher.update(&serde_json::to_vec(request)?);
    Ok(hasher.finalize().to_hex().as_str()[..32].to_owned())
}

/// Where a call of this digest is kept.
#[must_use]
pub fn path(digest: &str) -> String {
    format!("{}/{}/{digest}.txt", layout::CALLS, &digest[..2])
}

/// How a file ends.
enum Last {
    /// With a line that says how the reply ended.
    End(Box<End>),
    /// With a line that is damaged.
    Damaged,
    /// In the reply.
    Cut,
}

/// A file of a call, in its parts: the head's line, the reply, and its end.
fn parts(bytes: &[u8]) -> Option<(&[u8], String, Last)> {
    let head = bytes.iter().position(|b| *b == b'\n')?;
    // A crash can cut inside a character.
    let body = String::from_utf8_lossy(&bytes[head + 1..]);
    let body = body.trim_end_matches('\u{fffd}');
    if let Some((text, end)) = body.rsplit_once(END)
        && let Ok(end) = serde_json::from_str::<End>(end.trim())
    {
        return Some((&bytes[..head], text.to_owned(), Last::End(Box::new(end))));
    }
    let (text, last) = match body.split_once(END) {
        Some((text, _)) => (text, Last::Damaged),
        None => (body, Last::Cut),
    };
    Some((&bytes[..head], text.to_owned(), last))
}

fn read(folder: &Folder, digest: &str) -> Result<Option<Vec<u8>>> {
    folder.read_bytes(&path(digest), LIMIT)
}
