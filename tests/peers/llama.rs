//! llama.cpp's own server, with the model that is also embedded.

use std::path::Path;
use std::process::Command;

use crate::peer::{Peer, installed, model};
use crate::story::{journal, project, tokens};

/// The server, with one slot of so many tokens.
pub fn llama(window: u32) -> Peer {
    let python = installed("python/bin/python");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/llama_server.py");
    Peer::start(
        |port| {
            let mut command = Command::new(python);
            command.arg(script).arg(model()).arg(port.to_string()).arg(window.to_string());
            command
        },
        "/health",
    )
}

#[test]
fn a_chapter_is_drafted_by_llama_cpp_and_every_token_is_counted() {
    let peer = llama(4096);
    let project = project();
    let limits = "limits:\n  reply_tokens: 200\n  redraws: 6\n";
    project.write("storygen.yaml", project.read("storygen.yaml") + limits);
    let url = peer.url("/v1");
    let output = project.run_with(
        &["draft", "chapter", "1", "--model", "openai/smollm2", "--window", "4096", "--seed", "3"],
        &[("STORYGEN_BASE_URL", &url)],
    );
    assert_eq!(output.code, 0, "{output}\n{}", peer.log());
    let text = project.read("manuscript/01-dark.md");
    assert!(text.split_whitespace().count() > 40, "{text}");
    let [take] = &journal(&project, "take")[..] else { panic!("one take: {output}") };
    let [record] = &journal(&project, "recorded")[..] else { panic!("one record: {output}") };
    let (prompt, reply) = tokens(&[take.clone(), record.clone()]);
    assert!(prompt > 0 && reply > 0, "{take} {record}");
    // Every kept call ended with the server's own figures, and records are JSON.
    let (mut counted, mut stopped) = ((0, 0), 0);
    for file in project.files().iter().filter(|file| file.starts_with(".storygen/calls/")) {
        let call = project.read(file);
        let (head, rest) = call.split_once('\n').expect("a head");
        let (answer, end) = rest.rsplit_once('\u{1e}').expect("an end");
        let end: serde_json::Value = serde_json::from_str(end.trim()).expect("an end");
        if end["ending"] == "stopped" {
            // Whoever hangs up hears no figures: it counts with all it could take.
            assert_eq!(end["tally"]["unsaid"], 1, "{file}: {end}");
            stopped += 1;
            continue;
        }
        let usage = &end["usage"];
        let count = |key: &str| usage[key].as_u64().unwrap_or_else(|| panic!("{file}: {end}"));
        // The server's total leaves out what it had in its cache.
        counted.0 += count("prompt") - count("cached");
        counted.1 += count("reply");
        if head.contains("\"about\":\"record") {
            assert!(answer.trim_start().starts_with('{'), "a structured reply: {answer}");
            if end["ending"] == "stop" {
                let answer: serde_json::Value = serde_json::from_str(answer).expect("whole JSON");
                assert!(answer["synopsis"].is_string() && answer["facts"].is_array(), "{answer}");
            }
        }
    }
    let served = served(&peer);
    if stopped == 0 {
        assert_eq!(counted, served, "the calls' figures are the server's own; {output}");
    }
    let unsaid = (served.0.checked_sub(counted.0), served.1.checked_sub(counted.1));
    let (Some(prompt), Some(reply)) = unsaid else { panic!("{counted:?} of {served:?}") };
    assert!(prompt <= stopped * 4096 && reply <= stopped * 200, "{counted:?} of {served:?}");
}

/// The tokens that the server says it has read and written, in its metrics.
pub fn served(peer: &Peer) -> (u64, u64) {
    let figure = |name: &str| {
        let text = peer.text("/metrics");
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(&format!("llamacpp:{name} ")).map(str::to_owned));
        let figure: f64 =
            line.unwrap_or_else(|| panic!("no {name}: {text}")).trim().parse().expect("a number");
        format!("{figure:.0}").parse().expect("a whole number")
    };
    (figure("prompt_tokens_total"), figure("tokens_predicted_total"))
}
