//! Finds the project that a command is about.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use super::Common;
use super::ui::Ui;
use crate::config::{Config, trust};
use crate::date::date_time;
use crate::diagnostic::{self, Severity};
use crate::failure::{Exit, Failure};
use crate::project::archive::Archive;
use crate::project::folder::Folder;
use crate::project::history;
use crate::project::layout;
use crate::project::load::{Loaded, load, shown};
use crate::project::store::Store;
use crate::project::yaml::key_shaped;
use crate::project::{wishes, yaml};
use crate::prompt::templates::{TEMPLATE_LIMIT, Templates, is_own};
use crate::story::canon::Record;
use crate::story::{Chapter, Story};

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
        .hint(way_to_one(Some(&path)))
        .into());
    }
    let folder = Folder::open(&path)?;
    end_permission(&folder);
    Ok(folder)
}

/// Looks at the project that a command is run for, also where the command has no
/// need of one: a permission that its wish has outrun ends here.
pub(super) fn glance(common: &Common) {
    // What is no project has no permission to lose.
    let _ = folder(common);
}

/// Ends the permission of a project that asks for another endpoint by now than the
/// user has allowed it: any command that comes to see that ends it, also one that
/// asks nobody. Where that cannot be told or done, nothing is sent for it: whoever
/// sends something looks again, and fails.
pub(super) fn end_permission(folder: &Folder) {
    let Ok(config) = Config::read() else { return };
    if !trust::has_permission(&config, folder.path()).unwrap_or_default() {
        return;
    }
    let Ok(Some(text)) = folder.read(layout::BOOK, yaml::FILE_LIMIT) else { return };
    let mut findings = Vec::new();
    let book = yaml::salvage(layout::BOOK, &text, &mut findings, &mut yaml::Lost::default());
    let wish = book.and_then(|book| wishes::of(layout::BOOK, &book).endpoint);
    // A file that could not be read may still ask for what it asked before.
    let is_fault = |finding: &diagnostic::Finding| finding.severity == Severity::Error;
    if wish.is_some() || !findings.iter().any(is_fault) {
        let _ = trust::is_trusted(&config, folder.path(), wish.as_ref());
    }
}

/// A book's file under another ending, which nothing reads.
const MISNAMED: &str = "storygen.yml";

/// How to come to a project, where this folder seemed to be one.
fn way_to_one(folder: Option<&Path>) -> String {
    match folder.filter(|folder| folder.join(MISNAMED).is_file()) {
        Some(folder) => {
            format!("rename `{}` to `{}`", folder.join(MISNAMED).display(), layout::BOOK)
        }
        None => "`storygen init DIR` makes one; `--project DIR` names one".to_owned(),
    }
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
            .hint(way_to_one(from.ancestors().find(|folder| folder.join(MISNAMED).is_file())))
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
    let errors = count(&loaded, Severity::Error);
    for finding in loaded.shown() {
        if finding.severity == Severity::Error {
            ui.finding(&finding, loaded.sources.get(&finding.place.file).map(String::as_str));
        }
    }
    match loaded.story.take() {
        Some(story) if errors == 0 => Ok((story, loaded)),
        _ if has_untrusted(&loaded) => Err(Failure::new(
            Exit::Untrusted,
            "the project sets what only you may set, so nothing is sent",
        )
        .hint("take it out of `storygen.yaml`; `storygen check` shows all findings")
        .into()),
        _ => Err(Failure::new(
            Exit::Findings,
            format!("the bible has {errors} {}", if errors == 1 { "error" } else { "errors" }),
        )
        .hint("mend them and run the same command again; `storygen check` shows all findings")
        .into()),
    }
}

/// Whether the project sets what no project may.
fn has_untrusted(loaded: &Loaded) -> bool {
    loaded.findings.iter().any(|finding| finding.code == diagnostic::UNTRUSTED)
}

/// Whether a file of the project was read without a fault.
pub(super) fn is_read(loaded: &Loaded, file: &str) -> bool {
    let is_fault = |finding: &diagnostic::Finding| {
        finding.place.file == file && finding.severity == Severity::Error
    };
    !loaded.findings.iter().any(is_fault)
}

/// How many findings are of this severity.
pub(super) fn count(loaded: &Loaded, severity: Severity) -> usize {
    loaded.findings.iter().filter(|finding| finding.severity == severity).count()
}

