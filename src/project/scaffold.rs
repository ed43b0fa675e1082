//! A new project: a small story that passes `check` and drafts as it is, in
//! files whose comments teach.
//!
//! Comments and texts are apart: the files of a comment language (`english`,
//! `german`) have slots `{{name}}`, a table of texts (`en.txt`, …) fills them.
//! What the user gave is always quoted, so no title can break a file.

use std::collections::HashMap;
use std::fmt::Write as _;

use anyhow::Result;

use super::folder::Folder;
use super::{layout, shape, yaml};
use crate::failure::{Exit, Failure};
use crate::story::slug;

mod quote;

use quote::{folded, quoted};

/// What the user says of the new book.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The title; none for the starter story's own.
    pub title: Option<String>,
    /// The author's name.
    pub author: Option<String>,
    /// The language, as a BCP-47 tag.
    pub language: String,
    /// The genre; none for the starter story's own.
    pub genre: Option<String>,
    /// How many chapters.
    pub chapters: usize,
}

/// A starter story in one language.
struct Starter {
    /// The primary language subtag.
    language: &'static str,
    /// The texts, a line each: `name = text`.
    texts: &'static str,
    /// The files with their comments.
    files: &'static [(&'static str, &'static str)],
}

const ENGLISH: &[(&str, &str)] = &[
    (layout::BOOK, include_str!("scaffold/english/storygen.yaml")),
    (layout::PREMISE, include_str!("scaffold/english/premise.yaml")),
    ("bible/characters.yaml", include_str!("scaffold/english/characters.yaml")),
    ("bible/world.yaml", include_str!("scaffold/english/world.yaml")),
    ("bible/arcs.yaml", include_str!("scaffold/english/arcs.yaml")),
    ("bible/threads.yaml", include_str!("scaffold/english/threads.yaml")),
    (OUTLINE, include_str!("scaffold/english/outline.yaml")),
];
const GERMAN: &[(&str, &str)] = &[
    (layout::BOOK, include_str!("scaffold/german/storygen.yaml")),
    (layout::PREMISE, include_str!("scaffold/german/premise.yaml")),
    ("bible/characters.yaml", include_str!("scaffold/german/characters.yaml")),
    ("bible/world.yaml", include_str!("scaffold/german/world.yaml")),
    ("bible/arcs.yaml", include_str!("scaffold/german/arcs.yaml")),
    ("bible/threads.yaml", include_str!("scaffold/german/threads.yaml")),
    (OUTLINE, include_str!("scaffold/german/outline.yaml")),
];
const OUTLINE: &str = "bible/outline.yaml";
const SCENE: &str = include_str!("scaffold/scene.yaml");
/// What version control need not keep, said in storygen's own folder, so that a
/// repository's file stays as it is.
const IGNORED: &str = "/cache/\n/lock\n";

/// The first one serves every language that has none of its own.
const STARTERS: &[Starter] = &[
    Starter { language: "en", texts: include_str!("scaffold/en.txt"), files: ENGLISH },
    Starter { language: "de", texts: include_str!("scaffold/de.txt"), files: GERMAN },
    Starter { language: "fr", texts: include_str!("scaffold/fr.txt"), files: ENGLISH },
    Starter { language: "es", texts: include_str!("scaffold/es.txt"), files: ENGLISH },
];

/// The title and genre that a book in this language gets where the user gives none.
#[must_use]
pub fn defaults(language: &str) -> (String, String) {
    let texts = texts(starter(language).0);
    let text = |name| texts.get(name).copied().unwrap_or_default().to_owned();
    (text("title"), text("genre"))
}

