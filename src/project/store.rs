//! The writing of what there is.
//!
//! Order matters: a text is on the disk before the journal speaks of it, and
//! the journal has spoken before the next step begins. A manuscript file whose
//! text is no take's is the author's, and is kept as a take before anything
//! else is written there.

use anyhow::Result;

use super::archive::{CanonOnFile, Fold, Origin, Recording, Shelf, TakeNote, Text, add};
use super::folder::Folder;
use super::history::{TEXT_LIMIT, fold_path, take_text, text_of};
use super::journal::{self, Event};
use super::pen::Pen;
use super::{canon_file, layout, lock, standing};
use crate::failure::{Exit, Failure};
use crate::prompt::memory::Span;
use crate::provider::Usage;
use crate::story::canon::Record;
use crate::story::fingerprint::{Inputs, digest};
use crate::story::{Chapter, Story, prose};

/// Writes into a project, under its lock.
#[derive(Debug)]
pub struct Store<'a> {
    folder: &'a Folder,
    pen: Pen<'a>,
    _lock: std::fs::File,
}

impl<'a> Store<'a> {
    /// Takes the project's lock and begins a run.
    ///
    /// # Errors
    ///
    /// When another run holds the lock, or the folder cannot be written.
    pub fn open(folder: &'a Folder, command: &str, now: fn() -> u64) -> Result<Self> {
        // What cannot be written is known before anything is paid for.
        for path in [layout::STATE, layout::MANUSCRIPT, layout::CANON] {
            folder.make(path)?;
        }
        let lock = lock::take(folder)?;
        let entries = journal::read(folder)?;
        let run = journal::last_run(&entries).unwrap_or(0) + 1;
        sweep(folder)?;
        let mut store = Self { folder, pen: Pen::new(folder, run, now), _lock: lock };
        store.note(vec![Event::Run { command: command.to_owned() }])?;
        Ok(store)
    }

    /// The number of this run.
    #[must_use]
    pub fn run(&self) -> u64 {
        self.pen.run()
    }

