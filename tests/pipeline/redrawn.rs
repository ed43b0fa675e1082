//! A book whose chapters were not drawn in their order, made again from the replies
//! that are kept.

use crate::common::*;
use crate::counting::{Answer, Counting};
use crate::replay::{elsewhere, offline};
use crate::support::Project;
use crate::{book, support::Output};

const CHAPTERS: usize = 30;

/// A long book over the wire: its endpoint never writes the same chapter twice.
struct Shelf {
    project: Project,
    server: Counting,
}

impl Shelf {
    fn new() -> Self {
        let project = Project::empty();
        book::write(&project.path(), CHAPTERS, 150);
        let server =
            Counting::start(|asked| Answer::Reply(book::answer(&asked.said, asked.number)));
        let config = format!("model: openai/far\nbase_url: {}\nwindow: 8192\n", server.base_url());
        project.write("../home/config/storygen/config.yaml", config);
        let shelf = Self { project, server };
        shelf.run(&["draft"]);
        shelf
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let output = self.project.run(arguments);
        assert_eq!(output.code, 0, "{arguments:?}: {output}");
        output
    }

    /// The rows of chapters of which `storygen status` says that earlier text changed.
    fn followers(project: &Project) -> Vec<usize> {
        let shown = project.run(&["status"]).stdout;
        let rows = shown.lines().enumerate();
        rows.filter(|(_, row)| row.ends_with("earlier text changed since"))
            .map(|one| one.0)
            .collect()
    }

    /// Another project has the same text.
    fn is_in(&self, other: &Project, name: &str) {
        let book = texts(&self.project, &["manuscript"]);
        let made = texts(other, &["manuscript"]);
        let differing: Vec<&String> =
            book.keys().filter(|file| made.get(*file) != book.get(*file)).collect();
        assert!(differing.is_empty() && book.len() == made.len(), "{name}: {differing:?}");
    }

    /// Nobody is asked, and the book is the same.
    fn is_made_again(&self, name: &str) -> Project {
        let asked = self.server.requests();
        let other = elsewhere(&self.project);
        let output = offline(&other, &[]);
        assert_eq!(output.code, 0, "{name}: {output}");
        assert_eq!(self.server.requests(), asked, "{name}");
        self.is_in(&other, name);
        other
    }
}

#[test]
fn chapters_that_stayed_where_earlier_ones_were_drawn_again_are_made_again() {
    let shelf = Shelf::new();
    let canon = |project: &Project| texts(project, &["canon"]);
    let (fourth, folded) = ("bible/outline.yaml", shelf.project.read(".storygen/journal.jsonl"));
    assert!(folded.contains("\"event\":\"folded\""), "the book is long enough for folds");
    // An earlier chapter is drawn again, and then one after it.
    shelf.run(&["draft", "chapter", "2", "--redo"]);
    shelf.run(&["draft", "chapter", "27", "--redo"]);
    shelf.run(&["draft", "chapter", "12", "--redo"]);
    shelf.run(&["select", "27@1"]);
    shelf.run(&["draft"]);
    let other = shelf.is_made_again("redrawn");
    assert_eq!(canon(&other), canon(&shelf.project));
    assert!(Shelf::followers(&other).contains(&30));
    assert_eq!(Shelf::followers(&other), Shelf::followers(&shelf.project));
    // The bible changes, and the chapter that it concerns is drawn again.
    let outline = shelf.project.read(fourth);
    let changed = outline.replacen("Half an answer, and a debt.", "No answer, and a debt.", 4);
    shelf.project.write(fourth, &changed);
    shelf.run(&["draft"]);
    let other = shelf.is_made_again("changed");
    assert_eq!(canon(&other), canon(&shelf.project));
    // What it wrote is enough for the next machine, and for those who go on.
    let third = elsewhere(&other);
    assert_eq!(offline(&third, &[]).code, 0);
    shelf.is_in(&third, "the next machine");
    // All is drawn again in order: nothing is left to be told.
    shelf.run(&["draft", "--follow"]);
    shelf.is_made_again("followed");
}

