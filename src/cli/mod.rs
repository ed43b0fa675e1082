//! The command line: one file a command, its arguments and its run.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::failure::{Exit, Failure};

mod batch;
mod calls;
mod catalogue;
mod check;
mod cost;
mod draft;
mod init;
mod model;
mod models;
mod open;
mod pasted;
mod prompt;
mod schema;
mod status;
mod stop;
mod takes;
mod templates;
mod trust;
mod ui;
mod unsent;
mod usage;

use ui::Ui;

/// Drafts a book from its story bible: YAML in, a continuous Markdown manuscript out.
#[derive(Debug, Parser)]
#[command(
    name = "storygen",
    version,
    infer_subcommands = false,
    disable_help_subcommand = true,
    max_term_width = 100
)]
struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command understands.
#[derive(Clone, Debug, Default, Args)]
struct Common {
    /// The project's folder [default: the nearest one from here upwards]
    #[arg(long, global = true, value_name = "DIR")]
    project: Option<PathBuf>,
    /// Print results only
    #[arg(short, long, global = true)]
    quiet: bool,
    /// No colours, whatever the terminal can do
    #[arg(long, global = true)]
    no_color: bool,
    /// Never ask: go on where nothing can be lost, refuse where something could
    #[arg(long, global = true)]
    no_input: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Arguments),
    Check(check::Arguments),
    Draft(draft::Arguments),
    Batch(batch::Arguments),
    Status(status::Arguments),
    #[command(subcommand)]
    Prompt(prompt::Arguments),
    Takes(takes::TakesArguments),
    Select(takes::SelectArguments),
    Log(takes::LogArguments),
    Cost(cost::Arguments),
    Usage(usage::Arguments),
    Calls(calls::Arguments),
    Undo(takes::UndoArguments),
    #[command(subcommand)]
    Templates(templates::Arguments),
    Models(models::Arguments),
    Schema(schema::Arguments),
    Trust(trust::Arguments),
}

/// Runs the program with these arguments; may be called more than once.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let arguments = match Arguments::try_parse_from(helped(arguments.into_iter().collect())) {
        Ok(arguments) => arguments,
        Err(error) => return ui::usage(&error),
    };
    let ui = Ui::new(&arguments.common);
    let outcome = dispatch(arguments.command, &arguments.common, &ui);
    match outcome.and_then(|exit| ui.all_shown().map(|()| exit)) {
        Ok(exit) => exit,
        Err(error) => {
            ui.failure(&error);
            error.downcast_ref::<Failure>().map_or(Exit::Failed, |failure| failure.exit)
        }
    }
}

/// `help COMMAND` as `COMMAND --help`, which is the same.
fn helped(mut arguments: Vec<OsString>) -> Vec<OsString> {
    if arguments.get(1).is_some_and(|word| word == "help") {
        arguments.remove(1);
        arguments.push("--help".into());
    }
    arguments
}

fn dispatch(command: Command, common: &Common, ui: &Ui) -> Result<Exit> {
    open::glance(common);
    match command {
        Command::Init(arguments) => init::run(arguments, common, ui),
        Command::Check(arguments) => check::run(&arguments, common, ui),
        Command::Draft(arguments) => draft::run(&arguments, common, ui),
        Command::Batch(arguments) => batch::run(&arguments, common, ui),
        Command::Status(arguments) => status::run(&arguments, common, ui),
        Command::Prompt(arguments) => prompt::run(&arguments, common, ui),
        Command::Takes(arguments) => takes::takes(&arguments, common, ui),
        Command::Select(arguments) => takes::select(&arguments, common, ui),
        Command::Cost(arguments) => cost::run(&arguments, common, ui),
        Command::Calls(arguments) => calls::run(&arguments, common, ui),
        Command::Usage(arguments) => usage::run(&arguments, common, ui),
        Command::Log(arguments) => takes::log(&arguments, common, ui),
        Command::Undo(arguments) => takes::undo(&arguments, common, ui),
        Command::Templates(arguments) => templates::run(&arguments, common, ui),
        Command::Models(arguments) => models::run(&arguments, common, ui),
        Command::Schema(arguments) => schema::run(&arguments, common, ui),
        Command::Trust(arguments) => trust::run(&arguments, common, ui),
    }
}