    /// Writes the journal of this run; may be held by several.
    #[must_use]
    pub fn pen(&self) -> Pen<'a> {
        self.pen.clone()
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
        self.pen.note(events)
    }

    /// Keeps a take. Its file is never changed again.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn keep_take(
        &mut self,
        shelf: &mut Shelf,
        note: TakeNote,
        header: &impl serde::Serialize,
        prose: &str,
    ) -> Result<()> {
        self.write_take(&note, header, prose)?;
        self.note(vec![Event::Take(note.clone())])?;
        shelf.takes.push(note);
        Ok(())
    }

    /// Keeps a take and makes it the text of its chapter. That it is selected is
    /// written together with whatever the journal is told next: until then the
    /// take is pending, and a run that finds it so selects it again.
    ///
    /// # Errors
    ///
    /// As [`Store::keep_take`] and [`Store::select`].
    pub fn accept(
        &mut self,
        story: &Story,
        chapter: &Chapter,
        shelf: &mut Shelf,
        note: TakeNote,
        header: &impl serde::Serialize,
        prose: &str,
    ) -> Result<()> {
        let (take, words) = (note.take, note.words);
        self.keep_take(shelf, note, header, prose)?;
        self.write_text(story, chapter, shelf, prose, words)?;
        self.pen.defer(Event::Selected { chapter: chapter.id.clone(), take });
        shelf.settle(Some(take));
        Ok(())
    }

    fn write_take(
        &self,
        note: &TakeNote,
        header: &impl serde::Serialize,
        prose: &str,
    ) -> Result<()> {
        let path = layout::take(&note.chapter, note.take);
        let text = format!("---\n{}---\n\n{prose}\n", serde_yaml::to_string(header)?);
        // After a crash the file may stand there without its journal line.
        if self.folder.read(&path, TEXT_LIMIT)?.is_some_and(|there| there != text) {
            let aside =
                format!("{}/{}-{}-{}.md", layout::REPLACED, note.chapter, note.take, self.run());
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
    pub fn select(
        &mut self,
        story: &Story,
        chapter: &Chapter,
        shelf: &mut Shelf,
        take: u32,
        prose: &str,
    ) -> Result<()> {
        self.write_text(story, chapter, shelf, prose, prose::words(prose))?;
        self.note(vec![Event::Selected { chapter: chapter.id.clone(), take }])?;
        shelf.settle(Some(take));
        Ok(())
    }

    /// Writes a chapter's text into the manuscript. What the author has written there
    /// since it was last looked at stays, whether a file stood there then or not.
    fn write_text(
        &self,
        story: &Story,
        chapter: &Chapter,
        shelf: &mut Shelf,
        prose: &str,
        words: usize,
    ) -> Result<()> {
        let path = layout::manuscript(chapter.number, &chapter.id, story.chapters.len());
        let digest = digest(prose);
        let there = standing::text(self.folder, chapter)?;
        let text = there.as_ref().and_then(|one| text_of(&one.path, &one.whole, &shelf.takes));
        let is = |known: &Text| text.as_ref().is_some_and(|text| text.digest == known.digest);
        let stands = text.as_ref().is_some_and(|text| text.digest == digest);
        if text.is_some() && !stands && !shelf.text.as_ref().is_some_and(is) {
            let path = text.as_ref().map_or(path.as_str(), |text| text.path.as_str());
            return Err(written_meanwhile(path, shelf).into());
        }
        if let Some(there) = there.as_ref().filter(|there| there.path != path) {
            self.folder.rename(&there.path, &path)?;
        }
        // Where the text is this take's already, its file stays as it is.
        if !stands {
            let heading = standing::heading(self.folder, chapter, shelf, there.as_ref());
            let whole = format!("# {heading}\n\n{prose}\n");
            if there.is_some() {
                self.folder.write(&path, whole.as_bytes())?;
            } else if !self.folder.create_file(&path, whole.as_bytes())? {
                return Err(written_meanwhile(&path, shelf).into());
            }
        }
        shelf.text = Some(Text { path, digest, words, prose: prose.to_owned() });
        Ok(())
    }

    /// Gives a chapter's files the names that its number asks for.
    ///
    /// # Errors
    ///
    /// When a file cannot be renamed, or another stands there.
    pub fn place(&mut self, story: &Story, chapter: &Chapter, shelf: &mut Shelf) -> Result<()> {
        let (text, canon) = shelf.places(story, chapter);
        if let Some(to) = text
            && let Some(text) = &mut shelf.text
        {
            self.folder.rename(&text.path, &to)?;
            text.path = to;
        }
        if let Some(to) = canon
            && let Some(canon) = &mut shelf.canon
        {
            self.folder.rename(&canon.path, &to)?;
            canon.path = to;
        }
        Ok(())
    }

    /// Takes a chapter's text out of the manuscript; its takes stay.
    ///
    /// # Errors
    ///
    /// When the file cannot be removed, or its text is no take's.
    pub fn clear(&mut self, chapter: &Chapter, shelf: &mut Shelf) -> Result<()> {
        if shelf.is_edited() {
            return Err(Failure::new(
                Exit::Failed,
                format!(
                    "the text of chapter {} was edited by hand and is in no take",
                    chapter.number
                ),
            )
            .into());
        }
        if standing::look_at_text(self.folder, chapter, shelf)? {
            return Err(written_meanwhile(shelf.path(), shelf).into());
        }
        if let Some(text) = shelf.text.take() {
            let there = standing::text(self.folder, chapter)?;
            match standing::own_heading(self.folder, chapter, shelf, there.as_ref()) {
                // It is in no take.
                Some(heading) => {
                    self.folder.write(&text.path, format!("# {heading}\n").as_bytes())?;
                }
                None => self.folder.remove(&text.path)?,
            }
        }
        shelf.settle(None);
        self.note(vec![Event::Cleared { chapter: chapter.id.clone() }])
    }

    /// Keeps the author's own text of a chapter as a take.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn adopt(
        &mut self,
        story: &Story,
        chapter: &Chapter,
        shelf: &mut Shelf,
        before: String,
    ) -> Result<()> {
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
            tokens: Usage::default(),
            density: None,
            calls: Vec::new(),
            conditions: None,
            stopped: None,
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
        shelf.settle(Some(take));
        Ok(())
    }

    /// Writes a chapter's synopsis and facts, made from these calls. A file that
    /// the author has touched is kept aside first; gives where.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    #[expect(clippy::too_many_arguments, reason = "a record, and how it came about")]
    pub fn record(
        &mut self,
        story: &Story,
        chapter: &Chapter,
        shelf: &mut Shelf,
        record: &Record,
        dropped: usize,
        tokens: Usage,
        asked: Asked,
    ) -> Result<Option<String>> {
        let path = layout::canon(chapter.number, &chapter.id, story.chapters.len());
        let yaml = canon_file::write(record, &chapter.title)?;
        let mut replaced = None;
        standing::look_at_canon(self.folder, chapter, shelf)?;
        if let Some(old) = &shelf.canon {
            if old.by_author && old.yaml != yaml {
                let aside =
                    format!("{}/canon-{}-{}.yaml", layout::REPLACED, chapter.id, digest(&old.yaml));
                self.folder.write(&aside, old.yaml.as_bytes())?;
                replaced = Some(aside);
            }
            if old.path != path {
                self.folder.rename(&old.path, &path)?;
            }
        }
        let on_file = digest(&yaml);
        // Else a crash right after the file is written would make it the author's.
        self.note(vec![Event::Recording { chapter: chapter.id.clone(), file: on_file.clone() }])?;
        self.folder.write(&path, yaml.as_bytes())?;
        let text = shelf.text.as_ref().map(|text| text.digest.clone()).unwrap_or_default();
        self.note(vec![Event::Recorded {
            chapter: chapter.id.clone(),
            text: text.clone(),
            file: on_file.clone(),
            maker: record.maker,
            facts: record.facts.len(),
            dropped,
            tokens,
            calls: asked.calls.clone(),
            conditions: asked.conditions.clone(),
        }])?;
        let Asked { calls, conditions: under } = asked;
        shelf.recordings.insert(text.clone(), Recording { under, calls });
        add(&mut shelf.recording, tokens);
        shelf.canon = Some(CanonOnFile {
            path,
            yaml,
            digest: on_file,
            made_from: Some(text),
            by_author: false,
        });
        Ok(replaced)
    }

    /// Keeps a fold.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn fold(&mut self, span: Span, fold: &Fold, tokens: Usage, asked: Asked) -> Result<()> {
        self.folder.write(&fold_path(span), format!("{}\n", fold.text).as_bytes())?;
        self.note(vec![Event::Folded {
            level: span.level,
            from: span.from,
            to: span.to,
            parts: fold.parts.clone(),
            tokens,
            calls: asked.calls,
        }])
    }
}

/// A chapter that the author has written while a run was at work on it.
fn written_meanwhile(path: &str, shelf: &Shelf) -> Failure {
    let what = if shelf.text.is_some() { "edited" } else { "written" };
    Failure::new(Exit::Failed, format!("`{path}` was {what} while storygen worked on it"))
        .hint("your text stands as it is; run the same command again to adopt it")
}

/// The calls that something was made from.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Their digests.
    pub calls: Vec<String>,
    /// The digest of the conditions under which they were asked.
    pub conditions: Option<String>,
}

/// Removes the unfinished files that a crash has left behind; nobody reads them.
fn sweep(folder: &Folder) -> Result<()> {
    let mut folders: Vec<String> =
        [layout::STATE, layout::MANUSCRIPT, layout::CANON, layout::FOLDS, layout::REPLACED]
            .map(str::to_owned)
            .to_vec();
    folders.extend(
        folder.list(layout::TAKES)?.iter().map(|chapter| format!("{}/{chapter}", layout::TAKES)),
    );
    for path in folders {
        for name in folder.list(&path)? {
            if Folder::is_unfinished(&name) {
                folder.remove(&format!("{path}/{name}"))?;
            }
        }
    }
    Ok(())
}
