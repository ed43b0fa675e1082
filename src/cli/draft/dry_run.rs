//! `storygen draft --dry-run`: every prompt that can be rendered, none of it sent.

use anyhow::Result;

use super::Work;
use crate::cli::{open, unsent};
use crate::failure::Exit;
use crate::pipeline::draft;
use crate::pipeline::plan::Wanted;
use crate::project::history;

/// Prints the prompts of the chapters that are wanted.
pub(super) fn dry_run(work: &Work<'_>, wanted: &Wanted) -> Result<Exit> {
    let archive = history::read(work.folder, work.story)?;
    let records = open::records(work.story, &archive, work.ui)?;
    unsent::with_session(
        &work.arguments.model,
        work.wishes,
        work.folder,
        work.story,
        work.templates,
        &work.staff.draft,
        (archive, records),
        |session, line| {
            let mut total = 0;
            let mut waiting = Vec::new();
            for chapter in &work.story.chapters {
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
                    work.ui.result(&format!(
                        "=== chapter {}{scene}: {} tokens, reply up to {reply}",
                        chapter.number, fitted.tokens
                    ));
                    for message in &fitted.messages {
                        work.ui.result(&format!("--- {}\n{}", message.role.name(), message.text));
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
                work.ui.say(&format!(
                    "left out: {which}, whose prompt needs the synopses of the chapters before it"
                ));
            }
            work.ui.say(&format!("{total} tokens in prompts; nothing was sent"));
            Ok(Exit::Done)
        },
    )
}