/// Refuses a template with a word in it that has the shape of a key: it would be
/// sent with every prompt.
fn keyless(path: &str, text: &str) -> Result<()> {
    let keys = key_shaped::findings(path, text);
    let Some(finding) = keys.into_iter().find(|one| one.severity == Severity::Error) else {
        return Ok(());
    };
    let failure = Failure::new(Exit::Findings, format!("{}: {}", finding.place, finding.message));
    Err(finding.hints.into_iter().fold(failure, Failure::hint).into())
}

/// The project's templates: its own where it has any, else the built-in ones.
pub(super) fn templates(folder: &Folder, story: &Story) -> Result<Templates> {
    let mut own = BTreeMap::new();
    for name in folder.list(layout::TEMPLATES)?.into_iter().filter(|name| is_own(name)) {
        let path = format!("{}/{name}", layout::TEMPLATES);
        if let Some(text) = folder.read(&path, TEMPLATE_LIMIT)? {
            keyless(&path, &text)?;
            own.insert(name, text);
        }
    }
    Templates::new(&story.book.primary_language(), &own)
}

/// The chapter that a number or an id means.
pub(super) fn chapter<'a>(story: &'a Story, text: &str) -> Result<&'a Chapter> {
    let found = match text.parse::<usize>() {
        // An id may look like a number, too.
        Ok(number) => story.chapter(number).or_else(|| story.chapter_named(text)),
        Err(_) => story.chapter_named(text),
    };
    found.ok_or_else(|| {
        let failure = Failure::new(Exit::Usage, format!("the outline has no chapter `{text}`"));
        let ids = story.chapters.iter().map(|chapter| chapter.id.as_str());
        failure
            .hint(
                diagnostic::did_you_mean(text, ids)
                    .unwrap_or_else(|| format!("its chapters are 1 to {}", story.chapters.len())),
            )
            .into()
    })
}

/// Takes the project's lock and begins a run.
pub(super) fn store<'a>(folder: &'a Folder, command: &str) -> Result<Store<'a>> {
    Store::open(folder, command, seconds)
}

/// Where the user's ledger stands.
pub(super) fn ledger(config: &Config) -> PathBuf {
    config.data.join("ledger")
}

/// The day, as `2026-11-22`, UTC.
pub(super) fn today() -> String {
    date_time(seconds()).chars().take(10).collect()
}

/// Seconds since 1970, UTC.
pub(super) fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The records of all chapters that have one; a faulty canon file fails.
pub(super) fn records(
    story: &Story,
    archive: &Archive,
    ui: &Ui,
) -> Result<BTreeMap<usize, Record>> {
    let mut findings = Vec::new();
    let records = history::records(story, archive, &mut findings);
    if !diagnostic::has_errors(&findings) {
        return Ok(records);
    }
    for finding in &shown(findings) {
        let source = archive
            .chapters
            .values()
            .filter_map(|shelf| shelf.canon.as_ref())
            .find(|canon| canon.path == finding.place.file)
            .map(|canon| key_shaped::blotted(&canon.yaml));
        ui.finding(finding, source.as_deref());
    }
    Err(Failure::new(Exit::Findings, "the canon has errors")
        .hint("mend the file, or remove it: it is then made anew from the chapter")
        .into())
}

/// Refuses to draft a chapter whose text may be there under an earlier id: where
/// the outline gives none, the id comes from the title, and a new title is a new
/// id.
///
/// # Errors
///
/// When a text of the manuscript belongs to no chapter, and the chapter of its
/// number has none.
pub(super) fn no_stray_is_meant(story: &Story, archive: &Archive) -> Result<()> {
    for (id, path) in &archive.strays {
        let number = path.rsplit('/').next().and_then(|name| name.split('-').next()?.parse().ok());
        let Some(chapter) = number.and_then(|number: usize| story.chapter(number)) else {
            continue;
        };
        let shelf = archive.chapters.get(&chapter.id);
        if shelf.is_none_or(|shelf| shelf.text.is_none() && shelf.takes.is_empty()) {
            return Err(Failure::new(
                Exit::Failed,
                format!(
                    "`{path}` is the text of a chapter `{id}`, which the outline does not have; chapter {} is `{}` now, and has no text",
                    chapter.number, chapter.id
                ),
            )
            .hint(format!(
                "if that is the same chapter, write `id: {id}` into its entry; if not, move the file out of the folder"
            ))
            .into());
        }
    }
    Ok(())
}
