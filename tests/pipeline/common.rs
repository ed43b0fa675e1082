//! The small book's project, what its scripts answer, and what its folder holds.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Output, Project};

/// The chapters' ids, in order.
pub const IDS: [&str; 4] = ["ledger", "pans", "tide", "weights"];

/// A prose that is accepted for each chapter.
pub const PROSE: [&str; 4] = [
    "Mara held the page to the window. The first hand was hers, round and slow; the second leaned, as if it had been \
     written on a moving boat. “Who else has had the key?” she asked.\n\nJoss looked at the scales. “Nobody,” he said, \
     and then, because she waited: “Nobody who can write.” Below them a cart stopped, and neither went down to it.",
    "The pans lay white to the sky. Tolly raked without looking up, and Mara stood on the plank until her shoes were wet. \
     “You taught him his figures,” she said. He raked. “Somebody taught him to lean them.” The rake stopped, and went \
     on.\n\n* * *\n\nShe counted the sacks on the way back, once by the path and once by the wall. By the path there were \
     forty. By the wall there were forty-three, and the three had no mark on them at all.",
    "Joss came up the stairs with his coat buttoned wrong. He laid the page on the table and kept his palm on it. “It was \
     in the weigher's hat,” he said.\n\nMara did not touch it. Outside the water had stopped at the fourth step, as it \
     did before it turned. “Then read it to me,” she said, “and do not lean on anything.”",
    "Tolly took the brass pan off its hook and turned it over. Under the rim a plug of lead had been driven in and filed \
     flat. “Eleven years,” he said. “It was there before your uncle.” Mara wrote the number down in her round hand, and \
     under it, leaning, the other one; and only then did she look at the door.",
];

/// A record that is accepted for each chapter: synopsis and quote.
const RECORDS: [(&str, &str, &str); 4] = [
    (
        "Mara finds a second, leaning hand in the ledger; Joss says nobody else had the key.",
        "the second leaned",
        "mara",
    ),
    (
        "Mara asks Tolly at the pans about the leaning figures and counts three unmarked sacks.",
        "the three had no mark",
        "mara",
    ),
    (
        "Joss brings Mara the missing page, which was in the weigher's hat, as the tide turns.",
        "in the weigher's hat",
        "joss",
    ),
    (
        "Tolly shows Mara the lead plug in the brass pan; it has been there for eleven years.",
        "a plug of lead",
        "tolly",
    ),
];

/// What marks a prompt that drafts a chapter.
pub fn drafts(number: usize) -> String {
    format!("# Now: chapter {number} of ")
}

/// What marks a prompt that records a chapter.
pub fn records(number: usize) -> String {
    format!("# The Salt Ledger, chapter {number}: ")
}

/// A record that is accepted for a chapter.
pub fn record(number: usize) -> String {
    let (synopsis, quote, subject) = RECORDS[number - 1];
    let fact = json!({ "subject": subject, "kind": "state", "about": format!("matter {number}"), "fact": quote, "quote": quote });
    json!({ "synopsis": synopsis, "facts": [fact] }).to_string()
}

/// One entry of a script: answers prompts that hold all of `when`.
pub fn rule(when: &[&str], reply: &str) -> Value {
    json!({ "when": when, "reply": reply, "usage": { "prompt": 100, "reply": 10 } })
}

/// The same, any number of times.
pub fn always(when: &[&str], reply: &str) -> Value {
    with(rule(when, reply), json!({ "always": true }))
}

/// An entry with more keys.
pub fn with(mut entry: Value, more: Value) -> Value {
    let (Value::Object(entry_map), Value::Object(more)) = (&mut entry, more) else {
        panic!("maps")
    };
    entry_map.extend(more);
    entry
}

/// Rules that draft and record every chapter, as often as asked.
pub fn all() -> Vec<Value> {
    let mut rules = Vec::new();
    for number in 1..=4 {
        rules.push(always(&[&records(number)], &record(number)));
        rules.push(always(&[&drafts(number)], PROSE[number - 1]));
    }
    rules
}

/// What marks the prompt that folds the first two chapters, and a fold that is accepted.
pub const FOLDS: &str = "Chapters 1 to 2 of ";
pub const FOLD: &str = "Mara finds a second hand in the ledger, and Joss knows of no other key. \
                        Tolly is asked about the figures, and three sacks have no mark.";

