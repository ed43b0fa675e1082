//! `storygen draft`: draws what is missing or stale, in order.

use anyhow::Result;
use clap::Subcommand;
use tokio_util::sync::CancellationToken;

use super::model::{self, ModelArguments, Named};
use super::ui::{Ui, counted};
use super::unsent::Unloaded;
use super::{Common, open, stop};
use crate::config::Config;
use crate::failure::{Exit, Failure};
use crate::pipeline::calling::{Line, Purse};
use crate::pipeline::plan::{Step, Wanted};
use crate::pipeline::replay::{self, Conditions};
use crate::pipeline::run::{Done, Session};
use crate::pipeline::settings::Settings;
use crate::pipeline::{draft, rendering, run};
use crate::project::folder::Folder;
use crate::project::history;
use crate::project::journal::Event;
use crate::project::layout;
use crate::project::load::Wishes;
use crate::prompt::templates::Templates;
use crate::provider::Provider;
use crate::story::Story;

mod asking;
mod dry_run;
mod offline;
mod paying;

use asking::ask_first;
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
    /// Answer yes to every question
    #[arg(short, long, global = true)]
    yes: bool,
    /// Ask nobody: make everything from replies that are kept, and fail at the first that is not
    #[arg(long, global = true, conflicts_with_all = ["dry_run", "max_cost"])]
    offline: bool,
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
    let folder = open::folder(common)?;
    let (story, loaded) = open::sound(&folder, ui)?;
    let wanted = wanted(arguments, &story)?;
    let templates = open::templates(&folder, &story)?;
    if arguments.offline {
        let replaying =
            Replaying { arguments, folder: &folder, story: &story, templates: &templates, ui };
        return replaying.run(&wanted);
    }
    let config = Config::read()?;
    let named = model::name(&arguments.model, &loaded.wishes, &config)?;
    let work = Work {
        arguments,
        folder: &folder,
        story: &story,
        wishes: &loaded.wishes,
        templates: &templates,
        config: &config,
        named: &named,
        ui,
    };
    if arguments.dry_run {
        model::must_be_here(&named)?;
        return dry_run(&work, &wanted);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(work.run(wanted));
    // A model that is still computing must not hold up the end.
    runtime.shutdown_background();
    outcome
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

/// Everything a drafting run needs to hand.
struct Work<'a> {
    arguments: &'a Arguments,
    folder: &'a Folder,
    story: &'a Story,
    wishes: &'a Wishes,
    templates: &'a Templates,
    config: &'a Config,
    named: &'a Named,
    ui: &'a Ui,
}

impl Work<'_> {
    async fn run(&self, wanted: Wanted) -> Result<Exit> {
        let mut store = open::store(self.folder, &command_line())?;
        let archive = history::read(self.folder, self.story)?;
        open::no_stray_is_meant(self.story, &archive)?;
        let records = open::records(self.story, &archive, self.ui)?;
        let settings = model::settings(&self.arguments.model, self.wishes, &self.named.facts);
        let kept_stale = wanted.keep_stale;
        let wanted = ask_first(self, wanted, &archive, &settings)?;
        let declined = wanted.keep_stale && !kept_stale;
        let cancel = CancellationToken::new();
        stop::watch(cancel.clone(), self.ui.clone())?;
        // What needs no model is told before one is loaded.
        let unloaded = Unloaded(&self.named.facts);
        let idle = Line {
            tokenizer: self.named.tokenizer.clone(),
            cancel: cancel.clone(),
            ..Line::new(&unloaded, self.folder, &settings, Purse::default())
        };
        let accounts = archive.accounts.clone();
        let mut session = Session::new(self.story, self.templates, archive, records, &idle);
        match session.next_step(&wanted) {
            Step::Done => {
                store.note(vec![Event::Ended])?;
                self.ui.say(if declined {
                    "nothing else to draft; the changed chapters are left as they are"
                } else {
                    "nothing to draft: all is up to date"
                });
                return Ok(Exit::Done);
            }
            Step::Draft(number) if !self.named.is_absent => {
                self.try_prompt(number, &mut session, &idle)?;
            }
            Step::Blocked { chapter, by, has_text } => {
                return Err(run::blocked(chapter, by, has_text).into());
            }
            _ => {}
        }
        rendering::try_out(self.story, self.templates)?;
        let floor = paying::foretell(self, &session.archive, &settings, &wanted)?;
        let ready = model::ready(
            self.named,
            &self.arguments.model,
            self.config,
            &self.folder.path().join(layout::CACHE),
            self.ui,
        )
        .await?;
        let purse = paying::purse(self, &store, accounts, floor)?;
        let conditions = self.conditions(ready.provider(), &settings);
        replay::renew(self.folder, Some(&conditions), &session.archive)?;
        let line = Line {
            cancel,
            conditions: Some(conditions.digest()),
            ..Line::new(ready.provider(), self.folder, &settings, purse)
        };
        let mut progress = self.ui.drafting(self.arguments.stream, self.story.chapters.len());
        let outcome =
            session.run(&wanted, &mut store, &line, &mut |event| progress.tell(&event)).await;
        progress.end();
        // What was drawn counts for a replay, however the run ended.
        let renewed = replay::renew(self.folder, Some(&conditions), &session.archive);
        let done = outcome?;
        renewed?;
        store.note(vec![Event::Ended])?;
        if let model::Ready::Script(script) = &ready
            && script.unused() > 0
        {
            let left = counted(script.unused(), "answer");
            return Err(
                Failure::new(Exit::Provider, format!("the script has {left} left over")).into()
            );
        }
        report(done, self.ui);
        Ok(Exit::Done)
    }

    /// Makes the first prompt of a chapter: one that cannot be made stops the run
    /// before the model is loaded.
    fn try_prompt(&self, number: usize, session: &mut Session<'_>, line: &Line<'_>) -> Result<()> {
        let Some(chapter) = self.story.chapter(number) else { return Ok(()) };
        let materials = session.materials(number);
        let tasks = draft::tasks(chapter, line.settings, materials.tokens_per_word);
        if let Some(task) = tasks.into_iter().next() {
            draft::prompt(&materials, task, "", line)?;
        }
        Ok(())
    }

    /// The conditions under which this run asks.
    fn conditions(&self, provider: &dyn Provider, settings: &Settings) -> Conditions {
        let project = self.wishes.model.as_ref().map(|(model, _)| model.as_str());
        let (named, _) = self.config.model(self.arguments.model.model.as_deref(), project);
        Conditions::of(&named, provider.facts(), &*provider.tokenizer(), settings)
    }
}

/// Says what was done.
fn report(done: Done, ui: &Ui) {
    let said: Vec<String> = [("drafted", done.drafted), ("recorded", done.recorded)]
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(did, count)| format!("{did} {}", counted(count, "chapter")))
        .collect();
    let nothing = "nothing had to be drafted";
    ui.say(&if said.is_empty() { nothing.to_owned() } else { said.join(", ") });
}

/// The command line for the journal. It holds no secrets: keys have no flags.
/// What only says how it is paid for is left out: the same command with more
/// money goes on where it stopped.
fn command_line() -> String {
    paying::without(std::env::args_os().skip(1).map(|one| one.to_string_lossy().into_owned()))
        .join(" ")
}