#[test]
fn facts_that_the_author_corrected_later_do_not_hide_the_replies_of_before() {
    let shelf = Shelf::new();
    let path = "canon/01-crossing-1.yaml";
    let canon = shelf.project.files().into_iter().find(|file| file.starts_with("canon/01"));
    let path = canon.as_deref().unwrap_or(path);
    let text = shelf.project.read(path);
    let corrected = text.replacen("since chapter 1", "since the first day", 1);
    assert_ne!(corrected, text);
    shelf.project.write(path, &corrected);
    shelf.run(&["draft", "chapter", "20", "--redo"]);
    let asked = shelf.server.requests();
    let other = elsewhere(&shelf.project);
    other.write(path, &corrected);
    let output = offline(&other, &[]);
    assert_eq!(output.code, 0, "{output}");
    assert_eq!(shelf.server.requests(), asked);
    shelf.is_in(&other, "corrected");
}

/// What makes no chapter stale keeps no book from being made again: a longer
/// outline, somebody new in the bible, another template for records.
#[test]
fn what_makes_no_chapter_stale_is_no_other_question() {
    let shelf = Shelf::new();
    let outline = shelf.project.read("bible/outline.yaml");
    let changes: [(&str, String); 2] = [
        (
            "bible/outline.yaml",
            format!(
                "{outline}  - id: c31\n    title: One More\n    summary: All go home.\n    words: 150\n    pov: edda\n    cast: [edda]\n    place: mill\n"
            ),
        ),
        ("bible/characters.yaml", {
            let people = shelf.project.read("bible/characters.yaml");
            format!("{people}  - id: odo\n    name: Odo Finch\n    role: nobody has met him yet\n")
        }),
    ];
    for (path, text) in changes {
        shelf.project.write(path, text);
        shelf.run(&["draft"]);
        shelf.is_made_again(path);
    }
    shelf.run(&["templates", "eject", "record.md"]);
    let template = shelf.project.read("templates/record.md");
    shelf.project.write("templates/record.md", template + "Be brief.\n");
    shelf.is_made_again("another template");
    // The author's own chapter, under another title and behind another number.
    let path = "manuscript/05-c5.md";
    let text = shelf.project.read(path);
    shelf.project.write(path, text.replacen(" hour ", " long hour ", 1));
    shelf.run(&["draft"]);
    let outline = shelf.project.read("bible/outline.yaml");
    shelf.project.write("bible/outline.yaml", outline.replacen("The Long Low", "The Longest", 1));
    shelf.run(&["draft"]);
    let other = elsewhere(&shelf.project);
    other.write(path, shelf.project.read(path));
    let output = offline(&other, &[]);
    assert_eq!(output.code, 0, "{output}");
    shelf.is_in(&other, "the author's own");
}

/// A fold that another model has made than the one by which its chapter counts.
#[test]
fn a_fold_of_another_model_keeps_no_chapter_from_being_made_again() {
    let shelf = Shelf::new();
    for model in ["openai/other", "record=openai/small"] {
        shelf.run(&["draft", "chapter", "30", "--redo", "--keep-stale", "--model", model]);
        shelf.is_made_again(model);
    }
}

/// What a take was recorded under goes with its text, whatever was recorded since.
#[test]
fn a_take_that_is_taken_back_is_recorded_as_it_was() {
    let shelf = Shelf::new();
    shelf.run(&["draft", "chapter", "1", "--redo", "--seed", "77", "--window", "16000"]);
    shelf.run(&["draft", "chapter", "3", "--redo", "--seed", "78"]);
    shelf.run(&["undo"]);
    shelf.run(&["undo"]);
    shelf.is_made_again("undone");
    let asked = shelf.server.requests();
    let output = offline(&shelf.project, &[]);
    assert_eq!((output.code, shelf.server.requests()), (0, asked), "{output}");
    shelf.is_made_again("recorded again");
}

/// What has changed in the project since is not passed over.
#[test]
fn a_chapter_that_the_bible_has_changed_since_is_asked_anew() {
    let shelf = Shelf::new();
    shelf.run(&["draft", "chapter", "2", "--redo"]);
    let other = elsewhere(&shelf.project);
    let path = "bible/outline.yaml";
    let outline = other.read(path);
    let (head, tail) = outline.split_once("id: c9\n").unwrap_or_else(|| panic!("{outline}"));
    other.write(path, format!("{head}id: c9\n{}", tail.replacen("answer", "reply", 1)));
    let output = offline(&other, &[]);
    assert_eq!(output.code, 6, "{output}");
    assert!(output.stderr.contains("is not kept, and `--offline` asks nobody"), "{output}");
    assert_eq!(texts(&other, &["manuscript"]).len(), 8, "{output}");
}
