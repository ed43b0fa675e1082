//! What stands in the author's folders at this moment.
//!
//! A run reads them when it begins, and may go on for hours while the author
//! writes there too: so it looks again before it draws a chapter, and before it
//! writes one.

use anyhow::Result;
use serde::Deserialize;

use super::archive::{CanonOnFile, Shelf, TakeNote};
use super::folder::Folder;
use super::history::{TEXT_LIMIT, both_are, text_of};
use super::{layout, yaml};
use crate::story::Chapter;
use crate::story::fingerprint::digest;

/// A file of a chapter.
#[derive(Debug)]
pub(super) struct Standing {
    /// Where it stands.
    pub path: String,
    /// All that it says.
    pub whole: String,
}

/// The manuscript file of a chapter, whatever number it has.
pub(super) fn text(folder: &Folder, chapter: &Chapter) -> Result<Option<Standing>> {
    file(folder, chapter, layout::MANUSCRIPT, "md", TEXT_LIMIT)
}

fn file(
    folder: &Folder,
    chapter: &Chapter,
    path: &str,
    extension: &str,
    limit: usize,
) -> Result<Option<Standing>> {
    let mut names = folder.list(path)?;
    names.retain(|name| layout::chapter_of(name, extension) == Some(chapter.id.as_str()));
    let Some(name) = names.first() else { return Ok(None) };
    let path = |name: &String| format!("{path}/{name}");
    if let Some(other) = names.get(1) {
        return Err(both_are(&path(name), &path(other), &chapter.id).into());
    }
    let path = path(name);
    Ok(folder.read(&path, limit)?.map(|whole| Standing { path, whole }))
}

/// Looks again at a chapter's text, and says whether the author has written another
/// one since it was read: the shelf then holds that.
///
/// # Errors
///
/// When it cannot be read, or two files claim to be the chapter.
pub fn look_at_text(folder: &Folder, chapter: &Chapter, shelf: &mut Shelf) -> Result<bool> {
    let there = text(folder, chapter)?;
    let Some(there) = there.and_then(|there| text_of(&there.path, &there.whole, &shelf.takes))
    else {
        return Ok(false);
    };
    let is_other = shelf.text.as_ref().is_none_or(|known| known.digest != there.digest);
    if is_other {
        shelf.text = Some(there);
    }
    Ok(is_other)
}

/// The same of a chapter's canon.
///
/// # Errors
///
/// As there.
pub fn look_at_canon(folder: &Folder, chapter: &Chapter, shelf: &mut Shelf) -> Result<bool> {
    let there = file(folder, chapter, layout::CANON, "yaml", yaml::FILE_LIMIT)?;
    let Some(Standing { path, whole: yaml }) = there else { return Ok(false) };
    let digest = digest(&yaml);
    if shelf.canon.as_ref().is_some_and(|known| known.digest == digest) {
        return Ok(false);
    }
    let made_from = shelf.canon.as_ref().and_then(|known| known.made_from.clone());
    shelf.canon = Some(CanonOnFile { path, yaml, digest, made_from, by_author: true });
    Ok(true)
}

/// The heading that a chapter's file is to have: the chapter's title, or the one that
/// the author has put in its place.
pub(super) fn heading(
    folder: &Folder,
    chapter: &Chapter,
    shelf: &Shelf,
    there: Option<&Standing>,
) -> String {
    own_heading(folder, chapter, shelf, there).unwrap_or_else(|| line(&chapter.title))
}

/// The heading of a chapter's file, where the author has written it: where it is no
/// title that the chapter has or had.
pub(super) fn own_heading(
    folder: &Folder,
    chapter: &Chapter,
    shelf: &Shelf,
    there: Option<&Standing>,
) -> Option<String> {
    let first = there?.whole.trim().lines().next()?.strip_prefix("# ")?;
    let heading = line(first);
    let is_former =
        || shelf.takes.iter().any(|note| title_of(folder, note) == Some(heading.clone()));
    (!heading.is_empty() && heading != line(&chapter.title) && !is_former()).then_some(heading)
}

/// The title that a chapter had when a take of it was kept; none where that is lost.
fn title_of(folder: &Folder, note: &TakeNote) -> Option<String> {
    #[derive(Deserialize)]
    struct Header {
        title: String,
    }
    let text = folder.read(&layout::take(&note.chapter, note.take), TEXT_LIMIT).ok()??;
    let (header, _) = text.strip_prefix("---\n")?.split_once("\n---\n")?;
    Some(line(&serde_yaml::from_str::<Header>(header).ok()?.title))
}

/// A title on one line.
fn line(title: &str) -> String {
    title.replace(['\n', '\r'], " ").trim().to_owned()
}
