//! `storygen init`: a new project that passes `check` and drafts as it is.

use anyhow::Result;

use super::{Common, ui::Ui};
use crate::failure::Exit;

/// Make a new project
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The folder to make it in
    #[arg(value_name = "DIR")]
    dir: std::path::PathBuf,
}

/// Runs the command.
pub(super) fn run(arguments: Arguments, common: &Common, ui: &Ui) -> Result<Exit> {
    let _ = (arguments, common, ui);
    anyhow::bail!("to be written by the helper who owns this file")
}
