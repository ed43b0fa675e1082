//! A reply on its way to disk.

use std::fs::File;
use std::io::Write;

use anyhow::{Context, Result};

use super::super::folder::Folder;
use super::seal::Seal;
use super::{CallNote, END, End, Head, Kept, path};
use crate::provider::{Reckoning, Request};

/// A reply on its way to disk.
#[derive(Debug)]
pub struct Writing {
    file: File,
    path: String,
    id: String,
    seal: Seal,
    unsynced: usize,
}

impl Writing {
    /// Begins the file of a call that is made at `at`, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn begin(
        folder: &Folder,
        call: &CallNote,
        about: &str,
        at: u64,
        request: &Request,
    ) -> Result<Self> {
        let path = path(&call.digest);
        // What stands there already holds nothing of use.
        folder.remove(&path)?;
        let mut file = folder.appender(&path)?;
        let head = Head {
            v: 1,
            model: call.model.clone(),
            about: about.to_owned(),
            at,
            call: Some(call.clone()),
            request: request.clone(),
        };
        let mut line = serde_json::to_vec(&head)?;
        line.push(b'\n');
        if let Err(error) = file.write_all(&line) {
            // A part of a request is of no use, and on a full disk its room is.
            let _ = folder.remove(&path);
            return Err(error).with_context(|| format!("cannot write `{path}`"));
        }
        Ok(Self { file, path, id: call.id.clone(), seal: Seal::of(&call.digest), unsynced: 0 })
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
        self.seal.add(text);
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
    pub fn end(mut self, kept: &Kept, took: Reckoning) -> Result<()> {
        let end = End {
            ending: kept.ending,
            usage: kept.usage,
            answered: kept.answered.clone(),
            id: Some(self.id),
            asked: kept.asked.clone(),
            tally: Some(took.tally),
            before: took.before,
            verdict: kept.verdict.clone(),
            seal: Some(self.seal.name()),
        };
        let line = format!("{END}{}\n", serde_json::to_string(&end)?);
        self.file
            .write_all(line.as_bytes())
            .and_then(|()| self.file.sync_all())
            .with_context(|| format!("cannot write `{}`", self.path))
    }
}
