//! Endpoints that are not there, do not let us in, or are something else.

use crate::byte_server::{ByteServer, Step, answer, stream_head};
use crate::common::*;
use crate::support::{Output, Project};

/// A key that must turn up nowhere.
const CANARY: &str = "sk-canary-7f3a9c21d5";

fn draft_at(project: &Project, origin: &str) -> Output {
    let output = project
        .command(&["draft", "chapter", "1"])
        .env("STORYGEN_MODEL", "openai/x")
        .env("STORYGEN_BASE_URL", format!("{origin}/v1"))
        .env("STORYGEN_API_KEY", CANARY)
        .output()
        .expect("the program runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(origin, "[SERVER]");
    Output {
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
        code: output.status.code().unwrap_or(-1),
    }
}

/// The key is in nothing that was said or written.
fn assert_no_key(project: &Project, output: &Output) {
    assert!(!output.to_string().contains(CANARY), "{output}");
    let above = project.path().parent().expect("a folder").to_owned();
    let found = std::process::Command::new("grep")
        .args(["-rlaF", CANARY])
        .arg(above)
        .output()
        .expect("grep");
    assert_eq!(String::from_utf8_lossy(&found.stdout), "", "the key is on disk");
}

/// An event stream that says these texts, then ends as told.
fn says(texts: &[&str], finish: Option<&str>) -> Vec<Step> {
    let mut steps = vec![stream_head()];
    for text in texts {
        let event =
            serde_json::json!({ "choices": [{ "index": 0, "delta": { "content": text } }] });
        steps.push(Step::Send(format!("data: {event}\n\n").into_bytes()));
    }
    if let Some(finish) = finish {
        let event = serde_json::json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": finish }] });
        steps.push(Step::Send(format!("data: {event}\n\ndata: [DONE]\n\n").into_bytes()));
    }
    steps
}

const ASSUMED: &str = "how much `x` holds is not known; 32768 tokens are assumed (set `limits: {window: …}` in storygen.yaml)\n";

#[test]
fn an_endpoint_that_does_not_serve_is_one_message() {
    let html = b"<!doctype html><html><head><title>Welcome to nginx!</title></head><body><h1>It works</h1></body></html>";
    let cases: [(&str, Vec<Step>, &str); 5] = [
        (
            "a wrong key",
            vec![answer(
                401,
                &[("content-type", "application/json")],
                br#"{"error":{"message":"Incorrect API key provided"}}"#,
            )],
            "error: [SERVER] does not accept the key: Incorrect API key provided; the key is that of `STORYGEN_API_KEY`\nhelp: set `STORYGEN_API_KEY`, or the `api_key_file` of your configuration, to a key for this endpoint\n",
        ),
        (
            "a web page",
            vec![answer(200, &[("content-type", "text/html")], html)],
            "error: [SERVER] did not answer like a chat endpoint: ",
        ),
        ("an empty stream", vec![stream_head()], "error: "),
        (
            "no such model",
            vec![answer(
                404,
                &[("content-type", "application/json")],
                br#"{"error":{"message":"The model `x` does not exist"}}"#,
            )],
            "error: [SERVER] does not serve `x`, or no longer: The model `x` does not exist\nhelp: `storygen models` shows what can be used instead; a model is never exchanged without your word\n",
        ),
        (
            "an error that repeats the key",
            vec![answer(
                400,
                &[("content-type", "application/json")],
                format!(r#"{{"error":{{"message":"bad key {CANARY}"}}}}"#).as_bytes(),
            )],
            "error: [SERVER] refused the request (400): ",
        ),
    ];
    for (name, steps, expected) in cases {
        let project = small(&[]);
        // Whatever is tried again gets the same answer.
        let server = ByteServer::start(vec![steps; 8]);
        let output = draft_at(&project, &server.origin());
        assert_eq!(output.code, 6, "{name}: {output}");
        let start = format!("{ASSUMED}chapter 1 of 4: The Second Hand\n");
        let rest = output.stderr.strip_prefix(&start).unwrap_or_else(|| panic!("{name}: {output}"));
        let (pauses, error) = rest.split_at(rest.find("error: ").unwrap_or_default());
        let passing = if name == "an empty stream" { 3 } else { 0 };
        assert_eq!(pauses.lines().count(), passing, "{name}: {output}");
        assert!(error.starts_with(expected), "{name}: {output}");
        assert_eq!(error.matches("error: ").count(), 1, "{name}: {output}");
        assert!(error.contains("\nhelp: "), "{name}: {output}");
        assert!(book(&project).is_empty(), "{name}");
        assert_no_key(&project, &output);
    }
}

#[test]
fn a_key_that_is_not_accepted_is_told_by_where_it_came_from() {
    let project = small(&[]);
    let refusal = br#"{"error":{"message":"Incorrect API key provided"}}"#;
    let server = ByteServer::start([vec![answer(401, &[], refusal)]]);
    project.write("../home/key", format!("{CANARY}\n"));
    let file = project.path().join("../home/key");
    let base_url = format!("{}/v1", server.origin());
    project.write(
        "../home/config/storygen/config.yaml",
        format!("base_url: {base_url}\napi_key_file: {}\n", file.display()),
    );
    let output = project.run(&["draft", "chapter", "1", "--model", "openai/x"]);
    assert_eq!(output.code, 6, "{output}");
    let words = "provided; the key is that of `[DIR]/../home/key`, your `api_key_file`\nhelp: ";
    assert!(output.stderr.contains(words), "{output}");
    assert!(!output.to_string().contains(CANARY), "{output}");
}

/// What `check` says of a project's models and endpoint, `status` says, too: the
/// command that it offers would fail.
#[test]
fn status_tells_what_stops_a_draft() {
    let far = "endpoint: {base_url: 'https://far.invalid/v1'}\n";
    let table = [
        (
            "model: ''\n".to_owned(),
            &[][..],
            "error[model]: nothing stands where the name of a model",
        ),
        ("model: mythomax-13b\n".to_owned(), &[], "error[model]: `mythomax-13b` is served by"),
        (format!("model: openai/m\n{far}"), &[], "error[untrusted-setting]: the project wants"),
        (String::new(), &["--model", "nohost"], "no provider is called `nohost`"),
    ];
    for (lines, flags, words) in table {
        let project = small(&[]);
        let book = project.read("storygen.yaml");
        project.write("storygen.yaml", format!("{book}\n{lines}"));
        let output = project.run(&[&["status"], flags].concat());
        assert_eq!(output.code, 0, "{lines}: {output}");
        assert!(output.stderr.contains(words), "{lines}: {output}");
        assert!(output.stdout.contains("next: storygen draft chapter 1"), "{lines}: {output}");
        // Who names another model is not stopped by it.
        let output = project.run(&["status", "--model", "openai/other"]);
        assert!(!output.stderr.contains("untrusted-setting"), "{lines}: {output}");
    }
}

/// What the way out names is asked for that very address.
#[test]
fn a_key_that_is_not_accepted_has_a_way_out_that_works() {
    // The user's file, the project's lines, the model of a flag; what is named.
    let trusted = "model: openai/m\nendpoint: {base_url: '{HERE}/v1'}\n";
    let vendor = "model: mistral/ministral-8b-2512\n";
    let moved = "endpoints: {mistral: {base_url: '{HERE}/v1'}}\n";
    let own = "endpoints: {attic: {base_url: '{HERE}/v1', api_key_env: MYK}}\n";
    let table = [
        ("{}", trusted, None, "`endpoints: {NAME: {base_url: '{HERE}/v1', api_key_file: …}}`"),
        (moved, vendor, None, "`endpoints: {mistral: {api_key_env: MISTRAL_API_KEY}}` in your"),
        (own, "", Some("attic/m"), "set `MYK` in"),
        (own, "model: attic/m\n", None, "set `MYK` in"),
        ("base_url: '{HERE}/v1'\n", "", Some("openai/m"), "set `STORYGEN_API_KEY`, or"),
    ];
    let refusal = br#"{"error":{"message":"Incorrect API key provided"}}"#;
    for (config, lines, model, words) in table {
        let project = small(&[]);
        let server = ByteServer::start(vec![vec![answer(401, &[], refusal)]; 4]);
        let here = |text: &str| text.replace("{HERE}", &server.origin());
        project.write("../home/config/storygen/config.yaml", here(config));
        let book = project.read("storygen.yaml");
        project.write("storygen.yaml", format!("{book}\n{}", here(lines)));
        project.run(&["trust", "--yes"]);
        let mut ask = vec!["draft", "chapter", "1", "--allow-unknown-price"];
        ask.extend(model.iter().flat_map(|model| ["--model", model]));
        let output = project.run_with(&ask, &[("STORYGEN_API_KEY", CANARY)]);
        let what = format!("{config} {lines} {model:?}: {output}");
        assert_eq!(output.code, 6, "{what}");
        let said = output.stderr.replace("[SERVER]", &server.origin());
        let hint = said.split_once("\nhelp: ").unwrap_or_default().1.to_owned();
        assert!(hint.contains(&here(words)), "{what}");
        assert_eq!(hint.contains("STORYGEN_API_KEY"), words.contains("STORYGEN"), "{what}");
    }
}

#[test]
fn an_endpoint_that_is_not_there_is_one_message() {
    let project = small(&[]);
    let origin = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        format!("http://{}", listener.local_addr().expect("an address"))
    };
    let output = draft_at(&project, &origin);
    assert_eq!(output.code, 6, "{output}");
    assert!(output.stderr.contains("\nerror: cannot reach [SERVER]: "), "{output}");
    // Nothing comes for some seconds; why is told before each of them.
    let pauses: Vec<&str> =
        output.stderr.lines().filter_map(|line| line.strip_prefix("  trying again in ")).collect();
    assert_eq!(pauses.len(), 3, "{output}");
    for pause in pauses {
        let (seconds, why) = pause.split_once(" s: ").unwrap_or_default();
        assert!(seconds.parse::<u64>().is_ok_and(|seconds| seconds > 0), "{output}");
        assert!(why.starts_with("cannot reach [SERVER]: "), "{output}");
    }
    assert!(
        output.stderr.ends_with("help: is the server running, and the address right that `STORYGEN_BASE_URL` names?\nhelp: what is finished is saved; the same command goes on where this one stopped\n"),
        "{output}"
    );
    assert!(book(&project).is_empty());
    assert_no_key(&project, &output);
}

#[test]
fn a_chapter_comes_over_the_wire() {
    let project = small(&[]);
    let (head, tail) = PROSE[0].split_at(180);
    let server = ByteServer::start([
        says(&[head], Some("length")),
        says(&[tail], Some("stop")),
        says(&[&record(1)], Some("stop")),
    ]);
    let output = draft_at(&project, &server.origin());
    assert_eq!(output.code, 0, "{output}");
    assert_eq!(prose(&project, 1), PROSE[0]);
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    assert_eq!(requests[0].header("authorization"), Some(format!("Bearer {CANARY}").as_str()));
    assert_no_key(&project, &output);
}

#[test]
fn a_connection_that_breaks_is_continued_on_the_next() {
    let project = small(&[]);
    let (head, tail) = PROSE[0].split_at(180);
    let mut broken = says(&[head], None);
    broken.push(Step::Reset);
    let server =
        ByteServer::start([broken, says(&[tail], Some("stop")), says(&[&record(1)], Some("stop"))]);
    let output = draft_at(&project, &server.origin());
    assert_eq!(output.code, 0, "{output}");
    assert!(output.stderr.contains("; going on from there\n"), "{output}");
    assert_eq!(prose(&project, 1), PROSE[0]);
}

#[test]
fn an_endpoint_that_never_says_that_it_ended_is_asked_for_more_until_it_has_none() {
    let whole = PROSE[0];
    let (most, _) = whole.rsplit_once(' ').expect("words");
    for (name, first, expected) in [
        ("a whole text", whole, whole),
        // What is cut in mid-sentence ends with its last whole one.
        ("a cut text", most, &whole[..whole.rfind(" Below").expect("the last sentence")]),
    ] {
        let project = small(&[]);
        let config = "endpoints: {openai: {tries: 2}}\n";
        project.write("../home/config/storygen/config.yaml", config);
        let nothing = says(&[""], None);
        let mut all = vec![says(&[first], None)];
        all.extend(vec![nothing; 2]);
        all.push(says(&[&record(1)], Some("stop")));
        let server = ByteServer::start(all);
        let output = draft_at(&project, &server.origin());
        assert_eq!(output.code, 0, "{name}: {output}");
        assert!(output.stderr.contains("it ended without a finish signal; going on from there\n"));
        assert_eq!(prose(&project, 1), expected, "{name}");
    }
}
