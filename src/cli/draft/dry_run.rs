//! `storygen draft --dry-run`: every prompt that can be rendered, none of it sent.

use anyhow::Result;

use super::{Book, Run};
use crate::cli::ui::Ui;
use crate::cli::{model, open, unsent};
use crate::failure::Exit;
use crate::pipeline::draft;
use crate::pipeline::plan::Wanted;
use crate::project::history;

/// Prints the prompts of the chapters that are wanted.
pub(super) fn dry_run(book: &Book, wanted: &Wanted, run: &Run<'_>, ui: &Ui) -> Result<Exit> {
    model::tell_left_out(&[&book.staff.draft], ui);
    let archive = history::read(&book.folder, &book.story)?;
    let records = open::records(&book.story, &archive, ui)?;
    unsent::with_session(
        run.model,
        &book.wishes,
        &book.folder,
        &book.story,
        &book.templates,
        &book.staff.draft,
        (archive, records),
        |session, line| {
            let mut total = 0;
            let mut waiting = Vec::new();
            for chapter in &book.story.chapters {
                if !(wanted.first..=wanted.last).contains(&chapter.number) {
                    continue;
                }
                let told = chapter.number - 1 == session.records.range(..chapter.number).count();
                if !told {
                    waiting.push(chapter.number);
                    continue;
                }
                let materials = session.materials(chapter.number);
                for task in draft::tasks(chapter, line.settings, materials.tokens_per_word) {
                    let (fitted, reply) = draft::prompt(&materials, task, "", line)?;
                    let scene = task
                        .scene
                        .map(|scene| format!(", scene {}", scene + 1))
                        .unwrap_or_default();
                    ui.result(&format!(
                        "=== chapter {}{scene}: {} tokens, reply up to {reply}",
                        chapter.number, fitted.tokens
                    ));
                    for message in &fitted.messages {
                        ui.result(&format!("--- {}\n{}", message.role.name(), message.text));
                    }
                    total += fitted.tokens;
                }
            }
            if let (Some(first), Some(last)) = (waiting.first(), waiting.last()) {
                let which = if first == last {
                    format!("chapter {first}")
                } else {
                    format!("chapters {first} to {last}")
                };
                ui.say(&format!(
                    "left out: {which}, whose prompt needs the synopses of the chapters before it"
                ));
            }
            ui.say(&format!("{total} tokens in prompts; nothing was sent"));
            Ok(Exit::Done)
        },
    )
}