/// The files of a new project: path and text each, the one that makes the
/// folder a project last.
#[must_use]
pub fn files(wish: &Wish) -> Vec<(String, String)> {
    let (starter, own) = starter(&wish.language);
    let texts = texts(starter);
    let mut slots: Slots<'_> =
        texts.iter().map(|(name, text)| (*name, Slot::Text((*text).to_owned()))).collect();
    let foreign = match texts.get("foreign") {
        Some(text) if !own => format!("#\n# {text}\n"),
        _ => String::new(),
    };
    slots.insert("foreign", Slot::Raw(foreign));
    slots.insert("language", Slot::Raw(quoted(&wish.language)));
    slots.insert(
        "author",
        Slot::Raw(match &wish.author {
            Some(author) => format!("author: {}", quoted(author)),
            None => "# author:".to_owned(),
        }),
    );
    slots.insert("threads", Slot::Raw(thread(&texts, wish.chapters)));
    for (name, given) in [("title", &wish.title), ("genre", &wish.genre)] {
        if let Some(given) = given {
            slots.insert(name, Slot::Raw(quoted(given)));
        }
    }
    let mut files: Vec<(String, String)> = starter
        .files
        .iter()
        .map(|(path, template)| {
            let mut text = fill(template, &slots);
            if *path == OUTLINE {
                text += &outline(&texts, wish.chapters);
            }
            ((*path).to_owned(), text)
        })
        .collect();
    let schemas = shape::SCHEMAS.iter();
    files.extend(schemas.map(|kind| (schema_path(kind), shape::schema_text(kind))));
    files.push((".storygen/.gitignore".to_owned(), IGNORED.to_owned()));
    files.sort_by_key(|(path, _)| (path == layout::BOOK, path.clone()));
    files
}

/// Writes the files of a new project, or none.
///
/// # Errors
///
/// When one of them exists already, and nothing is written then; or when one
/// cannot be written.
pub fn write(folder: &Folder, files: &[(String, String)]) -> Result<()> {
    let taken: Vec<String> = files
        .iter()
        .filter(|(path, _)| folder.exists(path))
        .map(|(path, _)| format!("`{path}`"))
        .collect();
    if !taken.is_empty() {
        return Err(Failure::new(
            Exit::Failed,
            format!("`{}` already holds {}", folder.path().display(), listed(&taken)),
        )
        .hint("nothing was written; name a new folder, or move these away")
        .into());
    }
    for (index, (path, text)) in files.iter().enumerate() {
        if let Err(error) = folder.write_new(path, text.as_bytes()) {
            for (path, _) in files.iter().take(index) {
                // Half a project helps nobody; the first error is what counts.
                let _ = folder.remove(path);
            }
            return Err(error);
        }
    }
    Ok(())
}

/// The first few of many names.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 4;
    let shown = names.iter().rev().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Writes the schemas that are missing or differ; gives how many.
///
/// # Errors
///
/// When one cannot be read or written.
pub fn write_schemas(folder: &Folder) -> Result<usize> {
    let mut written = 0;
    for kind in shape::SCHEMAS {
        let (path, text) = (schema_path(kind), shape::schema_text(kind));
        if folder.read_bytes(&path, yaml::FILE_LIMIT)?.as_deref() != Some(text.as_bytes()) {
            folder.write(&path, text.as_bytes())?;
            written += 1;
        }
    }
    Ok(written)
}

fn schema_path(kind: &shape::FileSchema) -> String {
    format!("{}/{}.json", layout::SCHEMAS, kind.name)
}

/// The starter for a language, and whether it is in that language.
fn starter(language: &str) -> (&'static Starter, bool) {
    let primary = language.split('-').next().unwrap_or_default().to_ascii_lowercase();
    match STARTERS.iter().find(|starter| starter.language == primary) {
        Some(starter) => (starter, true),
        None => (&STARTERS[0], false),
    }
}

type Texts = HashMap<&'static str, &'static str>;

fn texts(starter: &Starter) -> Texts {
    let lines = starter.texts.lines().filter_map(|line| line.split_once('='));
    lines.map(|(name, text)| (name.trim(), text.trim())).collect()
}

/// What stands in a slot.
enum Slot {
    /// YAML as it is.
    Raw(String),
    /// A text of ours, quoted or folded as needed.
    Text(String),
}

type Slots<'a> = HashMap<&'a str, Slot>;

/// The widest line that a text of ours is not folded for.
const WIDTH: usize = 92;

/// Puts the slots' values into a template.
fn fill(template: &str, slots: &Slots<'_>) -> String {
    let mut filled = String::new();
    for line in template.lines() {
        let mut rest = line;
        let indent = line.len() - line.trim_start().len();
        while let Some((before, (name, after))) = rest
            .split_once("{{")
            .and_then(|(before, after)| Some((before, after.split_once("}}")?)))
        {
            filled += before;
            match slots.get(name) {
                Some(Slot::Raw(text)) => filled += text,
                Some(Slot::Text(text)) if before.chars().count() + text.chars().count() > WIDTH => {
                    filled += &folded(text, indent + 2);
                }
                Some(Slot::Text(text)) => filled += &quoted(text),
                None => {}
            }
            rest = after;
        }
        filled += rest;
        filled.push('\n');
    }
    filled
}

