//! aimock (Node) and llmock (Python): whole runs, and faults in their midst.

use std::process::Command;

use serde_json::{Value, json};

use crate::peer::{Peer, installed};
use crate::story::{self, FIRST, SECOND, draft, first_record, journal, project, second_record};
use crate::support::{Output, Project};

/// What a model goes on with after a broken stream.
const REST: &str = " She stayed with the light until the morning, and Peter stayed with her, and neither of them slept.";

/// aimock with these answers, each to prompts whose last user message holds a text.
pub fn aimock(fixtures: &[Value]) -> Peer {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("fixtures.json");
    std::fs::write(&file, json!({"fixtures": fixtures}).to_string()).expect("a file");
    let program = installed("node/node_modules/@copilotkit/aimock/dist/cli.js");
    Peer::start(
        |port| {
            let mut command = Command::new("node");
            command.arg(program).arg("--strict").arg("--fixtures").arg(&file);
            command.args(["--chunk-size", "7", "--port", &port.to_string()]);
            command
        },
        "/health",
    )
}

pub fn fixture(said: &str, content: &str) -> Value {
    let usage = json!({"prompt_tokens": 1000 + said.len(), "completion_tokens": 200, "total_tokens": 1200 + said.len()});
    json!({"match": {"userMessage": said}, "response": {"content": content, "usage": usage}})
}

const ASK_FIRST: &str = "Anna climbs the tower at dusk";
const ASK_SECOND: &str = "At dawn a ship comes safely";
const RECORD_FIRST: &str = "chapter 1: The Dark Lamp\n\nThe people";
const RECORD_SECOND: &str = "chapter 2: The Ship\n\nThe people";
const GO_ON: &str = "Your text breaks off here";

fn good() -> Vec<Value> {
    vec![
        fixture(RECORD_FIRST, &first_record()),
        fixture(RECORD_SECOND, &second_record()),
        fixture(GO_ON, REST),
        fixture(ASK_FIRST, FIRST),
        fixture(ASK_SECOND, SECOND),
    ]
}

fn assert_done(output: &Output) {
    assert_eq!(output.code, 0, "{output}");
}

#[test]
fn aimock_a_book_is_drafted_and_its_tokens_are_counted() {
    // Plain OpenAI, and the same in OpenRouter's shape with its comments.
    for path in ["/v1", "/api/v1"] {
        let peer = aimock(&good());
        let project = project();
        assert_done(&draft(&project, &peer, path, &[]));
        assert_eq!(project.read("manuscript/01-dark.md"), format!("# The Dark Lamp\n\n{FIRST}\n"));
        assert_eq!(project.read("manuscript/02-ship.md"), format!("# The Ship\n\n{SECOND}\n"));
        let canon = project.read("canon/01-dark.yaml");
        assert!(
            canon.contains("synopsis_by: model") && canon.contains("she lights the lamp again"),
            "{canon}"
        );
        assert!(canon.contains("lit the lamp again") && !canon.contains("whale"), "{canon}");
        let asked = |said: &str| 1000 + u64::try_from(said.len()).expect("a count");
        assert_eq!(
            story::tokens(&journal(&project, "take")),
            (asked(ASK_FIRST) + asked(ASK_SECOND), 400)
        );
        assert_eq!(
            story::tokens(&journal(&project, "recorded")),
            (asked(RECORD_FIRST) + asked(RECORD_SECOND), 400)
        );
        assert_eq!(requests(&peer), 4, "one request a step");
        // All is done: nothing more is asked.
        assert_done(&draft(&project, &peer, path, &[]));
        assert_eq!(requests(&peer), 4);
    }
}

fn requests(peer: &Peer) -> usize {
    peer.get("/__aimock/journal").as_array().expect("a list").len()
}