/// A book of six chapters in a window so small that two synopses are folded
/// before the fifth.
pub fn long() -> Project {
    let more = |number: usize, as_in: usize| {
        [
            always(&[&drafts(number)], &format!("{} They waited.", PROSE[as_in])),
            always(&[&records(number)], &record(as_in + 1)),
        ]
    };
    let mut script = all();
    script.extend(more(5, 0));
    script.extend(more(6, 2));
    script.push(always(&[FOLDS], FOLD));
    let project = small(&script);
    let mut outline = project.read("bible/outline.yaml");
    for (id, title) in [("gate", "The Gate"), ("road", "The Road")] {
        outline += &format!(
            "  - id: {id}\n    title: {title}\n    summary: Mara waits with Joss.\n    pov: mara\n    \
             cast: [mara, joss]\n    place: office\n"
        );
    }
    project.write("bible/outline.yaml", outline);
    done(&project, &["draft", "chapters", "1-4", "--window", "6500"]);
    project
}

/// Entries that draft and record each of these chapters once.
pub fn once(numbers: &[usize]) -> Vec<Value> {
    let both = |number: &usize| {
        [rule(&[&drafts(*number)], PROSE[number - 1]), rule(&[&records(*number)], &record(*number))]
    };
    numbers.iter().flat_map(both).collect()
}

/// The small book with this script.
pub fn small(script: &[Value]) -> Project {
    let project = Project::copy("tests/projects/small");
    play(&project, script);
    project
}

/// Sets the script that the next runs play.
pub fn play(project: &Project, script: &[Value]) {
    let lines: Vec<String> = script.iter().map(ToString::to_string).collect();
    project.write("../home/play", lines.join("\n"));
}

/// The same project and script once more.
pub fn copy(project: &Project) -> Project {
    let copy = Project::empty();
    copy.overlay(project.path().to_str().expect("a path"));
    copy.write("../home/play", project.read("../home/play"));
    copy
}

/// The model that plays the script.
pub const MODEL: &str = "scripted/../home/play";

/// Runs a command that may need the model.
pub fn run(project: &Project, arguments: &[&str]) -> Output {
    let takes_model = matches!(arguments.first(), Some(&("draft" | "status" | "prompt")));
    let mut all = arguments.to_vec();
    if takes_model {
        all.extend(["--model", MODEL]);
    }
    project.run(&all)
}

/// Runs a command that has to end well.
pub fn done(project: &Project, arguments: &[&str]) -> Output {
    let output = run(project, arguments);
    assert_eq!(output.code, 0, "{arguments:?}: {output}");
    output
}

/// The small book, drafted.
pub fn drafted() -> Project {
    let project = small(&all());
    done(&project, &["draft"]);
    project
}

/// The files below some folders, with their text.
pub fn texts(project: &Project, folders: &[&str]) -> BTreeMap<String, String> {
    project
        .files()
        .into_iter()
        .filter(|file| folders.iter().any(|folder| file.starts_with(&format!("{folder}/"))))
        .map(|file| (file.clone(), project.read(&file)))
        .collect()
}

/// What the author and the reader see, and the takes.
pub fn book(project: &Project) -> BTreeMap<String, String> {
    texts(project, &["manuscript", "canon", ".storygen/takes", ".storygen/folds"])
}

/// How many calls are kept.
pub fn calls(project: &Project) -> usize {
    texts(project, &[".storygen/calls"]).len()
}

/// The rows of `status`: chapter, state and remarks.
pub fn states(project: &Project) -> Vec<String> {
    let status = done(project, &["status"]);
    let row = |line: &str| {
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        IDS.iter()
            .any(|_| {
                line.starts_with(|c: char| c.is_ascii_digit()) && !line.contains(" chapters, ")
            })
            .then_some(line)
    };
    status.stdout.lines().filter_map(row).collect()
}

/// A chapter's prose in the manuscript.
pub fn prose(project: &Project, number: usize) -> String {
    let text = project.read(&format!("manuscript/{number:02}-{}.md", IDS[number - 1]));
    let (_, prose) = text.split_once("\n\n").expect("a heading");
    prose.trim_end().to_owned()
}
