//! What has been written so far, and the writing of it.
//!
//! Order matters: a text is on the disk before the journal speaks of it, and
//! the journal has spoken before the next step begins. A manuscript file whose
//! text is no take's is the author's, and is kept as a take before anything
//! else is written there.

use std::collections::BTreeMap;

use anyhow::Result;

use super::folder::Folder;
pub use super::archive::{Archive, CanonOnFile, Fold, Origin, Shelf, TakeNote, Text, add};
use super::journal::{self, Entry, Event};
use super::{canon_file, layout};
use crate::diagnostic::Finding;
use crate::failure::{Exit, Failure};
use crate::prompt::memory::Span;
use crate::story::canon::Record;
use crate::story::fingerprint::{Inputs, digest};
use crate::story::{Chapter, Story, prose};

/// The most bytes of a chapter's text.
pub const TEXT_LIMIT: usize = 16 * 1024 * 1024;

/// Reads everything written so far.
///
/// # Errors
///
/// When a file cannot be read, or two files claim to be the same chapter.
pub fn read(folder: &Folder, story: &Story) -> Result<Archive> {
    let entries = journal::read(folder)?;
    let mut archive = Archive {
        runs: entries.iter().map(|entry| entry.run).max().unwrap_or(0),
        ..Archive::default()
    };
    let mut made_from = BTreeMap::new();
    let mut fold_parts = BTreeMap::new();
    for entry in entries {
        replay(entry.event, &mut archive, &mut made_from, &mut fold_parts);
    }
    let manuscripts = files_by_chapter(folder, layout::MANUSCRIPT, "md")?;
    let canons = files_by_chapter(folder, layout::CANON, "yaml")?;
    for chapter in &story.chapters {
        let shelf = archive.chapters.entry(chapter.id.clone()).or_default();
        if let Some(path) = manuscripts.get(&chapter.id) {
            shelf.text = read_text(folder, path, &shelf.takes)?;
        }
        if let Some(path) = canons.get(&chapter.id)
            && let Some(yaml) = folder.read(path, super::yaml::FILE_LIMIT)?
        {
            let known = made_from.get(&chapter.id);
            let on_file = digest(&yaml);
            shelf.canon = Some(CanonOnFile {
                path: path.clone(),
                by_author: known.is_none_or(|(_, file)| *file != on_file),
                digest: on_file,
                made_from: known.map(|(text, _)| text.clone()),
                yaml,
            });
        }
    }
    for (span, parts) in fold_parts {
        if let Some(text) = folder.read(&fold_path(span), TEXT_LIMIT)? {
            archive.folds.insert(span, Fold { text: text.trim().to_owned(), parts });
        }
    }
    Ok(archive)
}

fn replay(
    event: Event,
    archive: &mut Archive,
    made_from: &mut BTreeMap<String, (String, String)>,
    fold_parts: &mut BTreeMap<Span, String>,
) {
    match event {
        Event::Take(note) => archive.chapters.entry(note.chapter.clone()).or_default().takes.push(note),
        Event::Selected { chapter, take } => archive.chapters.entry(chapter).or_default().selected = Some(take),
        Event::Cleared { chapter } => archive.chapters.entry(chapter).or_default().selected = None,
        Event::Recorded { chapter, text, file, tokens, .. } => {
            let spent = &mut archive.chapters.entry(chapter.clone()).or_default().recording;
            add(spent, tokens);
            made_from.insert(chapter, (text, file));
        }
        Event::Folded { level, from, to, parts, .. } => {
            fold_parts.insert(Span { level, from, to }, parts);
        }
        Event::Run { .. } | Event::Rejected { .. } | Event::Undone { .. } => {}
    }
}

