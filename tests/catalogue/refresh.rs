//! `storygen models refresh`, against lists written for the test.

use serde_json::{Value, json};

use crate::byte_server::{ByteServer, Step, answer};
use crate::home;
use crate::support::Project;

fn page(value: &Value) -> Vec<Step> {
    vec![answer(200, &[("content-type", "application/json")], value.to_string().as_bytes())]
}

/// A row of `OpenRouter`'s list: dollars for a million tokens, tokens.
fn row(id: &str, price: (f64, f64), window: u32, reply: u32) -> Value {
    let dollars = |million: f64| format!("{:.12}", million / 1e6);
    json!({
        "id": id, "name": format!("Maker: {id}"), "context_length": window,
        "top_provider": {"context_length": window, "max_completion_tokens": reply},
        "architecture": {"output_modalities": ["text"]},
        "pricing": {"prompt": dollars(price.0), "completion": dollars(price.1)},
        "supported_parameters": ["max_tokens", "temperature", "top_p", "min_p", "stop"],
    })
}

/// The list of one day: two known models, one new one.
fn first_day() -> Value {
    json!({"data": [
        row("thedrummer/unslopnemo-12b", (0.4, 0.4), 1_024_000, 26_214),
        row("gryphe/mythomax-l2-13b", (0.06, 0.06), 8_192, 3_686),
        row("sao10k/l3-euryale-70b", (1.48, 1.48), 8_192, 8_191),
        row("maker/fresh-9b", (1.0, 2.0), 65_536, 8_192),
        row("~maker/latest", (1.0, 2.0), 65_536, 8_192),
    ]})
}

#[test]
fn a_list_is_merged_and_what_it_changes_is_said() {
    let server = ByteServer::start([page(&first_day())]);
    let project = home::at(&[("openrouter", format!("{}/api/v1", server.origin()))]);
    let key = [("OPENROUTER_API_KEY", "sk-or-1")];
    let output = project.run_with(&["models", "refresh"], &key);
    assert_eq!(output.code, 0, "{output}");
    for words in [
        "openrouter: 4 models listed\n",
        "  mythomax-13b: the price is 0.06 / 0.06, was 0.08 / 0.11\n",
        "  euryale-70b-v2.1: served again\n",
        "  qwen2.5-72b: gone, so it counts as retired\n",
        "  new: fresh-9b\n",
    ] {
        assert!(output.stdout.contains(words), "{words}: {output}");
    }
    let sent = server.requests();
    assert_eq!(sent[0].line, "GET /api/v1/models HTTP/1.1");
    assert_eq!(sent[0].header("authorization"), Some("Bearer sk-or-1"));

    // What is used from now on: the list's word, and never more than is built in.
    let info = |name: &str| project.run(&["models", "info", name]).stdout;
    assert!(info("mythomax-13b").contains("limits      window 4096, reply 3686"));
    assert!(info("mythomax-13b").contains("price       prompt 0.06, reply 0.06"));
    assert!(info("unslopnemo-12b").contains("limits      window 32768, reply 26214"));
    assert!(info("fresh-9b").contains("limits      window 65536, reply 8192"));
    assert!(info("fresh-9b").contains("heeds       temperature, top_p, min_p, stop"));
    assert!(info("qwen2.5-72b").contains("not in its list of 20"));
    let table = project.run(&["models", "--host", "openrouter"]).stdout;
    assert!(table.contains("fresh-9b") && table.contains("euryale-70b-v2.1"), "{table}");
    assert!(!project.run(&["models"]).stdout.contains("fresh-9b"), "described ones only");
}

#[test]
fn the_next_list_says_what_changed_since() {
    let second = json!({"data": [
        row("thedrummer/unslopnemo-12b", (0.5, 0.5), 16_384, 8_192),
        row("maker/fresh-9b", (1.0, 3.0), 65_536, 8_192),
    ]});
    let server = ByteServer::start([page(&first_day()), page(&second), page(&first_day())]);
    let project = home::at(&[("openrouter", format!("{}/api/v1", server.origin()))]);
    let refresh = || project.run(&["models", "refresh", "openrouter"]);
    refresh();
    let output = refresh();
    for words in [
        "  unslopnemo-12b: the price is 0.50 / 0.50, was 0.40 / 0.40\n",
        "  unslopnemo-12b: it holds 16384 tokens, were 32768\n",
        "  mythomax-13b: gone, so it counts as retired\n",
        "  1 change of models that only this list knows\n",
    ] {
        assert!(output.stdout.contains(words), "{words}: {output}");
    }
    assert!(!output.stdout.contains("qwen2.5-72b"), "gone before: {output}");
    let output = refresh();
    assert!(output.stdout.contains("  mythomax-13b: served again\n"), "{output}");
    let info = project.run(&["models", "info", "unslopnemo-12b"]).stdout;
    assert!(info.contains("window 32768"), "it may grow again, up to what is built in: {info}");
}

