//! `storygen schema`: JSON Schemas that make an editor complete and check the YAML.

use anyhow::Result;

use super::{Common, open, ui::Ui};
use crate::failure::Exit;
use crate::project::schema;

/// Write the JSON Schemas of the project's files into `.storygen/schemas`
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Print one schema instead: storygen, premise, characters, world, arcs, threads, outline
    #[arg(long, value_name = "NAME")]
    print: Option<String>,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, common: &Common, ui: &Ui) -> Result<Exit> {
    let _ = (arguments, common, ui, open::folder, schema::CharactersFile { characters: vec![] });
    anyhow::bail!("to be written by the helper who owns this file")
}