#[test]
fn aimock_a_broken_stream_is_kept_and_continued() {
    for (fault, value) in [("truncateAfterChunks", 30), ("disconnectAfterMs", 250)] {
        let mut fixtures = good();
        let broken = fixtures.iter_mut().find(|one| one["match"]["userMessage"] == ASK_FIRST);
        let broken = broken.expect("the fixture");
        broken[fault] = json!(value);
        broken["latency"] = json!(5);
        let peer = aimock(&fixtures);
        let project = project();
        let output = draft(&project, &peer, "/v1", &["chapter", "1"]);
        assert_done(&output);
        assert_continued(&project, &output, fault);
        assert_eq!(requests(&peer), 3, "{fault}: the chapter, its rest, its record; {output}");
    }
}

fn assert_continued(project: &Project, output: &Output, fault: &str) {
    let text = project.read("manuscript/01-dark.md");
    let prose =
        text.strip_prefix("# The Dark Lamp\n\n").unwrap_or_else(|| panic!("{fault}: {text}"));
    let begin = prose.strip_suffix(&format!("{}\n", REST.trim()));
    let begin = begin.unwrap_or_else(|| panic!("{fault}: {text}\n{output}")).trim_end();
    assert!(begin.len() > 20 && begin.len() < FIRST.len(), "{fault}: {text}");
    assert!(FIRST.starts_with(begin), "{fault}: what had come is kept letter by letter: {text}");
}

/// llmock, told what to do with the requests that come.
pub fn llmock(behaviors: &[Value]) -> Peer {
    let program = installed("python/bin/llmock");
    let peer = Peer::start(
        |port| {
            let mut command = Command::new(program);
            command.args(["serve", "--host", "127.0.0.1", "--port", &port.to_string()]);
            command
        },
        "/health",
    );
    peer.post("/_llmock/scenario", &json!({"behaviors": behaviors}));
    peer
}

pub fn reply(text: &str) -> Value {
    json!({"type": "reply", "text": text})
}

#[test]
fn llmock_finds_no_fault_with_how_a_busy_endpoint_is_met() {
    for (status, wait) in [(429, 1.0), (503, 1.0), (500, 0.0)] {
        let mut fail = json!({"type": "fail", "status": status});
        if wait > 0.0 {
            fail["retry_after"] = json!(wait);
        }
        let peer = llmock(&[fail, reply(FIRST), reply(&first_record())]);
        let project = project();
        assert_done(&draft(&project, &peer, "/v1", &["chapter", "1"]));
        assert_eq!(project.read("manuscript/01-dark.md"), format!("# The Dark Lamp\n\n{FIRST}\n"));
        let verdict = peer.get("/_llmock/verdict");
        assert_eq!(
            (&verdict["passed"], &verdict["faults_injected"]),
            (&json!(true), &json!(1)),
            "{verdict}"
        );
        assert_eq!(verdict["attempts"], 3, "{verdict}");
        assert_eq!(verdict["warnings"], 0, "{verdict}");
    }
}

#[test]
fn llmock_a_broken_stream_is_kept_and_continued() {
    for kind in ["truncate", "disconnect", "malformed"] {
        let fault = json!({"type": "stream_fault", "kind": kind, "after_chunks": 12});
        let peer = llmock(&[fault, reply(FIRST), reply(REST), reply(&first_record())]);
        let project = project();
        let output = draft(&project, &peer, "/v1", &["chapter", "1"]);
        assert_done(&output);
        assert_continued(&project, &output, kind);
        assert_eq!(peer.get("/_llmock/requests")["count"], 3, "{kind}: {output}");
    }
}

#[test]
fn llmock_an_endpoint_that_refuses_ends_the_run_and_names_the_reason() {
    for (status, words) in [(400, "refus"), (401, "key"), (404, "refus")] {
        let peer = llmock(&[
            json!({"type": "fail", "status": status, "message": "no such thing here", "times": 9}),
        ]);
        let project = project();
        let output = draft(&project, &peer, "/v1", &["chapter", "1"]);
        assert_eq!(output.code, 6, "{output}");
        assert!(
            output.stderr.contains("no such thing here") && output.stderr.contains(words),
            "{status}: {output}"
        );
        assert_eq!(
            peer.get("/_llmock/requests")["count"],
            1,
            "what waiting cannot mend is asked once: {output}"
        );
        assert!(!project.path().join("manuscript/01-dark.md").exists());
    }
}
