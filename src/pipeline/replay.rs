//! What a replay needs that the calls themselves do not tell.
//!
//! A prompt follows from the project, its templates and the replies before it,
//! but also from the model's facts, the run's settings, and which take of each
//! chapter counts. Those stand in `.storygen/models.json`, so that
//! `--offline` needs nothing else, on any machine.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::settings::Settings;
use crate::chat::{Counted, Counting, Tokenizer};
use crate::failure::{Exit, Failure};
use crate::project::archive::{Archive, Origin, Shelf, TakeNote};
use crate::project::folder::Folder;
use crate::project::layout;
use crate::provider::{Accepts, Facts, Sampling};
use crate::story::fingerprint::{Inputs, digest};

mod otherwise;

pub use otherwise::otherwise;

/// The most bytes of the file.
const LIMIT: usize = 16 * 1024 * 1024;

/// Under which conditions calls are made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conditions {
    /// The model, as the user names it.
    pub named: String,
    /// Its full name.
    pub model: String,
    /// The tokens it holds.
    pub window: usize,
    /// The most tokens of its reply.
    pub reply_limit: Option<usize>,
    /// Whether it goes on from a trailing assistant message.
    pub prefill: bool,
    /// Whether its replies can be held to a schema.
    pub structured: bool,
    /// Whether it keeps banned phrases out of its replies by itself.
    #[serde(default)]
    pub steps_back: bool,
    /// The sampling settings it heeds.
    pub accepts: Accepts,
    /// How its tokens are counted.
    pub counting: Counting,
    /// The tokens of a text that every vocabulary counts in its own way.
    pub probe: usize,
    /// The settings of the run.
    pub settings: Settings,
    /// How the model's author wants it sampled where the book says nothing: only to
    /// tell what the book said itself. Not known of runs of before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Sampling>,
}

/// What a replay needs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Replay {
    /// The version of the format.
    pub v: u32,
    /// The conditions of every chapter that is not named.
    pub usual: String,
    /// All conditions, by digest.
    pub conditions: BTreeMap<String, Conditions>,
    /// Chapters by id, where they were not drawn once under the usual conditions.
    pub chapters: BTreeMap<String, Drawn>,
}

/// How a chapter was drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drawn {
    /// The number of the take that counts.
    pub take: u32,
    /// The digest of its conditions.
    pub conditions: String,
    /// The digest of the conditions under which it was recorded, if they were
    /// others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<String>,
    /// What it was made from; none where that was not noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<Then>,
}

/// What a take was made from.
///
/// Much that a prompt says is no reason to draw a chapter anew: that the book has
/// one chapter more by now, that an earlier one was drawn again. Such a take is
/// found by the calls that made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Then {
    /// The digest of the texts of all chapters before it, at the time.
    pub before: String,
    /// The digests of the parts of the project that it depends on.
    pub inputs: Inputs,
    /// The digest of its text.
    pub text: String,
    /// The digests of the calls it was drawn by, in their order; none where the author
    /// wrote it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<String>,
    /// Those of the calls it was recorded by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recorded: Vec<String>,
}

impl Then {
    fn of(note: &TakeNote, shelf: &Shelf) -> Self {
        Self {
            before: note.before.clone(),
            inputs: note.inputs.clone(),
            text: note.text.clone(),
            calls: note.calls.clone(),
            recorded: shelf.recording().map(|one| one.calls.clone()).unwrap_or_default(),
        }
    }
}

impl Conditions {
    /// The conditions of calls to this model; `as_named` gives a model's full name as
    /// the user names it.
    #[must_use]
    pub fn of(
        as_named: impl Fn(&str) -> String,
        facts: &Facts,
        tokenizer: &dyn Tokenizer,
        settings: &Settings,
    ) -> Self {
        let Counted { model, named, mut counting, probe } =
            Counted::of(&facts.name, &as_named(&facts.name), tokenizer);
        if let Counting::Most(all) = &mut counting {
            for one in all {
                one.named = as_named(&one.model);
            }
        }
        Self {
            named,
            model,
            window: facts.window,
            reply_limit: facts.reply_limit,
            prefill: facts.prefill,
            structured: facts.structured,
            steps_back: facts.steps_back,
            accepts: facts.accepts.clone(),
            counting,
            probe,
            settings: settings.clone(),
            author: None,
        }
    }

