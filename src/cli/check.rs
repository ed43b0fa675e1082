//! `storygen check`: everything wrong with the bible, at once and offline.

use anyhow::Result;

use super::ui::{Ui, counted};
use super::{Common, open};
use crate::diagnostic::Severity;
use crate::failure::Exit;
use crate::project::load::load;

mod beside;

pub(super) use beside::models as faults_of_models;

/// Check the bible: every finding with its place and a way out
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// End with exit code 4 at findings of this severity or worse
    #[arg(long, value_name = "LEVEL", default_value = "error")]
    fail_on: Level,
}

/// The least severity that fails a check.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Level {
    Error,
    Warning,
    Note,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, common: &Common, ui: &Ui) -> Result<Exit> {
    let folder = open::folder(common)?;
    let mut loaded = load(&folder)?;
    if let Some(story) = &loaded.story {
        loaded.findings.extend(crate::check::check(story));
    }
    // What cannot be read at all is told after the findings.
    let beside = beside::check(&folder, &mut loaded, ui);
    let (errors, warnings) =
        (open::count(&loaded, Severity::Error), open::count(&loaded, Severity::Warning));
    let least = match arguments.fail_on {
        Level::Error => Severity::Error,
        Level::Warning => Severity::Warning,
        Level::Note => Severity::Note,
    };
    let failed = loaded.findings.iter().any(|finding| finding.severity >= least);
    for finding in loaded.shown() {
        let source = loaded.sources.get(&finding.place.file);
        ui.finding(&finding, source.map(String::as_str));
    }
    beside?;
    ui.result(&match (&loaded.story, errors, warnings) {
        (Some(story), 0, 0) => format!(
            "{}: {}, {}, {}, {}; nothing to mend",
            story.book.title,
            counted(story.chapters.len(), "chapter"),
            counted(story.characters.len(), "character"),
            counted(story.arcs.len(), "arc"),
            counted(story.threads.len(), "thread")
        ),
        _ => format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")),
    });
    Ok(if failed { Exit::Findings } else { Exit::Done })
}
