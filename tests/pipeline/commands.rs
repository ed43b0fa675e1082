//! What the commands do and say, on a book that goes well.

use crate::common::*;
use crate::support::Project;

const DRAFTED: &str = "\
exit 0
--- stdout
--- stderr
chapter 1 of 4: The Second Hand
  chapter 1: 64 of 60 words in manuscript/01-ledger.md (100 + 10 tokens)
  chapter 1: synopsis, 1 fact
chapter 2 of 4: At the Pans
  chapter 2: 84 of 90 words in manuscript/02-pans.md (100 + 10 tokens)
  chapter 2: synopsis, 1 fact
chapter 3 of 4: The Tide Turns
  chapter 3: 64 of 60 words in manuscript/03-tide.md (100 + 10 tokens)
  chapter 3: synopsis, 1 fact
chapter 4 of 4: False Weights
  chapter 4: 61 of 60 words in manuscript/04-weights.md (100 + 10 tokens)
  chapter 4: synopsis, 1 fact
drafted 4 chapters, recorded 4 chapters
";

const STATUS: &str = "\
exit 0
--- stdout
The Salt Ledger
      title            state             words  takes    tokens  remarks
   1  The Second Hand  drafted         64 / 60      1       220
   2  At the Pans      drafted         84 / 90      1       220
   3  The Tide Turns   drafted         64 / 60      1       220
   4  False Weights    drafted         61 / 60      1       220
4 of 4 chapters, 273 of 270 words, 880 tokens; model scripted/../home/play (from a flag)
next: the book is drafted; read it in manuscript/
--- stderr
";

const CANON: &str = "\
# What the chapter “At the Pans” established. Later chapters are written from this.
# Correct it freely: your words stay until the text of the chapter changes.
synopsis: Mara asks Tolly at the pans about the leaning figures and counts three unmarked sacks.
synopsis_by: model
facts:
- subject: mara
  kind: state
  about: matter 2
  fact: the three had no mark
  quote: the three had no mark
";

const NOTHING: &str = "exit 0\n--- stdout\n--- stderr\nnothing to draft: all is up to date\n";

#[test]
fn a_draft_drafts_everything_once() {
    let project = small(&once(&[1, 2, 3, 4]));
    assert_eq!(run(&project, &["draft"]).to_string(), DRAFTED);
    assert_eq!(run(&project, &["status"]).to_string(), STATUS);
    for (index, expected) in PROSE.iter().enumerate() {
        assert_eq!(prose(&project, index + 1), *expected);
    }
    assert_eq!(project.read("manuscript/01-ledger.md").lines().next(), Some("# The Second Hand"));
    assert_eq!(project.read("canon/02-pans.yaml"), CANON);
    // A script without entries answers nothing: no call is made.
    let before = book(&project);
    play(&project, &[]);
    assert_eq!(run(&project, &["draft"]).to_string(), NOTHING);
    assert_eq!(book(&project), before);
    assert_eq!(calls(&project), 8);
}

#[test]
fn chapters_are_named_by_number_range_or_id() {
    let project = small(&once(&[1]));
    done(&project, &["draft", "chapter", "ledger"]);
    play(&project, &once(&[2, 3]));
    done(&project, &["draft", "chapters", "2-3"]);
    assert_eq!(calls(&project), 6);
    play(&project, &once(&[4]));
    done(&project, &["draft", "chapters", "4-"]);
    for (arguments, error) in [
        (
            ["draft", "chapter", "5"],
            "error: the outline has no chapter `5`\nhelp: its chapters are 1 to 4\n",
        ),
        (
            ["draft", "chapter", "tides"],
            "error: the outline has no chapter `tides`\nhelp: did you mean `tide`?\n",
        ),
        (["draft", "chapters", "3-2"], "error: the chapters 3-2 go backwards\nhelp: write `2-3`\n"),
    ] {
        assert_eq!(
            run(&project, &arguments).to_string(),
            format!("exit 2\n--- stdout\n--- stderr\n{error}")
        );
    }
}