    /// The same, with what the model's author says of its sampling.
    #[must_use]
    pub fn of_author(self, author: &Sampling) -> Self {
        Self { author: Some(author.clone()), ..self }
    }

    /// What is known of the model.
    #[must_use]
    pub fn facts(&self) -> Facts {
        Facts {
            reply_limit: self.reply_limit,
            prefill: self.prefill,
            structured: self.structured,
            steps_back: self.steps_back,
            accepts: self.accepts.clone(),
            ..Facts::plain(self.model.clone(), self.window)
        }
    }

    /// How the tokens of each model that could be asked were counted.
    #[must_use]
    pub fn counted(&self) -> Vec<Counted> {
        let Self { model, named, counting, probe, .. } = self.clone();
        match counting {
            Counting::Most(all) => all,
            counting => vec![Counted { model, named, counting, probe }],
        }
    }

    /// What tells them from others.
    #[must_use]
    pub fn digest(&self) -> String {
        // Whose word a setting is makes no other call.
        let asked = Self { author: None, ..self.clone() };
        digest(&serde_json::to_string(&asked).unwrap_or_default())
    }
}

impl Replay {
    /// How a chapter was drawn.
    #[must_use]
    pub fn drawn(&self, chapter: &str) -> Drawn {
        self.chapters.get(chapter).cloned().unwrap_or_else(|| Drawn {
            take: 1,
            conditions: self.usual.clone(),
            recorded: None,
            then: None,
        })
    }

    /// The conditions of this digest, where they are kept.
    #[must_use]
    pub fn conditions(&self, digest: &str) -> Option<&Conditions> {
        self.conditions.get(digest)
    }

    /// The same, or else the usual ones: what is found by the calls that made it needs
    /// to know little of how they were made.
    ///
    /// # Errors
    ///
    /// When neither are kept.
    pub fn conditions_or_usual(&self, digest: &str) -> Result<&Conditions> {
        let found = self.conditions(digest).or_else(|| self.conditions(&self.usual));
        let lacks = || {
            Failure::new(
                Exit::Failed,
                format!("`{}` lacks the conditions `{digest}`", layout::MODELS),
            )
            .hint("put back a copy of it; or remove it, and run `storygen draft` without `--offline` where the journal and the takes are: that writes it anew")
        };
        Ok(found.ok_or_else(lacks)?)
    }

    /// Of how many chapters the conditions are not kept under which they were drawn or
    /// recorded.
    #[must_use]
    pub fn lost(&self) -> usize {
        let is_lost = |digest: &String| self.conditions(digest).is_none();
        let chapters = self.chapters.values();
        chapters
            .filter(|drawn| {
                is_lost(&drawn.conditions) || drawn.recorded.as_ref().is_some_and(is_lost)
            })
            .count()
    }

    /// The same, brought up to date: with the conditions of the run that is about
    /// to begin, and what the archive knows of each chapter's take.
    #[must_use]
    pub fn renewed(mut self, now: &[Conditions], archive: &Archive) -> Self {
        self.v = 1;
        for one in now {
            let digest = one.digest();
            if self.conditions.is_empty() {
                self.usual.clone_from(&digest);
            }
            self.conditions.insert(digest, one.clone());
        }
        for (id, shelf) in &archive.chapters {
            let drawn = self.of(id, shelf);
            self.chapters.insert(id.clone(), drawn);
        }
        let usual = &self.usual;
        self.chapters.retain(|_, drawn| {
            let Drawn { take, conditions, recorded, then } = drawn;
            *take != 1 || conditions != usual || recorded.is_some() || then.is_some()
        });
        let now: Vec<String> = now.iter().map(Conditions::digest).collect();
        let takes = archive.chapters.values().flat_map(|shelf| &shelf.takes);
        // Any take may be selected again.
        let needed: BTreeSet<&String> = std::iter::once(&self.usual)
            .chain(&now)
            .chain(self.chapters.values().map(|drawn| &drawn.conditions))
            .chain(self.chapters.values().filter_map(|drawn| drawn.recorded.as_ref()))
            .chain(takes.filter_map(|note| note.conditions.as_ref()))
            .collect();
        self.conditions.retain(|digest, _| needed.contains(digest));
        self
    }

