//! Reads what has been written so far, from the files and the journal.
//!
//! Files hold the texts; the journal says which take is which and what each was
//! made from. Where the two disagree the file counts: it is the author's.

use std::collections::BTreeMap;
use std::panic::resume_unwind;

use anyhow::Result;

use super::archive::{Archive, CanonOnFile, Fold, Open, Origin, Recording, TakeNote, Text, add};
use super::folder::Folder;
use super::journal::{self, Entry, Event, Stage};
use super::yaml::key_shaped;
use super::{canon_file, layout};
use crate::diagnostic::Finding;
use crate::failure::{Exit, Failure};
use crate::prompt::memory::Span;
use crate::story::canon::Record;
use crate::story::fingerprint::digest;
use crate::story::{Story, prose};

/// The most bytes of a chapter's text.
pub const TEXT_LIMIT: usize = 16 * 1024 * 1024;

/// Reads everything written so far.
///
/// # Errors
///
/// When a file cannot be read, or two files claim to be the same chapter.
pub fn read(folder: &Folder, story: &Story) -> Result<Archive> {
    gather(folder).of(folder, story)
}

/// The journal and the files of a project, whatever the story is: they can be
/// gathered while the bible is still read.
pub struct Gathered {
    entries: Result<Vec<Entry>>,
    files: Result<Files>,
}

/// Gathers what there is. What cannot be read is told of by [`Gathered::of`].
#[must_use]
pub fn gather(folder: &Folder) -> Gathered {
    // A long book has as much of the one as of the other.
    std::thread::scope(|scope| {
        let entries = scope.spawn(|| journal::read(folder));
        let files = Files::read(folder);
        let entries = entries.join().unwrap_or_else(|panic| resume_unwind(panic));
        Gathered { entries, files }
    })
}

impl Gathered {
    /// What of it is this story's.
    ///
    /// # Errors
    ///
    /// When a file of it could not be read, or two claim to be the same chapter.
    pub fn of(self, folder: &Folder, story: &Story) -> Result<Archive> {
        assembled(self.entries?, self.files?.of(story)?, folder, story)
    }
}

fn assembled(
    entries: Vec<Entry>,
    mut files: Chapters,
    folder: &Folder,
    story: &Story,
) -> Result<Archive> {
    let mut archive = Archive {
        runs: entries.iter().map(|entry| entry.run).max().unwrap_or(0),
        ..Archive::default()
    };
    let mut canon = BTreeMap::new();
    let mut fold_parts = BTreeMap::new();
    for entry in entries {
        archive.accounts.take(&entry);
        replay(entry.event, &mut archive, &mut canon, &mut fold_parts);
    }
    for chapter in &story.chapters {
        let shelf = archive.chapters.entry(chapter.id.clone()).or_default();
        shelf.text = files.texts.remove(&chapter.id).map(|text| text.counted(&shelf.takes));
        shelf.canon = files.canons.remove(&chapter.id).map(|(path, yaml)| {
            canon.get(&chapter.id).unwrap_or(&Noted::default()).on_file(path, yaml)
        });
    }
    archive.strays = files.strays;
    for (span, parts) in fold_parts {
        if let Some(text) = folder.read(&fold_path(span), TEXT_LIMIT)? {
            archive.folds.insert(span, Fold { text: text.trim().to_owned(), parts });
        }
    }
    Ok(archive)
}

/// All files in the folders of texts and canon, by the chapter's id that they bear.
/// Only those of a story's chapters have to be readable.
struct Files {
    texts: BTreeMap<String, (String, Result<Option<Uncounted>>)>,
    /// Paths and texts of the canon files.
    canons: BTreeMap<String, (String, Result<Option<String>>)>,
}

/// The files of a story's chapters, by the chapter's id.
struct Chapters {
    texts: BTreeMap<String, Uncounted>,
    /// Paths and texts of the canon files.
    canons: BTreeMap<String, (String, String)>,
    /// Paths of texts that belong to no chapter of the story.
    strays: BTreeMap<String, String>,
}

