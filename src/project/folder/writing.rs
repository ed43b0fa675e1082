//! How files are written: whole or not at all, and never over what they must not replace.

use std::io::Write;

use anyhow::{Context, Result, bail};
use cap_std::fs::OpenOptions;

use super::Folder;
use crate::failure::{Exit, Failure};

impl Folder {
    /// Writes a whole file at once: readers see the old bytes or the new, also
    /// after a crash.
    ///
    /// # Errors
    ///
    /// When it cannot be written; the old file then stands as it was.
    pub fn write(&self, path: &str, bytes: &[u8]) -> Result<()> {
        self.put(path, bytes, |temporary| self.dir.rename(temporary, &self.dir, path))
    }

    /// Writes a whole file where nothing stands, and says whether it did: what stands
    /// there is never replaced, whoever put it there and however late.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn create_file(&self, path: &str, bytes: &[u8]) -> Result<bool> {
        if self.exists(path) {
            return Ok(false);
        }
        let mut is_made = true;
        self.put(path, bytes, |temporary| {
            match self.dir.hard_link(temporary, &self.dir, path) {
                Ok(()) => {}
                Err(_) if self.exists(path) => is_made = false,
                // Not every file system has a second name for a file.
                Err(_) => return self.dir.rename(temporary, &self.dir, path),
            }
            self.dir.remove_file(temporary)
        })?;
        Ok(is_made)
    }

    /// Writes a file under another name, and has that put in its place.
    fn put(
        &self,
        path: &str,
        bytes: &[u8],
        place: impl FnOnce(&str) -> std::io::Result<()>,
    ) -> Result<()> {
        self.refuse_link(path)?;
        let parent = self.make_parent(path)?;
        let temporary = format!("{path}.{}.tmp", std::process::id());
        let written = (|| {
            let mut file = self.dir.create(&temporary)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            place(&temporary)?;
            self.sync_folder(&parent)
        })();
        if written.is_err() {
            // The temporary file is of no use to anyone; the error is what counts.
            let _ = self.dir.remove_file(&temporary);
        }
        written.with_context(|| self.cannot("write", path))
    }

    /// Writes a file that must not exist yet.
    ///
    /// # Errors
    ///
    /// When something stands there already, or it cannot be written.
    pub fn write_new(&self, path: &str, bytes: &[u8]) -> Result<()> {
        if !self.create_file(path, bytes)? {
            bail!("`{}` exists already", self.name(path));
        }
        Ok(())
    }

    /// Adds bytes at the end of a file. Durable when `sync` is set.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn append(&self, path: &str, bytes: &[u8], sync: bool) -> Result<()> {
        self.refuse_other(path)?;
        let fresh = !self.exists(path);
        let parent = self.make_parent(path)?;
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        let appended = self.dir.open_with(path, &options).and_then(|mut file| {
            file.write_all(bytes)?;
            if sync {
                file.sync_data()?;
                if fresh {
                    self.sync_folder(&parent)?;
                }
            }
            Ok(())
        });
        appended.with_context(|| self.cannot("write", path))
    }

    /// Opens a file for a stream of text that grows at its end.
    ///
    /// # Errors
    ///
    /// When it cannot be opened.
    pub fn appender(&self, path: &str) -> Result<std::fs::File> {
        self.refuse_other(path)?;
        self.make_parent(path)?;
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        let file =
            self.dir.open_with(path, &options).with_context(|| self.cannot("write", path))?;
        Ok(file.into_std())
    }

    /// Gives a file another name, where nothing stands yet.
    ///
    /// # Errors
    ///
    /// When something stands there already, or the file cannot be moved.
    pub fn rename(&self, from: &str, to: &str) -> Result<()> {
        if self.exists(to) {
            let (from, to) = (self.name(from), self.name(to));
            let message = format!("cannot rename `{from}`: `{to}` exists already");
            return Err(Failure::new(Exit::Failed, message)
                .hint("move one of them away and run the same command again")
                .into());
        }
        let parent = self.make_parent(to)?;
        self.dir
            .rename(from, &self.dir, to)
            .and_then(|()| self.sync_folder(&parent))
            .with_context(|| self.cannot("rename", from))
    }
}
