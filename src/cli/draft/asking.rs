//! What the author is asked before a run begins.

use anyhow::Result;

use super::Work;
use crate::failure::{Exit, Failure};
use crate::pipeline::plan::{self, Given, Wanted};
use crate::pipeline::run;
use crate::pipeline::settings::Settings;
use crate::project::archive::{Archive, Shelf};
use crate::prompt::brief;

/// Asks before money goes where the author may not expect it: into chapters
/// that are finished but stale, or that were edited by hand.
pub(super) fn ask_first(
    work: &Work<'_>,
    mut wanted: Wanted,
    archive: &Archive,
    settings: &Settings,
) -> Result<Wanted> {
    if wanted.redo {
        ask_about_edited(work, &wanted, archive)?;
    }
    if work.asks.is_sure
        || !work.ui.may_ask()
        || wanted.keep_stale
        || wanted.redo
        || work.asks.is_named
    {
        return Ok(wanted);
    }
    let inputs = run::all_inputs(&work.book.story, &work.book.templates);
    let tokens_per_word =
        brief::tokens_per_word(&work.book.story, &*work.book.staff.draft.tokenizer);
    let given = Given {
        story: &work.book.story,
        inputs: &inputs,
        shape: settings.memory(tokens_per_word),
        redrawn: &[],
    };
    let stale: Vec<String> = work
        .book
        .story
        .chapters
        .iter()
        .filter_map(|chapter| {
            let shelf = archive.chapters.get(&chapter.id)?;
            let because = plan::staleness(&given, chapter, shelf, "").because;
            (!because.is_empty())
                .then(|| format!("  chapter {}: {}", chapter.number, because.join(", ")))
        })
        .collect();
    if stale.is_empty() {
        return Ok(wanted);
    }
    work.ui.warn(&format!("changed in the bible since they were drafted:\n{}", stale.join("\n")));
    if !work.ui.agrees("draft these again? their takes are kept [y/N]") {
        wanted.keep_stale = true;
    }
    Ok(wanted)
}

fn ask_about_edited(work: &Work<'_>, wanted: &Wanted, archive: &Archive) -> Result<()> {
    let edited: Vec<String> = work
        .book
        .story
        .chapters
        .iter()
        .filter(|chapter| (wanted.first..=wanted.last).contains(&chapter.number))
        .filter(|chapter| archive.chapters.get(&chapter.id).is_some_and(Shelf::is_the_authors))
        .map(|chapter| chapter.number.to_string())
        .collect();
    if edited.is_empty() || work.asks.is_sure {
        return Ok(());
    }
    let which = format!(
        "chapter {} {} edited by hand",
        edited.join(", "),
        if edited.len() == 1 { "was" } else { "were" }
    );
    if !work.ui.may_ask() {
        return Err(Failure::new(
            Exit::Failed,
            format!("{which}; `--redo` would put another text in its place"),
        )
        .hint("your text would be kept as a take; add `--yes` if you mean it")
        .into());
    }
    if work.ui.agrees(&format!("{which}. Draw it anew? Your text is kept as a take [y/N]")) {
        return Ok(());
    }
    Err(Failure::new(Exit::Cancelled, "nothing was changed").into())
}
