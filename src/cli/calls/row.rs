//! A call as it is listed.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::json;

use crate::cli::ui::sheet::Column;
use crate::date::date_time;
use crate::money::Money;
use crate::project::accounts::{self, Call};
use crate::project::calls::{self, Heading, Whole};
use crate::project::folder::Folder;
use crate::project::journal::{self, CallNote, Ended};
use crate::project::lock;
use crate::provider::{Reckoning, Tally, Total};

/// The columns of the list.
pub(super) const COLUMNS: [Column; 8] = [
    Column::words("id", 12),
    Column::words("at", 16),
    Column::words("stage", 8),
    Column::words("chapter", 16),
    Column::number("tokens", 16),
    Column::number("cost", 10),
    Column::words("ended", 11),
    Column::words("model", 0),
];

/// What is left out of them on a narrow terminal, in this order; `calls show` tells it.
pub(super) const SPARED: [&str; 4] = ["model", "tokens", "ended", "chapter"];

/// A call as it is listed.
pub(super) struct Row {
    at: u64,
    digest: String,
    stage: &'static str,
    chapter: String,
    model: String,
    pub took: Reckoning,
    ended: Ended,
    /// The run that made it, if that is known.
    run: Option<u64>,
    /// What tells it from every other call, if that is known.
    call: Option<String>,
    /// Whether a run is waiting for its reply now.
    is_under_way: bool,
    /// Whether what is kept of it is not what came.
    is_altered: bool,
    /// Whether what it asked and was answered is still there.
    is_kept: bool,
}

impl Row {
    /// A call of which the journal tells.
    fn of_journal(call: Call, is_kept: bool) -> Self {
        Self {
            is_kept,
            is_under_way: false,
            is_altered: false,
            run: call.note.run(),
            call: Some(call.note.id),
            at: call.at,
            digest: call.note.digest,
            stage: call.note.stage.name(),
            chapter: call.note.chapter.unwrap_or_default(),
            model: call.note.model,
            took: call.took,
            ended: call.ended,
        }
    }

    /// A call of which only its file knows.
    fn of_file(digest: String, whole: &Whole) -> Self {
        let (stage, chapter) = whole
            .call
            .as_ref()
            .map_or(("-", None), |call| (call.stage.name(), call.chapter.clone()));
        // It was sent once at least, and nobody knows what that took.
        let took = whole.took.clone();
        let took = took.unwrap_or_else(|| Tally::unknown(1, Money::ZERO).into());
        Self {
            at: whole.at,
            digest,
            stage,
            chapter: chapter.unwrap_or_default(),
            model: whole.asked.as_ref().unwrap_or(&whole.model).clone(),
            took,
            ended: whole.ending.map_or(Ended::Killed, Ended::from),
            run: whole.call.as_ref().and_then(CallNote::run),
            call: whole.call.as_ref().map(|call| call.id.clone()),
            is_under_way: false,
            is_altered: false,
            is_kept: true,
        }
    }

    /// The same, where this run is at work.
    fn while_at_work(self, run: Option<u64>) -> Self {
        let is_under_way = self.ended == Ended::Killed && run.is_some() && self.run == run;
        Self { is_under_way, ..self }
    }

    /// The same, with what its file, if there is one, says of itself.
    fn beside(self, whole: &Whole) -> Self {
        let is_its_file = whole.call.as_ref().map(|call| &call.id) == self.call.as_ref();
        // Only what was whole once is damaged by having no end.
        let had_an_end = !matches!(self.ended, Ended::Killed | Ended::Failed | Ended::Cancelled);
        let lost_its_end = had_an_end && whole.ending.is_none();
        Self { is_altered: is_its_file && (whole.is_altered || lost_its_end), ..self }
    }

    /// The same, seen beside its file.
    pub fn looked_at(self, folder: &Folder) -> Result<Self> {
        if !self.is_kept {
            return Ok(self);
        }
        Ok(match calls::open(folder, &self.digest)? {
            Some(whole) => self.beside(&whole),
            None => Self { is_altered: true, ..self },
        })
    }

