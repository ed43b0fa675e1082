//! `storygen models refresh`, against lists written for the test.

use serde_json::{Value, json};
use storygen::provider::catalogue::Catalogue;
use storygen::provider::catalogue::shape::StatusWord;

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

/// A list of these rows, and of every other model that is built in as served by
/// `OpenRouter`, but for those of these ids.
fn whole(rows: &[Value], but: &[&str]) -> Value {
    let catalogue = Catalogue::built_in().expect("the built-in catalogue reads");
    let mut all = rows.to_vec();
    for host in catalogue.models().keys().flat_map(|name| catalogue.rows(name)) {
        let is_there = rows.iter().any(|row| row["id"] == host.id.as_str());
        if host.vendor.name == "openrouter"
            && host.status.word == StatusWord::Active
            && !is_there
            && !but.contains(&host.id.as_str())
        {
            all.push(json!({"id": host.id}));
        }
    }
    json!({ "data": all })
}

/// The list of one day: three known models, one new one, and all the others but one.
fn first_day() -> Value {
    let rows = [
        row("thedrummer/unslopnemo-12b", (0.4, 0.4), 1_024_000, 26_214),
        row("gryphe/mythomax-l2-13b", (0.06, 0.06), 8_192, 3_686),
        row("sao10k/l3-euryale-70b", (1.48, 1.48), 8_192, 8_191),
        row("maker/fresh-9b", (1.0, 2.0), 65_536, 8_192),
        row("~maker/latest", (1.0, 2.0), 65_536, 8_192),
    ];
    whole(&rows, &["qwen/qwen-2.5-72b-instruct"])
}

