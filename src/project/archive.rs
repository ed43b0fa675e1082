//! What has been written so far, as pure data: the plan is made from it.
//!
//! `history` fills it from the disk, `store` keeps it true while it writes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::accounts::Accounts;
use super::layout;
use crate::prompt::memory::Span;
use crate::provider::Usage;
use crate::story::fingerprint::Inputs;
use crate::story::{Chapter, Story};

/// Everything written so far, chapter by chapter.
#[derive(Clone, Debug, Default)]
pub struct Archive {
    /// What there is of each chapter, by its id.
    pub chapters: BTreeMap<String, Shelf>,
    /// The folds, with the digest of what each was made of.
    pub folds: BTreeMap<Span, Fold>,
    /// The drawings that were rejected, each by the name of its call.
    pub rejected: BTreeSet<String>,
    /// The last command and the chapters it has drawn so far, as long as it has
    /// not ended: the same command again goes on from there.
    pub open: Option<Open>,
    /// Texts in the manuscript that belong to no chapter of the outline: their
    /// paths, by the chapter's id that their names tell.
    pub strays: BTreeMap<String, String>,
    /// The number of the last run.
    pub runs: u64,
    /// The calls, and what they cost.
    pub accounts: Accounts,
}

/// A command that has not done all that it was asked for.
#[derive(Clone, Debug, Default)]
pub struct Open {
    /// The command line.
    pub command: String,
    /// The ids of the chapters it has drawn.
    pub drawn: BTreeSet<String>,
}

/// What there is of one chapter.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    /// Every take, oldest first.
    pub takes: Vec<TakeNote>,
    /// The chapter's text in the manuscript.
    pub text: Option<Text>,
    /// The take the journal last selected.
    pub selected: Option<u32>,
    /// A take that is kept, but that a crash kept from being selected.
    pub pending: Option<u32>,
    /// The calls of a drawing that has not come to a take, by digest.
    pub begun: Vec<String>,
    /// Its synopsis and facts.
    pub canon: Option<CanonOnFile>,
    /// What recording it took.
    pub recording: Usage,
    /// How each of its texts was recorded last, by the text's digest.
    pub recordings: BTreeMap<String, Recording>,
}

/// How a text was recorded.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// Under which conditions, by digest; none where that was not noted.
    pub under: Option<String>,
    /// The calls it was made from, by digest.
    pub calls: Vec<String>,
}

/// A chapter's text in the manuscript.
#[derive(Clone, Debug)]
pub struct Text {
    /// Where it stands.
    pub path: String,
    /// The prose, without the heading.
    pub prose: String,
    /// Its digest.
    pub digest: String,
    /// How many words it has.
    pub words: usize,
}

/// A chapter's synopsis and facts, as they stand in their file.
#[derive(Clone, Debug)]
pub struct CanonOnFile {
    /// Where they stand.
    pub path: String,
    /// The text of the file.
    pub yaml: String,
    /// Its digest.
    pub digest: String,
    /// The digest of the chapter's text they were made from; none when the
    /// author wrote the file.
    pub made_from: Option<String>,
    /// Whether the author has changed the file since.
    pub by_author: bool,
}

/// A fold on file.
#[derive(Clone, Debug)]
pub struct Fold {
    /// The passage.
    pub text: String,
    /// The digest of what it was made of.
    pub parts: String,
}

impl Archive {
    /// A chapter's shelf, empty where nothing was written yet.
    pub fn shelf(&mut self, id: &str) -> &mut Shelf {
        self.chapters.entry(id.to_owned()).or_default()
    }
}

impl Shelf {
    /// Where the chapter's text stands; empty where there is none.
    #[must_use]
    pub fn path(&self) -> &str {
        self.text.as_ref().map(|text| text.path.as_str()).unwrap_or_default()
    }

    /// How the chapter's text was recorded; none where it was not.
    #[must_use]
    pub fn recording(&self) -> Option<&Recording> {
        self.recordings.get(&self.text.as_ref()?.digest)
    }

    /// The take that is the chapter's text; none where the text is the
    /// author's and not yet adopted, or where there is none.
    #[must_use]
    pub fn current(&self) -> Option<&TakeNote> {
        let text = self.text.as_ref()?;
        let same = |note: &&TakeNote| note.text == text.digest;
        // Two takes can have the same text; the journal knows which is meant.
        self.takes
            .iter()
            .filter(same)
            .find(|note| Some(note.take) == self.selected)
            .or_else(|| self.takes.iter().rev().find(same))
    }

    /// Whether the text in the manuscript is no take's: edited by hand.
    #[must_use]
    pub fn is_edited(&self) -> bool {
        self.text.is_some() && self.current().is_none()
    }

    /// Whether the text that counts is the author's own.
    #[must_use]
    pub fn is_the_authors(&self) -> bool {
        self.text.is_some() && self.current().is_none_or(|note| note.origin == Origin::Author)
    }

    /// Whether the canon was made from the text as it is now, or by the author.
    #[must_use]
    pub fn has_canon(&self) -> bool {
        match (&self.text, &self.canon) {
            (Some(text), Some(canon)) => {
                canon.made_from.as_ref().is_none_or(|from| *from == text.digest)
            }
            _ => false,
        }
    }

    /// Where the chapter's text and canon belong, as far as they stand elsewhere:
    /// a chapter that has moved keeps its id and takes its files along.
    #[must_use]
    pub fn places(&self, story: &Story, chapter: &Chapter) -> (Option<String>, Option<String>) {
        let count = story.chapters.len();
        let text = layout::manuscript(chapter.number, &chapter.id, count);
        let canon = layout::canon(chapter.number, &chapter.id, count);
        (
            self.text.as_ref().is_some_and(|there| there.path != text).then_some(text),
            self.canon.as_ref().is_some_and(|there| there.path != canon).then_some(canon),
        )
    }

    /// The journal has selected a take, or none.
    pub(super) fn settle(&mut self, take: Option<u32>) {
        self.selected = take;
        self.pending = None;
    }

    /// The number the next take will have.
    #[must_use]
    pub fn next_take(&self) -> u32 {
        self.takes.iter().map(|note| note.take).max().unwrap_or(0) + 1
    }
}

/// Who wrote a take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A model.
    Model,
    /// The author, by editing the manuscript.
    Author,
}

/// What is known of a take without opening it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TakeNote {
    /// The chapter's id.
    pub chapter: String,
    /// Its number, counted from 1 within the chapter.
    pub take: u32,
    /// Who wrote it.
    pub origin: Origin,
    /// The model that was asked for, as `endpoint/model`, if a model wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The model that answered: its endpoint, and its name in the endpoint's own words.
    /// Before this was kept, only the latter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<String>,
    /// The digest of its text.
    pub text: String,
    /// How many words it has.
    pub words: usize,
    /// The digests of what it was made from.
    #[serde(default)]
    pub inputs: Inputs,
    /// The digest of the texts of all chapters before it, at the time.
    #[serde(default)]
    pub before: String,
    /// What it took.
    #[serde(default)]
    pub tokens: Usage,
    /// The most tokens per byte that its prompts took, as the endpoint counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub density: Option<f64>,
    /// The calls it was made from, rejected ones included, by digest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<String>,
    /// Under which conditions they were asked, by digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<String>,
    /// Why it ends where its writer did not end it, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
}

/// Adds what one call took to what others did.
pub fn add(sum: &mut Usage, more: Usage) {
    sum.add(more);
}
