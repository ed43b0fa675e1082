//! Reads a whole project: its files, its story, and everything wrong with them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use anyhow::Result;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::folder::Folder;
use super::resolve::{Files, Shapes, resolve};
use super::schema::BookFile;
use super::shape::Lost;
use super::wishes::{self, Wishes};
use super::yaml::key_shaped;
use super::{layout, yaml};
use crate::diagnostic::{self, Finding, Place, did_you_mean};
use crate::story::Story;

/// What a project's own files say.
#[derive(Debug)]
pub struct Loaded {
    /// The story, as far as it could be resolved.
    pub story: Option<Story>,
    /// What `storygen.yaml` says of the run.
    pub wishes: Wishes,
    /// Everything wrong with the files, in order of place.
    pub findings: Vec<Finding>,
    /// The text of every file read, for showing findings.
    pub sources: BTreeMap<String, String>,
}

impl Loaded {
    /// The findings as they are shown: in order, the first of each kind, and no
    /// word of them that may be a key.
    #[must_use]
    pub fn shown(&self) -> Vec<Finding> {
        shown(self.findings.clone())
    }
}

/// Findings as they are shown: in order, the first of each kind, and no word of
/// them that may be a key.
#[must_use]
pub fn shown(mut findings: Vec<Finding>) -> Vec<Finding> {
    diagnostic::sort(&mut findings);
    let mut shown = diagnostic::abridge(findings);
    let blot = |text: &mut String| {
        if let Cow::Owned(blotted) = key_shaped::blotted_strictly(text) {
            *text = blotted;
        }
    };
    for finding in &mut shown {
        blot(&mut finding.message);
        finding.hints.iter_mut().for_each(blot);
    }
    shown
}

/// Reads the project in `folder`.
///
/// # Errors
///
/// Only when the folder itself cannot be read; everything else is a finding.
pub fn load(folder: &Folder) -> Result<Loaded> {
    let mut reader = Reader { folder, sources: BTreeMap::new(), findings: Vec::new() };
    let book: Option<(String, BookFile)> = reader.needed(layout::BOOK);
    let wishes = book.as_ref().map(|(file, book)| wishes::of(file, book)).unwrap_or_default();
    let names = match folder.list(layout::BIBLE) {
        Ok(names) => names,
        Err(error) => {
            // Nothing can be told of the files of a folder that is shut.
            reader.findings.push(unreadable(layout::BIBLE, &error, false));
            let Reader { findings, sources, .. } = reader;
            return Ok(Loaded { story: None, wishes, findings, sources });
        }
    };
    let shapes = Shapes {
        book,
        premise: reader.needed(layout::PREMISE),
        characters: reader.kind("characters"),
        world: reader.kind("world"),
        arcs: reader.kind("arcs"),
        threads: reader.kind("threads"),
        outline: reader.kind("outline"),
    };
    if shapes.outline.read.is_empty() && shapes.outline.complete {
        let finding = Finding::error(
            "missing-file",
            Place::file("bible/outline.yaml"),
            "there is no outline",
        )
        .hint("write `bible/outline.yaml`, or files in `bible/outline/`");
        reader.findings.push(finding);
    }
    reader.strays(names);
    let story = Some(resolve(shapes, &mut reader.findings));
    // What a chapter says once holds for all its scenes, and is one finding.
    diagnostic::sort(&mut reader.findings);
    reader.findings.dedup();
    Ok(Loaded { story, wishes, findings: reader.findings, sources: reader.sources })
}

