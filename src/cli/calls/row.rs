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
use crate::project::journal::{self, Ended};
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
    /// Whether what it asked and was answered is still there.
    is_kept: bool,
}

impl Row {
    /// A call of which the journal tells.
    fn of_journal(call: Call, is_kept: bool) -> Self {
        Self {
            is_kept,
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
            is_kept: true,
        }
    }

    /// As it stands in JSON.
    pub fn json(&self) -> serde_json::Value {
        let mut value = json!({
            "version": 1, "id": self.digest, "at": self.at, "stage": self.stage, "chapter": self.chapter,
            "model": self.model, "ended": self.ended.name(), "kept": self.is_kept,
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
            self.ended.name().to_owned(),
            format!("{}{after}{pruned}", self.model),
        ]
    }
}

/// The row of a kept call: of one that was killed, only the journal knows what was
/// reserved for it.
pub(super) fn row_of(folder: &Folder, digest: &str, whole: &Whole) -> Result<Row> {
    let id = whole.call.as_ref().map(|call| call.id.as_str());
    let entries = if whole.took.is_none() { journal::read(folder)? } else { Vec::new() };
    let mut noted = accounts::calls(&entries).into_iter();
    let noted = noted.find(|call| call.note.digest == digest && id == Some(&call.note.id));
    Ok(match noted {
        Some(call) => Row::of_journal(call, true),
        None => Row::of_file(digest.to_owned(), whole),
    })
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
    for call in accounts::calls(&journal::read(folder)?) {
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
    rows.reverse();
    Ok(rows)
}
