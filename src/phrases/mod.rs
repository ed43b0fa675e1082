//! Phrases that must not appear, and how they are found in a text that is still
//! growing.
//!
//! A [`Phrases`] is a list made ready: one automaton, so that the time it takes
//! does not depend on the list's length. [`Bans`] are the lists of one book. A
//! [`Scan`] follows one text with them, piece by piece, and knows at any time
//! from where on the text may yet become a phrase: that much has to be held
//! back, and no more.
//!
//! Case, curly and straight quotes, emphasis and single line ends make no
//! difference, and a phrase of words is only found between words.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, MatchKind};

mod bans;
mod common;
mod expand;
mod normal;
mod reading;
mod scan;
mod worn;

pub use bans::{Bans, Place};
pub use common::common_words;
pub use expand::{expand, patterns};
pub use normal::{Normal, normalised};
pub use scan::{Found, Scan};
pub use worn::{LANGUAGES, worn, worn_in};

use reading::Reading;

/// A list of phrases, ready to be looked for.
pub struct Phrases {
    list: Vec<Phrase>,
    digest: String,
    automaton: NFA,
    /// Per state of the automaton, the bytes of a phrase that have been read.
    depths: Vec<u16>,
    start: StateID,
    longest: usize,
}

/// One phrase.
struct Phrase {
    /// As it was given.
    given: String,
    /// Its bytes in the normal form.
    bytes: usize,
    /// Whether a letter before it, or after it, makes it another word.
    bound: (bool, bool),
}

/// A list that is too large to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooMany {
    /// How many phrases it has.
    pub phrases: usize,
}

impl fmt::Display for TooMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} phrases are too many to look for at once", self.phrases)
    }
}

impl std::error::Error for TooMany {}

impl Phrases {
    /// Makes a list ready. Phrases that differ in nothing that counts are one;
    /// those of which nothing is left in the normal form are dropped.
    ///
    /// # Errors
    ///
    /// When the list has gigabytes.
    pub fn new(phrases: impl IntoIterator<Item = String>) -> Result<Self, TooMany> {
        // A phrase of more than a page is no phrase.
        const LONGEST: usize = 4096;
        let mut forms: Vec<(String, String)> = phrases
            .into_iter()
            .map(|given| (normalised(&given), given))
            .filter(|(form, _)| !form.is_empty() && form.len() <= LONGEST)
            .collect();
        forms.sort();
        forms.dedup_by(|one, other| one.0 == other.0);
        let too_many = TooMany { phrases: forms.len() };
        let automaton = NFA::builder()
            .match_kind(MatchKind::Standard)
            .build(forms.iter().map(|(form, _)| form))
            .map_err(|_| too_many.clone())?;
        let start = automaton.start_state(Anchored::No).map_err(|_| too_many)?;
        let depths = depths(&automaton, start, forms.iter().map(|(form, _)| form.as_str()));
        Ok(Self {
            digest: digest(&forms),
            longest: forms.iter().map(|(form, _)| form.len()).max().unwrap_or(0),
            list: forms.into_iter().map(|(form, given)| Phrase::new(&form, given)).collect(),
            automaton,
            depths,
            start,
        })
    }

    /// How many phrases it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// A phrase as it was given, by its number.
    #[must_use]
    pub fn phrase(&self, number: usize) -> &str {
        self.list.get(number).map_or("", |phrase| &phrase.given)
    }

    /// What tells this list from every other: 32 hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Which phrases of the list a whole text holds.
    #[must_use]
    pub fn within(self: &Arc<Self>, text: &str) -> BTreeSet<usize> {
        let mut seen = BTreeSet::new();
        let mut note = |read: reading::Read| {
            seen.insert(read.phrase);
        };
        let mut reading = Reading::new(self);
        reading.hear(text, &mut note);
        reading.end(&mut note);
        seen
    }
}

impl fmt::Debug for Phrases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phrases({} of digest {})", self.list.len(), self.digest)
    }
}

impl PartialEq for Phrases {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Phrase {
    fn new(form: &str, given: String) -> Self {
        let binds = |c: Option<char>| c.is_some_and(normal::is_of_word);
        let bound = (binds(form.chars().next()), binds(form.chars().next_back()));
        Self { given, bytes: form.len(), bound }
    }
}

/// Reading a phrase from the start leads to the state of that phrase's beginning.
fn depths<'a>(automaton: &NFA, start: StateID, forms: impl Iterator<Item = &'a str>) -> Vec<u16> {
    let mut depths = Vec::new();
    for form in forms {
        let mut state = start;
        for (depth, byte) in (1_u16..).zip(form.bytes()) {
            state = automaton.next_state(Anchored::No, state, byte);
            let index = state.as_usize();
            if index >= depths.len() {
                depths.resize(index + 1, 0);
            }
            depths[index] = depth;
        }
    }
    depths
}

fn digest(forms: &[(String, String)]) -> String {
    let mut hasher = blake3::Hasher::new();
    for (form, _) in forms {
        hasher.update(form.as_bytes());
        hasher.update(b"\n");
    }
    hasher.finalize().to_hex().as_str()[..32].to_owned()
}

#[cfg(test)]
mod tests;
