//! `storygen status`: a row a chapter, and the command to run next.

use std::collections::BTreeSet;
use std::panic::resume_unwind;

use anyhow::Result;
use owo_colors::OwoColorize;

use super::check::faults_of_models;
use super::model::{self, ModelArguments};
use super::pasted::project_flag;
use super::ui::{Ui, counted, table, terminal_width};
use super::{Common, open};
use crate::config::{Choice, Config, Origin};
use crate::failure::Exit;
use crate::money::Money;
use crate::pipeline::plan::{self, Given, Stale};
use crate::pipeline::run;
use crate::project::accounts::Accounts;
use crate::project::archive::{Archive, Shelf};
use crate::project::calls::{self, Lookup};
use crate::project::folder::Folder;
use crate::project::wishes::Role;
use crate::project::{history, journal, layout, lock};
use crate::prompt::memory::Shape;
use crate::story::{Chapter, Story, prose, take};

/// Show where the book stands: a row a chapter, and the next command
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, common: &Common, ui: &Ui) -> Result<Exit> {
    let folder = open::folder(common)?;
    // Looked at first: a run that ends in between has noted its calls by then.
    let holder = lock::holder(&folder);
    // A long book has as much written as its bible says of it.
    let (sound, gathered) = std::thread::scope(|scope| {
        let gathered = scope.spawn(|| history::gather(&folder));
        let sound = open::sound(&folder, ui);
        (sound, gathered.join().unwrap_or_else(|panic| resume_unwind(panic)))
    });
    let (story, loaded) = sound?;
    let templates = open::templates(&folder, &story)?;
    let archive = gathered.of(&folder, &story)?;
    let inputs = run::all_inputs(&story, &templates);
    let given = Given {
        story: &story,
        inputs: &inputs,
        // Staleness does not depend on how synopses are grouped.
        shape: Shape { group: 2, fan: 2 },
        redrawn: &[],
    };
    let mut rows = rows(&given, &archive);
    for row in rows.iter_mut().filter(|row| row.state == State::Missing) {
        row.begun = begun(&folder, archive.chapters.get(&row.chapter.id))?;
    }
    let config = Config::read()?;
    let flags = arguments.model.models();
    let catalogue = model::all(&config)?;
    let choice = config.choose(Role::Draft, &flags, &loaded.wishes.models);
    for finding in faults_of_models(&folder, &loaded, &config, &catalogue, choice.origin)? {
        ui.finding(&finding, loaded.sources.get(&finding.place.file).map(String::as_str));
    }
    // The project's own model has been told of, with its place.
    if choice.origin != Origin::Project
        && let Err(failure) = model::split(&choice.name, choice.origin, &catalogue)
    {
        ui.warn(&failure.message);
    }
    for line in model::withdrawn_besides(&flags, &loaded.wishes, &config, &catalogue) {
        ui.warn(&line);
    }
    let proxy = model::proxied(&choice, &loaded.wishes, &config, &catalogue);
    let Choice { name: model, origin } = choice;
    let proxy = proxy.map(|proxy| format!(", {proxy}")).unwrap_or_default();
    let left = left_behind(&story, &archive);
    let at_work = match holder {
        Some(_) => journal::last_run(&journal::read(&folder)?),
        None => None,
    };
    let cost = cost(&archive.accounts, at_work);
    let next = match holder {
        Some(run) => format!("{run} is at work on it; `storygen calls` shows what it asks"),
        None => format!("next: {}", next(&rows, common)),
    };
    let model = format!("{model} (from {origin}){proxy}");
    print(&story, &rows, &left, &model, cost, &next, ui);
    Ok(Exit::Done)
}

/// A chapter's row.
struct Row<'a> {
    chapter: &'a Chapter,
    state: State,
    words: Option<usize>,
    /// Words of replies that have come to no take yet.
    begun: usize,
    takes: usize,
    tokens: u64,
    stale: Stale,
    canon_by_author: bool,
    /// Why the text ends where its writer did not end it, if it does.
    stopped: Option<String>,
}

/// How far a chapter is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Missing,
    Removed,
    Edited,
    NoCanon,
    Stale,
    Drafted,
    Written,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Removed => "removed",
            Self::Edited => "edited",
            Self::NoCanon => "no canon",
            Self::Stale => "stale",
            Self::Drafted => "drafted",
            Self::Written => "by hand",
        }
    }
}

fn rows<'a>(given: &Given<'a>, archive: &Archive) -> Vec<Row<'a>> {
    let empty = Shelf::default();
    let mut before = String::new();
    let story: &'a Story = given.story;
    story
        .chapters
        .iter()
        .map(|chapter| {
            let shelf = archive.chapters.get(&chapter.id).unwrap_or(&empty);
            let stale = plan::staleness(given, chapter, shelf, &before);
            before = plan::roll(&before, Some(shelf));
            let drafting: u64 =
                shelf.takes.iter().map(|note| note.tokens.prompt + note.tokens.reply).sum();
            Row {
                chapter,
                state: state(shelf, &stale),
                words: shelf.text.as_ref().map(|text| text.words),
                begun: 0,
                takes: shelf.takes.len(),
                tokens: drafting + shelf.recording.prompt + shelf.recording.reply,
                stale,
                canon_by_author: shelf.canon.as_ref().is_some_and(|canon| canon.by_author),
                stopped: shelf.current().and_then(|note| note.stopped.clone()),
            }
        })
        .collect()
}

/// How many words are kept of a drawing that was stopped, or that a fault ended.
fn begun(folder: &Folder, shelf: Option<&Shelf>) -> Result<usize> {
    let mut words = 0;
    for digest in shelf.iter().flat_map(|shelf| &shelf.begun) {
        if let Lookup::Kept(found) = calls::look(folder, digest, true)? {
            words += prose::words(found.kept.good());
        }
    }
    Ok(words)
}

