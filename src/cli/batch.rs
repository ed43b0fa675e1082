//! `storygen batch`: drafts several books at once, within shared limits.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::time::Instant;

use anyhow::{Context, Result};
use tokio_util::sync::CancellationToken;

use super::cost::Sum;
use super::draft::{Asks, Book, Foretold, PayArguments, Run, Work};
use super::model::{self, ModelArguments, Reach};
use super::ui::books::Books;
use super::ui::{Ui, counted, events};
use super::{Common, stop};
use crate::config::Config;
use crate::failure::{self, Exit, Failure};
use crate::fleet::{pool, report};
use crate::money::Money;
use crate::pipeline::calling::{Allowance, Event, TOGETHER};
use crate::pipeline::plan::Wanted;
use crate::pipeline::run::Done;
use crate::project::history;
use crate::project::yaml::key_shaped;
use crate::provider::Total;
use crate::provider::http::gate::Limits;

mod opening;

use opening::{Ahead, Opened, Shelf};

/// Draft several books at once, within shared limits
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The projects' folders
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Books that are at work at the same time
    #[arg(long, default_value_t = 256, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    books: u32,
    /// Calls that each endpoint is asked at the same time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    concurrent: Option<u32>,
    /// Requests that each endpoint is sent in a minute
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    requests_per_minute: Option<u32>,
    /// Tokens, of prompts and replies, that each endpoint is asked for in a minute; a
    /// call that takes more by itself goes alone
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    tokens_per_minute: Option<u32>,
    /// Write what became of each book into a file, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Print what happens as JSON on standard output, one event a line
    #[arg(long)]
    json: bool,
    /// Also redraft chapters before which the text has changed since
    #[arg(long)]
    follow: bool,
    /// Leave chapters alone whose bible entries have changed since
    #[arg(long)]
    keep_stale: bool,
    /// Begin also where a budget is too low for all that is to be done: draft as far as
    /// the money goes, and stop before the first call that could pass the budget
    #[arg(long)]
    as_far_as_it_goes: bool,
    #[command(flatten)]
    paying: PayArguments,
    #[command(flatten)]
    model: ModelArguments,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, common: &Common, ui: &Ui) -> Result<Exit> {
    ui.telling(arguments.json).until_ended(|ui| begin(arguments, common, ui))
}

fn begin(arguments: &Arguments, common: &Common, ui: &Ui) -> Result<Exit> {
    if common.project.is_some() {
        return Err(Failure::new(Exit::Usage, "`batch` drafts the projects it is given")
            .hint("write their folders behind `batch`, without `--project`")
            .into());
    }
    let config = Config::read()?;
    let asked = Asked::of(arguments);
    let reach = Reach::limited(move |usual| asked.over(usual));
    let run = Run {
        model: &arguments.model,
        paying: arguments.paying,
        goes_as_far: arguments.as_far_as_it_goes,
        allowance: Allowance::default(),
        config: &config,
        catalogue: &model::all(&config)?,
        reach: &reach,
        cancel: CancellationToken::new(),
        command: "batch".to_owned(),
    };
    if let Some(file) = &arguments.report {
        can_be_written(file)?;
    }
    stop::watch(run.cancel.clone(), ui.clone())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let begun = Instant::now();
    let paths = each_once(&arguments.paths, ui);
    let books = ui.books(paths.len());
    let wanted = |chapters| Wanted {
        follow: arguments.follow,
        keep_stale: arguments.keep_stale,
        ..Wanted::rest(chapters)
    };
    let shelf = opening::open_all(&paths, &run, wanted, |path| of_book(path, &books, ui));
    opening::foretell(&shelf, &run, ui)?;
    let at_once = usize::try_from(arguments.books).unwrap_or(usize::MAX);
    let handle = runtime.handle();
    let batch = Batch { shelf, run: &run, books: &books, handle, wanted: &wanted, at_once };
    let done = pool::run(&paths, at_once, |index, path| batch.book(index, path, ui));
    books.end();
    runtime.shutdown_background();
    let report = report::report(done, begun.elapsed().as_secs_f64());
    for line in table(&report) {
        ui.say_result(&line);
    }
    if let Some(file) = &arguments.report {
        let text = serde_json::to_string_pretty(&report)?;
        fs_err::write(file, text + "\n").context("cannot write the report")?;
    }
    let exit = report::exit(&report.books.iter().map(|book| book.exit).collect::<Vec<_>>());
    match run.allowance.refused() {
        Some(refused) if refused.exit == exit => Err(refused.into()),
        Some(refused) => {
            ui.failure(&refused.into());
            Ok(exit)
        }
        None => Ok(exit),
    }
}

