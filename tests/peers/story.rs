//! The tiny project with short chapters, what a good model says to it, and
//! what drafting leaves behind.

use serde_json::{Value, json};

use crate::peer::Peer;
use crate::support::{Output, Project};

pub const FIRST: &str = "Anna climbed the tower at dusk with her hand on the cold wall, and at the top she found the great lamp dark and its glass clouded with smoke. She called down to the boats. Peter rowed over with a can of oil, and they filled the lamp without a word. When Anna struck the match the light ran out over the water, and far away a ship turned towards it.";

pub const SECOND: &str = "At dawn the ship came round the rock with its sails grey and torn, and the men on deck lifted their caps to the tower. Anna counted them twice. Peter stood beside her and said that the sea had kept its word for once, and she laughed until she had to sit down on the step.";

/// The record of the first chapter: one fact is borne out, one is invented.
pub fn first_record() -> String {
    let fact = |subject: &str, fact: &str, quote: &str| json!({"subject": subject, "kind": "event", "about": "lamp", "fact": fact, "quote": quote});
    json!({
        "synopsis": "Anna finds the great lamp dark; Peter brings oil, and she lights the lamp again, so that a ship turns towards it.",
        "facts": [
            fact("anna", "lit the lamp again", "When Anna struck the match the light ran out over the water"),
            fact("peter", "owns a whale", "Peter owned a whale as white as milk"),
        ],
    })
    .to_string()
}

pub fn second_record() -> String {
    json!({
        "synopsis": "At dawn the ship comes in safely; Anna counts its men, and Peter stands beside her on the tower.",
        "facts": [],
    })
    .to_string()
}

/// The tiny project, its chapters a few sentences long.
pub fn project() -> Project {
    let project = Project::copy("tests/tiny");
    let outline = project.read("bible/outline.yaml");
    let short = outline.replace("words: 300", "words: 60").replace("words: 150", "words: 30");
    assert_ne!(outline, short);
    project.write("bible/outline.yaml", short);
    project
}

/// Drafts with the model `openai/some-model` at a path of the peer.
pub fn draft(project: &Project, peer: &Peer, path: &str, arguments: &[&str]) -> Output {
    let url = peer.url(path);
    let arguments =
        [&["draft", "--model", "openai/some-model", "--window", "4096"], arguments].concat();
    project
        .run_with(&arguments, &[("STORYGEN_BASE_URL", url.as_str()), ("STORYGEN_API_KEY", "a-key")])
}

/// The journal's entries of one kind.
pub fn journal(project: &Project, event: &str) -> Vec<Value> {
    let text = project.read(".storygen/journal.jsonl");
    let entries = text.lines().map(|line| serde_json::from_str(line).expect("an entry"));
    entries.filter(|entry: &Value| entry["event"] == event).collect()
}

/// Tokens of all entries of one kind: prompt and reply.
pub fn tokens(entries: &[Value]) -> (u64, u64) {
    let sum = |key: &str| {
        entries.iter().map(|entry| entry["tokens"][key].as_u64().expect("tokens")).sum()
    };
    (sum("prompt"), sum("reply"))
}
