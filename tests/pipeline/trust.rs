//! Keys go where they belong, whatever a project says; and a project says
//! where its models are only once that is allowed.

use std::process::Command;

use crate::byte_server::{ByteServer, answer};
use crate::common::*;
use crate::support::{Output, Project};

/// A key that must turn up nowhere but in the header to its own endpoint.
pub const CANARY: &str = "sk-canary-99b1d2c7e4";

/// Where a hostile project may try to say something: the file, and the text
/// round the setting.
const SOURCES: [(&str, &str); 5] = [
    ("storygen.yaml", "{SETTING}\n"),
    (".env", "STORYGEN_{SETTING}\n"),
    (".storygen/config.yaml", "{SETTING}\n"),
    (".config/storygen/config.yaml", "{SETTING}\n"),
    ("bible/premise.yaml", "{SETTING}\n"),
];

/// What it may try to set; `{EVIL}` is the address of its own server.
const SETTINGS: [&str; 7] = [
    "base_url: {EVIL}/v1",
    "endpoint: {base_url: '{EVIL}/v1'}",
    "headers: {x-forward: '{EVIL}'}",
    "proxy: {EVIL}",
    "api_key_command: [sh, -c, 'echo sk-evil']",
    "ca_file: /tmp/evil.pem",
    "endpoints: {openai: {base_url: '{EVIL}/v1'}}",
];