    /// How a chapter was drawn, with what is known of it now.
    fn of(&self, id: &str, shelf: &Shelf) -> Drawn {
        let mut drawn = self.drawn(id);
        if let Some(note) = shelf.current() {
            drawn.then = Some(Then::of(note, shelf));
        }
        let current = shelf.current().filter(|note| note.origin == Origin::Model);
        if let Some((note, conditions)) =
            current.zip(current.and_then(|note| note.conditions.clone()))
        {
            drawn = Drawn { take: note.take, conditions, ..drawn };
        }
        if let Some(recording) = shelf.recording() {
            drawn.recorded = recording.under.clone().filter(|one| *one != drawn.conditions);
        }
        drawn
    }

    /// Notes what has become of a chapter, where a replay would make something else of
    /// it; says whether it would.
    pub fn note(&mut self, id: &str, shelf: &Shelf) -> bool {
        let now = self.of(id, shelf);
        let is_known = match self.chapters.get(id) {
            Some(then) => *then == now,
            // A first take under the usual conditions is drawn again without a word of
            // it: a book that is drafted at one go is not written down at each chapter.
            None => now.take == 1 && now.conditions == self.usual && now.recorded.is_none(),
        };
        if !is_known {
            self.chapters.insert(id.to_owned(), now);
        }
        !is_known
    }
}

/// Reads what a replay needs; none where nothing was drafted yet.
///
/// # Errors
///
/// When it cannot be read.
pub fn read(folder: &Folder) -> Result<Option<Replay>> {
    let Some(text) = folder.read(layout::MODELS, LIMIT)? else { return Ok(None) };
    let replay = serde_json::from_str(&text).map_err(|error| {
        Failure::new(Exit::Failed, format!("`{}` is damaged: {error}", layout::MODELS))
            .hint("put back a copy of it; or remove it: where the journal and the takes are, `storygen draft` without `--offline` writes it anew")
    })?;
    Ok(Some(replay))
}

/// Brings what a replay needs up to date where nobody is to be asked: a run that was
/// killed has not done so. Where it is gone, though something was drafted, it is
/// written anew.
///
/// # Errors
///
/// When it cannot be read or written.
pub fn restore(folder: &Folder, now: &[Conditions], archive: &Archive) -> Result<()> {
    let mut takes = archive.chapters.values().flat_map(|shelf| &shelf.takes);
    let is_gone = !folder.exists(layout::MODELS) && takes.any(|note| note.conditions.is_some());
    renew(folder, if is_gone { now } else { &[] }, archive)?;
    Ok(())
}

/// Brings what a replay needs up to date, if anything has changed; gives it, where
/// there is any.
///
/// # Errors
///
/// When it cannot be read or written.
pub fn renew(folder: &Folder, now: &[Conditions], archive: &Archive) -> Result<Option<Replay>> {
    let before = read(folder)?;
    if before.is_none() && now.is_empty() {
        return Ok(None);
    }
    let after = before.clone().unwrap_or_default().renewed(now, archive);
    if before.as_ref() != Some(&after) {
        write(folder, &after)?;
    }
    Ok(Some(after))
}

/// Writes down what a replay needs.
///
/// # Errors
///
/// When it cannot be written.
pub fn write(folder: &Folder, replay: &Replay) -> Result<()> {
    let text = serde_json::to_string_pretty(replay)?;
    folder.write(layout::MODELS, format!("{text}\n").as_bytes())
}
