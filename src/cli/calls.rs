//! `storygen calls`: what is kept of calls; lists, shows and prunes.

use anyhow::Result;
use serde_json::json;

use super::ui::sheet::sheet;
use super::ui::{Ui, counted, terminal_width};
use super::{Common, open};
use crate::failure::{Exit, Failure};
use crate::money::Money;
use crate::project::calls::{self, Lookup};
use crate::project::folder::Folder;
use crate::project::journal;
use crate::project::lock;
use crate::project::needed::Needed;

mod row;

use row::{COLUMNS, Row, SPARED, row_of, rows};

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

fn list(folder: &Folder, arguments: &ListArguments, ui: &Ui) -> Result<Exit> {
    let rows = rows(folder)?;
    if rows.is_empty() {
        ui.say("no call has been made for this project");
    }
    let count = rows.len();
    let some = rows.into_iter().take(arguments.lines).map(|row| row.looked_at(folder));
    let some: Vec<Row> = some.collect::<Result<_>>()?;
    let lines = if arguments.json {
        some.iter().map(|row| row.json().to_string()).collect()
    } else {
        let cells: Vec<Vec<String>> = some.iter().map(Row::cells).collect();
        sheet(&COLUMNS, &cells, &SPARED, terminal_width())
    };
    for line in lines {
        ui.result(&line);
    }
    if count > arguments.lines {
        ui.say(&format!("of {}; `-n` shows more", counted(count, "call")));
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
    let row = row_of(folder, &digest, &whole)?;
    let total = row.took.total();
    let is_known = whole.took.is_some() || total.unsaid == 0;
    if as_json {
        let mut value = json!({
            "version": 1, "id": digest, "about": whole.about, "at": whole.at, "model": whole.model, "answered": whole.answered,
            "request": whole.request, "reply": whole.text, "ended": row.ended(), "altered": row.is_altered(),
            "usage": whole.usage, "cost": is_known.then(|| total.cost.dollars()),
        });
        value["asked"] = whole.asked.into();
        value["unsaid"] = total.unsaid.into();
        value["unsaid_at_most"] = total.worst_unsaid.dollars().into();
        ui.result(&value.to_string());
        return Ok(Exit::Done);
    }
    ui.result(&format!("{digest}  {}", whole.about));
    for message in &whole.request.messages {
        ui.result(&format!("--- {}\n{}\n", message.role.name(), message.text));
    }
    ui.result(&format!("--- reply\n{}\n", whole.text.trim_end()));
    for line in sheet(&COLUMNS, &[row.cells()], &[], None) {
        ui.result(&line);
    }
    if row.is_altered() {
        ui.result("its file was altered: part of what was written there is changed or missing");
    }
    if !is_known {
        let reserved = match total.worst_unsaid {
            Money::ZERO => "and nothing was reserved for it".to_owned(),
            worst => format!("and {worst} was reserved for it, which the budgets count"),
        };
        let yet = if row.is_under_way() { " yet" } else { "" };
        ui.result(&format!("what it took is not known{yet}, {reserved}"));
    }
    Ok(Exit::Done)
}

fn prune(folder: &Folder, is_dry: bool, ui: &Ui) -> Result<Exit> {
    // A run that is under way must not lose what it is about to need.
    let lock = if is_dry { None } else { Some(lock::take(folder)?) };
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