    /// How it ended, in a word.
    pub fn ended(&self) -> &'static str {
        if self.is_under_way { "under way" } else { self.ended.name() }
    }

    /// Whether what is kept of it is not what came.
    pub fn is_altered(&self) -> bool {
        self.is_altered
    }

    /// Whether its reply is still awaited.
    pub fn is_under_way(&self) -> bool {
        self.is_under_way
    }

    /// As it stands in JSON.
    pub fn json(&self) -> serde_json::Value {
        let mut value = json!({
            "version": 1, "id": self.digest, "at": self.at, "stage": self.stage, "chapter": self.chapter,
            "model": self.model, "ended": self.ended(), "kept": self.is_kept, "altered": self.is_altered,
        });
        let before = self.took.before.iter().map(|tried| {
            let mut value = json!({ "model": tried.model });
            put(&mut value, sums(&Total::from(&tried.tally)));
            value
        });
        let before: Vec<_> = before.collect();
        put(&mut value, sums(&self.took.total()));
        value["before"] = before.into();
        value
    }

    /// Its cells in the list, in the order of [`COLUMNS`].
    pub fn cells(&self) -> Vec<String> {
        let total = self.took.total();
        let usage = total.usage;
        let tokens = if total.unsaid > 0 && usage.prompt == 0 {
            "no figures".to_owned()
        } else {
            format!("{} + {}", usage.prompt, usage.reply)
        };
        let cost = match total.most() {
            Money::ZERO => "-".to_owned(),
            most if total.unsaid > 0 => format!("≤ {most}"),
            most => most.to_string(),
        };
        let before: Vec<_> = self.took.before.iter().map(|tried| tried.model.as_str()).collect();
        let after = match &before[..] {
            [] => String::new(),
            models => format!("  (after {})", models.join(", ")),
        };
        let pruned = if self.is_kept { "" } else { "  (pruned)" };
        vec![
            self.digest[..12].to_owned(),
            date_time(self.at),
            self.stage.to_owned(),
            self.chapter.clone(),
            tokens,
            cost,
            if self.is_altered { "altered" } else { self.ended() }.to_owned(),
            format!("{}{after}{pruned}", self.model),
        ]
    }
}

/// The row of a kept call: of one that was killed, only the journal knows what was
/// reserved for it.
pub(super) fn row_of(folder: &Folder, digest: &str, whole: &Whole) -> Result<Row> {
    let id = whole.call.as_ref().map(|call| call.id.as_str());
    // Looked at first: a run that ends in between has noted its calls by then.
    let is_held = lock::holder(folder).is_some();
    let entries = if whole.took.is_none() { journal::read(folder)? } else { Vec::new() };
    let at_work = journal::last_run(&entries).filter(|_| is_held);
    let mut noted = accounts::calls(&entries).into_iter();
    let noted = noted.find(|call| call.note.digest == digest && id == Some(&call.note.id));
    let row = match noted {
        Some(call) => Row::of_journal(call, true),
        None => Row::of_file(digest.to_owned(), whole),
    };
    Ok(row.while_at_work(at_work).beside(whole))
}

/// What a sum of tries says in JSON; money in dollars.
fn sums(total: &Total) -> serde_json::Value {
    let usage = total.usage;
    json!({
        "tries": total.tries, "prompt": usage.prompt, "cached": usage.cached, "reply": usage.reply,
        "reasoning": usage.reasoning, "cost": total.cost.dollars(), "unsaid": total.unsaid,
        "unsaid_at_most": total.worst_unsaid.dollars(),
    })
}

/// Adds the keys of one JSON object to another.
fn put(value: &mut serde_json::Value, more: serde_json::Value) {
    if let (Some(keys), serde_json::Value::Object(more)) = (value.as_object_mut(), more) {
        keys.extend(more);
    }
}

/// Every call, newest first: those the journal tells of, and files beside.
pub(super) fn rows(folder: &Folder) -> Result<Vec<Row>> {
    let mut files: BTreeMap<String, Heading> =
        calls::list(folder)?.into_iter().map(|one| (one.digest.clone(), one)).collect();
    let kept: BTreeSet<String> = files.keys().cloned().collect();
    let mut rows = Vec::new();
    // Looked at first: a run that ends in between has noted its calls by then.
    let is_held = lock::holder(folder).is_some();
    let entries = journal::read(folder)?;
    let at_work = journal::last_run(&entries).filter(|_| is_held);
    for call in accounts::calls(&entries) {
        let is_kept = kept.contains(&call.note.digest);
        files.remove(&call.note.digest);
        rows.push(Row::of_journal(call, is_kept));
    }
    for digest in files.into_keys() {
        if let Some(whole) = calls::open(folder, &digest)? {
            rows.push(Row::of_file(digest, &whole));
        }
    }
    rows.sort_by_key(|row| row.at);
    Ok(rows.into_iter().rev().map(|row| row.while_at_work(at_work)).collect())
}