fn refuses() -> Vec<Vec<crate::byte_server::Step>> {
    vec![vec![answer(401, &[("connection", "close")], br#"{"error":{"message":"no"}}"#)]; 4]
}

/// A project whose file says this.
fn hostile(file: &str, text: &str) -> Project {
    let project = small(&[]);
    let path = project.path().join(file);
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    // What stands in a file already stays before what is added.
    project.write(file, format!("{before}\n{text}"));
    project
}

/// Drafts at the good server with a key that is for it alone.
fn draft(project: &Project, good: &str, is_on_terminal: bool) -> Output {
    let mut command = project.command(&["draft", "chapter", "1"]);
    if is_on_terminal {
        let program = command.get_program().to_string_lossy().into_owned();
        let line = format!("{program} draft chapter 1");
        let mut terminal = Command::new("script");
        terminal.args(["-qefc", &line, "/dev/null"]).current_dir(project.path()).env_clear();
        for (name, value) in command.get_envs() {
            terminal.env(name, value.expect("a value"));
        }
        terminal.stdin(std::process::Stdio::null());
        command = terminal;
    }
    let output = command
        .env("STORYGEN_MODEL", "openai/x")
        .env("STORYGEN_BASE_URL", format!("{good}/v1"))
        .env("STORYGEN_API_KEY", CANARY)
        .output()
        .expect("the program runs");
    Output {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code().unwrap_or(-1),
    }
}

/// The key is in nothing that was said or written.
pub fn assert_no_key(project: &Project, output: &Output, what: &str) {
    assert!(!output.to_string().contains(CANARY), "{what}: {output}");
    let above = project.path().parent().expect("a folder").to_owned();
    let found = Command::new("grep").args(["-rlaF", CANARY]).arg(above).output().expect("grep");
    assert_eq!(String::from_utf8_lossy(&found.stdout), "", "{what}: the key is on disk");
}

#[test]
fn no_project_gets_a_key_to_its_own_server() {
    let mut cases = 0;
    for (file, frame) in SOURCES {
        for setting in SETTINGS {
            for (is_trusted, is_on_terminal) in
                [(false, false), (false, true), (true, false), (true, true)]
            {
                let (good, evil) = (ByteServer::start(refuses()), ByteServer::start(refuses()));
                let text = frame.replace("{SETTING}", &setting.replace("{EVIL}", &evil.origin()));
                let project = hostile(file, &text);
                if is_trusted {
                    project.run(&["trust", "--yes"]);
                }
                let what = format!("{file}: {setting} trusted={is_trusted} tty={is_on_terminal}");
                let output = draft(&project, &good.origin(), is_on_terminal);
                assert_eq!(evil.requests().len(), 0, "{what}: {output}");
                assert_no_key(&project, &output, &what);
                if file == "storygen.yaml" && !setting.starts_with("endpoint: ") {
                    assert!([4, 12].contains(&output.code), "{what}: {output}");
                    assert_eq!(good.requests().len(), 0, "{what}: {output}");
                }
                cases += 1;
            }
        }
    }
    assert_eq!(cases, 140);
}

/// A key of the environment is for the environment's address, a vendor's for the
/// vendor's, a file's for its own entry: none of them goes elsewhere.
#[test]
fn every_key_stays_with_its_address() {
    // The user's file, the environment; whether the server sees the key.
    type Case = (&'static str, &'static [(&'static str, &'static str)], bool);
    let table: [Case; 15] = [
        ("{}", &[("STORYGEN_BASE_URL", "{HERE}/v1"), ("STORYGEN_API_KEY", CANARY)], true),
        // A vendor's own variable is for the vendor's own address.
        ("base_url: {HERE}/v1", &[("OPENAI_API_KEY", CANARY)], false),
        ("endpoints: {openai: {base_url: '{HERE}/v1'}}", &[("OPENAI_API_KEY", CANARY)], false),
        (
            "endpoints: {openai: {base_url: '{HERE}/v1'}, openrouter: {base_url: '{HERE}/v2'}}",
            &[("OPENROUTER_API_KEY", CANARY)],
            false,
        ),
        (
            "base_url: {HERE}/v1\nendpoints: {openai: {api_key_env: OPENAI_API_KEY}}",
            &[("OPENAI_API_KEY", CANARY)],
            true,
        ),
        (
            "base_url: https://elsewhere.example/v1\napi_key_file: {KEY}\nendpoints: {openai: {base_url: '{HERE}/v1'}}",
            &[],
            false,
        ),
        (
            "endpoints: {openai: {base_url: 'https://elsewhere.example/v1', api_key_env: MY_KEY}}",
            &[("STORYGEN_BASE_URL", "{HERE}/v1"), ("MY_KEY", CANARY)],
            false,
        ),
        ("{}", &[("STORYGEN_BASE_URL", "{HERE}/v1"), ("OPENAI_API_KEY", CANARY)], false),
        ("{}", &[("STORYGEN_BASE_URL", "{HERE}/v1"), ("OPENROUTER_API_KEY", CANARY)], false),
        ("base_url: {HERE}/v1\napi_key_file: {KEY}", &[], true),
        (
            "base_url: https://elsewhere.example/v1\napi_key_file: {KEY}",
            &[("STORYGEN_BASE_URL", "{HERE}/v1")],
            false,
        ),
        (
            "endpoints: {openai: {base_url: '{HERE}/v1', api_key_command: [cat, '{KEY}']}}",
            &[],
            true,
        ),
        (
            "endpoints: {openai: {base_url: 'https://elsewhere.example/v1', api_key_command: [cat, '{KEY}']}}",
            &[("STORYGEN_BASE_URL", "{HERE}/v1")],
            false,
        ),
        (
            "endpoints: {openai: {base_url: '{HERE}/v1', api_key_env: MY_KEY}}",
            &[("MY_KEY", CANARY)],
            true,
        ),
        // Another endpoint of the user's at the same address: its key is for it, too.
        (
            "endpoints: {attic: {base_url: '{HERE}/v1', api_key_file: '{KEY}'}}",
            &[("STORYGEN_BASE_URL", "{HERE}/v1")],
            true,
        ),
    ];
    for (file, variables, is_sent) in table {
        let server = ByteServer::start(refuses());
        let project = small(&[]);
        let keys = tempfile::tempdir().expect("a folder");
        let key = keys.path().join("key");
        std::fs::write(&key, CANARY).expect("a key");
        let fill = |text: &str| {
            text.replace("{HERE}", &server.origin()).replace("{KEY}", &key.display().to_string())
        };
        project.write("../home/config/storygen/config.yaml", fill(file));
        let mut command = project.command(&["draft", "chapter", "1", "--model", "openai/x"]);
        for (name, value) in variables {
            command.env(name, fill(value));
        }
        let output = command.output().expect("the program runs");
        let sent = server.requests();
        let what = format!("{file} {variables:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(sent.len(), 1, "{what}");
        let seen = sent[0].header("authorization") == Some(&format!("Bearer {CANARY}"));
        assert_eq!(seen, is_sent, "{what}");
        assert!(!what.contains(&format!("Bearer {CANARY}")), "{what}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout);
        assert!(!said.contains(CANARY), "{said}");
    }
}

/// Where an endpoint's entry names a source, no other key takes its place; that it has
/// none is told before anything is sent.
#[test]
fn nothing_takes_the_place_of_a_key_that_is_named() {
    // The user's file, the model, the variable that is set; the one that is wanted.
    let table = [
        (
            "endpoints: {openai: {base_url: '{HERE}/v1', api_key_env: TEAM_KEY}}",
            "openai/x",
            "OPENAI_API_KEY",
        ),
        (
            "base_url: {HERE}/v1\nendpoints: {openai: {api_key_env: TEAM_KEY}}",
            "openai/x",
            "OPENAI_API_KEY",
        ),
        (
            "base_url: {HERE}/v1\napi_key_file: '{KEY}'\nendpoints: {openai: {api_key_env: TEAM_KEY}}",
            "openai/x",
            "OPENAI_API_KEY",
        ),
        (
            "endpoints: {openrouter: {base_url: '{HERE}/v1', api_key_env: TEAM_KEY}}",
            "openrouter/x",
            "OPENROUTER_API_KEY",
        ),
        (
            "endpoints: {attic: {base_url: '{HERE}/v1', api_key_env: TEAM_KEY}, openai: {base_url: '{HERE}/v1'}}",
            "attic/x",
            "OPENAI_API_KEY",
        ),
        (
            "endpoints: {attic: {base_url: '{HERE}/v1', api_key_env: TEAM_KEY}, barn: {base_url: '{HERE}/v1', api_key_env: BARN_KEY}}",
            "attic/x",
            "BARN_KEY",
        ),
    ];
    for (file, model, set) in table {
        for team in [None, Some(("TEAM_KEY", ""))] {
            let server = ByteServer::start(refuses());
            let project = small(&[]);
            let keys = tempfile::tempdir().expect("a folder");
            let key = keys.path().join("key");
            std::fs::write(&key, CANARY).expect("a key");
            let fill = file.replace("{HERE}", &server.origin());
            let fill = fill.replace("{KEY}", &key.display().to_string());
            project.write("../home/config/storygen/config.yaml", fill);
            let mut variables = vec![(set, CANARY)];
            variables.extend(team);
            let ask = ["draft", "chapter", "1", "--model", model, "--allow-unknown-price"];
            let output = project.run_with(&ask, &variables);
            let what = format!("{file} {team:?}: {output}");
            assert_eq!(server.requests().len(), 0, "{what}");
            assert!(output.code == 6 && output.stderr.contains("no key is set for `"), "{what}");
            assert!(output.stderr.contains("help: set `TEAM_KEY` in your environment\n"), "{what}");
            // Whoever wants the vendor's key sent there can say so.
            let way = format!("{{api_key_env: {set}}}");
            assert_eq!(output.stderr.contains(&way), !model.starts_with("attic"), "{what}");
        }
    }
}

/// Words that stand for keys, and headers that hold none, are words of the story.
#[test]
fn no_word_of_prose_is_taken_for_a_key() {
    let prose = "She took the sextant, her lantern, and her brother's not-needed coat; the storm-lantern went to her brother.";
    for (key, headers) in [
        ("x", "{}"),
        ("her", "{}"),
        ("lantern", "{}"),
        ("not-needed", "{}"),
        (CANARY, "{X-Title: her brother}"),
        ("", "{HTTP-Referer: storm-lantern, X-Author: 'the storm-lantern'}"),
        ("", "{Authorization: Bearer lantern}"),
    ] {
        let server =
            ByteServer::start((0..12).map(|_| prose_of(&[prose], true)).collect::<Vec<_>>());
        let project = small(&[]);
        let file = format!(
            "endpoints: {{openai: {{base_url: '{}/v1', headers: {headers}}}}}",
            server.origin()
        );
        project.write("../home/config/storygen/config.yaml", file);
        let key = [("STORYGEN_MODEL", "openai/x"), ("STORYGEN_API_KEY", key)];
        let output = project.run_with(&["draft", "chapter", "1"], &key);
        let kept: String = texts(&project, &[".storygen/calls"]).into_values().collect();
        assert!(kept.contains(prose), "{key:?} {headers}: {output}");
    }
}

/// A reply of these pieces, from a model that calls itself by keys; whole, or without
/// its end.
fn prose_of(pieces: &[&str], is_whole: bool) -> Vec<crate::byte_server::Step> {
    let event = |content: &&str| {
        format!(
            "data: {}\n\n",
            serde_json::json!({"model": format!("x-{CANARY}-{STRANGE}"), "choices": [{"delta": {"content": content}}]})
        )
    };
    let end = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    let end = if is_whole { end } else { "" };
    let body: String = pieces.iter().map(event).collect::<String>() + end;
    let head = [("content-type", "text/event-stream"), ("connection", "close")];
    vec![answer(200, &head, body.as_bytes())]
}

/// A key of somebody else's, which an endpoint may tell.
const STRANGE: &str = "sk-or-v1-0123456789abcdef0123456789abcdef";

/// An endpoint may say what it was shown, wherever that stood: in its prose, in pieces,
/// in its name.
#[test]
fn a_key_that_an_endpoint_repeats_is_kept_nowhere() {
    let (front, back) = CANARY.split_at(9);
    let pieces = [
        PROSE[0].to_owned(),
        format!(" She read: {CANARY}, and then: {front}"),
        format!("{back}. It was nothing to her."),
    ];
    let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
    for (query, entry, key, is_whole) in [
        ("", "{}".to_owned(), CANARY, true),
        ("", "{}".to_owned(), CANARY, false),
        ("", format!("{{headers: {{Authorization: 'Bearer {CANARY}'}}}}"), "", true),
        ("", format!("{{headers: {{X-Team-Token: {CANARY}}}}}"), "", true),
        ("", format!("{{headers: {{Cookie: 'a=b; session={CANARY}'}}}}"), "", true),
        ("?key={CANARY}", "{}".to_owned(), "", true),
    ] {
        let server =
            ByteServer::start((0..12).map(|_| prose_of(&pieces, is_whole)).collect::<Vec<_>>());
        let project = small(&[]);
        // Outside what is searched: the user's own file may hold it.
        let base = format!("{}/v1{}", server.origin(), query.replace("{CANARY}", CANARY));
        let entry = match entry.strip_prefix('{') {
            Some(rest) if rest != "}" => format!("{{base_url: '{base}', {rest}"),
            _ => format!("{{base_url: '{base}'}}"),
        };
        let config = format!("endpoints: {{openai: {entry}}}");
        project.write("../home/config/storygen/config.yaml", config);
        let variables = [("STORYGEN_MODEL", "openai/x"), ("STORYGEN_API_KEY", key)];
        let output = project.run_with(&["draft", "chapter", "1"], &variables);
        assert!(!server.requests().is_empty(), "{output}");
        std::fs::remove_file(project.path().join("../home/config/storygen/config.yaml"))
            .expect("a file");
        assert_no_key(&project, &output, &entry);
        let kept: String = texts(&project, &[".storygen"]).into_values().collect();
        assert!(
            kept.contains("She read: [key], and then: [key]. It was nothing to her."),
            "{kept}"
        );
        assert!(!kept.contains(STRANGE), "{kept}");
    }
}

/// A header of the user's is as much bound to its address as a key is.
#[test]
fn the_users_headers_go_to_their_own_address_only() {
    for (base_url, named, is_sent) in [
        ("{HERE}/v1", None, true),
        ("{HERE}/v1", Some("{HERE}/v2"), true),
        ("https://elsewhere.example/v1", Some("{HERE}/v1"), false),
    ] {
        let echo = format!(r#"{{"error":{{"message":"who is {CANARY}?"}}}}"#);
        let head = [("connection", "close")];
        let server = ByteServer::start(vec![vec![answer(401, &head, echo.as_bytes())]]);
        let project = small(&[]);
        let fill = |text: &str| text.replace("{HERE}", &server.origin());
        let file = format!(
            "endpoints: {{openai: {{base_url: '{}', headers: {{X-Team-Key: {CANARY}}}}}}}",
            fill(base_url)
        );
        project.write("../home/config/storygen/config.yaml", file);
        let mut command = project.command(&["draft", "chapter", "1", "--model", "openai/x"]);
        if let Some(named) = named {
            command.env("STORYGEN_BASE_URL", fill(named));
        }
        let output = command.output().expect("the program runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(server.requests()[0].header("x-team-key") == Some(CANARY), is_sent, "{said}");
        // An endpoint that repeats it does not get it shown.
        assert!(!said.contains(CANARY), "{said}");
    }
    let project = small(&[]);
    let file = "endpoints: {openai: {base_url: 'https://host.example', headers: {Host: evil}}}";
    project.write("../home/config/storygen/config.yaml", file);
    let output = project.run(&["draft", "chapter", "1", "--model", "openai/x"]);
    assert_eq!(output.code, 2, "{output}");
    assert!(output.stderr.contains("the header `Host` of your configuration"), "{output}");
}

/// What is asked of the user is where the text would go, not what the project
/// would have the terminal show; and what can never be used is not allowed.
#[test]
fn the_question_of_trust_cannot_be_forged() {
    let forged = "\nmodel: openai/x\nendpoint: {base_url: \"http://127.0.0.1:9/v1#\\rit sends nothing to \\u202e`https://api.openai.com/v1\"}\n";
    let project = hostile("storygen.yaml", forged);
    let output = project.run(&["trust", "--yes"]);
    assert_eq!(output.code, 0, "{output}");
    assert!(output.stderr.contains("to `http://127.0.0.1:9/v1` (openai)"), "{output}");
    for never in ["\r", "\u{202e}", "api.openai.com"] {
        assert!(!output.to_string().contains(never), "{output}");
        assert!(!project.run(&["trust", "--list"]).stdout.contains(never));
    }
    for (endpoint, why) in [
        ("base_url: 'https://u:hunter2@h.example/v1'", "holds a user name or a password"),
        ("base_url: 'http://evil.example/v1'", "is plain http to `evil.example`"),
        ("base_url: 'not a url'", "is not a URL"),
        ("base_url: 'https://h.example/v1', dialect: opnai", "no wire is called `opnai`"),
    ] {
        let project =
            hostile("storygen.yaml", &format!("\nmodel: openai/x\nendpoint: {{{endpoint}}}\n"));
        let output = project.run(&["trust", "--yes"]);
        assert_eq!(output.code, 12, "{output}");
        assert!(output.stderr.contains(why) && !output.stderr.contains("hunter2"), "{output}");
    }
}

#[test]
fn a_projects_endpoint_is_used_once_it_is_allowed_and_until_it_changes() {
    let server = ByteServer::start(refuses());
    let wish = |path: &str| {
        format!("\nmodel: openai/x\nendpoint: {{base_url: '{}{path}'}}\n", server.origin())
    };
    let project = hostile("storygen.yaml", &wish("/v1"));
    let draft = || {
        let output = project.run_with(&["draft", "chapter", "1"], &[("STORYGEN_API_KEY", CANARY)]);
        (output.code, server.requests().len())
    };
    assert_eq!(draft(), (12, 0));
    // Nobody is there to be asked.
    assert_eq!(project.run(&["trust"]).code, 12);
    assert_eq!(draft(), (12, 0));
    assert_eq!(project.run(&["trust", "--yes"]).code, 0);
    assert_eq!(draft(), (6, 1));
    // The key was never given for that address.
    assert_eq!(server.requests()[0].header("authorization"), None);
    let listed = project.run(&["trust", "--list"]);
    assert!(listed.stdout.ends_with(&format!("  {}/v1\n", server.origin())), "{listed}");
    // Any change takes the permission back.
    let book = project.read("storygen.yaml");
    project.write("storygen.yaml", book.replace("/v1'", "/v2'"));
    assert_eq!(draft(), (12, 1));
    // It is changed back, but a run has seen the change.
    project.write("storygen.yaml", &book);
    assert_eq!(draft(), (12, 1));
    assert_eq!(project.run(&["trust", "--yes"]).code, 0);
    assert_eq!(draft(), (6, 2));
    assert_eq!(project.run(&["trust", "--undo"]).code, 0);
    assert_eq!(draft(), (12, 2));
    // A copy elsewhere has no permission.
    project.run(&["trust", "--yes"]);
    let copy = hostile("storygen.yaml", &wish("/v1"));
    assert_eq!(copy.run(&["draft", "chapter", "1"]).code, 12);
}

/// What was allowed ends with the first command that sees something else, whichever
/// it is; a wish without a model is of no effect, and needs no trust.
#[test]
fn a_change_that_was_seen_ends_the_permission() {
    let wish = "\nmodel: openai/x\nendpoint: {base_url: 'http://127.0.0.1:9/v1'}\n";
    let project = hostile("storygen.yaml", wish);
    let book = project.read("storygen.yaml");
    let check = || project.run(&["check"]).to_string();
    let other = book.replace("/v1'", "/v2'");
    let none = book.replace("endpoint:", "# endpoint:");
    for seen in [&other, &none] {
        for command in [
            &["check"][..],
            &["cost"],
            &["trust"],
            &["status"],
            &["usage"],
            &["log"],
            &["takes"],
            &["calls"],
            &["undo"],
            &["select", "1@1"],
            &["templates", "list"],
            &["draft", "--dry-run", "--model", "openai/y"],
            &["draft", "--offline"],
            &["models"],
            &["models", "info", "openai/x"],
            &["models", "test", "openai/x"],
            &["models", "refresh", "openai"],
            &["trust", "--list"],
            &["schema", "--print", "storygen"],
            &["init", "elsewhere", "--yes"],
        ] {
            assert_eq!(project.run(&["trust", "--yes"]).code, 0);
            assert!(!check().contains("untrusted"), "{}", check());
            project.write("storygen.yaml", seen);
            project.run_with(command, &[("STORYGEN_BASE_URL", "http://127.0.0.1:9/v1")]);
            let _ = std::fs::remove_dir_all(project.path().join("elsewhere"));
            project.write("storygen.yaml", &book);
            assert!(check().contains("error[untrusted-setting]"), "{command:?}: {}", check());
        }
    }
    // Another project in its place has been allowed nothing.
    assert_eq!(project.run(&["trust", "--yes"]).code, 0);
    let files = project.files();
    let move_away = |to: &str| {
        let here = project.path();
        std::fs::rename(&here, here.with_file_name(to)).expect("a move");
        std::fs::create_dir_all(&here).expect("a folder");
    };
    move_away("first");
    assert_eq!(project.run(&["init", ".", "--yes"]).code, 0);
    move_away("second");
    for file in files {
        project.write(
            &file,
            std::fs::read(project.path().with_file_name("first").join(&file)).expect("a file"),
        );
    }
    assert!(check().contains("error[untrusted-setting]"), "{}", check());
    // What cannot be read has not asked for anything else.
    assert_eq!(project.run(&["trust", "--yes"]).code, 0);
    project.write("storygen.yaml", format!("{book}\n: [\n"));
    check();
    project.write("storygen.yaml", &book);
    assert!(!check().contains("untrusted"), "{}", check());
    project.write("storygen.yaml", book.replace("model: openai/x", ""));
    let said = check();
    assert!(said.starts_with("exit 0") && said.contains("warning[endpoint]"), "{said}");
    let output = project.run(&["trust"]);
    assert!(output.code == 0 && output.stderr.contains("names no model"), "{output}");
}

/// A project's address that nothing is ever sent to is a fault of the project, also where
/// the user's own configuration names the model.
#[test]
fn an_address_that_cannot_be_is_named_with_its_place() {
    let server = ByteServer::start(refuses());
    let own = format!(
        "model: openai/x\nendpoints: {{openai: {{base_url: '{}/v1', price: {{prompt: 0, reply: 0}}}}}}\n",
        server.origin()
    );
    for (address, why) in [
        ("file:///etc/passwd", "`base_url` "),
        ("http://evil.example/v1", "`base_url` is plain http to `evil.example`"),
    ] {
        for model in ["", "model: openai/x\n"] {
            let wish = format!("\nendpoint: {{base_url: '{address}'}}\n{model}");
            let project = hostile("storygen.yaml", &wish);
            project.write("../home/config/storygen/config.yaml", &own);
            let check = project.run(&["check"]);
            assert_eq!(check.code, 4, "{check}");
            assert!(check.to_string().contains(&format!("error[endpoint]: {why}")), "{check}");
            let draft = project.run(&["draft", "chapter", "1"]);
            assert_eq!(draft.code, 4, "{draft}");
            assert!(
                draft.stderr.contains("storygen.yaml:") && draft.stderr.contains(why),
                "{draft}"
            );
        }
    }
    assert_eq!(server.requests().len(), 0);
}

/// A redirect would take the key along; it is not followed, and its target is
/// named by origin only.
#[test]
fn a_redirect_is_not_followed() {
    let evil = ByteServer::start(refuses());
    let target = format!("{}/v1/chat/completions?key={CANARY}", evil.origin());
    for status in [301, 302, 307, 308] {
        let head = [("location", target.as_str()), ("connection", "close")];
        let good = ByteServer::start(vec![vec![answer(status, &head, b"")]]);
        let project = small(&[]);
        let output = self::draft(&project, &good.origin(), false);
        assert_eq!(output.code, 6, "{output}");
        assert_eq!(evil.requests().len(), 0, "{status}");
        assert_no_key(&project, &output, &status.to_string());
        assert!(output.stderr.contains("it redirects to"), "{output}");
    }
}

/// Until a project is trusted the program has no business on the network: not a
/// name is looked up, not a connection begun, whatever the project asks for.
#[cfg(target_os = "linux")]
#[test]
fn nothing_touches_the_network_before_trust_is_settled() {
    let traced = |project: &Project, arguments: &[&str]| {
        let plain = project.command(arguments);
        let log = project.path().with_file_name("network.log");
        let mut traced = Command::new("strace");
        traced.args(["-f", "-qq", "-e", "trace=socket,connect,sendto,sendmsg", "-o"]).arg(&log);
        traced.arg(plain.get_program()).args(plain.get_args()).current_dir(project.path());
        traced.env_clear().envs(plain.get_envs().filter_map(|(key, value)| Some((key, value?))));
        let status = traced.env("STORYGEN_API_KEY", CANARY).output().expect("`strace` runs").status;
        let log = std::fs::read_to_string(log).expect("a log");
        // Of the sockets those of the network; the runtime has some of its own.
        let calls: Vec<String> =
            log.lines().filter(|line| line.contains("AF_INET")).map(str::to_owned).collect();
        (status.code(), calls)
    };
    let server = ByteServer::start(refuses());
    let wish = format!("\nmodel: openai/x\nendpoint: {{base_url: '{}/v1'}}\n", server.origin());
    let project = hostile("storygen.yaml", &wish);
    for arguments in [
        &["draft", "chapter", "1"][..],
        &["batch", "."],
        &["models", "test"],
        &["cost"],
        &["check"],
        &["status"],
    ] {
        let (code, calls) = traced(&project, arguments);
        assert_eq!(calls, [] as [String; 0], "{arguments:?}");
        let needs_trust = matches!(arguments[0], "draft" | "batch" | "models" | "cost");
        assert_eq!(code == Some(12), needs_trust, "{arguments:?}: {code:?}");
    }
    // It is no matter of an eye that sees nothing.
    assert_eq!(project.run(&["trust", "--yes"]).code, 0);
    let (code, calls) = traced(&project, &["draft", "chapter", "1"]);
    assert!(code == Some(6) && !calls.is_empty(), "{code:?} {calls:?}");
    assert_eq!(server.requests().len(), 1);
}

/// Beside a model that the environment names, those of the project keep their work; not
/// where its address is not allowed: they are left out, and that is said.
#[test]
fn a_project_that_is_not_allowed_names_nobody_beside_the_environments_model() {
    let line = "the `models` of `storygen.yaml` are left out beside `STORYGEN_MODEL`: its `endpoint` is `http://127.0.0.1:2/v1`, which you have not allowed\n";
    let endpoint = "endpoint: {base_url: 'http://127.0.0.1:2/v1'}\n";
    let models = "models: {record: openai/clerk, fallback: [openai/other]}\n";
    for (endpoint, models, is_trusted, is_told) in [
        (endpoint, models, false, true),
        (endpoint, models, true, false),
        ("", models, false, false),
        (endpoint, "", false, false),
    ] {
        let project = small(&[]);
        let book = project.read("storygen.yaml");
        project.write("storygen.yaml", format!("{book}\n{endpoint}{models}"));
        if is_trusted {
            assert_eq!(project.run(&["trust", "--yes"]).code, 0);
        }
        let variables = [
            ("STORYGEN_MODEL", "openai/x"),
            ("STORYGEN_BASE_URL", "http://127.0.0.1:1/v1"),
            ("STORYGEN_API_KEY", CANARY),
        ];
        let output = project.run_with(&["draft", "chapter", "1", "--dry-run"], &variables);
        assert_eq!(output.code, 0, "{endpoint}{models}{is_trusted}: {output}");
        assert_eq!(
            output.stderr.contains(line),
            is_told,
            "{endpoint}{models}{is_trusted}: {output}"
        );
    }
}