/// The files of a folder by the id of the chapter each belongs to.
fn files_by_chapter(folder: &Folder, path: &str, extension: &str) -> Result<BTreeMap<String, String>> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for name in folder.list(path)? {
        let Some(id) = layout::chapter_of(&name, extension) else { continue };
        let file = format!("{path}/{name}");
        if let Some(other) = files.insert(id.to_owned(), file.clone()) {
            return Err(Failure::new(Exit::Failed, format!("`{other}` and `{file}` are both the chapter `{id}`"))
                .hint("move one of them out of the folder")
                .into());
        }
    }
    Ok(files)
}

/// The text at `path`. Its words are counted only if no take has counted them.
fn read_text(folder: &Folder, path: &str, takes: &[TakeNote]) -> Result<Option<Text>> {
    let Some(text) = folder.read(path, TEXT_LIMIT)? else { return Ok(None) };
    let prose = without_heading(&text).to_owned();
    if prose.is_empty() {
        return Ok(None);
    }
    let digest = digest(&prose);
    let counted = takes.iter().find(|note| note.text == digest).map(|note| note.words);
    Ok(Some(Text {
        path: path.to_owned(),
        words: counted.unwrap_or_else(|| prose::words(&prose)),
        digest,
        prose,
    }))
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
pub fn records(story: &Story, archive: &Archive, findings: &mut Vec<Finding>) -> BTreeMap<usize, Record> {
    story
        .chapters
        .iter()
        .filter_map(|chapter| {
            let canon = archive.chapters.get(&chapter.id)?.canon.as_ref()?;
            let record = canon_file::read(&canon.path, &canon.yaml, chapter.number, findings)?;
            Some((chapter.number, record))
        })
        .collect()
}

/// Writes into a project, under its lock.
#[derive(Debug)]
pub struct Store<'a> {
    folder: &'a Folder,
    run: u64,
    now: fn() -> u64,
    after_cut: bool,
    _lock: std::fs::File,
}

impl<'a> Store<'a> {
    /// Takes the project's lock and begins a run.
    ///
    /// # Errors
    ///
    /// When another run holds the lock, or the folder cannot be written.
    pub fn open(folder: &'a Folder, command: &str, now: fn() -> u64) -> Result<Self> {
        let lock = lock(folder)?;
        let entries = journal::read(folder)?;
        let run = entries.iter().map(|entry| entry.run).max().unwrap_or(0) + 1;
        let mut store = Self {
            folder,
            run,
            now,
            after_cut: journal::is_cut(folder)?,
            _lock: lock,
        };
        store.note(vec![Event::Run { command: command.to_owned() }])?;
        Ok(store)
    }

    /// The number of this run.
    #[must_use]
    pub fn run(&self) -> u64 {
        self.run
    }

    /// The folder written to.
    #[must_use]
    pub fn folder(&self) -> &Folder {
        self.folder
    }