/// Finds out before the first call whether a report can be written here. What one of
/// an earlier batch holds is left, and where there is none, none is: a batch that is
/// refused, or killed, has no report. What is no file, a pipe, is not touched.
fn can_be_written(file: &Path) -> Result<()> {
    let found = fs_err::metadata(file);
    if found.as_ref().is_ok_and(std::fs::Metadata::is_file) && !may_be_replaced(file)? {
        let message = format!("`{}` is no report of an earlier batch", file.display());
        return Err(Failure::new(Exit::Usage, message)
            .hint("it is left as it is; name another file, or move it away")
            .into());
    }
    if found.as_ref().is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return Ok(());
    }
    let opened = fs_err::OpenOptions::new().append(true).create(true).open(file);
    opened.map(drop).context("cannot write the report")?;
    if found.is_err() {
        // Where it stands, should this be a link to it.
        fs_err::remove_file(fs_err::canonicalize(file)?)?;
    }
    Ok(())
}

/// Whether a file is empty, or the report of an earlier batch.
fn may_be_replaced(file: &Path) -> Result<bool> {
    const LIMIT: u64 = 64 * 1024 * 1024;
    let mut bytes = Vec::new();
    let opened = fs_err::File::open(file).context("cannot write the report")?;
    opened.take(LIMIT).read_to_end(&mut bytes).context("cannot write the report")?;
    Ok(bytes.trim_ascii().is_empty() || report::is_report(&bytes))
}

/// The projects without those that were named before, by whatever path: one book
/// is drafted by one run at a time.
fn each_once<'a>(paths: &'a [PathBuf], ui: &Ui) -> Vec<&'a PathBuf> {
    let mut seen: BTreeMap<PathBuf, &Path> = BTreeMap::new();
    let mut once = Vec::new();
    for path in paths {
        // What is not there is told of when its turn comes.
        let real = fs_err::canonicalize(path).unwrap_or_else(|_| path.clone());
        if let Some(before) = seen.get(&real) {
            let (path, before) = (path.display(), before.display());
            ui.warn(&format!("`{path}` is the same project as `{before}`; it is drafted once"));
        } else {
            seen.insert(real, path);
            once.push(path);
        }
    }
    once
}

/// The limits that flags ask for.
#[derive(Clone, Copy)]
struct Asked {
    concurrent: Option<usize>,
    requests: Option<u64>,
    tokens: Option<u64>,
}

impl Asked {
    fn of(arguments: &Arguments) -> Self {
        Self {
            concurrent: arguments.concurrent.and_then(|calls| usize::try_from(calls).ok()),
            requests: arguments.requests_per_minute.map(u64::from),
            tokens: arguments.tokens_per_minute.map(u64::from),
        }
    }

    fn over(self, usual: Limits) -> Limits {
        Limits {
            concurrent: self.concurrent.unwrap_or(usual.concurrent),
            requests: self.requests.or(usual.requests),
            tokens: self.tokens.or(usual.tokens),
        }
    }
}

/// Who speaks for a book.
fn of_book(path: &Path, books: &Books, ui: &Ui) -> Ui {
    ui.of_book(&path.display().to_string(), books)
}

/// What all books are drafted with.
struct Batch<'a> {
    shelf: Shelf,
    run: &'a Run<'a>,
    books: &'a Books,
    handle: &'a tokio::runtime::Handle,
    /// What is to be drafted of a book with so many chapters.
    wanted: &'a (dyn Fn(usize) -> Wanted + Sync),
    /// Books that are at work at the same time: the others wait.
    at_once: usize,
}

/// Words for the report, in which no key is to stand.
fn shown(words: &str) -> String {
    key_shaped::blotted_vendors(words).into_owned()
}

