//! What the author writes while storygen is at work on the book.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::common::*;
use crate::counting::{Answer, Counting};
use crate::money::{PRICE, configure, well};
use crate::support::{Output, Project};

/// What an author writes.
const OWN: &str = "Mara went down to the water alone, and nobody saw her go.";

/// Runs a command, and does something when a prompt with these words comes; gives
/// also how many prompts had the other ones.
fn run_while(
    project: &Project,
    arguments: &[&str],
    when: &str,
    act: impl Fn(PathBuf) + Send + Sync + 'static,
    counts: &str,
) -> (Output, usize) {
    let (is_done, asked_for) = (AtomicBool::new(false), Arc::new(AtomicUsize::new(0)));
    let (when, counts, path) = (when.to_owned(), counts.to_owned(), project.path());
    // What is drawn anew is another text.
    let redo = arguments.contains(&"--redo");
    let seen = Arc::clone(&asked_for);
    let server = Counting::start(move |asked| {
        if asked.said.contains(&when) && !is_done.swap(true, Ordering::SeqCst) {
            act(path.clone());
        }
        if asked.said.contains(&counts) {
            seen.fetch_add(1, Ordering::SeqCst);
        }
        let is_other = redo && (1..=4).any(|number| asked.said.contains(&drafts(number)));
        Answer::Reply(well(asked) + if is_other { " Nobody came." } else { "" })
    });
    configure(project, &server, PRICE);
    let output = project.run(arguments);
    (output, asked_for.load(Ordering::SeqCst))
}

/// The whole book, drafted at an endpoint.
fn drafted_there() -> Project {
    let project = small(&[]);
    let server = Counting::start(|asked| Answer::Reply(well(asked)));
    configure(&project, &server, PRICE);
    let output = project.run(&["draft"]);
    assert_eq!(output.code, 0, "{output}");
    project
}

/// Writes a file, whole.
fn write(file: &'static str, text: String) -> impl Fn(PathBuf) + Send + Sync + 'static {
    move |project: PathBuf| std::fs::write(project.join(file), &text).expect("a file")
}

/// Puts words in place of others.
fn change(
    file: &'static str,
    from: &'static str,
    to: &'static str,
) -> impl Fn(PathBuf) + Send + Sync + 'static {
    move |project: PathBuf| {
        let text = std::fs::read_to_string(project.join(file)).expect("a file");
        assert!(text.contains(from), "{text}");
        std::fs::write(project.join(file), text.replace(from, to)).expect("a file");
    }
}

#[test]
fn a_chapter_written_before_its_turn_is_adopted_and_not_paid_for() {
    for (file, when) in [
        ("manuscript/03-tide.md", drafts(1)),
        ("manuscript/03-tide.md", records(2)),
        ("manuscript/7-tide.md", drafts(2)),
    ] {
        let project = small(&[]);
        let text = format!("# Low Water\n\n{OWN}\n");
        let (output, drawn) =
            run_while(&project, &["draft"], &when, write(file, text.clone()), &drafts(3));
        assert_eq!((output.code, drawn), (0, 0), "{when} {output}");
        let said = "  chapter 3 was edited by hand: kept as take 1\n  chapter 3: synopsis,";
        assert!(output.stderr.contains(said), "{output}");
        assert!(output.stderr.ends_with("drafted 3 chapters, recorded 4 chapters\n"), "{output}");
        assert_eq!(project.read("manuscript/03-tide.md"), text);
    }
}

#[test]
fn a_chapter_written_while_it_is_drawn_stands_beside_the_take() {
    for file in ["manuscript/03-tide.md", "manuscript/7-tide.md"] {
        let project = small(&[]);
        let text = format!("# Low Water\n\n{OWN}\n");
        let (output, _) =
            run_while(&project, &["draft"], &drafts(3), write(file, text.clone()), "-");
        let said = format!(
            "error: `{file}` was written while storygen worked on it\n\
             help: your text stands as it is; run the same command again to adopt it\n"
        );
        assert_eq!(output.code, 1, "{output}");
        assert!(output.stderr.ends_with(&said), "{output}");
        assert_eq!(project.read(file), text);
        assert!(project.read(".storygen/takes/tide/1.md").contains(PROSE[2]));
        let (output, drawn) = run_while(&project, &["draft"], "-", |_| (), &drafts(3));
        assert_eq!((output.code, drawn), (0, 0), "{output}");
        assert_eq!(project.read("manuscript/03-tide.md"), text);
        assert!(project.read(".storygen/takes/tide/2.md").contains(OWN));
    }
}

