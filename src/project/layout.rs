//! Every path of a project, in one place; all relative to its folder.

/// The file that makes a folder a project.
pub const BOOK: &str = "storygen.yaml";
/// The premise and style.
pub const PREMISE: &str = "bible/premise.yaml";
/// The kinds of bible file that may be one file or a folder of files.
pub const BIBLE: &str = "bible";
/// The project's own templates.
pub const TEMPLATES: &str = "templates";
/// The selected text, one file a chapter, the author's to edit.
pub const MANUSCRIPT: &str = "manuscript";
/// Synopses and facts, one file a chapter, the author's to correct.
pub const CANON: &str = "canon";
/// What storygen keeps for itself.
pub const STATE: &str = ".storygen";
/// Every take ever accepted, one folder a chapter.
pub const TAKES: &str = ".storygen/takes";
/// What happened, line by line.
pub const JOURNAL: &str = ".storygen/journal.jsonl";
/// Every call and its reply, as it streams in, by the digest of the request.
pub const CALLS: &str = ".storygen/calls";
/// Under which conditions the calls were made, for replaying them elsewhere.
pub const MODELS: &str = ".storygen/models.json";
/// Passages that stand for several synopses.
pub const FOLDS: &str = ".storygen/folds";
/// Files that were replaced though an author may have touched them.
pub const REPLACED: &str = ".storygen/replaced";
/// What can be made again at any time.
pub const CACHE: &str = ".storygen/cache";
/// Held while a run writes.
pub const LOCK: &str = ".storygen/lock";
/// JSON Schemas for editors.
pub const SCHEMAS: &str = ".storygen/schemas";

/// The number of digits that chapter numbers have in a book of this length.
#[must_use]
pub fn digits(chapters: usize) -> usize {
    chapters.max(1).to_string().len().max(2)
}

/// The name of a chapter's file: `03-the-mill`.
#[must_use]
pub fn chapter_stem(number: usize, id: &str, chapters: usize) -> String {
    format!("{number:0width$}-{id}", width = digits(chapters))
}

/// Where a chapter's selected text stands.
#[must_use]
pub fn manuscript(number: usize, id: &str, chapters: usize) -> String {
    format!("{MANUSCRIPT}/{}.md", chapter_stem(number, id, chapters))
}

/// Where a chapter's synopsis and facts stand.
#[must_use]
pub fn canon(number: usize, id: &str, chapters: usize) -> String {
    format!("{CANON}/{}.yaml", chapter_stem(number, id, chapters))
}

/// Where a take stands.
#[must_use]
pub fn take(chapter: &str, number: u32) -> String {
    format!("{TAKES}/{chapter}/{number}.md")
}

/// The id that a file named `03-the-mill.md` belongs to.
#[must_use]
pub fn chapter_of<'a>(name: &'a str, extension: &str) -> Option<&'a str> {
    let stem = name.strip_suffix(extension)?.strip_suffix('.')?;
    let (number, id) = stem.split_once('-')?;
    (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) && !id.is_empty())
        .then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chapter_files() {
        assert_eq!(manuscript(3, "the-mill", 24), "manuscript/03-the-mill.md");
        assert_eq!(canon(3, "the-mill", 1_000), "canon/0003-the-mill.yaml");
        for (name, expected) in [
            ("03-the-mill.md", Some("the-mill")),
            ("1003-x.md", Some("x")),
            ("the-mill.md", None),
            ("03-.md", None),
            ("03-the-mill.md~", None),
        ] {
            assert_eq!(chapter_of(name, "md"), expected, "{name}");
        }
    }
}
