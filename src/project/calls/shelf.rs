//! All kept calls of a project: which there are, one as a whole, one removed.

use anyhow::Result;

use super::super::folder::Folder;
use super::super::layout;
use super::{CallNote, Ending, Head, Last, parts, path, read};
use crate::provider::{Reckoning, Request, Usage};

/// A file of a kept call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// The digest of its request.
    pub digest: String,
    /// The bytes of the file.
    pub bytes: u64,
}

/// A kept call with all that its file says.
#[derive(Clone, Debug)]
pub struct Whole {
    /// What it was about.
    pub about: String,
    /// The model that was asked for.
    pub model: String,
    /// When it was sent, in seconds since 1970; 0 where an old file does not say.
    pub at: u64,
    /// The call; none in an old file.
    pub call: Option<CallNote>,
    /// What was asked.
    pub request: Request,
    /// The reply, as far as it came.
    pub text: String,
    /// How it ended; none where a kill came first.
    pub ending: Option<Ending>,
    /// What it took, if the endpoint said.
    pub usage: Option<Usage>,
    /// The model that was asked last, where others stood in; none where a kill came
    /// first, and in an old file.
    pub asked: Option<String>,
    /// The model that answered.
    pub answered: Option<String>,
    /// What it was billed; none where a kill came first.
    pub took: Option<Reckoning>,
    /// Whether the reply is another one than its end was written for.
    pub is_altered: bool,
}

/// The files of all kept calls, by digest.
///
/// # Errors
///
/// When a folder cannot be read.
pub fn list(folder: &Folder) -> Result<Vec<Heading>> {
    let mut all = Vec::new();
    for start in folder.list(layout::CALLS)? {
        for name in folder.list(&format!("{}/{start}", layout::CALLS))? {
            let Some(digest) = name.strip_suffix(".txt") else { continue };
            let is_ours = digest.len() == 32
                && digest.starts_with(&start)
                && digest.bytes().all(|b| b.is_ascii_hexdigit());
            if is_ours {
                let bytes = folder.size(&path(digest))?;
                all.push(Heading { digest: digest.to_owned(), bytes });
            }
        }
    }
    Ok(all)
}

/// All that a file of a kept call says; none where it says nothing.
///
/// # Errors
///
/// When it cannot be read.
pub fn open(folder: &Folder, digest: &str) -> Result<Option<Whole>> {
    let Some(bytes) = read(folder, digest)? else { return Ok(None) };
    let Some((head, text, end)) = parts(&bytes) else { return Ok(None) };
    let Ok(head) = serde_json::from_slice::<Head>(head) else { return Ok(None) };
    let mut end = match end {
        Last::End(end) => Some(end),
        Last::Damaged | Last::Cut => None,
    };
    let is_altered = end.as_ref().is_some_and(|end| !end.belongs_to(digest, &text));
    let took = end.as_mut().and_then(|end| end.took());
    let (ending, usage) =
        (end.as_ref().map(|end| end.ending), end.as_ref().and_then(|end| end.usage));
    let (asked, answered) = end.map(|end| (end.asked, end.answered)).unwrap_or_default();
    Ok(Some(Whole {
        about: head.about,
        model: head.model,
        at: head.at,
        call: head.call,
        request: head.request,
        text,
        ending,
        usage,
        asked,
        answered,
        took,
        is_altered,
    }))
}

/// Removes a kept call.
///
/// # Errors
///
/// When it cannot be removed.
pub fn remove(folder: &Folder, digest: &str) -> Result<()> {
    folder.remove(&path(digest))
}
