//! What the author changes by hand outranks what a model wrote.

use crate::common::*;
use crate::support::Project;

/// Changes a word of a chapter's manuscript file by hand.
fn edit(project: &Project, file: &str, from: &str, to: &str) {
    let text = project.read(file);
    assert!(text.contains(from), "{text}");
    project.write(file, text.replace(from, to));
}

#[test]
fn an_edited_chapter_is_adopted_and_recorded_anew() {
    let project = drafted();
    edit(&project, "manuscript/02-pans.md", "forty-three", "forty-four");
    assert_eq!(
        states(&project)[1],
        "2 At the Pans edited 84 / 90 1 220 edited by hand, to be adopted"
    );
    let read =
        with(rule(&[&records(2)], &record(2)), serde_json::json!({ "expect": ["forty-four"] }));
    play(&project, &[read]);
    assert_eq!(
        done(&project, &["draft"]).stderr,
        "  chapter 2 was edited by hand: kept as take 2\n  chapter 2: synopsis, 1 fact\nrecorded 1 chapter\n"
    );
    assert!(prose(&project, 2).contains("forty-four"));
    assert_eq!(
        done(&project, &["takes", "2"]).stdout,
        "  2@1  84 words, by scripted/../home/play\n* 2@2  84 words, by the author\n"
    );
    // A changed card does not make the author's own text stale.
    edit(&project, "bible/characters.yaml", "the old weigher", "the blind weigher");
    assert_eq!(states(&project)[1], "2 At the Pans by hand 84 / 90 2 330");
    // Keeping it as a take is nothing to undo: it was the chapter's text before.
    assert_eq!(
        run(&project, &["undo"]).to_string(),
        "exit 1\n--- stdout\n--- stderr\n\
         error: the last run only kept your own text as a take; there is nothing of it to undo\n\
         help: `storygen takes` lists the takes, `storygen select` chooses one\n"
    );
    done(&project, &["select", "2@1"]);
    assert_eq!(prose(&project, 2), PROSE[1]);
    assert!(project.read(".storygen/takes/pans/2.md").contains("forty-four"));
}

#[test]
fn undo_never_takes_an_edit_out_of_the_manuscript() {
    let project = small(&all());
    done(&project, &["draft", "chapters", "1-2"]);
    edit(&project, "manuscript/02-pans.md", "forty-three", "forty-four");
    done(&project, &["draft", "chapter", "3"]);
    assert_eq!(
        done(&project, &["undo"]).stderr,
        "chapter 3 has no text again; `storygen takes 3` lists what is kept\n"
    );
    assert!(prose(&project, 2).contains("forty-four"));
    // An edit after the run, and one that a later run adopted, outlive it too.
    edit(&project, "manuscript/01-ledger.md", "Mara held", "Joss held");
    assert_eq!(
        done(&project, &["undo"]).stderr,
        "chapter 1 has changed since, and is left as it is\n\
         chapter 2 has changed since, and is left as it is\n"
    );
    assert!(prose(&project, 1).contains("Joss held"));
    assert!(prose(&project, 2).contains("forty-four"));
}

#[test]
fn a_redo_of_an_edited_chapter_is_asked_about() {
    for adopted_first in [false, true] {
        let project = drafted();
        edit(&project, "manuscript/02-pans.md", "forty-three", "forty-four");
        if adopted_first {
            done(&project, &["draft"]);
        }
        let before = texts(&project, &["manuscript", "canon", ".storygen/takes"]);
        assert_eq!(
            run(&project, &["draft", "chapter", "2", "--redo"]).to_string(),
            "exit 1\n--- stdout\n--- stderr\n\
             error: chapter 2 was edited by hand; `--redo` would put another text in its place\n\
             help: your text would be kept as a take; add `--yes` if you mean it\n"
        );
        assert_eq!(texts(&project, &["manuscript", "canon", ".storygen/takes"]), before);
        done(&project, &["draft", "chapter", "2", "--redo", "--yes"]);
        assert_eq!(prose(&project, 2), PROSE[1]);
        assert!(project.read(".storygen/takes/pans/2.md").contains("forty-four"));
        // What stood there before the run was the author's text.
        assert_eq!(done(&project, &["undo"]).stderr, "chapter 2 is take 2 again\n");
        assert!(prose(&project, 2).contains("forty-four"));
    }
}