impl Files {
    fn read(folder: &Folder) -> Result<Self> {
        let texts = files_by_chapter(folder, layout::MANUSCRIPT, "md")?;
        let canons = files_by_chapter(folder, layout::CANON, "yaml")?;
        let text = |(id, path): (String, String)| {
            let text = Uncounted::read(folder, path.clone());
            (id, (path, text))
        };
        let canon = |(id, path): (String, String)| {
            let yaml = folder.read(&path, super::yaml::FILE_LIMIT);
            (id, (path, yaml))
        };
        Ok(Self {
            texts: texts.into_iter().map(text).collect(),
            canons: canons.into_iter().map(canon).collect(),
        })
    }

    fn of(mut self, story: &Story) -> Result<Chapters> {
        let (mut texts, mut canons) = (BTreeMap::new(), BTreeMap::new());
        for chapter in &story.chapters {
            if let Some((_, text)) = self.texts.remove(&chapter.id)
                && let Some(text) = text?
            {
                texts.insert(chapter.id.clone(), text);
            }
            if let Some((path, yaml)) = self.canons.remove(&chapter.id)
                && let Some(yaml) = yaml?
            {
                canons.insert(chapter.id.clone(), (path, yaml));
            }
        }
        let strays = self.texts.into_iter().map(|(id, (path, _))| (id, path)).collect();
        Ok(Chapters { texts, canons, strays })
    }
}

/// A chapter's text whose words nobody has counted yet.
struct Uncounted {
    path: String,
    prose: String,
    digest: String,
}

impl Uncounted {
    fn read(folder: &Folder, path: String) -> Result<Option<Self>> {
        Ok(folder.read(&path, TEXT_LIMIT)?.and_then(|whole| Self::of(path, &whole)))
    }

    /// The text of a file; none where it holds no prose.
    fn of(path: String, whole: &str) -> Option<Self> {
        let prose = without_heading(whole).to_owned();
        let digest = digest(&prose);
        (!prose.is_empty()).then_some(Self { path, prose, digest })
    }

    /// Its words are counted only if no take has counted them.
    fn counted(self, takes: &[TakeNote]) -> Text {
        let Self { path, prose, digest } = self;
        let known = takes.iter().find(|note| note.text == digest).map(|note| note.words);
        Text { path, words: known.unwrap_or_else(|| prose::words(&prose)), digest, prose }
    }
}

/// What the journal says of a chapter's canon file.
#[derive(Default)]
struct Noted {
    /// The digests of the text it was made from and of the file as written.
    recorded: Option<(String, String)>,
    /// The digest of a file whose writing has begun, and perhaps not ended.
    begun: Option<String>,
}

impl Noted {
    fn on_file(&self, path: String, yaml: String) -> CanonOnFile {
        let digest = digest(&yaml);
        // Written, but not noted: to be recorded again, which asks for nothing.
        let is_open = self.begun.as_ref() == Some(&digest);
        let is_ours = is_open || self.recorded.as_ref().is_some_and(|(_, file)| *file == digest);
        CanonOnFile {
            path,
            by_author: !is_ours,
            digest,
            made_from: if is_open {
                Some(String::new())
            } else {
                self.recorded.as_ref().map(|(text, _)| text.clone())
            },
            yaml,
        }
    }
}

fn replay(
    event: Event,
    archive: &mut Archive,
    canon: &mut BTreeMap<String, Noted>,
    fold_parts: &mut BTreeMap<Span, String>,
) {
    match event {
        Event::Take(note) => {
            if let Some(open) = archive.open.as_mut().filter(|_| note.origin == Origin::Model) {
                open.drawn.insert(note.chapter.clone());
            }
            let shelf = archive.chapters.entry(note.chapter.clone()).or_default();
            shelf.pending = Some(note.take);
            shelf.begun.clear();
            shelf.takes.push(note);
        }
        Event::Selected { chapter, take } => {
            archive.chapters.entry(chapter).or_default().settle(Some(take));
        }
        Event::Cleared { chapter } => archive.chapters.entry(chapter).or_default().settle(None),
        Event::Recorded { chapter, text, file, tokens, calls, conditions, .. } => {
            let shelf = archive.chapters.entry(chapter.clone()).or_default();
            add(&mut shelf.recording, tokens);
            shelf.recordings.insert(text.clone(), Recording { under: conditions, calls });
            let recorded = Some((text, file));
            canon.insert(chapter, Noted { recorded, begun: None });
        }
        Event::Recording { chapter, file } => canon.entry(chapter).or_default().begun = Some(file),
        Event::Folded { level, from, to, parts, .. } => {
            fold_parts.insert(Span { level, from, to }, parts);
        }
        Event::Rejected { chapter, call, .. } => {
            archive.chapters.entry(chapter).or_default().begun.clear();
            archive.rejected.insert(call);
        }
        Event::Reserved { call, .. } | Event::Called { call, .. } => {
            let is_prose = matches!(call.stage, Stage::Draft | Stage::Continue);
            if let Some(chapter) = call.chapter.filter(|_| is_prose) {
                let begun = &mut archive.chapters.entry(chapter).or_default().begun;
                if !begun.contains(&call.digest) {
                    begun.push(call.digest);
                }
            }
        }
        Event::Run { command } => {
            if archive.open.as_ref().is_none_or(|open| open.command != command) {
                archive.open = Some(Open { command, ..Open::default() });
            }
        }
        Event::Ended => archive.open = None,
        Event::Undone { .. } | Event::Sent { .. } => {}
    }
}

