//! `storygen calls`: what is kept of calls; lists, shows and prunes.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::json;

use super::ui::sheet::{Column, sheet};
use super::ui::{Ui, counted, terminal_width};
use super::{Common, open};
use crate::date::date_time;
use crate::failure::{Exit, Failure};
use crate::money::Money;
use crate::project::accounts::{self, Call};
use crate::project::calls::{self, Heading, Lookup, Whole};
use crate::project::folder::Folder;
use crate::project::journal::{self, Ended};
use crate::project::needed::Needed;
use crate::project::store;
use crate::provider::Tally;

/// List, show or prune the calls that are kept
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    list: ListArguments,
}

#[derive(Debug, clap::Args)]
struct ListArguments {
    /// At most so many, newest first
    #[arg(short = 'n', long, value_name = "N", default_value_t = 30)]
    lines: usize,
    /// Print JSON, one call a line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List calls, newest first
    List(ListArguments),
    /// Show what a call asked, and what was answered
    Show {
        /// Its id as `calls` lists it; the beginning is enough
        id: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove calls that no take, canon or fold was made from
    Prune {
        /// Only say what would be removed
        #[arg(short = 'n', long)]
        dry_run: bool,
    },
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, common: &Common, ui: &Ui) -> Result<Exit> {
    let folder = open::folder(common)?;
    match &arguments.what {
        None => list(&folder, &arguments.list, ui),
        Some(What::List(arguments)) => list(&folder, arguments, ui),
        Some(What::Show { id, json }) => show(&folder, id, *json, ui),
        Some(What::Prune { dry_run }) => prune(&folder, *dry_run, ui),
    }
}

/// A call as it is listed.
struct Row {
    at: u64,
    digest: String,
    stage: &'static str,
    chapter: String,
    model: String,
    tally: Tally,
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
            tally: call.tally,
            ended: call.ended,
        }
    }

    /// A call of which only its file knows.
    fn of_file(digest: String, whole: Whole) -> Self {
        let (stage, chapter) =
            whole.call.map_or(("-", None), |call| (call.stage.name(), call.chapter));
        let usage = whole.usage.unwrap_or_default();
        Self {
            at: whole.at,
            digest,
            stage,
            chapter: chapter.unwrap_or_default(),
            model: whole.model,
            tally: whole.tally.unwrap_or(Tally { usage, ..Tally::default() }),
            ended: whole.ending.map_or(Ended::Killed, Ended::from),
            is_kept: true,
        }
    }

    fn json(&self) -> serde_json::Value {
        let usage = self.tally.usage;
        json!({
            "version": 1, "id": self.digest, "at": self.at, "stage": self.stage, "chapter": self.chapter,
            "model": self.model, "ended": self.ended.name(), "kept": self.is_kept, "tries": self.tally.tries, "prompt": usage.prompt,
            "cached": usage.cached, "reply": usage.reply, "reasoning": usage.reasoning,
            "cost": self.tally.cost.dollars(), "unsaid": self.tally.unsaid,
            "unsaid_at_most": self.tally.worst_unsaid().dollars(),
        })
    }

    fn cells(&self) -> Vec<String> {
        let usage = self.tally.usage;
        let tokens = if self.tally.unsaid > 0 && usage.prompt == 0 {
            "no figures".to_owned()
        } else {
            format!("{} + {}", usage.prompt, usage.reply)
        };
        let cost = match self.tally.most() {
            Money::ZERO => "-".to_owned(),
            most if self.tally.unsaid > 0 => format!("≤ {most}"),
            most => most.to_string(),
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
            format!("{}{pruned}", self.model),
        ]
    }
}

/// The columns of the list.
const COLUMNS: [Column; 8] = [
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
const SPARED: [&str; 4] = ["model", "tokens", "ended", "chapter"];

/// Every call, newest first: those the journal tells of, and files beside.
fn rows(folder: &Folder) -> Result<Vec<Row>> {
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
            rows.push(Row::of_file(digest, whole));
        }
    }
    rows.sort_by_key(|row| row.at);
    rows.reverse();
    Ok(rows)
}

