//! Every call to a model, kept by the digest of its request.
//!
//! One file a call: a line of JSON with the request, then the reply as it
//! streamed in, then a line of JSON that says how it ended. A file without
//! that last line is a reply that a crash or the author interrupted; its text
//! is as good as any that was cut. A call that ended is never sent again.

use std::fs::File;
use std::io::Write;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::folder::Folder;
use super::layout;
use crate::provider::{Finish, Request, Usage};

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
    /// The model that answered.
    pub answered: Option<String>,
    /// Whether it came just now, and was not found.
    pub is_new: bool,
}

/// The first line of a call's file.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    v: u32,
    model: String,
    about: String,
    request: Request,
}

/// The last line of a call's file.
#[derive(Debug, Serialize, Deserialize)]
struct End {
    ending: Ending,
    usage: Option<Usage>,
    answered: Option<String>,
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

fn path(digest: &str) -> String {
    format!("{}/{}/{digest}.txt", layout::CALLS, &digest[..2])
}

/// The reply to a request that was sent before, if any of it came. Where only
/// the whole is of use (`parts` unset), a reply without its end does not count.
///
/// # Errors
///
/// When the file cannot be read.
pub fn find(folder: &Folder, digest: &str, parts: bool) -> Result<Option<Kept>> {
    let Some(bytes) = folder.read_bytes(&path(digest), LIMIT)? else {
        return Ok(None);
    };
    let Some(head) = bytes.iter().position(|b| *b == b'\n') else {
        return Ok(None);
    };
    // A crash can cut inside a character.
    let body = String::from_utf8_lossy(&bytes[head + 1..]);
    let body = body.trim_end_matches('\u{fffd}');
    if let Some((text, end)) = body.rsplit_once(END)
        && let Ok(end) = serde_json::from_str::<End>(end.trim())
    {
        return Ok(Some(Kept {
            text: text.to_owned(),
            ending: end.ending,
            usage: end.usage,
            answered: end.answered,
            is_new: false,
        }));
    }
    let text = body.split(END).next().unwrap_or_default();
    Ok((parts && !text.trim().is_empty()).then(|| Kept {
        text: text.to_owned(),
        ending: Ending::Interrupted,
        usage: None,
        answered: None,
        is_new: false,
    }))
}

/// A reply on its way to disk.
#[derive(Debug)]
pub struct Writing {
    file: File,
    path: String,
    unsynced: usize,
}

impl Writing {
    /// Begins the file of a call.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn begin(
        folder: &Folder,
        digest: &str,
        model: &str,
        about: &str,
        request: &Request,
    ) -> Result<Self> {
        let path = path(digest);
        // What stands there already holds nothing of use.
        folder.remove(&path)?;
        let mut file = folder.appender(&path)?;
        let head = Head {
            v: 1,
            model: model.to_owned(),
            about: about.to_owned(),
            request: request.clone(),
        };
        let mut line = serde_json::to_vec(&head)?;
        line.push(b'\n');
        file.write_all(&line).with_context(|| format!("cannot write `{path}`"))?;
        Ok(Self { file, path, unsynced: 0 })
    }

    /// Adds text that has come.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn add(&mut self, text: &str) -> Result<()> {
        // Kept text survives a crash of the program as it is written; against
        // a crash of the machine it is flushed now and then.
        const FLUSH: usize = 32 * 1024;
        self.file
            .write_all(text.as_bytes())
            .with_context(|| format!("cannot write `{}`", self.path))?;
        self.unsynced += text.len();
        if self.unsynced >= FLUSH {
            self.unsynced = 0;
            self.file.sync_data().with_context(|| format!("cannot write `{}`", self.path))?;
        }
        Ok(())
    }

    /// Ends the file; from here on the call is never sent again.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn end(mut self, kept: &Kept) -> Result<()> {
        let end = End { ending: kept.ending, usage: kept.usage, answered: kept.answered.clone() };
        let line = format!("{END}{}\n", serde_json::to_string(&end)?);
        self.file
            .write_all(line.as_bytes())
            .and_then(|()| self.file.sync_all())
            .with_context(|| format!("cannot write `{}`", self.path))
    }
}
