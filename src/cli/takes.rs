//! `storygen takes`, `select`, `undo` and `log`: what was drawn, and which take counts.

use anyhow::Result;

use super::ui::table::wrapped;
use super::ui::{Ui, terminal_width, took};
use super::{Common, open};
use crate::date::date_time;
use crate::failure::{Exit, Failure};
use crate::pipeline::plan;
use crate::pipeline::replay;
use crate::pipeline::selection::{self, find_take, select_take};
use crate::project::archive::Shelf;
use crate::project::history;
use crate::project::journal::{self, Entry, Event, Origin, TakeNote};
use crate::project::store::Store;
use crate::story::{Chapter, Story};

/// List the takes of chapters
#[derive(Debug, clap::Args)]
pub(super) struct TakesArguments {
    /// A chapter's number or id [default: all]
    #[arg(value_name = "N")]
    chapter: Option<String>,
    /// Print the text of this take
    #[arg(long, value_name = "K", requires = "chapter")]
    show: Option<u32>,
}

/// Make a kept take the text of its chapter
#[derive(Debug, clap::Args)]
pub(super) struct SelectArguments {
    /// The chapter and the take, as `3@2`
    #[arg(value_name = "N@K")]
    what: String,
}

/// Take back what the last run selected; every text is kept
#[derive(Debug, clap::Args)]
pub(super) struct UndoArguments {}

/// Show what happened, newest last
#[derive(Debug, clap::Args)]
pub(super) struct LogArguments {
    /// At most so many lines
    #[arg(short = 'n', long, value_name = "N", default_value_t = 30)]
    lines: usize,
}

/// Runs `takes`.
pub(super) fn takes(arguments: &TakesArguments, common: &Common, ui: &Ui) -> Result<Exit> {
    let folder = open::folder(common)?;
    let (story, _) = open::sound(&folder, ui)?;
    let archive = history::read(&folder, &story)?;
    let only = arguments.chapter.as_deref().map(|text| open::chapter(&story, text)).transpose()?;
    for chapter in &story.chapters {
        if only.is_some_and(|only| only.number != chapter.number) {
            continue;
        }
        let Some(shelf) = archive.chapters.get(&chapter.id) else { continue };
        if let Some(take) = arguments.show {
            let note = find_take(chapter, shelf, take)?;
            ui.result(&history::take_text(&folder, note)?);
            continue;
        }
        let current = shelf.current().map(|note| note.take);
        for note in &shelf.takes {
            let mark = if current == Some(note.take) { "*" } else { " " };
            let by = by(note);
            ui.result(&format!(
                "{mark} {}@{}  {} words, by {by}",
                chapter.number, note.take, note.words
            ));
        }
    }
    Ok(Exit::Done)
}

/// Who wrote a take: the model that answered, and the one that was asked for, where
/// that is another name.
fn by(note: &TakeNote) -> String {
    match (note.origin, &note.model, &note.answered) {
        (Origin::Author, ..) => "the author".to_owned(),
        (_, None, None) => "a model".to_owned(),
        (_, Some(asked), Some(answered)) if asked != answered => {
            format!("{answered} (asked: {asked})")
        }
        (_, Some(one), _) | (_, None, Some(one)) => one.clone(),
    }
}

/// Runs `select`.
pub(super) fn select(arguments: &SelectArguments, common: &Common, ui: &Ui) -> Result<Exit> {
    let usage = || {
        Failure::new(Exit::Usage, format!("`{}` is no chapter and take", arguments.what))
            .hint("write `3@2` for the second take of chapter 3")
    };
    let (chapter, take) = arguments.what.split_once('@').ok_or_else(usage)?;
    let take: u32 = take.parse().map_err(|_| usage())?;
    let folder = open::folder(common)?;
    let (story, _) = open::sound(&folder, ui)?;
    let chapter = open::chapter(&story, chapter)?;
    let mut store = open::store(&folder, &format!("select {}", arguments.what))?;
    let mut archive = history::read(&folder, &story)?;
    let before = plan::before(&story, &archive, chapter.number);
    let shelf = archive.shelf(&chapter.id);
    adopt_if_edited(&story, chapter, shelf, before, &mut store, ui)?;
    let stands =
        shelf.selected == Some(take) && shelf.current().is_some_and(|note| note.take == take);
    // What changes nothing is nothing to undo.
    if !stands {
        select_take(&story, chapter, shelf, take, &mut store)?;
    }
    let has_canon = shelf.has_canon();
    replay::renew(&folder, &[], &archive)?;
    let word = if stands { "already" } else { "now" };
    ui.say(&format!("chapter {} is {word} take {take}", chapter.number));
    if !has_canon {
        ui.say(&format!(
            "its canon is from another text; `storygen draft chapter {}` makes it anew",
            chapter.number
        ));
    }
    Ok(Exit::Done)
}

/// Keeps the author's text before anything takes its place.
fn adopt_if_edited(
    story: &Story,
    chapter: &Chapter,
    shelf: &mut Shelf,
    before: String,
    store: &mut Store<'_>,
    ui: &Ui,
) -> Result<()> {
    if shelf.is_edited() {
        store.adopt(story, chapter, shelf, before)?;
        let take = shelf.selected.unwrap_or_default();
        ui.say(&format!("your edited text of chapter {} is kept as take {take}", chapter.number));
    }
    Ok(())
}