#[test]
fn select_and_undo_keep_an_edit_first() {
    let project = drafted();
    edit(&project, "manuscript/02-pans.md", "forty-three", "forty-four");
    assert_eq!(
        done(&project, &["select", "2@1"]).stderr,
        "your edited text of chapter 2 is kept as take 2\nchapter 2 is now take 1\n"
    );
    assert_eq!(done(&project, &["undo"]).stderr, "chapter 2 is take 2 again\n");
    assert!(prose(&project, 2).contains("forty-four"));
}

#[test]
fn selecting_the_take_that_stands_is_nothing_to_undo() {
    let project = drafted();
    done(&project, &["draft", "chapter", "1", "--redo"]);
    assert_eq!(done(&project, &["select", "1@2"]).stderr, "chapter 1 is already take 2\n");
    assert_eq!(done(&project, &["undo"]).stderr, "chapter 1 is take 1 again\n");
}

#[test]
fn a_heading_is_the_authors_and_no_edit() {
    let project = drafted();
    edit(&project, "manuscript/02-pans.md", "# At the Pans", "# Out at the Pans, Again");
    play(&project, &[]);
    assert_eq!(run(&project, &["draft"]).stderr, "nothing to draft: all is up to date\n");
    assert!(project.read("manuscript/02-pans.md").starts_with("# Out at the Pans, Again\n\n"));
}

/// Has the second chapter drawn anew, as another text.
fn redrawn_otherwise(project: &Project) {
    let other = format!("{} Nobody came.", PROSE[1]);
    play(project, &[rule(&[&drafts(2)], &other), rule(&[&records(2)], &record(2))]);
    done(project, &["draft", "chapter", "2", "--redo"]);
    assert_eq!(prose(project, 2), other);
}

#[test]
fn a_heading_outlives_the_text_below_it() {
    let heading = "# Out at the Pans, Again\n";
    for (arguments, before) in [
        (&["draft", "chapter", "2", "--redo"][..], None),
        (&["draft"], Some(("bible/characters.yaml", "the old weigher", "the blind weigher"))),
        (&["select", "2@1"], None),
        (&["undo"], None),
    ] {
        let project = drafted();
        redrawn_otherwise(&project);
        play(&project, &all());
        edit(&project, "manuscript/02-pans.md", "# At the Pans\n", heading);
        if let Some((file, from, to)) = before {
            edit(&project, file, from, to);
        }
        done(&project, arguments);
        let text = project.read("manuscript/02-pans.md");
        assert_eq!(text, format!("{heading}\n{}\n", PROSE[1]), "{arguments:?}");
    }
    // Also where nothing but it is left, or was there before.
    let project = small(&all());
    project.write("manuscript/01-ledger.md", heading);
    for _ in 0..2 {
        done(&project, &["draft", "chapter", "1"]);
        let text = project.read("manuscript/01-ledger.md");
        assert_eq!(text, format!("{heading}\n{}\n", PROSE[0]));
        done(&project, &["undo"]);
        assert_eq!(project.read("manuscript/01-ledger.md"), heading);
    }
}

#[test]
fn a_title_of_before_gives_way() {
    let project = drafted();
    edit(&project, "bible/outline.yaml", "title: At the Pans", "title: By the Wall");
    redrawn_otherwise(&project);
    let text = project.read("manuscript/02-pans.md");
    assert!(text.starts_with("# By the Wall\n"), "{text}");
}

#[test]
fn spaces_and_line_ends_are_no_edit() {
    let project = drafted();
    let text = project.read("manuscript/02-pans.md");
    play(&project, &[]);
    for changed in
        [text.replace('\n', "\r\n"), format!("\u{feff}{text}\n\n"), text.trim_end().to_owned()]
    {
        project.write("manuscript/02-pans.md", changed);
        assert_eq!(run(&project, &["draft"]).stderr, "nothing to draft: all is up to date\n");
    }
}

#[test]
fn a_chapter_the_author_wrote_is_kept_and_recorded() {
    let project = small(&[rule(&[&records(1)], &record(1))]);
    project.write("manuscript/01-ledger.md", format!("{}\n", PROSE[0]));
    assert_eq!(
        states(&project)[0],
        "1 The Second Hand edited 64 / 60 0 0 edited by hand, to be adopted"
    );
    done(&project, &["draft", "chapter", "1"]);
    assert_eq!(states(&project)[0], "1 The Second Hand by hand 64 / 60 1 110");
    assert_eq!(project.read("manuscript/01-ledger.md"), format!("{}\n", PROSE[0]));
    assert_eq!(run(&project, &["undo"]).code, 1);
    assert_eq!(project.read("manuscript/01-ledger.md"), format!("{}\n", PROSE[0]));
    assert!(project.read(".storygen/takes/ledger/1.md").contains(PROSE[0]));
}