    /// Adds events to the journal.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn note(&mut self, events: Vec<Event>) -> Result<()> {
        let at = (self.now)();
        let entries: Vec<Entry> = events
            .into_iter()
            .map(|event| Entry { v: 1, at, run: self.run, event })
            .collect();
        journal::append(self.folder, &entries, self.after_cut)?;
        self.after_cut = false;
        Ok(())
    }

    /// Keeps a take. Its file is never changed again.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn keep_take(&mut self, shelf: &mut Shelf, note: TakeNote, header: &impl serde::Serialize, prose: &str) -> Result<()> {
        self.write_take(&note, header, prose)?;
        self.note(vec![Event::Take(note.clone())])?;
        shelf.takes.push(note);
        Ok(())
    }

    /// Keeps a take and makes it the text of its chapter. Both stand in the
    /// journal before the manuscript is written: a run that is killed between
    /// the two finds a selected take without a text and puts it back.
    ///
    /// # Errors
    ///
    /// As [`Store::keep_take`] and [`Store::select`].
    pub fn accept(&mut self, story: &Story, chapter: &Chapter, shelf: &mut Shelf, note: TakeNote, header: &impl serde::Serialize, prose: &str) -> Result<()> {
        self.write_take(&note, header, prose)?;
        let selected = Event::Selected { chapter: chapter.id.clone(), take: note.take };
        self.note(vec![Event::Take(note.clone()), selected])?;
        let (take, words) = (note.take, note.words);
        shelf.takes.push(note);
        self.place(story, chapter, shelf, prose, words)?;
        shelf.selected = Some(take);
        Ok(())
    }

    fn write_take(&self, note: &TakeNote, header: &impl serde::Serialize, prose: &str) -> Result<()> {
        let path = layout::take(&note.chapter, note.take);
        let text = format!("---\n{}---\n\n{prose}\n", serde_yaml::to_string(header)?);
        // After a crash the file may stand there without its journal line.
        if self.folder.read(&path, TEXT_LIMIT)?.is_some_and(|there| there != text) {
            let aside = format!("{}/{}-{}-{}.md", layout::REPLACED, note.chapter, note.take, digest(&text));
            self.folder.rename(&path, &aside)?;
        }
        self.folder.write(&path, text.as_bytes())
    }

    /// The prose of a take.
    ///
    /// # Errors
    ///
    /// When its file cannot be read, or is not as the journal has it.
    pub fn take_text(&self, note: &TakeNote) -> Result<String> {
        take_text(self.folder, note)
    }

    /// Makes a take the text of its chapter. What the author may have written
    /// there since it was last read is kept first.
    ///
    /// # Errors
    ///
    /// When a file cannot be written, or the author is editing at this moment.
    pub fn select(&mut self, story: &Story, chapter: &Chapter, shelf: &mut Shelf, take: u32, prose: &str) -> Result<()> {
        self.place(story, chapter, shelf, prose, prose::words(prose))?;
        self.note(vec![Event::Selected { chapter: chapter.id.clone(), take }])?;
        shelf.selected = Some(take);
        Ok(())
    }

    /// Writes a chapter's text into the manuscript.
    fn place(&self, story: &Story, chapter: &Chapter, shelf: &mut Shelf, prose: &str, words: usize) -> Result<()> {
        let path = layout::manuscript(chapter.number, &chapter.id, story.chapters.len());
        if let Some(old) = &shelf.text {
            let now = read_text(self.folder, &old.path, &shelf.takes)?;
            if now.as_ref().is_some_and(|now| now.digest != old.digest) {
                return Err(Failure::new(Exit::Failed, format!("`{}` was edited while storygen worked on it", old.path))
                    .hint("your text stands as it is; run the same command again to adopt it")
                    .into());
            }
            if old.path != path {
                self.folder.rename(&old.path, &path)?;
            }
        }
        let title = chapter.title.replace(['\n', '\r'], " ");
        self.folder.write(&path, format!("# {}\n\n{prose}\n", title.trim()).as_bytes())?;
        shelf.text = Some(Text {
            path,
            digest: digest(prose),
            words,
            prose: prose.to_owned(),
        });
        Ok(())
    }

    /// Takes a chapter's text out of the manuscript; its takes stay.
    ///
    /// # Errors
    ///
    /// When the file cannot be removed, or its text is no take's.
    pub fn clear(&mut self, chapter: &Chapter, shelf: &mut Shelf) -> Result<()> {
        if shelf.is_edited() {
            return Err(Failure::new(Exit::Failed, format!("the text of chapter {} was edited by hand and is in no take", chapter.number)).into());
        }
        if let Some(text) = shelf.text.take() {
            self.folder.remove(&text.path)?;
        }
        shelf.selected = None;
        self.note(vec![Event::Cleared { chapter: chapter.id.clone() }])
    }

    /// Keeps the author's own text of a chapter as a take.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn adopt(&mut self, story: &Story, chapter: &Chapter, shelf: &mut Shelf, before: String) -> Result<()> {
        let Some(text) = shelf.text.clone() else { return Ok(()) };
        let note = TakeNote {
            chapter: chapter.id.clone(),
            take: shelf.next_take(),
            origin: Origin::Author,
            model: None,
            answered: None,
            text: text.digest.clone(),
            words: text.words,
            inputs: Inputs::new(),
            before,
            tokens: crate::provider::Usage::default(),
            density: None,
        };
        let take = note.take;
        let header = serde_json::json!({ "chapter": chapter.id, "title": chapter.title, "take": take, "origin": "author", "words": text.words });
        self.keep_take(shelf, note, &header, &text.prose)?;
        let path = layout::manuscript(chapter.number, &chapter.id, story.chapters.len());
        if text.path != path {
            self.folder.rename(&text.path, &path)?;
            shelf.text = Some(Text { path, ..text });
        }
        self.note(vec![Event::Selected { chapter: chapter.id.clone(), take }])?;
        shelf.selected = Some(take);
        Ok(())
    }

    /// Writes a chapter's synopsis and facts. A file that the author has
    /// touched is kept aside first.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn record(&mut self, story: &Story, chapter: &Chapter, shelf: &mut Shelf, record: &Record, dropped: usize, tokens: crate::provider::Usage) -> Result<()> {
        let path = layout::canon(chapter.number, &chapter.id, story.chapters.len());
        let yaml = canon_file::write(record, &chapter.title)?;
        if let Some(old) = &shelf.canon {
            if old.by_author && old.yaml != yaml {
                let aside = format!("{}/canon-{}-{}.yaml", layout::REPLACED, chapter.id, digest(&old.yaml));
                self.folder.write(&aside, old.yaml.as_bytes())?;
            }
            if old.path != path {
                self.folder.rename(&old.path, &path)?;
            }
        }
        self.folder.write(&path, yaml.as_bytes())?;
        let on_file = digest(&yaml);
        let text = shelf.text.as_ref().map(|text| text.digest.clone()).unwrap_or_default();
        self.note(vec![Event::Recorded {
            chapter: chapter.id.clone(),
            text: text.clone(),
            file: on_file.clone(),
            maker: record.maker,
            facts: record.facts.len(),
            dropped,
            tokens,
        }])?;
        add(&mut shelf.recording, tokens);
        shelf.canon = Some(CanonOnFile {
            path,
            yaml,
            digest: on_file,
            made_from: Some(text),
            by_author: false,
        });
        Ok(())
    }

    /// Keeps a fold.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn fold(&mut self, span: Span, fold: &Fold, tokens: crate::provider::Usage) -> Result<()> {
        self.folder.write(&fold_path(span), format!("{}\n", fold.text).as_bytes())?;
        self.note(vec![Event::Folded {
            level: span.level,
            from: span.from,
            to: span.to,
            parts: fold.parts.clone(),
            tokens,
        }])
    }
}

/// The prose of a take.
///
/// # Errors
///
/// When its file is missing, cannot be read, or is not as the journal has it.
pub fn take_text(folder: &Folder, note: &TakeNote) -> Result<String> {
    let path = layout::take(&note.chapter, note.take);
    let damaged = |what: &str| Failure::new(Exit::Failed, format!("the take `{path}` {what}"));
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

fn fold_path(span: Span) -> String {
    format!("{}/{}-{}.txt", layout::FOLDS, span.from, span.to)
}

/// Takes the project's lock, or says who holds it.
fn lock(folder: &Folder) -> Result<std::fs::File> {
    use std::io::{Read, Seek, Write};
    let mut file = folder.lock_file(layout::LOCK)?;
    if file.try_lock().is_err() {
        let mut holder = String::new();
        // The pid is only told; a lock file that cannot be read says nothing.
        let _ = file.read_to_string(&mut holder);
        let who = holder.trim();
        let who = if who.is_empty() { "another run".to_owned() } else { format!("another run (process {who})") };
        return Err(Failure::new(Exit::Locked, format!("{who} is working on this project"))
            .hint("wait until it has ended, or stop it; what it has written is safe")
            .into());
    }
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())?;
    Ok(file)
}