#[test]
fn a_chapter_needs_those_before_it() {
    let project = small(&once(&[1]));
    done(&project, &["draft", "chapter", "1"]);
    play(&project, &[]);
    assert_eq!(
        run(&project, &["draft", "chapter", "3"]).to_string(),
        "exit 1\n--- stdout\n--- stderr\n\
         error: chapter 3 needs what happened before it, and chapter 2 has no text yet\n\
         help: `storygen draft chapter 2` makes it\n\
         help: or add `--through`, which drafts everything missing on the way\n"
    );
    play(&project, &once(&[2, 3]));
    done(&project, &["draft", "chapter", "3", "--through"]);
    assert_eq!(states(&project)[3], "4 False Weights missing - / 60 0 0");
}

#[test]
fn a_dry_run_sends_and_writes_nothing() {
    let project = small(&[]);
    let files = project.files();
    let output = done(&project, &["draft", "--dry-run"]);
    assert!(
        output.stdout.starts_with("=== chapter 1: 2240 tokens, reply up to 236\n--- system\n"),
        "{output}"
    );
    assert!(output.stdout.contains("# Now: chapter 1 of 4, The Second Hand"), "{output}");
    assert_eq!(
        output.stderr,
        "left out: chapters 2 to 4, whose prompt needs the synopses of the chapters before it\n2240 tokens in prompts; nothing was sent\n"
    );
    assert_eq!(project.files(), files);
}

/// The messages of the kept call whose `about` is this.
fn sent(project: &Project, about: &str) -> Vec<(String, String)> {
    for text in texts(project, &[".storygen/calls"]).values() {
        let head: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        if head["about"] == about {
            let messages = head["request"]["messages"].as_array().unwrap();
            let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
            return messages.iter().map(|one| (text(&one["role"]), text(&one["text"]))).collect();
        }
    }
    panic!("no call is about {about}");
}

#[test]
fn the_prompt_shown_is_the_prompt_sent() {
    let project = small(&all());
    done(&project, &["draft", "chapter", "1"]);
    let shown = done(&project, &["prompt", "chapter", "2"]).stdout;
    done(&project, &["draft", "chapter", "2"]);
    let messages = sent(&project, "draft pans take 1 drawing 1 part 1");
    let expected: Vec<String> =
        messages.iter().map(|(role, text)| format!("--- {role}\n{text}\n\n")).collect();
    let (prompt, table) = shown.split_once("section                     tokens").expect("a table");
    assert_eq!(prompt, expected.concat());
    assert!(
        table.contains("the whole prompt              2883  window 32768, reply up to 329"),
        "{table}"
    );
    // Nothing that a run knows and the command does not: the same after drafting.
    assert_eq!(done(&project, &["prompt", "chapter", "2"]).stdout, shown);
    let table_only = done(&project, &["prompt", "chapter", "2", "--table"]).stdout;
    assert!(table_only.starts_with("section "), "{table_only}");
}

#[test]
fn a_redo_makes_a_new_take_and_keeps_the_old() {
    let project = drafted();
    let other = PROSE[2].replace("palm", "elbow");
    play(&project, &[rule(&[&drafts(3)], &other), rule(&[&records(3)], &record(3))]);
    done(&project, &["draft", "chapter", "3", "--redo"]);
    assert_eq!(prose(&project, 3), other);
    assert!(project.read(".storygen/takes/tide/1.md").contains("palm"));
    assert_eq!(
        done(&project, &["takes", "3"]).stdout,
        "  3@1  64 words, by scripted/../home/play\n* 3@2  64 words, by scripted/../home/play\n"
    );
    assert_eq!(done(&project, &["takes", "3", "--show", "1"]).stdout, format!("{}\n", PROSE[2]));
    assert_eq!(
        done(&project, &["select", "3@1"]).stderr,
        "chapter 3 is now take 1\nits canon is from another text; `storygen draft chapter 3` makes it anew\n"
    );
    assert_eq!(prose(&project, 3), PROSE[2]);
    assert_eq!(states(&project)[2], "3 The Tide Turns no canon 64 / 60 2 440");
    assert_eq!(states(&project)[3], "4 False Weights drafted 61 / 60 1 220");
    assert_eq!(
        run(&project, &["select", "3@7"]).to_string(),
        "exit 2\n--- stdout\n--- stderr\nerror: chapter 3 has no take 7\nhelp: it has 1, 2\n"
    );
}