/// The files of a folder by the id of the chapter each belongs to.
fn files_by_chapter(
    folder: &Folder,
    path: &str,
    extension: &str,
) -> Result<BTreeMap<String, String>> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for name in folder.list(path)? {
        let Some(id) = layout::chapter_of(&name, extension) else { continue };
        let file = format!("{path}/{name}");
        if let Some(other) = files.insert(id.to_owned(), file.clone()) {
            return Err(both_are(&other, &file, id).into());
        }
    }
    Ok(files)
}

/// Two files that claim to be the same chapter.
pub(super) fn both_are(one: &str, other: &str, id: &str) -> Failure {
    Failure::new(Exit::Failed, format!("`{one}` and `{other}` are both the chapter `{id}`"))
        .hint("move one of them out of the folder")
}

/// The text of a file; none where it holds no prose. Its words are counted only if
/// no take has counted them.
pub(super) fn text_of(path: &str, whole: &str, takes: &[TakeNote]) -> Option<Text> {
    Some(Uncounted::of(path.to_owned(), whole)?.counted(takes))
}

/// A chapter's prose, without its heading and the empty lines around it.
fn without_heading(text: &str) -> &str {
    let text = text.trim();
    match text.strip_prefix("# ") {
        Some(rest) => rest.split_once('\n').map_or("", |(_, prose)| prose).trim(),
        None => text,
    }
}

/// A chapter's records, parsed from the canon files; a faulty file is a finding.
pub fn records(
    story: &Story,
    archive: &Archive,
    findings: &mut Vec<Finding>,
) -> BTreeMap<usize, Record> {
    story
        .chapters
        .iter()
        .filter_map(|chapter| {
            let canon = archive.chapters.get(&chapter.id)?.canon.as_ref()?;
            Some((chapter.number, record(canon, chapter.number, findings)?))
        })
        .collect()
}

/// The record of a canon file; what is wrong with it is a finding.
pub fn record(canon: &CanonOnFile, number: usize, findings: &mut Vec<Finding>) -> Option<Record> {
    findings.extend(key_shaped::findings(&canon.path, &canon.yaml));
    canon_file::read(&canon.path, &canon.yaml, number, findings)
}

/// The prose of a take.
///
/// # Errors
///
/// When its file is missing, cannot be read, or is not as the journal has it.
pub fn take_text(folder: &Folder, note: &TakeNote) -> Result<String> {
    let path = layout::take(&note.chapter, note.take);
    let damaged = |what: &str| {
        Failure::new(Exit::Failed, format!("the take `{path}` {what}"))
            .hint(format!("put a copy of it back, or take another: `storygen takes {0}` lists them, `storygen select {0}@K` takes one", note.chapter))
            .hint(format!("or draw a new one: `storygen draft chapter {} --redo`", note.chapter))
    };
    let text = folder.read(&path, TEXT_LIMIT)?.ok_or_else(|| damaged("is missing"))?;
    let prose = text
        .strip_prefix("---\n")
        .and_then(|rest| rest.split_once("\n---\n"))
        .map(|(_, prose)| prose.trim())
        .ok_or_else(|| damaged("has lost its header"))?;
    if digest(prose) != note.text {
        return Err(damaged("was changed; takes are not to be edited").into());
    }
    Ok(prose.to_owned())
}

/// Where a fold stands.
pub(super) fn fold_path(span: Span) -> String {
    format!("{}/{}-{}.txt", layout::FOLDS, span.from, span.to)
}
