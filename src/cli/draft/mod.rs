//! `storygen draft`: draws what is missing or stale, in order.

use anyhow::Result;
use clap::Subcommand;
use tokio_util::sync::CancellationToken;

use super::model::{self, ModelArguments, Reach};
use super::ui::Ui;
use super::{Common, open, stop};
use crate::config::Config;
use crate::failure::{Exit, Failure};
use crate::pipeline::calling::Allowance;
use crate::pipeline::plan::Wanted;
use crate::project::folder::Folder;
use crate::story::Story;

mod asking;
mod book;
mod dry_run;
mod offline;
mod paying;
mod work;

pub(super) use book::{Book, Run};
pub(super) use work::{Asks, Foretold, Work};

use dry_run::dry_run;
use offline::Replaying;
pub(super) use paying::{PayArguments, caps};

/// Draft chapters: everything missing or stale, or those you name
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = false)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    /// Show every prompt that can be rendered, with its tokens; send nothing
    #[arg(short = 'n', long, global = true)]
    dry_run: bool,
    /// Draw a new take of finished chapters; the old takes are kept
    #[arg(long, global = true)]
    redo: bool,
    /// Also draft what is missing before the chapters you name
    #[arg(long, global = true)]
    through: bool,
    /// Also redraft chapters before which the text has changed since
    #[arg(long, global = true)]
    follow: bool,
    /// Leave chapters alone whose bible entries have changed since
    #[arg(long, global = true)]
    keep_stale: bool,
    /// Print the prose to standard output as it comes [default: when that is a terminal]
    #[arg(long, global = true)]
    stream: bool,
    /// Print what happens as JSON on standard output, one event a line
    #[arg(long, global = true, conflicts_with = "dry_run")]
    json: bool,
    /// Answer yes to every question
    #[arg(short, long, global = true)]
    yes: bool,
    /// Ask nobody: make everything from replies that are kept, and fail at the first that is not
    #[arg(long, global = true, conflicts_with_all = ["dry_run", "max_cost"])]
    offline: bool,
    /// Begin also where a budget is too low for all that is to be done: draft as far as
    /// the money goes, and stop before the first call that could pass the budget
    #[arg(long, global = true, conflicts_with_all = ["dry_run", "offline"])]
    as_far_as_it_goes: bool,
    #[command(flatten)]
    paying: PayArguments,
    #[command(flatten)]
    model: ModelArguments,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Draft one chapter
    Chapter {
        /// Its number or id
        #[arg(value_name = "N")]
        chapter: String,
    },
    /// Draft several chapters
    Chapters {
        /// Their numbers: `3-7`, `5-`, or one
        #[arg(value_name = "A-B")]
        range: String,
    },
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, common: &Common, ui: &Ui) -> Result<Exit> {
    ui.telling(arguments.json).until_ended(|ui| begin(arguments, common, ui))
}

fn begin(arguments: &Arguments, common: &Common, ui: &Ui) -> Result<Exit> {
    let config = Config::read()?;
    let run = Run {
        model: &arguments.model,
        paying: arguments.paying,
        goes_as_far: arguments.as_far_as_it_goes,
        allowance: Allowance::default(),
        config: &config,
        catalogue: &model::all(&config)?,
        reach: &Reach::default(),
        cancel: CancellationToken::new(),
        command: command_line(),
    };
    let folder = open::folder(common)?;
    if arguments.offline {
        return offline(arguments, &folder, &run, ui);
    }
    let book = Book::open(folder, &run, ui)?;
    let wanted = wanted(arguments, &book.story)?;
    if arguments.dry_run {
        model::must_be_here(&book.staff.draft)?;
        return dry_run(&book, &wanted, &run, ui);
    }
    let asks = Asks { is_sure: arguments.yes, is_named: arguments.what.is_some() };
    stop::watch(run.cancel.clone(), ui.clone())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // It begins with the first event: until then the author may be asked.
    let mut progress = None;
    let begin = || ui.drafting(arguments.stream, book.story.chapters.len());
    let work = Work { book: &book, run: &run, asks, foretold: None, ui };
    let outcome = runtime
        .block_on(work.run(wanted, &mut |event| progress.get_or_insert_with(begin).tell(event)));
    if let Some(mut progress) = progress {
        progress.end();
    }
    // A model that is still computing must not hold up the end.
    runtime.shutdown_background();
    outcome.map(|_| Exit::Done)
}

/// Drafts from replies that are kept; whatever models the project names.
fn offline(arguments: &Arguments, folder: &Folder, run: &Run<'_>, ui: &Ui) -> Result<Exit> {
    let (story, loaded) = open::sound(folder, ui)?;
    let replaying = Replaying {
        stream: arguments.stream,
        folder,
        story: &story,
        wishes: &loaded.wishes,
        templates: &open::templates(folder, &story)?,
        run,
        ui,
    };
    replaying.run(&wanted(arguments, &story)?)
}

/// The chapters that are meant.
fn wanted(arguments: &Arguments, story: &Story) -> Result<Wanted> {
    let count = story.chapters.len();
    let (first, last) = match &arguments.what {
        None => (1, count),
        Some(What::Chapter { chapter }) => {
            let number = open::chapter(story, chapter)?.number;
            (number, number)
        }
        Some(What::Chapters { range }) => match range.split_once('-') {
            // An id may hold a dash, too.
            _ if story.chapter_named(range).is_some() => {
                let number = open::chapter(story, range)?.number;
                (number, number)
            }
            Some((first, "")) => (open::chapter(story, first)?.number, count),
            Some((first, last)) => {
                (open::chapter(story, first)?.number, open::chapter(story, last)?.number)
            }
            None => {
                let number = open::chapter(story, range)?.number;
                (number, number)
            }
        },
    };
    if first > last {
        return Err(Failure::new(Exit::Usage, format!("the chapters {first}-{last} go backwards"))
            .hint(format!("write `{last}-{first}`"))
            .into());
    }
    Ok(Wanted {
        first,
        last,
        redo: arguments.redo,
        through: arguments.through,
        follow: arguments.follow,
        keep_stale: arguments.keep_stale,
    })
}

/// The command line for the journal. It holds no secrets: keys have no flags.
/// What only says how it is paid for is left out: the same command with more
/// money goes on where it stopped.
fn command_line() -> String {
    paying::without(std::env::args_os().skip(1).map(|one| one.to_string_lossy().into_owned()))
        .join(" ")
}