impl Batch<'_> {
    /// Drafts one book; says what became of it.
    fn book(&self, index: usize, path: &Path, ui: &Ui) -> report::Book {
        let begun = Instant::now();
        let name = path.display().to_string();
        let ui = of_book(path, self.books, ui);
        let mut account = Account::default();
        let outcome = self.draft(index, path, &ui, &mut account);
        let exit = match &outcome {
            Ok(_) => Exit::Done,
            Err(error) => error.downcast_ref::<Failure>().map_or(Exit::Failed, |own| own.exit),
        };
        ui.event(events::What::ended(&outcome.as_ref().map_or_else(
            |error| Err(Failure::new(exit, format!("{error:#}")).into()),
            |_| Ok(exit),
        )));
        let done = outcome.as_ref().copied().unwrap_or_default();
        let error = outcome.as_ref().err();
        // What is the same for all books is said once.
        if let Some(error) = error.filter(|error| error.to_string() != TOGETHER) {
            ui.failure(error);
        }
        report::Book {
            path: name,
            title: account.title,
            exit: exit as u8,
            error: error.map(|error| shown(&format!("{error:#}"))),
            help: error
                .map(failure::ways_out)
                .unwrap_or_default()
                .iter()
                .map(|way| shown(way))
                .collect(),
            chapters: account.chapters,
            standing: account.standing,
            drafted: done.drafted.max(account.drafted),
            recorded: done.recorded.max(account.recorded),
            words: account.words,
            prompt_tokens: account.total.usage.prompt,
            reply_tokens: account.total.usage.reply,
            cost: account.total.most().dollars(),
            unsaid: account.total.unsaid,
            seconds: begun.elapsed().as_secs_f64(),
        }
    }

    fn draft(&self, index: usize, path: &Path, ui: &Ui, account: &mut Account) -> Result<Done> {
        let opened = self
            .shelf
            .get(index)
            .and_then(|one| one.lock().unwrap_or_else(PoisonError::into_inner).take());
        let mut opened = opened.context("a book was lost")?;
        if index >= self.at_once {
            opened = opening::again(opened, path, self.run, self.wanted, ui);
        }
        let Opened { book, wanted, forecast, .. } = opened?;
        account.title = Some(book.story.book.title.clone());
        account.chapters = book.story.chapters.len();
        if self.run.cancel.is_cancelled() {
            account.standing = standing(&book).unwrap_or_default();
            return Err(Failure::new(Exit::Cancelled, "stopped before it was begun").into());
        }
        let mut line = self.books.begin(ui, &path.display().to_string(), account.chapters);
        let foretold = forecast.map(|Ahead { ground, forecast, .. }| Foretold {
            ground,
            sum: Sum::of(&[(&forecast, &book.staff)]),
        });
        let work = Work { book: &book, run: self.run, asks: Asks::default(), foretold, ui };
        let outcome = self.handle.block_on(work.run(wanted, &mut |event| {
            account.add(event);
            line.tell(event);
        }));
        line.end();
        account.standing = match account.drafted {
            all if all >= account.chapters => all,
            some => standing(&book).unwrap_or(some),
        };
        outcome
    }
}

/// How many chapters of a book have their text.
fn standing(book: &Book) -> Result<usize> {
    let archive = history::read(&book.folder, &book.story)?;
    let has_text = |id: &String| archive.chapters.get(id).is_some_and(|one| one.text.is_some());
    Ok(book.story.chapters.iter().filter(|chapter| has_text(&chapter.id)).count())
}

/// What a book has taken and given so far.
#[derive(Debug, Default)]
struct Account {
    title: Option<String>,
    chapters: usize,
    standing: usize,
    drafted: usize,
    recorded: usize,
    words: usize,
    total: Total,
}

impl Account {
    fn add(&mut self, event: &Event<'_>) {
        match event {
            Event::Drafted { words, .. } => {
                self.drafted += 1;
                self.words += words;
            }
            Event::Billed(total) => self.total.join(total),
            Event::Recorded { .. } => self.recorded += 1,
            _ => {}
        }
    }
}

/// The table that a run ends with.
fn table(report: &report::Report) -> Vec<String> {
    let width = report.books.iter().map(|book| book.path.chars().count()).max().unwrap_or(0);
    let width = width.clamp(4, 40);
    let mut lines = vec![format!("{:<width$}  {:>8}  {:>9}  outcome", "book", "chapters", "words")];
    for book in &report.books {
        let outcome = match &book.error {
            None => "done",
            Some(error) => error.lines().next().unwrap_or_default(),
        };
        let chapters = format!("{} / {}", book.standing, book.chapters);
        lines.push(format!("{:<width$}  {chapters:>8}  {:>9}  {outcome}", book.path, book.words));
    }
    let done = report.books.iter().filter(|book| book.is_done()).count();
    let cost: f64 = report.books.iter().map(|book| book.cost).sum();
    let cost = Money::of_dollars(cost).filter(|cost| *cost > Money::ZERO);
    let most = if report.books.iter().any(|book| book.unsaid > 0) { " at most" } else { "" };
    lines.push(format!(
        "{done} of {} done, {} words, {:.0} s{}",
        counted(report.books.len(), "book"),
        report.books.iter().map(|book| book.words).sum::<usize>(),
        report.seconds,
        cost.map_or_else(String::new, |cost| format!(", {cost}{most}"))
    ));
    lines
}
