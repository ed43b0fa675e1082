//! Follows a growing text and says where it says what it must not.

use std::sync::Arc;

use super::bans::{Bans, Place};
use super::reading::{Read, Reading};

/// A banned phrase that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it begins, in bytes of the text heard.
    pub from: usize,
    /// Where it ends.
    pub until: usize,
    pub(super) list: usize,
    pub(super) phrase: usize,
}

/// Follows one text. A copy follows another text that begins alike.
#[derive(Clone, Debug)]
pub struct Scan {
    bans: Arc<Bans>,
    readings: Vec<Reading>,
}

impl Scan {
    /// Nothing heard yet.
    #[must_use]
    pub fn new(bans: &Arc<Bans>) -> Self {
        let readings = bans.lists().iter().map(|list| Reading::new(&list.phrases)).collect();
        Self { bans: Arc::clone(bans), readings }
    }

    /// What is looked for.
    #[must_use]
    pub fn bans(&self) -> &Arc<Bans> {
        &self.bans
    }

    /// Hears more of the text and tells of each phrase as soon as it is certain:
    /// with the character after its last word.
    pub fn hear(&mut self, text: &str, tell: &mut dyn FnMut(Found)) {
        for (list, reading) in self.readings.iter_mut().enumerate() {
            reading.hear(text, &mut |read| relay(&self.bans, list, read, tell));
        }
    }

    /// The text ends here: tells of the phrases that waited for more.
    pub fn end(&mut self, tell: &mut dyn FnMut(Found)) {
        for (list, reading) in self.readings.iter_mut().enumerate() {
            reading.end(&mut |read| relay(&self.bans, list, read, tell));
        }
    }

    /// From where on the text may yet turn out to be a phrase; its end, if it
    /// cannot. In bytes of the text heard.
    #[must_use]
    pub fn open_from(&self) -> usize {
        self.readings.iter().map(Reading::open_from).min().unwrap_or(usize::MAX)
    }
}

fn relay(bans: &Bans, list: usize, read: Read, tell: &mut dyn FnMut(Found)) {
    let rules = &bans.lists()[list];
    if rules.exempt.contains(&read.phrase) || rules.place == Place::LineStart && !read.opens_line {
        return;
    }
    tell(Found { from: read.from, until: read.until, list, phrase: read.phrase });
}