#[test]
fn a_corrected_canon_stays_until_the_text_changes() {
    let project = drafted();
    edit(&project, "canon/02-pans.yaml", "three unmarked sacks", "three sacks without a mark");
    let corrected = project.read("canon/02-pans.yaml");
    assert_eq!(states(&project)[1], "2 At the Pans drafted 84 / 90 1 220 canon corrected by hand");
    play(
        &project,
        &[with(
            rule(&[&drafts(3)], PROSE[2]),
            serde_json::json!({ "expect": ["three sacks without a mark"] }),
        )],
    );
    done(&project, &["draft", "chapter", "3", "--redo"]);
    assert_eq!(project.read("canon/02-pans.yaml"), corrected);
    edit(&project, "manuscript/02-pans.md", "forty-three", "forty-four");
    play(&project, &[rule(&[&records(2)], &record(2))]);
    let said = done(&project, &["draft"]).stderr;
    let kept = texts(&project, &[".storygen/replaced"]);
    assert_eq!(kept.values().collect::<Vec<_>>(), [&corrected]);
    let path = kept.keys().next().unwrap();
    assert!(said.contains(&format!("  chapter 2: the text has changed, so your corrected canon is replaced; it is kept as {path}\n")), "{said}");
    assert!(project.read("canon/02-pans.yaml").contains("three unmarked sacks"));
}

#[test]
fn a_faulty_canon_file_is_a_finding() {
    let project = drafted();
    edit(&project, "canon/02-pans.yaml", "kind: state", "kind: sate");
    for command in [&["draft"][..], &["prompt", "chapter", "3"], &["draft", "--dry-run"]] {
        let output = run(&project, command);
        assert_eq!(output.code, 4, "{output}");
        assert!(output.stderr.contains("--> canon/02-pans.yaml:7"), "{output}");
        assert!(output.stderr.contains("did you mean `state`?"), "{output}");
        assert!(
            output.stderr.ends_with("error: the canon has errors\nhelp: mend the file, or remove it: it is then made anew from the chapter\n"),
            "{output}"
        );
    }
    std::fs::remove_file(project.path().join("canon/02-pans.yaml")).unwrap();
    play(&project, &[]);
    // The answer is kept, so nothing is asked again.
    done(&project, &["draft"]);
    assert!(project.read("canon/02-pans.yaml").contains("three unmarked sacks"));
}

#[test]
fn a_chapter_taken_out_of_the_outline_is_kept_and_named() {
    let project = drafted();
    let outline = project.read("bible/outline.yaml");
    let start = outline.find("  - id: weights").expect("the last chapter");
    project.write("bible/outline.yaml", &outline[..start]);
    let status = done(&project, &["status"]).stdout;
    assert!(
        status.contains(
            "\n`weights` is no chapter of the outline; kept are 1 take in .storygen/takes/weights and manuscript/04-weights.md\n"
        ),
        "{status}"
    );
    assert!(project.read(".storygen/takes/weights/1.md").contains(PROSE[3]));
    assert!(project.read("manuscript/04-weights.md").contains(PROSE[3]));
}

#[test]
fn a_chapter_under_a_new_id_is_asked_about_before_it_is_drawn_again() {
    let project = drafted();
    edit(&project, "bible/outline.yaml", "id: pans", "id: salt-pans");
    play(&project, &[]);
    let output = run(&project, &["draft"]);
    assert_eq!(
        output.to_string(),
        "exit 1\n--- stdout\n--- stderr\n\
         error: `manuscript/02-pans.md` is the text of a chapter `pans`, which the outline does not have; \
         chapter 2 is `salt-pans` now, and has no text\n\
         help: if that is the same chapter, write `id: pans` into its entry; if not, move the file out of the folder\n"
    );
    // Moved away, it no longer stands in the way of the new chapter.
    std::fs::rename(project.path().join("manuscript/02-pans.md"), project.path().join("old.md"))
        .unwrap();
    play(&project, &all());
    done(&project, &["draft", "chapter", "2"]);
}
