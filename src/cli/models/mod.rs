//! `storygen models`: which models there are, what is known of them, and
//! whether they work here.
//!
//! | File | What |
//! |---|---|
//! | `table` | the models of the catalogue, a line for each host |
//! | `info` | all that is known of one |
//! | `words` | how counts and prices are written in both |
//! | `trial` | one small real call, and what it shows |
//! | `refresh` | vendors' own lists |
//! | `changes` | what they change, in words |
//! | `local` | the model files on this machine |

use anyhow::Result;

use super::Common;
use super::ui::Ui;
use crate::failure::Exit;

mod changes;
mod info;
mod local;
mod refresh;
mod table;
mod trial;
mod words;

/// List the models of the catalogue, tell all of one, try one, or fetch one
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    #[command(flatten)]
    filter: table::Filter,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    Info(info::Arguments),
    Test(trial::Arguments),
    Refresh(refresh::Arguments),
    /// List the model files that storygen finds on this machine
    List,
    /// Fetch a model file: the default one, or `ORG/REPO/FILE.gguf` of the hub
    Pull {
        /// The model [default: SmolLM2-135M-Instruct, 98 MB]
        name: Option<String>,
        /// Print what happens as JSON on standard output, one event a line
        #[arg(long)]
        json: bool,
    },
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, common: &Common, ui: &Ui) -> Result<Exit> {
    match &arguments.what {
        None => table::run(&arguments.filter, ui),
        Some(What::Info(arguments)) => info::run(arguments, ui),
        Some(What::Test(arguments)) => trial::run(arguments, common, ui),
        Some(What::Refresh(arguments)) => refresh::run(arguments, ui),
        Some(What::List) => local::list(ui),
        Some(What::Pull { name, json }) => {
            ui.telling(*json).until_ended(|ui| local::pull(name.as_deref(), ui))
        }
    }
}