#[test]
fn an_edit_outranks_the_redraw_that_was_asked_for_before() {
    for (when, code, drawn) in [(drafts(1), 0, 0), (drafts(3), 1, 1)] {
        let project = drafted_there();
        let edit = change("manuscript/03-tide.md", "buttoned wrong", "buttoned right");
        let (output, asked) = run_while(&project, &["draft", "--redo"], &when, edit, &drafts(3));
        assert_eq!((output.code, asked), (code, drawn), "{output}");
        assert!(prose(&project, 3).contains("buttoned right"));
        let said = "`manuscript/03-tide.md` was edited while storygen worked on it";
        assert_eq!(output.stderr.contains(said), code == 1, "{output}");
    }
}

#[test]
fn a_canon_corrected_meanwhile_is_kept() {
    for when in [drafts(2), records(2)] {
        let project = drafted_there();
        let edit = change("canon/02-pans.yaml", "three unmarked sacks", "three bare sacks");
        let (output, _) =
            run_while(&project, &["draft", "chapter", "2", "--redo"], &when, edit, "-");
        assert_eq!(output.code, 0, "{output}");
        let kept = texts(&project, &[".storygen/replaced"]);
        assert_eq!(kept.len(), 1, "{when} {output}");
        assert!(kept.values().all(|text| text.contains("three bare sacks")), "{kept:?}");
        assert!(output.stderr.contains("your corrected canon is replaced"), "{output}");
        assert!(project.read("canon/02-pans.yaml").contains("three unmarked sacks"));
    }
}

#[test]
fn a_canon_written_meanwhile_stands() {
    let own = "synopsis: Joss brings Mara the page, and she will not touch it.\nfacts: []\n";
    for (when, recorded) in [(drafts(1), 0), (drafts(3), 0), (records(3), 1)] {
        let project = small(&[]);
        let canon = write("canon/03-tide.yaml", own.to_owned());
        let (output, asked) = run_while(&project, &["draft"], &when, canon, &records(3));
        assert_eq!((output.code, asked), (0, recorded), "{when} {output}");
        assert_eq!(project.read("canon/03-tide.yaml"), own);
        let prompt = project.run(&["prompt", "chapter", "4"]).stdout;
        assert!(prompt.contains("she will not touch it"), "{prompt}");
    }
    let project = small(&[]);
    let faulty = write("canon/03-tide.yaml", "synopsis: [\n".to_owned());
    let (output, _) = run_while(&project, &["draft"], &drafts(3), faulty, "-");
    assert_eq!(output.code, 4, "{output}");
    assert!(output.stderr.contains("error: canon/03-tide.yaml:"), "{output}");
    assert_eq!(project.read("canon/03-tide.yaml"), "synopsis: [\n");
}

/// Two books, side by side; the second is to wait for the first.
fn two_books() -> Project {
    let shelf = Project::empty();
    for name in ["one", "two"] {
        let book = small(&[]);
        for file in book.files() {
            shelf.write(&format!("{name}/{file}"), book.read(&file));
        }
    }
    shelf
}

const ONE_BY_ONE: [&str; 5] = ["batch", "one", "two", "--books", "1"];

/// It is changed while it waits.
#[test]
fn a_book_that_waits_in_a_batch_is_drafted_as_it_stands_then() {
    let shelf = two_books();
    let title = change("two/bible/outline.yaml", "title: At the Pans", "title: The Neap Tide");
    let (output, told) = run_while(&shelf, &ONE_BY_ONE, &drafts(1), title, "The Neap Tide");
    assert_eq!(output.code, 0, "{output}");
    assert!(told > 0, "{output}");
    assert!(shelf.read("two/manuscript/02-pans.md").starts_with("# The Neap Tide\n"));
    assert!(shelf.read("one/manuscript/02-pans.md").starts_with("# At the Pans\n"));
}