#[test]
fn another_seed_asks_anew() {
    let project = small(&all());
    done(&project, &["draft", "chapter", "1", "--seed", "7"]);
    std::fs::remove_dir_all(project.path().join("manuscript")).unwrap();
    std::fs::remove_dir_all(project.path().join(".storygen/takes")).unwrap();
    std::fs::remove_file(project.path().join(".storygen/journal.jsonl")).unwrap();
    play(&project, &[rule(&[&drafts(1)], PROSE[0])]);
    done(&project, &["draft", "chapter", "1"]);
    let seeds = texts(&project, &[".storygen/calls"]);
    assert_eq!(
        seeds.values().filter(|text| text.contains("\"about\":\"draft ledger take 1")).count(),
        2
    );
}

#[test]
fn a_changed_card_makes_its_chapters_stale() {
    let project = drafted();
    let people = project.read("bible/characters.yaml");
    project.write(
        "bible/characters.yaml",
        people.replace("the old weigher", "the old weigher, half blind"),
    );
    let stale = "changed since: character `tolly`";
    assert_eq!(
        states(&project),
        [
            "1 The Second Hand drafted 64 / 60 1 220".to_owned(),
            format!("2 At the Pans stale 84 / 90 1 220 {stale}"),
            "3 The Tide Turns drafted 64 / 60 1 220".to_owned(),
            format!("4 False Weights stale 61 / 60 1 220 {stale}"),
        ]
    );
    assert!(done(&project, &["status"]).stdout.ends_with("next: storygen draft\n"));
    play(&project, &[]);
    let kept = "exit 0\n--- stdout\n--- stderr\nnothing else to draft; the changed chapters are left as they are\n";
    assert_eq!(run(&project, &["draft", "--keep-stale"]).to_string(), kept);
    // Chapter 3 is not redrafted: only the text before it has changed.
    // The text of chapter 4 comes out the same, so its record is not asked for again.
    let mut script = vec![rule(&[&drafts(4)], PROSE[3])];
    script.push(rule(&[&drafts(2)], &PROSE[1].replace("white", "grey")));
    script.push(rule(&[&records(2)], &record(2)));
    play(&project, &script);
    done(&project, &["draft"]);
    assert_eq!(
        states(&project)[2],
        "3 The Tide Turns drafted 64 / 60 1 220 earlier text changed since"
    );
    // Chapter 4 was drafted after that change, and the text of chapter 3 stays as it was.
    play(&project, &[rule(&[&drafts(3)], PROSE[2])]);
    done(&project, &["draft", "--follow"]);
    assert_eq!(states(&project)[2], "3 The Tide Turns drafted 64 / 60 2 330");
}

#[test]
fn a_removed_file_is_put_back() {
    let project = drafted();
    std::fs::remove_file(project.path().join("manuscript/02-pans.md")).unwrap();
    assert_eq!(
        states(&project)[1],
        "2 At the Pans removed - / 90 1 220 its file is gone, its takes are kept"
    );
    play(&project, &[]);
    let output = done(&project, &["draft"]);
    assert_eq!(output.stderr, "  chapter 2: take 1 put back\nnothing had to be drafted\n");
    assert_eq!(prose(&project, 2), PROSE[1]);
    // A new take is wanted, not the old one.
    std::fs::remove_file(project.path().join("manuscript/02-pans.md")).unwrap();
    let other = PROSE[1].replace("white", "grey");
    play(&project, &[rule(&[&drafts(2)], &other), rule(&[&records(2)], &record(2))]);
    let output = done(&project, &["draft", "chapter", "2", "--redo"]);
    assert!(!output.stderr.contains("put back"), "{output}");
    assert_eq!(prose(&project, 2), other);
}

