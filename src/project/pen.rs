//! Writes the journal of a run.
//!
//! Several hold it: the store notes what it writes, and calls are noted while
//! the store waits for them.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;

use super::folder::Folder;
use super::journal::{self, Entry, Event};

/// Writes the journal of a run, of which there is one a project at a time.
#[derive(Clone, Debug)]
pub struct Pen<'a> {
    folder: &'a Folder,
    run: u64,
    now: fn() -> u64,
    page: Arc<Mutex<Page>>,
}

#[derive(Debug, Default)]
struct Page {
    /// The journal's last line is known to be whole.
    is_whole: bool,
    /// Events that go with the next line.
    deferred: Vec<Event>,
}

impl<'a> Pen<'a> {
    /// The pen of a run, for whoever holds the project's lock.
    #[must_use]
    pub fn new(folder: &'a Folder, run: u64, now: fn() -> u64) -> Self {
        Self { folder, run, now, page: Arc::default() }
    }

    /// The number of the run.
    #[must_use]
    pub fn run(&self) -> u64 {
        self.run
    }

    /// Seconds since 1970, UTC.
    #[must_use]
    pub fn now(&self) -> u64 {
        (self.now)()
    }

    /// Adds events, durably.
    ///
    /// # Errors
    ///
    /// When the journal cannot be written.
    pub fn note(&self, events: Vec<Event>) -> Result<()> {
        self.write(events, true)
    }

    /// Adds events that a crash of the machine may take, but not one of the program.
    ///
    /// # Errors
    ///
    /// When the journal cannot be written.
    pub fn jot(&self, events: Vec<Event>) -> Result<()> {
        self.write(events, false)
    }

    /// Adds an event together with whatever comes next.
    pub fn defer(&self, event: Event) {
        self.page().deferred.push(event);
    }

    fn write(&self, events: Vec<Event>, sync: bool) -> Result<()> {
        let at = self.now();
        let mut page = self.page();
        let entries: Vec<Entry> = std::mem::take(&mut page.deferred)
            .into_iter()
            .chain(events)
            .map(|event| Entry { v: 1, at, run: self.run, event })
            .collect();
        let mend = if page.is_whole { "" } else { journal::mend(self.folder)? };
        // What fails may have written half a line.
        page.is_whole = false;
        journal::append(self.folder, &entries, mend, sync)?;
        page.is_whole = true;
        Ok(())
    }

    fn page(&self) -> std::sync::MutexGuard<'_, Page> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