/// What it costs is foretold anew then, and it alone is refused where a budget is too
/// low for that.
#[test]
fn a_book_that_waits_in_a_batch_costs_what_it_costs_then() {
    type Act = Box<dyn Fn(PathBuf) + Send + Sync>;
    const LAST: &str = "    summary: Tolly opens the scale and shows what is in it.\n    pov: mara\n    cast: [mara, tolly]\n    place: office\n";
    const MORE: usize = 24;
    let more: String = (0..MORE)
        .map(|number| {
            format!(
                "  - {{id: more-{number}, title: More, summary: More, pov: mara, cast: [mara]}}\n"
            )
        })
        .collect();
    let longer: &'static str = Box::leak(format!("{LAST}{more}").into_boxed_str());
    let outline = |to| change("two/bible/outline.yaml", LAST, to);
    let dearer = || {
        let wishes = "targets:\n  chapter_words: 3000";
        change("two/storygen.yaml", "targets:\n  chapter_words: 60", wishes)
    };
    let stale = || change("two/bible/characters.yaml", "Tolly", "Old Tolly");
    for (is_drafted, act, budget, calls, said) in [
        (false, Box::new(|_| ()) as Act, "0.09", 16, "two: 4 chapters with "),
        (false, Box::new(outline(longer)), "0.09", 8, "two: 28 chapters with "),
        (false, Box::new(dearer()), "0.09", 8, "two: 4 chapters with "),
        (true, Box::new(outline(longer)), "0.09", 8, "two: 2"),
        (true, Box::new(stale()), "1", 10, "two: 2 chapters with "),
    ] {
        let shelf = two_books();
        if is_drafted {
            let server = Counting::start(|asked| Answer::Reply(well(asked)));
            configure(&shelf, &server, PRICE);
            let output = shelf.run(&["draft", "--project", "two"]);
            assert_eq!(output.code, 0, "{output}");
        }
        let command = [&ONE_BY_ONE[..], &["--max-cost", budget]].concat();
        let (output, asked) = run_while(&shelf, &command, &drafts(1), act, "");
        // Only the first book asks for its eight.
        let is_refused = calls == 8;
        let code = if is_refused { 3 } else { 0 };
        assert_eq!((output.code, asked), (code, calls), "{output}");
        let told: Vec<&str> =
            output.stderr.lines().filter(|line| line.starts_with("two: ")).collect();
        assert!(told[0].starts_with(said), "{output}");
        let refused =
            told.iter().any(|line| line.starts_with("two: error: the budget of this run is"));
        assert_eq!(refused, is_refused, "{output}");
        assert!(output.stdout.contains("done"), "{output}");
    }
}

/// What is wrong with it is told at the beginning, and may be put right while it waits.
#[test]
fn a_book_that_waits_in_a_batch_may_be_put_right_until_its_turn() {
    for (is_there, is_mended) in [(true, true), (true, false), (false, true), (false, false)] {
        let shelf = two_books();
        let (path, good) = (shelf.path().join("two"), shelf.read("two/bible/outline.yaml"));
        if is_there {
            shelf.write("two/bible/outline.yaml", "chapters: 7\n");
        } else {
            std::fs::rename(&path, path.with_extension("away")).expect("a folder");
        }
        let mend = move |shelf: PathBuf| match (is_mended, is_there) {
            (false, _) => {}
            (true, true) => {
                std::fs::write(shelf.join("two/bible/outline.yaml"), &good).expect("a file");
            }
            (true, false) => {
                std::fs::rename(shelf.join("two.away"), shelf.join("two")).expect("a folder");
            }
        };
        let (output, asked) = run_while(&shelf, &ONE_BY_ONE, &drafts(1), mend, "");
        let (code, calls) = if is_mended { (0, 16) } else { (3, 8) };
        assert_eq!((output.code, asked), (code, calls), "{output}");
        let told = output.stderr.matches("two: error[wrong-kind]").count();
        assert_eq!(told, usize::from(is_there), "{output}");
        assert_eq!(output.stderr.contains("two: error: "), !is_mended, "{output}");
    }
}