#[test]
fn chapters_that_move_take_their_files_along() {
    let project = drafted();
    let outline = project.read("bible/outline.yaml");
    let (head, last) = outline.split_at(outline.find("  - id: weights").unwrap());
    // Chapter 4 becomes chapter 1; chapter 3 leaves the book.
    let (chapters, _) = head.split_at(head.find("  - id: tide").unwrap());
    let moved = chapters.replacen("chapters:\n", &format!("chapters:\n{last}"), 1);
    project.write("bible/outline.yaml", moved);
    let before = texts(&project, &["manuscript", "canon"]);
    assert_eq!(states(&project).len(), 3);
    play(&project, &[]);
    let output = done(&project, &["draft"]);
    assert_eq!(
        output.stderr,
        "  chapter 1 has moved: its text is manuscript/01-weights.md now\n\
         \x20 chapter 2 has moved: its text is manuscript/02-ledger.md now\n\
         \x20 chapter 3 has moved: its text is manuscript/03-pans.md now\n\
         nothing had to be drafted\n"
    );
    let after = texts(&project, &["manuscript", "canon"]);
    let names: Vec<&str> = after.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "canon/01-weights.yaml",
            "canon/02-ledger.yaml",
            "canon/03-pans.yaml",
            "canon/03-tide.yaml",
            "manuscript/01-weights.md",
            "manuscript/02-ledger.md",
            "manuscript/03-pans.md",
            "manuscript/03-tide.md",
        ]
    );
    let mut texts: [Vec<&String>; 2] = [before.values().collect(), after.values().collect()];
    for texts in &mut texts {
        texts.sort();
    }
    assert_eq!(texts[0], texts[1]);
    // What is no longer in the outline harms nobody, and comes back with it.
    assert_eq!(run(&project, &["check"]).code, 0);
    project.write("bible/outline.yaml", outline);
    done(&project, &["draft"]);
    assert_eq!(crate::common::texts(&project, &["manuscript", "canon"]), before);
}

#[test]
fn undo_goes_back_step_by_step() {
    let project = small(&once(&[1]));
    done(&project, &["draft", "chapter", "1"]);
    let other = PROSE[0].replace("round", "square");
    play(&project, &[rule(&[&drafts(1)], &other), rule(&[&records(1)], &record(1))]);
    done(&project, &["draft", "chapter", "1", "--redo"]);
    done(&project, &["select", "1@1"]);
    let steps = [
        ("chapter 1 is take 2 again\n", Some(other.as_str())),
        ("chapter 1 is take 1 again\n", Some(PROSE[0])),
        ("chapter 1 has no text again; `storygen takes 1` lists what is kept\n", None),
    ];
    for (said, text) in steps {
        assert_eq!(done(&project, &["undo"]).stderr, said);
        let stands =
            project.path().join("manuscript/01-ledger.md").exists().then(|| prose(&project, 1));
        assert_eq!(stands.as_deref(), text);
    }
    assert_eq!(
        run(&project, &["undo"]).to_string(),
        "exit 1\n--- stdout\n--- stderr\nerror: there is nothing to undo\n"
    );
    let log = done(&project, &["log"]).stdout;
    let events: Vec<&str> = log.lines().map(|line| line[17..].trim_start()).collect();
    assert_eq!(
        events,
        [
            "run 1    storygen draft chapter 1 --model scripted/../home/play",
            "run 1      ledger@1: 64 words, 100 + 10 tokens",
            "run 1      ledger is take 1",
            "run 1      ledger recorded, facts: 1, dropped: 0",
            "run 2    storygen draft chapter 1 --redo --model scripted/../home/play",
            "run 2      ledger@2: 64 words, 100 + 10 tokens",
            "run 2      ledger is take 2",
            "run 2      ledger recorded, facts: 1, dropped: 0",
            "run 3    storygen select 1@1",
            "run 3      ledger is take 1",
            "run 4    storygen undo",
            "run 4      ledger is take 2",
            "run 4      took back run 3",
            "run 5    storygen undo",
            "run 5      ledger is take 1",
            "run 5      took back run 2",
            "run 6    storygen undo",
            "run 6      ledger has no text",
            "run 6      took back run 1",
            "run 7    storygen undo",
        ]
    );
    assert_eq!(done(&project, &["log", "--lines", "1"]).stdout.lines().count(), 1);
}
