//! `storygen schema`: JSON Schemas that make an editor complete and check the YAML.

use anyhow::Result;

use super::ui::events;
use super::{Common, open, ui::Ui};
use crate::config::ConfigFile;
use crate::diagnostic::did_you_mean;
use crate::failure::{Exit, Failure};
use crate::fleet::report;
use crate::project::shape::{self, FileSchema};
use crate::project::{layout, scaffold};
use crate::provider::catalogue::shape::CatalogueFile;

/// Write the JSON Schemas of the project's files into `.storygen/schemas`
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Print one schema instead: storygen, premise, characters, world, arcs, threads, outline,
    /// or config or catalogue, for your own files beside it, or events, for the lines of
    /// `--json`, or batch, for the report of `batch`
    #[arg(long, value_name = "NAME")]
    print: Option<String>,
}

/// The kinds of file that stand in the user's own configuration.
const OWN: [FileSchema; 2] = [
    FileSchema { name: "config", schema: shape::schema_of::<ConfigFile> },
    FileSchema { name: "catalogue", schema: shape::schema_of::<CatalogueFile> },
];

/// Runs the command.
pub(super) fn run(arguments: &Arguments, common: &Common, ui: &Ui) -> Result<Exit> {
    if let Some(name) = &arguments.print {
        let text = match name.as_str() {
            "events" => events::schema(),
            "batch" => report::schema(),
            _ => shape::schema_text(named(name)?),
        };
        ui.result(text.trim_end());
        return Ok(Exit::Done);
    }
    let folder = open::folder(common)?;
    let changed = scaffold::write_schemas(&folder)?;
    let all = shape::SCHEMAS.len();
    ui.result(&match changed {
        0 => format!("{all} schemas in `{}`, all up to date", layout::SCHEMAS),
        changed => format!("{all} schemas in `{}`, {changed} written", layout::SCHEMAS),
    });
    Ok(Exit::Done)
}

fn named(name: &str) -> Result<&'static FileSchema> {
    let name_of = |schema: &FileSchema| schema.name;
    let names = shape::SCHEMAS.iter().map(name_of).chain(["events", "batch"]);
    let names = names.chain(OWN.iter().map(name_of));
    shape::SCHEMAS.iter().chain(&OWN).find(|schema| schema.name == name).ok_or_else(|| {
        let all: Vec<String> = names.clone().map(|name| format!("`{name}`")).collect();
        Failure::new(Exit::Usage, format!("no schema is called `{name}`"))
            .hint(
                did_you_mean(name, names)
                    .unwrap_or_else(|| format!("there are {}", all.join(", "))),
            )
            .into()
    })
}