fn list(folder: &Folder, arguments: &ListArguments, ui: &Ui) -> Result<Exit> {
    let rows = rows(folder)?;
    if rows.is_empty() {
        ui.say("no call has been made for this project");
    }
    let some = rows.iter().take(arguments.lines);
    let lines = if arguments.json {
        some.map(|row| row.json().to_string()).collect()
    } else {
        let cells: Vec<Vec<String>> = some.map(Row::cells).collect();
        sheet(&COLUMNS, &cells, &SPARED, terminal_width())
    };
    for line in lines {
        ui.result(&line);
    }
    if rows.len() > arguments.lines {
        ui.say(&format!("of {}; `-n` shows more", counted(rows.len(), "call")));
    }
    Ok(Exit::Done)
}

/// The kept call whose digest begins so.
fn find(folder: &Folder, id: &str) -> Result<String> {
    let mut found = calls::list(folder)?.into_iter().filter(|one| one.digest.starts_with(id));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one.digest),
        (Some(one), Some(other)) => Err(Failure::new(
            Exit::Usage,
            format!(
                "`{id}` begins the ids of several calls, `{}` and `{}` among them",
                one.digest, other.digest
            ),
        )
        .hint("write more of it")
        .into()),
        (None, _) => {
            Err(Failure::new(Exit::Usage, format!("no call is kept whose id begins with `{id}`"))
                .hint("`storygen calls` lists them")
                .into())
        }
    }
}

fn show(folder: &Folder, id: &str, as_json: bool, ui: &Ui) -> Result<Exit> {
    let digest = find(folder, id)?;
    let Some(whole) = calls::open(folder, &digest)? else {
        let message =
            format!("the file of the call `{digest}` says nothing: it was cut at its start");
        return Err(Failure::new(Exit::Failed, message)
            .hint("a run that needs it asks again")
            .into());
    };
    if as_json {
        let value = json!({
            "version": 1, "id": digest, "about": whole.about, "at": whole.at, "model": whole.model, "answered": whole.answered,
            "request": whole.request, "reply": whole.text, "ended": whole.ending.map_or(Ended::Killed, Ended::from).name(),
            "usage": whole.usage, "cost": whole.tally.map(|tally| tally.cost.dollars()),
        });
        ui.result(&value.to_string());
        return Ok(Exit::Done);
    }
    ui.result(&format!("{digest}  {}", whole.about));
    for message in &whole.request.messages {
        ui.result(&format!("--- {}\n{}\n", message.role.name(), message.text));
    }
    ui.result(&format!("--- reply\n{}\n", whole.text.trim_end()));
    let row = Row::of_file(digest, whole).cells();
    for line in sheet(&COLUMNS, &[row], &[], None) {
        ui.result(&line);
    }
    Ok(Exit::Done)
}

fn prune(folder: &Folder, is_dry: bool, ui: &Ui) -> Result<Exit> {
    // A run that is under way must not lose what it is about to need.
    let lock = if is_dry { None } else { Some(store::lock(folder)?) };
    let needed = Needed::of(&journal::read(folder)?);
    let (mut dropped, mut bytes, mut kept) = (0, 0, 0);
    for heading in calls::list(folder)? {
        let read = || {
            Ok::<_, anyhow::Error>(
                calls::open(folder, &heading.digest)?.and_then(|whole| whole.call),
            )
        };
        let is_silent = needed.has_failed(&heading.digest)
            && calls::look(folder, &heading.digest, true)
                .is_ok_and(|found| matches!(found, Lookup::Silent(_)));
        if !is_silent && needed.keeps(&heading.digest, read)? {
            kept += 1;
            continue;
        }
        if lock.is_some() {
            calls::remove(folder, &heading.digest)?;
        }
        dropped += 1;
        bytes += heading.bytes;
    }
    let verb = if is_dry { "would remove" } else { "removed" };
    ui.result(&format!("{verb} {} of {bytes} bytes; {kept} are needed", counted(dropped, "call")));
    Ok(Exit::Done)
}