fn state(shelf: &Shelf, stale: &Stale) -> State {
    if shelf.text.is_none() {
        let kept = shelf.takes.iter().any(|note| Some(note.take) == shelf.selected);
        return if kept { State::Removed } else { State::Missing };
    }
    if shelf.is_edited() {
        return State::Edited;
    }
    if !shelf.has_canon() {
        return State::NoCanon;
    }
    if !stale.because.is_empty() {
        return State::Stale;
    }
    if shelf.is_the_authors() { State::Written } else { State::Drafted }
}

/// What is kept of chapters that are no longer in the outline.
fn left_behind(story: &Story, archive: &Archive) -> Vec<String> {
    let with_takes = archive.chapters.iter().filter(|(_, shelf)| !shelf.takes.is_empty());
    let ids: BTreeSet<&String> =
        with_takes.map(|(id, _)| id).chain(archive.strays.keys()).collect();
    ids.into_iter()
        .filter(|id| story.chapters.iter().all(|chapter| chapter.id != **id))
        .map(|id| {
            let takes = archive.chapters.get(id).map_or(0, |shelf| shelf.takes.len());
            let takes = (takes > 0)
                .then(|| format!("{} in {}/{id}", counted(takes, "take"), layout::TAKES));
            let kept: Vec<String> =
                takes.into_iter().chain(archive.strays.get(id).cloned()).collect();
            format!("`{id}` is no chapter of the outline; kept are {}", kept.join(" and "))
        })
        .collect()
}

fn print(
    story: &Story,
    rows: &[Row<'_>],
    left: &[String],
    model: &str,
    cost: Option<String>,
    next: &str,
    ui: &Ui,
) {
    ui.result(&format!("{}", story.book.title.bold()));
    // At once: the rows of a long book would be as many writes.
    let mut lines = table::lines(&rows.iter().map(cells).collect::<Vec<_>>(), terminal_width());
    lines.extend(left.iter().cloned());
    ui.result(&lines.join("\n"));
    let written: usize = rows.iter().filter_map(|row| row.words).sum();
    let target: u64 = rows.iter().map(|row| u64::from(row.chapter.words)).sum();
    let tokens: u64 = rows.iter().map(|row| row.tokens).sum();
    let done = rows.iter().filter(|row| row.words.is_some()).count();
    let all = rows.len();
    let sum = format!(
        "{done} of {all} chapters, {written} of {target} words, {tokens} tokens; model {model}"
    );
    for text in [sum].into_iter().chain(cost) {
        for line in table::broken(&text, terminal_width()) {
            ui.result(&line);
        }
    }
    // A command to copy stays on its line.
    ui.result(next);
}

/// What the book has cost, if anything; this run is at work.
fn cost(accounts: &Accounts, at_work: Option<u64>) -> Option<String> {
    let (settled, reserved) = (accounts.book.settled(), accounts.book.reserved());
    let under_way = at_work.map_or(Money::ZERO, |run| accounts.reserved_by(run));
    let unsure = match accounts.unsure {
        Money::ZERO => String::new(),
        some => format!(", and {some} at most for requests of which no figures came"),
    };
    let now = match under_way {
        Money::ZERO => String::new(),
        some => format!(", and {some} at most for what is under way"),
    };
    let open = match reserved.less(under_way) {
        Money::ZERO => String::new(),
        some => format!(", and {some} at most for calls that were cut off by a kill"),
    };
    let sure = settled.less(accounts.unsure);
    (settled + reserved > Money::ZERO)
        .then(|| format!("cost: {sure}{unsure}{now}{open}; `storygen usage` shows for what"))
}

/// A row as it is shown.
fn cells(row: &Row<'_>) -> table::Cells {
    let words = row.words.map_or_else(|| "-".to_owned(), |words| words.to_string());
    table::Cells {
        number: row.chapter.number,
        title: row.chapter.title.clone(),
        state: row.state.name(),
        words: format!("{words} / {}", row.chapter.words),
        takes: row.takes,
        tokens: row.tokens,
        remarks: remarks(row),
    }
}

fn remarks(row: &Row<'_>) -> String {
    let mut remarks = Vec::new();
    if !row.stale.because.is_empty() {
        remarks.push(format!("changed since: {}", row.stale.because.join(", ")));
    }
    if row.stale.earlier_text {
        remarks.push("earlier text changed since".to_owned());
    }
    match row.state {
        State::Edited => remarks.push("edited by hand, to be adopted".to_owned()),
        State::Missing if row.begun > 0 => {
            remarks.push(format!("begun: {} kept", counted(row.begun, "word")));
        }
        State::Removed => remarks.push("its file is gone, its takes are kept".to_owned()),
        _ => {}
    }
    if row.words.is_some_and(|words| take::is_short(words, row.chapter.words)) {
        remarks.push("much shorter than planned".to_owned());
    }
    if let Some(why) = &row.stopped {
        remarks.push(format!("may lack its end: {why}"));
    }
    if row.canon_by_author {
        remarks.push("canon corrected by hand".to_owned());
    }
    remarks.join("; ")
}

fn next(rows: &[Row<'_>], common: &Common) -> String {
    let project = project_flag(common);
    match rows.iter().find(|row| !matches!(row.state, State::Drafted | State::Written)) {
        Some(row) if row.state == State::Missing => {
            format!("storygen draft chapter {}{project}", row.chapter.number)
        }
        Some(_) => format!("storygen draft{project}"),
        None => "the book is drafted; read it in manuscript/".to_owned(),
    }
}