#[test]
fn a_list_is_merged_and_what_it_changes_is_said() {
    let server = ByteServer::start([page(&first_day())]);
    let project = home::at(&[("openrouter", format!("{}/api/v1", server.origin()))]);
    let key = [("OPENROUTER_API_KEY", "sk-or-1")];
    let output = project.run_with(&["models", "refresh"], &key);
    assert_eq!(output.code, 0, "{output}");
    for words in [
        " models listed\n",
        "  mythomax-13b: the price is 0.06 / 0.06, was 0.08 / 0.11\n",
        "  euryale-70b-v2.1: served again\n",
        "  qwen2.5-72b: not listed any more; it is asked all the same\n",
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
    let rows = [
        row("thedrummer/unslopnemo-12b", (0.5, 0.5), 16_384, 8_192),
        row("maker/fresh-9b", (1.0, 3.0), 65_536, 8_192),
    ];
    let second = whole(&rows, &["qwen/qwen-2.5-72b-instruct", "gryphe/mythomax-l2-13b"]);
    let server = ByteServer::start([page(&first_day()), page(&second), page(&first_day())]);
    let project = home::at(&[("openrouter", format!("{}/api/v1", server.origin()))]);
    let refresh = || project.run(&["models", "refresh", "openrouter"]);
    refresh();
    let output = refresh();
    for words in [
        "  unslopnemo-12b: the price is 0.50 / 0.50, was 0.40 / 0.40\n",
        "  unslopnemo-12b: it holds 16384 tokens, were 32768\n",
        "  mythomax-13b: not listed any more; it is asked all the same\n",
        "  fresh-9b: the price is 1.00 / 3.00, was 1.00 / 2.00\n",
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
        assert_eq!(output.to_string().matches(words).count(), 1, "{words}: {output}");
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

/// A list is one vendor's word of one day: it may be filtered or cut short, and
/// no model that could be asked becomes one that cannot.
#[test]
fn no_list_alone_makes_a_model_unusable() {
    let qwen = "qwen/qwen-2.5-72b-instruct";
    let router = json!({"id": qwen, "pricing": {"prompt": "-1", "completion": "-1"}});
    let new_router = json!({"id": "maker/auto", "pricing": {"prompt": "-1", "completion": "-1"}});
    let ending = |day: &str| json!({"id": qwen, "expiration_date": day, "pricing": {"prompt": "0.000001", "completion": "0.000001"}});
    let unlisted = "  qwen2.5-72b: not listed any more; it is asked all the same\n";
    // What was listed before, what is listed now; what is said; the model's state.
    let table = [
        (None, whole(&[], &[qwen]), unlisted, "unlisted"),
        (None, whole(&[router.clone(), new_router], &[]), "  nothing has changed\n", "ready"),
        (
            None,
            json!({"data": [row("gryphe/mythomax-l2-13b", (0.08, 0.11), 4_096, 3_686)]}),
            "models known there are not in this list; it seems to be a part only",
            "ready",
        ),
        (Some(whole(&[ending("2099-01-01")], &[])), whole(&[], &[qwen]), unlisted, "unlisted"),
        (
            Some(whole(&[ending("2026-01-01")], &[])),
            whole(&[], &[qwen]),
            "  qwen2.5-72b: not listed any more, as was announced for 2026-01-01; it is asked all the same\n",
            "unlisted",
        ),
        (Some(whole(&[], &[qwen])), whole(&[], &[]), "  qwen2.5-72b: served again\n", "ready"),
    ];
    let key = [("OPENROUTER_API_KEY", "sk-or-1")];
    for (before, now, words, state) in table {
        let lists: Vec<Value> = before.into_iter().chain([now]).collect();
        let server = ByteServer::start(lists.iter().map(page));
        let project = home::at(&[("openrouter", format!("{}/api/v1", server.origin()))]);
        let refresh = || project.run_with(&["models", "refresh", "openrouter"], &key);
        let outputs: Vec<_> = lists.iter().map(|_| refresh()).collect();
        let last = outputs.last().expect("a list");
        assert!(last.code == 0 && last.stdout.contains(words), "{words}: {last}");
        let all = ["models", "--all", "--host", "openrouter"];
        let rows = project.run_with(&all, &key);
        let of = |name: &str| rows.stdout.lines().find(|line| line.starts_with(name));
        let line = of("qwen2.5-72b ").unwrap_or_else(|| panic!("{rows}"));
        assert!(line.ends_with(&format!("  {state}")), "{words}: {rows}");
        assert_eq!(of("auto"), None, "{rows}");
        if state == "unlisted" {
            let project = home::tiny_of(&project);
            let ask = ["draft", "chapter", "1", "--dry-run", "--model", "openrouter/qwen2.5-72b"];
            let output = project.run_with(&ask, &key);
            let warning = "OpenRouter does not list Qwen2.5 72B Instruct any more since 20";
            assert!(output.code == 0 && output.stderr.contains(warning), "{output}");
        }
    }
}

/// A list without windows and prices still names what there is.
#[test]
fn a_list_of_names_alone_is_taken() {
    let list = json!({"data": [
        {"id": "gpt-4.1", "object": "model"},
        {"id": "gpt-99-new", "object": "model"},
        {"id": "text-embedding-3-small", "object": "model"},
        {"id": "gpt-99-tts", "object": "model"},
    ]});
    let server = ByteServer::start([page(&list)]);
    let project = home::at(&[("openai", format!("{}/v1", server.origin()))]);
    let output = project.run(&["models", "refresh", "openai"]);
    assert!(output.stdout.contains("openai: 2 models listed\n"), "{output}");
    assert!(output.stdout.contains("  new: gpt-99-new\n"), "{output}");
    let info = project.run(&["models", "info", "openai/gpt-99-new"]).stdout;
    assert!(info.contains("price       not known"), "{info}");
    let tiny = home::tiny_of(&project);
    let ask = ["draft", "chapter", "1", "--model", "openai/gpt-99-new", "--max-cost", "1"];
    let output = tiny.run_with(&ask, &[("OPENAI_API_KEY", "sk-1")]);
    assert!(output.stderr.contains("costs is not known"), "{output}");
    assert_eq!(server.requests().len(), 1, "the list alone");
}

/// The address of the environment, and that of the user's configuration, is
/// where the list is asked for; what is like `OpenAI` there is not `OpenAI`.
#[test]
fn the_list_is_that_of_the_users_address() {
    let list = json!({"data": [{"id": "tide-9b", "max_model_len": 4_096}]});
    for is_configured in [true, false] {
        let server = ByteServer::start([page(&list)]);
        let address = format!("{}/v1", server.origin());
        let project = Project::empty();
        let mut variables = vec![("STORYGEN_API_KEY", "sk-here")];
        if is_configured {
            let config = format!("base_url: '{address}'\n");
            project.write("../home/config/storygen/config.yaml", config);
        } else {
            variables.push(("STORYGEN_BASE_URL", &address));
        }
        let output = project.run_with(&["models", "refresh", "openai"], &variables);
        assert_eq!(output.code, 0, "{output}");
        assert!(output.stdout.starts_with("compatible: 1 model listed\n"), "{output}");
        let sent = server.requests();
        assert_eq!(sent[0].line, "GET /v1/models HTTP/1.1");
        assert_eq!(sent[0].header("authorization"), Some("Bearer sk-here"));
        // The window counts for a model there, and no model of `OpenAI`'s is touched.
        let tiny = home::tiny_of(&project);
        let ask = ["prompt", "chapter", "1", "--model", "openai/tide-9b"];
        let output = tiny.run_with(&ask, &variables);
        assert!(!output.to_string().contains("are assumed"), "{output}");
        assert!(output.to_string().contains("4096"), "{output}");
        assert!(!project.path().join("../home/data/storygen/catalogue/openai.yaml").exists());
        let info = project.run_with(&["models", "info", "openai/tide-9b"], &variables).stdout;
        assert!(info.contains("window 4096") && info.contains("--model openai/tide-9b"), "{info}");
    }
}

/// Files of a server on this machine are rows, each with the window that it could
/// hold and never more than is asked for; what only embeds is none.
#[test]
fn files_of_a_local_server_are_rows() {
    let tag = |name: &str, family: &str| json!({"model": name, "details": {"family": family}});
    let shown = |window: u32, can: &str| {
        page(&json!({"model_info": {"general.architecture": "a", "a.context_length": window},
            "capabilities": [can]}))
    };
    let server = ByteServer::start([
        page(&json!({"models": [tag("llama3.1:8b", "llama"), tag("own:1b", "own"),
            tag("nomic-embed-text:latest", "nomic-bert"), tag("minds:1b", "own"), tag("phi-4", "phi3")]})),
        shown(131_072, "completion"),
        shown(2_048, "completion"),
        shown(2_048, "embedding"),
        shown(4_096, "completion"),
    ]);
    let project = home::at(&[("ollama", server.origin())]);
    let output = project.run(&["models", "refresh", "ollama"]);
    assert_eq!(
        output.stdout,
        "ollama: 3 models there\n  ollama/llama3.1:8b, holds up to 131072 tokens\n  ollama/own:1b, holds up to 2048 tokens\n  ollama/phi-4, holds up to 4096 tokens\n"
    );
    let rows = project.run(&["models", "--host", "ollama", "--all"]).stdout;
    for (name, window) in [("llama3.1:8b", "8192"), ("own:1b", "2048")] {
        let line = rows.lines().find(|line| line.starts_with(name));
        let fields: Vec<&str> = line.unwrap_or_default().split_whitespace().collect();
        assert_eq!(fields.get(1..3), Some(&["ollama", window][..]), "{rows}");
        assert!(line.unwrap_or_default().ends_with("  local"), "{rows}");
    }
    // Its make is known as before.
    let info = project.run(&["models", "info", "ollama/llama3.1:8b"]).stdout;
    assert!(info.contains("tokenizer   Llama 3"), "{info}");
    // What a file here holds says nothing of the model of that name elsewhere.
    let here = project.run(&["models", "info", "ollama/phi-4"]).stdout;
    assert!(here.contains("ollama/phi-4\nstatus      active\nlimits      window 4096"), "{here}");
    let there = project.run(&["models", "info", "phi-4"]).stdout;
    assert!(there.contains("window 16384") && !there.contains("window 4096"), "{there}");
    let others = project.run(&["models", "info", "ollama/other:7b"]).stdout;
    assert!(others.contains("window 8192"), "one small model limits no other: {others}");
}
