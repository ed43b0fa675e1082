//! Finds the project that a command is about.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Common;
use super::ui::Ui;
use crate::diagnostic::{self, Severity};
use crate::failure::{Exit, Failure};
use crate::project::folder::Folder;
use crate::project::layout;
use crate::project::load::{Loaded, load};
use crate::story::Story;

/// Opens the project's folder: the one named, or the nearest one upwards.
pub(super) fn folder(common: &Common) -> Result<Folder> {
    let path = match &common.project {
        Some(path) => path.clone(),
        None => nearest(&std::env::current_dir().context("cannot tell the current folder")?)?,
    };
    if !path.join(layout::BOOK).exists() {
        return Err(Failure::new(
            Exit::NoProject,
            format!("`{}` is no project: it has no `{}`", path.display(), layout::BOOK),
        )
        .hint("`storygen init DIR` makes one; `--project DIR` names one")
        .into());
    }
    Folder::open(&path)
}

fn nearest(from: &Path) -> Result<PathBuf> {
    from.ancestors()
        .find(|folder| folder.join(layout::BOOK).is_file())
        .map(Path::to_owned)
        .ok_or_else(|| {
            Failure::new(
                Exit::NoProject,
                format!("there is no project in `{}` or above it", from.display()),
            )
            .hint("`storygen init DIR` makes one; `--project DIR` names one")
            .into()
        })
}

/// Reads a project that has to be sound: prints every finding, and fails when
/// any is an error.
pub(super) fn sound(folder: &Folder, ui: &Ui) -> Result<(Story, Loaded)> {
    let mut loaded = load(folder)?;
    if let Some(story) = &loaded.story {
        loaded.findings.extend(crate::check::check(story));
    }
    diagnostic::sort(&mut loaded.findings);
    let errors = count(&loaded, Severity::Error);
    for finding in &diagnostic::abridge(loaded.findings.clone()) {
        if finding.severity == Severity::Error {
            ui.finding(finding, loaded.sources.get(&finding.place.file).map(String::as_str));
        }
    }
    match loaded.story.take() {
        Some(story) if errors == 0 => Ok((story, loaded)),
        _ => Err(Failure::new(
            Exit::Findings,
            format!("the bible has {errors} {}", if errors == 1 { "error" } else { "errors" }),
        )
        .hint("mend them and run the same command again; `storygen check` shows all findings")
        .into()),
    }
}

/// How many findings are of this severity.
pub(super) fn count(loaded: &Loaded, severity: Severity) -> usize {
    loaded
        .findings
        .iter()
        .filter(|finding| finding.severity == severity)
        .count()
}
