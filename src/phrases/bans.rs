//! The lists of one book: what must not appear in it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::Serializer;

use super::{Found, Phrases, Scan};

/// Where a phrase must not stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nowhere.
    Anywhere,
    /// At the beginning of a line.
    LineStart,
}

/// What must not appear in a book.
///
/// Lists are shared between books; what a book may say all the same is its own.
#[derive(Clone, Default)]
pub struct Bans {
    lists: Vec<List>,
}

#[derive(Clone)]
pub(super) struct List {
    pub phrases: Arc<Phrases>,
    /// The numbers of those that this book may say.
    pub exempt: BTreeSet<usize>,
    pub place: Place,
}

impl Bans {
    /// The same bans and one more list, but for the phrases of it that are in
    /// `exempt` by their numbers.
    #[must_use]
    pub fn and(mut self, phrases: Arc<Phrases>, exempt: BTreeSet<usize>, place: Place) -> Self {
        if phrases.len() > exempt.len() {
            self.lists.push(List { phrases, exempt, place });
        }
        self
    }

    /// Whether nothing is banned.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// How many phrases are banned.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lists.iter().map(|list| list.phrases.len() - list.exempt.len()).sum()
    }

    /// A phrase as it was given.
    #[must_use]
    pub fn phrase(&self, found: &Found) -> &str {
        self.lists.get(found.list).map_or("", |list| list.phrases.phrase(found.phrase))
    }

    /// What tells these bans from all others: 32 hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for list in &self.lists {
            hasher.update(
                format!("{} {:?} {:?}\n", list.phrases.digest(), list.place, list.exempt)
                    .as_bytes(),
            );
        }
        hasher.finalize().to_hex().as_str()[..32].to_owned()
    }

    /// The phrases that stand in a whole text, each time they do, in its order.
    #[must_use]
    pub fn within(self: &Arc<Self>, text: &str) -> Vec<Found> {
        let mut all = Vec::new();
        let mut scan = Scan::new(self);
        scan.hear(text, &mut |found| all.push(found));
        scan.end(&mut |found| all.push(found));
        all.sort_by_key(|found| (found.from, std::cmp::Reverse(found.until)));
        // Of phrases that overlap, the first counts.
        let mut end = 0;
        all.retain(|found| {
            let is_apart = found.from >= end;
            end = if is_apart { found.until } else { end };
            is_apart
        });
        all
    }

    pub(super) fn lists(&self) -> &[List] {
        &self.lists
    }

    /// Writes bans as their digest: thousands of phrases are no part of a kept
    /// call. It is the shape that serde calls.
    ///
    /// # Errors
    ///
    /// When the serializer fails.
    pub fn as_digest<S: Serializer>(
        bans: &Option<Arc<Self>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&bans.as_ref().map_or_else(String::new, |bans| bans.digest()))
    }
}

impl fmt::Debug for Bans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bans({} phrases)", self.len())
    }
}

impl PartialEq for Bans {
    fn eq(&self, other: &Self) -> bool {
        self.digest() == other.digest()
    }
}