#[test]
fn what_the_user_wrote_stays_and_counts() {
    let server = ByteServer::start([page(&first_day())]);
    let own = format!(
        "# my own notes\nvendors:\n  openrouter: {{base_url: '{}/v1'}}\nmodels:\n  qwen2.5-72b:\n    hosts: {{openrouter: {{status: {{is: active}}}}}}   # I know better\n  fresh-9b:\n    title: Fresh as I call it\n    hosts: {{openrouter: {{window: 1000, price: {{prompt: 9, reply: 9, date: 2026-01-01}}}}}}\n",
        server.origin()
    );
    let project = home::with(&own);
    assert_eq!(project.run(&["models", "refresh", "openrouter"]).code, 0);
    assert_eq!(project.read("../home/config/storygen/catalogue.yaml"), own);
    let fresh = project.run(&["models", "info", "fresh-9b"]).stdout;
    for words in ["Fresh as I call it", "window 1000", "prompt 9.00, reply 9.00"] {
        assert!(fresh.contains(words), "{words}: {fresh}");
    }
    let qwen = project.run(&["models", "info", "qwen2.5-72b"]).stdout;
    assert!(qwen.contains("openrouter/qwen/qwen-2.5-72b-instruct\nstatus      active"), "{qwen}");
}

#[test]
fn a_dry_run_changes_nothing_and_a_fault_is_named() {
    let html =
        answer(200, &[("content-type", "text/html")], b"<html><title>Sign in</title></html>");
    let other = json!({"models": "none"});
    let server = ByteServer::start([
        page(&first_day()),
        vec![html],
        page(&other),
        vec![answer(
            401,
            &[("content-type", "application/json")],
            b"{\"error\":{\"message\":\"No auth\"}}",
        )],
    ]);
    let project = home::at(&[("openrouter", format!("{}/api/v1", server.origin()))]);
    let output = project.run(&["models", "refresh", "openrouter", "--dry-run"]);
    assert!(output.code == 0 && output.stderr.contains("nothing was changed"), "{output}");
    for words in ["HTML page titled `Sign in`", "its list of models is of another kind", "No auth"]
    {
        let output = project.run(&["models", "refresh", "openrouter"]);
        assert!(output.code == 6 && output.stderr.contains(words), "{words}: {output}");
    }
    let kept = project.path().join("../home/data/storygen/catalogue");
    assert!(!kept.exists(), "nothing was kept");
    let output = project.run(&["models", "refresh", "openruter"]);
    assert!(output.code == 2 && output.stderr.contains("`openrouter`?"), "{output}");
}

#[test]
fn one_vendor_that_fails_does_not_stop_the_others() {
    let server = ByteServer::start([
        vec![answer(500, &[], b"")],
        page(&json!({"data": [{"id": "ministral-8b-2512", "max_context_length": 131_072,
            "capabilities": {"completion_chat": true}, "deprecation": "2026-12-31T00:00:00Z"}]})),
    ]);
    let project = home::at(&[
        ("openrouter", format!("{}/or/v1", server.origin())),
        ("mistral", format!("{}/mi/v1", server.origin())),
    ]);
    let output = project.run(&["models", "refresh", "openrouter", "mistral"]);
    assert_eq!(output.code, 3, "{output}");
    assert!(output.stdout.contains("failed (500)"), "{output}");
    assert!(output.stdout.contains("  ministral-3-8b: ends on 2026-12-31\n"), "{output}");
    assert!(
        output.stdout.contains("  ministral-3-8b: it holds 131072 tokens, were 262144\n"),
        "{output}"
    );
    let info = project.run(&["models", "info", "mistral/ministral-8b-2512"]).stdout;
    assert!(info.contains("deprecated, ends 2026-12-31"), "{info}");
    assert!(home::list_of(&project, "mistral").starts_with("# What `mistral` listed on 20"));
}

#[test]
fn servers_on_this_machine_say_what_they_hold() {
    let server = ByteServer::start([
        page(&json!({"default_generation_settings": {"n_ctx": 16_384}, "total_slots": 1})),
        page(&json!({"models": [{"name": "qwen2.5:14b", "model": "qwen2.5:14b"}]})),
        page(
            &json!({"model_info": {"general.architecture": "qwen2", "qwen2.context_length": 4_096}}),
        ),
    ]);
    let origin = server.origin();
    let project = home::at(&[("llamacpp", format!("{origin}/v1")), ("ollama", origin)]);
    let output = project.run(&["models", "refresh", "llamacpp", "ollama"]);
    assert_eq!(output.code, 0, "{output}");
    assert_eq!(
        output.stdout,
        "llamacpp: it holds 16384 tokens\nollama: 1 model there\n  ollama/qwen2.5:14b, holds up to 4096 tokens\n"
    );
    let sent = server.requests();
    assert_eq!(sent[0].line, "GET /props HTTP/1.1");
    assert_eq!(sent[1].line, "GET /api/tags HTTP/1.1");
    assert_eq!(sent[2].json(), json!({"model": "qwen2.5:14b"}));
    for (name, window) in [("llamacpp/any.gguf", "16384"), ("ollama/qwen2.5:14b", "4096")] {
        let info = Project::run(&project, &["models", "info", name]).stdout;
        assert!(
            info.contains(&format!("window {window}")) || name.contains("qwen"),
            "{name}: {info}"
        );
    }
}