/// The thread, which needs a chapter to be planted in and a later one.
fn thread(texts: &Texts, chapters: usize) -> String {
    let text = |name| texts.get(name).copied().unwrap_or_default();
    if chapters < 2 {
        return format!("# {}\nthreads: []\n", text("no-thread"));
    }
    format!(
        "threads:\n  - id: who-hid-them\n    thread: {}\n    planted: 1\n    paid_off_by: {chapters}\n    payoff: {}\n",
        quoted(text("thread-question")),
        quoted(text("payoff")),
    )
}

/// The starter's three scenes: number of the text, place, day, time, cast, beat.
const SCENES: [(&str, &str, &str, &str, &str, &str); 3] = [
    ("1", "hall", "1998-05-11", "09:00", "[mara, anton]", "[letters-found]"),
    ("2", "station", "1998-05-13", "18:30", "[mara, ida]", "[letters-read]"),
    ("3", "hall", "1998-05-16", "19:00", "[mara, anton, ida]", "[letters-given]"),
];

/// The chapters: as many of the starter's three as there is room for, and
/// between them and the last one placeholders.
fn outline(texts: &Texts, chapters: usize) -> String {
    let text = |name: &str| texts.get(name).copied().unwrap_or_default();
    let mut outline = "chapters:\n".to_owned();
    let mut chapter = |number: usize, scenes: std::ops::RangeInclusive<usize>| {
        let scenes: Vec<String> =
            SCENES.get(scenes).unwrap_or_default().iter().map(|one| scene(texts, one)).collect();
        let title = chapter_head(number, text(&format!("scene-{number}-title")));
        // What one formats into a string cannot fail.
        let _ = writeln!(outline, "{title}    scenes:\n{}", scenes.concat());
    };
    match chapters {
        0 | 1 => chapter(1, 0..=2),
        2 => {
            chapter(1, 0..=0);
            chapter(3, 1..=2);
        }
        _ => {
            chapter(1, 0..=0);
            chapter(2, 1..=1);
        }
    }
    if chapters < 3 {
        return outline.trim_end().to_owned() + "\n";
    }
    if chapters > 3 {
        let _ = writeln!(outline, "  # {}", text("placeholder"));
    }
    for number in 3..chapters {
        let title = chapter_head(number, &format!("{} {number}", text("chapter")));
        let summary = quoted(text(&format!("decide-{}", (number - 3) % 4 + 1)));
        let _ =
            writeln!(outline, "{title}    summary: {summary}\n    pov: mara\n    cast: [mara]\n");
    }
    let last = scene(texts, &SCENES[2]);
    let title = chapter_head(chapters, text("scene-3-title"));
    let _ = write!(outline, "{title}    scenes:\n{last}");
    outline
}

/// How a chapter begins: an id of its own, so that another title loses no text.
fn chapter_head(number: usize, title: &str) -> String {
    let id = slug::slug(title).unwrap_or_else(|| format!("chapter-{number}"));
    format!("  - id: {id}\n    title: {}\n", quoted(title))
}

fn scene(texts: &Texts, scene: &(&str, &str, &str, &str, &str, &str)) -> String {
    let (number, place, date, time, cast, beats) = *scene;
    let raw = [("place", place), ("date", date), ("time", time), ("cast", cast), ("beats", beats)];
    let own = ["summary", "goal", "conflict", "outcome", "happens-1", "happens-2", "happens-3"];
    let mut slots: Slots<'_> = raw.map(|(name, text)| (name, Slot::Raw(text.to_owned()))).into();
    for name in own {
        let text =
            texts.get(format!("scene-{number}-{name}").as_str()).copied().unwrap_or_default();
        slots.insert(name, Slot::Text(text.to_owned()));
    }
    fill(SCENE, &slots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_every_text() {
        let names = |starter: &Starter| {
            let mut names: Vec<_> = texts(starter).into_keys().collect();
            names.sort_unstable();
            names
        };
        for starter in STARTERS {
            assert_eq!(names(starter), names(&STARTERS[0]), "{}", starter.language);
        }
    }

    #[test]
    fn every_slot_has_its_text() {
        let known = texts(&STARTERS[0]);
        let others = ["language", "author", "threads"];
        for (path, template) in [ENGLISH, GERMAN].concat() {
            for name in template.split("{{").skip(1).filter_map(|rest| rest.split("}}").next()) {
                assert!(known.contains_key(name) || others.contains(&name), "{path}: {name}");
            }
        }
    }
}
