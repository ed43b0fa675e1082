//! Nothing is ever lost, whatever is done in whatever order.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::common::*;
use crate::support::Project;

/// Something an author does to chapter 1 or 2.
#[derive(Clone, Debug)]
enum Deed {
    Draft,
    Redo(usize),
    Edit(usize),
    Select(usize, usize),
    Undo,
    Delete(usize),
    RemoveCanon(usize),
    ChangeCard,
    Swap,
}

fn deed() -> impl Strategy<Value = Deed> {
    let chapter = 1usize..=2;
    prop_oneof![
        3 => Just(Deed::Draft),
        3 => chapter.clone().prop_map(Deed::Redo),
        3 => chapter.clone().prop_map(Deed::Edit),
        3 => (chapter.clone(), 1usize..5).prop_map(|(chapter, take)| Deed::Select(chapter, take)),
        3 => Just(Deed::Undo),
        1 => chapter.clone().prop_map(Deed::Delete),
        1 => chapter.prop_map(Deed::RemoveCanon),
        1 => Just(Deed::ChangeCard),
        1 => Just(Deed::Swap),
    ]
}

/// A script in which every run tells chapters with a word of its own.
fn telling(project: &Project, turn: usize) {
    let mut script = Vec::new();
    for id in ["ledger", "pans"] {
        let index = IDS.iter().position(|one| *one == id).unwrap();
        let title = ["The Second Hand", "At the Pans"][index];
        script.push(always(
            &[&format!(": {title}\n\nThe people of the chapter")],
            &record(index + 1),
        ));
        script.push(always(
            &[&format!(" of 4, {title}\n")],
            &format!("{} It was turn {turn}.", PROSE[index]),
        ));
    }
    play(project, &script);
}

/// The file of a chapter in the manuscript, wherever the chapter stands now.
fn file(project: &Project, chapter: usize) -> Option<String> {
    let end = format!("-{}.md", IDS[chapter - 1]);
    project.files().into_iter().find(|file| file.starts_with("manuscript/") && file.ends_with(&end))
}

/// The prose of every file of the manuscript.
fn proses(project: &Project) -> BTreeSet<String> {
    let files = texts(project, &["manuscript"]);
    files
        .values()
        .filter_map(|text| text.split_once("\n\n"))
        .map(|(_, prose)| prose.trim().to_owned())
        .collect()
}

fn change(project: &Project, path: &str, change: impl Fn(&str) -> String) {
    project.write(path, change(&project.read(path)));
}

/// Does a deed; gives the exit code of the program.
fn perform(project: &Project, deed: &Deed, turn: usize) -> i32 {
    telling(project, turn);
    let id = |chapter: &usize| IDS[chapter - 1];
    match deed {
        Deed::Draft => run(project, &["draft", "chapters", "1-2", "--yes"]).code,
        Deed::Redo(chapter) => {
            run(project, &["draft", "chapter", id(chapter), "--redo", "--through", "--yes"]).code
        }
        Deed::Select(chapter, take) => {
            run(project, &["select", &format!("{}@{take}", id(chapter))]).code
        }
        Deed::Undo => run(project, &["undo"]).code,
        Deed::Edit(chapter) => {
            if let Some(file) = file(project, *chapter) {
                change(project, &file, |text| {
                    format!("{}\n\nEdited in turn {turn}.\n", text.trim_end())
                });
            }
            0
        }
        Deed::Delete(chapter) => {
            // What is no take yet would be the author's own loss.
            let code = run(project, &["draft", "chapters", "1-2", "--yes"]).code;
            if let Some(file) = file(project, *chapter) {
                std::fs::remove_file(project.path().join(file)).expect("a file");
            }
            code
        }
        Deed::RemoveCanon(chapter) => {
            for path in texts(project, &["canon"]).keys().filter(|path| path.contains(id(chapter)))
            {
                std::fs::remove_file(project.path().join(path)).expect("a file");
            }
            0
        }
        Deed::ChangeCard => {
            change(project, "bible/characters.yaml", |text| {
                text.replacen(
                    "the harbour clerk",
                    &format!("the clerk of turn {turn}, the harbour clerk"),
                    1,
                )
            });
            0
        }
        Deed::Swap => {
            change(project, "bible/outline.yaml", |text| {
                let bounds: Vec<usize> = text.match_indices("  - id: ").map(|(at, _)| at).collect();
                format!(
                    "{}{}{}{}",
                    &text[..bounds[0]],
                    &text[bounds[1]..bounds[2]],
                    &text[bounds[0]..bounds[1]],
                    &text[bounds[2]..]
                )
            });
            0
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_ever_lost(deeds in proptest::collection::vec(deed(), 1..14)) {
        let project = small(&[]);
        let mut ever = BTreeSet::new();
        let mut takes = texts(&project, &[".storygen/takes"]);
        for (turn, deed) in deeds.iter().enumerate() {
            let code = perform(&project, deed, turn + 1);
            let may_refuse = matches!(deed, Deed::Select(..)) && code == 2 || matches!(deed, Deed::Undo) && code == 1;
            prop_assert!(code == 0 || may_refuse, "{:?} ended with {}", deed, code);
            // Takes are only ever added, and never changed.
            let now = texts(&project, &[".storygen/takes"]);
            for (path, text) in &takes {
                prop_assert_eq!(now.get(path), Some(text));
            }
            takes = now;
            ever.extend(proses(&project));
            let status = run(&project, &["status"]);
            prop_assert_eq!(status.code, 0, "{}", status);
        }
        // Whatever the manuscript shows now, once adopted, everything is a take.
        telling(&project, 99);
        let last = run(&project, &["draft", "chapters", "1-2", "--yes"]);
        prop_assert_eq!(last.code, 0, "{}", last);
        let kept: BTreeSet<String> = texts(&project, &[".storygen/takes"])
            .values()
            .map(|text| text.splitn(3, "---\n").nth(2).unwrap_or_default().trim().to_owned())
            .collect();
        // Between two runs the author may edit an edited text further.
        let edited_on = |text: &str| kept.iter().any(|one| one.starts_with(text) && one[text.len()..].starts_with("\n\nEdited"));
        for text in &ever {
            prop_assert!(kept.contains(text) || edited_on(text), "lost: {}", text);
        }
    }
}

/// A template that was taken out and left as it was changes no prompt.
#[test]
fn a_template_that_is_only_ejected_makes_nothing_stale() {
    let project = small(&once(&[1]));
    done(&project, &["draft", "chapter", "1"]);
    done(&project, &["templates", "eject", "draft.md"]);
    let status = done(&project, &["status"]).stdout;
    assert!(status.contains("drafted") && !status.contains("stale"), "{status}");
    let own = project.read("templates/draft.md");
    project.write("templates/draft.md", own + "\nWrite well.\n");
    let status = done(&project, &["status"]).stdout;
    assert!(status.contains("stale"), "{status}");
}