/// Runs `undo`.
pub(super) fn undo(_: &UndoArguments, common: &Common, ui: &Ui) -> Result<Exit> {
    let folder = open::folder(common)?;
    let (story, _) = open::sound(&folder, ui)?;
    let mut store = open::store(&folder, "undo")?;
    let entries = journal::read(&folder)?;
    let Some(run) = last_undoable(&entries) else {
        return Err(Failure::new(Exit::Failed, "there is nothing to undo").into());
    };
    let mut archive = history::read(&folder, &story)?;
    let changes = selection::changes(&entries, run);
    if changes.is_empty() {
        return Err(Failure::new(
            Exit::Failed,
            "the last run only kept your own text as a take; there is nothing of it to undo",
        )
        .hint("`storygen takes` lists the takes, `storygen select` chooses one")
        .into());
    }
    for (id, change) in changes {
        let Some(chapter) = story.chapter_named(&id) else { continue };
        let number = chapter.number;
        let shelf = archive.shelf(&id);
        if shelf.is_edited() || shelf.selected != change.after {
            ui.say(&format!("chapter {number} has changed since, and is left as it is"));
        } else if let Some(take) = change.before {
            select_take(&story, chapter, shelf, take, &mut store)?;
            ui.say(&format!("chapter {number} is take {take} again"));
        } else {
            store.clear(chapter, shelf)?;
            ui.say(&format!(
                "chapter {number} has no text again; `storygen takes {number}` lists what is kept"
            ));
        }
    }
    store.note(vec![Event::Undone { undone: run }])?;
    replay::renew(&folder, &[], &archive)?;
    Ok(Exit::Done)
}

/// The last run that selected something, is no undo, and was not undone.
fn last_undoable(entries: &[Entry]) -> Option<u64> {
    let undone: Vec<u64> = entries
        .iter()
        .flat_map(|entry| match entry.event {
            Event::Undone { undone } => vec![undone, entry.run],
            _ => Vec::new(),
        })
        .collect();
    entries
        .iter()
        .rev()
        .filter(|entry| matches!(entry.event, Event::Selected { .. } | Event::Cleared { .. }))
        .map(|entry| entry.run)
        .find(|run| !undone.contains(run))
}

/// Runs `log`.
pub(super) fn log(arguments: &LogArguments, common: &Common, ui: &Ui) -> Result<Exit> {
    let folder = open::folder(common)?;
    let mut entries = journal::read(&folder)?;
    entries.retain(|entry| sentence(&entry.event).is_some());
    for entry in entries.iter().skip(entries.len().saturating_sub(arguments.lines)) {
        if let Some(sentence) = sentence(&entry.event) {
            let head = format!("{}  run {:<4} ", date_time(entry.at), entry.run);
            for line in hung(&head, &sentence, terminal_width()) {
                ui.result(&line);
            }
        }
    }
    Ok(Exit::Done)
}

/// A sentence after its head; on a terminal it goes on below its own beginning.
fn hung(head: &str, sentence: &str, width: Option<usize>) -> Vec<String> {
    let Some(width) = width else { return vec![format!("{head}{sentence}")] };
    let begin = head.chars().count() + sentence.len() - sentence.trim_start().len();
    let lines = wrapped(sentence, width.saturating_sub(begin).max(16));
    let head = |index| if index == 0 { head } else { "" };
    lines.iter().enumerate().map(|(index, line)| format!("{:<begin$}{line}", head(index))).collect()
}

/// What an event is in words; none for one that only matters after a crash.
fn sentence(event: &Event) -> Option<String> {
    Some(match event {
        Event::Recording { .. }
        | Event::Ended
        | Event::Reserved { .. }
        | Event::Sent { .. }
        | Event::Called { .. } => return None,
        Event::Run { command } => format!("storygen {command}"),
        Event::Take(note) => {
            let by = match note.origin {
                Origin::Author => "by the author".to_owned(),
                Origin::Model => took(note.tokens.prompt, note.tokens.reply),
            };
            format!("  {}@{}: {} words, {by}", note.chapter, note.take, note.words)
        }
        Event::Selected { chapter, take } => format!("  {chapter} is take {take}"),
        Event::Cleared { chapter } => format!("  {chapter} has no text"),
        Event::Recorded { chapter, facts, dropped, .. } => {
            format!("  {chapter} recorded, facts: {facts}, dropped: {dropped}")
        }
        Event::Folded { from, to, .. } => format!("  chapters {from} to {to} folded"),
        Event::Rejected { chapter, reason, .. } => {
            format!("  {chapter}: a reply was rejected, {reason}")
        }
        Event::Undone { undone } => format!("  took back run {undone}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_hangs_below_its_beginning() {
        let sentence = "  ledger: a reply was rejected, it is much too short";
        let whole = ["10:00  run 1   ledger: a reply was rejected, it is much too short"];
        assert_eq!(hung("10:00  run 1 ", sentence, None), whole);
        assert_eq!(hung("10:00  run 1 ", sentence, Some(80)), whole);
        let narrow = [
            "10:00  run 1   ledger: a reply was",
            "               rejected, it is",
            "               much too short",
        ];
        assert_eq!(hung("10:00  run 1 ", sentence, Some(34)), narrow);
    }
}