struct Reader<'a> {
    folder: &'a Folder,
    sources: BTreeMap<String, String>,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    /// A file that every project has.
    fn needed<T: DeserializeOwned + JsonSchema>(&mut self, path: &str) -> Option<(String, T)> {
        if !self.folder.exists(path) {
            self.findings.push(
                Finding::error("missing-file", Place::file(path), format!("`{path}` is missing"))
                    .hint("`storygen init` shows in a new folder what it looks like"),
            );
            return None;
        }
        self.shape(path, &mut Lost::default()).map(|shape| (path.to_owned(), shape))
    }

    /// The files of a kind: `bible/NAME.yaml`, and those in `bible/NAME/`.
    fn kind<T: DeserializeOwned + JsonSchema>(&mut self, name: &str) -> Files<T> {
        let (mut paths, mut is_listed) = (Vec::new(), true);
        let single = format!("{}/{name}.yaml", layout::BIBLE);
        if self.folder.exists(&single) {
            paths.push(single);
        }
        let many = format!("{}/{name}", layout::BIBLE);
        if self.folder.is_folder(&many) {
            match self.folder.list(&many) {
                Ok(names) => {
                    let (read, rest) = names.into_iter().partition(|file: &String| is_yaml(file));
                    self.strays_among(&many, rest);
                    let read: Vec<String> = read;
                    paths.extend(read.into_iter().map(|file| format!("{many}/{file}")));
                }
                Err(error) => {
                    self.findings.push(unreadable(&many, &error, false));
                    is_listed = false;
                }
            }
        }
        let mut files = Files { read: Vec::new(), complete: is_listed, lost: Lost::default() };
        if self.folder.exists(&many) && !self.folder.is_folder(&many) {
            let message =
                format!("`{many}` is no folder; storygen follows no links inside a project");
            self.findings.push(
                Finding::error("unreadable", Place::file(&many), message)
                    .hint("put a folder there, or a file of that name ending in `.yaml`"),
            );
            files.complete = false;
        }
        for path in paths {
            match self.shape(&path, &mut files.lost) {
                Some(shape) => files.read.push((path, shape)),
                None => files.complete = false,
            }
        }
        files.complete &= !files.lost.unnamed;
        files
    }

    fn shape<T>(&mut self, path: &str, lost: &mut Lost) -> Option<T>
    where
        T: DeserializeOwned + JsonSchema,
    {
        let text = match self.folder.read_bytes(path, yaml::FILE_LIMIT) {
            Ok(bytes) => yaml::decode(path, &bytes.unwrap_or_default(), &mut self.findings),
            Err(error) => {
                let is_folder = self.folder.is_folder(path);
                self.findings.push(unreadable(path, &error, is_folder));
                return None;
            }
        };
        let shape = match &text {
            Ok(text) => yaml::salvage(path, text, &mut self.findings, lost),
            Err(_) => None,
        };
        let text = text.unwrap_or_else(|lossy| lossy);
        let shown = yaml::secret::masked(path, &text);
        let shown = key_shaped::blotted_strictly(&shown).into_owned();
        self.findings.extend(key_shaped::findings(path, &text));
        self.sources.insert(path.to_owned(), shown);
        shape
    }

    /// Files in `bible/` that nothing reads, most likely misnamed.
    fn strays(&mut self, names: Vec<String>) {
        const KINDS: [&str; 6] = ["premise", "characters", "world", "arcs", "threads", "outline"];
        for name in names {
            let path = format!("{}/{name}", layout::BIBLE);
            let stem = name.strip_suffix(".yaml");
            let known = |stem: &str| KINDS.contains(&stem);
            let is_known = match stem {
                Some(stem) => known(stem),
                None => known(&name) && name != "premise" && self.folder.is_folder(&path),
            };
            if is_known
                || name.starts_with('.')
                || !(is_yaml(&name) || self.folder.is_folder(&path))
            {
                continue;
            }
            let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
            let hint = match did_you_mean(stem, KINDS) {
                Some(hint) => format!("{hint} files end in `.yaml`"),
                None => format!(
                    "the bible's files are {}",
                    KINDS.map(|kind| format!("`{kind}.yaml`")).join(", ")
                ),
            };
            self.findings.push(
                Finding::warning("stray-file", Place::file(path), "nothing reads this file")
                    .hint(hint),
            );
        }
    }

    /// What stands in the folder of a kind and is not read.
    fn strays_among(&mut self, folder: &str, names: Vec<String>) {
        for name in names.into_iter().filter(|name| !name.starts_with('.')) {
            let path = format!("{folder}/{name}");
            let hint = if self.folder.is_folder(&path) {
                format!("put its files into `{folder}/` itself: folders in it are not read")
            } else {
                "the bible's files end in `.yaml`; notes may stand outside of `bible/`".to_owned()
            };
            let finding =
                Finding::warning("stray-file", Place::file(path), "nothing reads this file");
            self.findings.push(finding.hint(hint));
        }
    }
}

/// What stands at `path` cannot be read, for this reason.
fn unreadable(path: &str, error: &anyhow::Error, is_folder: bool) -> Finding {
    let is_denied = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == std::io::ErrorKind::PermissionDenied);
    // What several files may hold may stand in a folder without the ending.
    let folder = path
        .strip_suffix(".yaml")
        .filter(|_| path.starts_with(layout::BIBLE) && path != layout::PREMISE);
    let hint = match (is_denied, is_folder, folder) {
        (true, ..) => format!("give yourself the right to read it: `chmod u+rX {path}`"),
        (_, true, Some(folder)) => format!("a folder of such files is named `{folder}/`"),
        (_, true, None) => "move the folder away, and put a file there".to_owned(),
        (_, false, Some(folder)) => format!(
            "storygen reads regular files of at most 4 MiB; put one there, or several into `{folder}/`"
        ),
        (_, false, None) => {
            "storygen reads a regular file of at most 4 MiB; put one there".to_owned()
        }
    };
    Finding::error("unreadable", Place::file(path), format!("{error:#}")).hint(hint)
}

fn is_yaml(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    !name.starts_with('.') && [".yaml", ".yml"].iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Error, ErrorKind};

    #[test]
    fn each_reason_has_its_own_way_out() {
        let denied = || anyhow::Error::from(Error::from(ErrorKind::PermissionDenied));
        let odd = || anyhow::anyhow!("it is not a regular file");
        for (path, error, is_folder, expected) in [
            ("bible", denied(), false, "`chmod u+rX bible`"),
            (
                "bible/world.yaml",
                denied().context("cannot read it"),
                false,
                "`chmod u+rX bible/world.yaml`",
            ),
            ("storygen.yaml", odd(), true, "move the folder away"),
            ("bible/premise.yaml", odd(), true, "move the folder away"),
            ("bible/outline.yaml", odd(), true, "is named `bible/outline/`"),
            ("bible/outline.yaml", odd(), false, "or several into `bible/outline/`"),
            ("storygen.yaml", odd(), false, "a regular file of at most 4 MiB; put one there"),
        ] {
            let finding = unreadable(path, &error, is_folder);
            assert!(finding.hints[0].contains(expected), "{path}: {finding:?}");
        }
    }
}
