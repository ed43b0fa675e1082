//! How much a model holds: the smallest count that anyone gives, on every host.

use serde_json::{Value, json};

use crate::byte_server::{ByteServer, answer};
use crate::support::Project;

/// The model, what the user's file says beside, a flag; the window that is used.
type Case = (&'static str, &'static str, &'static [&'static str], &'static str);

#[test]
fn the_smallest_count_holds_on_every_host() {
    let wide = "endpoints: {llamacpp: {window: 65536}, vllm: {window: 3000}}\n";
    let table: [Case; 13] = [
        ("llamacpp/mythomax-13b", "{}", &[], "4096"),
        ("llamacpp-completion/mythomax-13b", "{}", &[], "4096"),
        ("vllm/mythomax-13b", "{}", &[], "4096"),
        ("vllm/Gryphe/MythoMax-L2-13b", "{}", &[], "4096"),
        ("lmstudio/mythomax-13b", "{}", &[], "4096"),
        ("ollama/mythomax-13b", "{}", &[], "4096"),
        ("openai/mythomax-13b", "{}", &[], "4096"),
        ("llamacpp/MythoMax-L2-13B.Q4_K_M.gguf", "{}", &[], "4096"),
        ("llamacpp/mythomax-13b", wide, &[], "4096"),
        ("llamacpp/mythomax-13b", "{}", &["--window", "60000"], "4096"),
        ("vllm/mythomax-13b", wide, &[], "3000"),
        ("llamacpp/mythomax-13b", "{}", &["--window", "3500"], "3500"),
        ("llamacpp/nobody-knows-it", "{}", &[], "32768"),
    ];
    let project = Project::copy("tests/tiny");
    for (model, config, flags, window) in table {
        project.write("../home/config/storygen/config.yaml", config);
        let ask = ["prompt", "chapter", "1", "--table", "--model", model];
        let variables = [("STORYGEN_BASE_URL", "http://127.0.0.1:1/v1")];
        let output = project.run_with(&[&ask[..], flags].concat(), &variables);
        assert_eq!(output.code, 0, "{model} {config}: {output}");
        let said = format!(" window {window}, reply up to ");
        assert!(output.stdout.contains(&said), "{model} {config} {flags:?}: {output}");
    }
}

/// The model, what the user's file says of its endpoint, the line of the project, a flag;
/// whether its window is said to be assumed.
type Assumed = (&'static str, &'static str, &'static str, &'static [&'static str], bool);

/// Nothing is said to be assumed of a model whose window somebody knows; a price says
/// nothing of it.
#[test]
fn what_is_known_is_not_assumed() {
    let priced = "price: {prompt: 1, reply: 2}";
    let flag: &[&str] = &["--window", "9000"];
    let wish = "limits: {window: 9000}";
    let table: [Assumed; 12] = [
        ("llamacpp-completion/mythomax-13b", "", "", &[], false),
        ("openrouter/thedrummer/unslopnemo-12b", "", "", &[], false),
        ("openrouter/thedrummer/unslopnemo-12b", priced, "", &[], false),
        ("ollama/unseen:9b", "", "", &[], false),
        ("lmstudio/unseen", "", "", &[], false),
        ("attic/x", "window: 9000", "", &[], false),
        ("attic/x", "window: 9000, price: {prompt: 1, reply: 2}", "", &[], false),
        ("attic/x", "", "", flag, false),
        ("attic/x", "", wish, &[], false),
        ("attic/x", "", "", &[], true),
        ("attic/x", priced, "", &[], true),
        ("llamacpp/nobody-knows-it", "", "", &[], true),
    ];
    for (model, own, wish, flags, is_assumed) in table {
        let project = Project::copy("tests/tiny");
        let (vendor, _) = model.split_once('/').expect("a vendor");
        let config = format!(
            "endpoints: {{{vendor}: {{base_url: 'http://127.0.0.1:1/v1', tries: 1, {own}}}}}\n"
        );
        project.write("../home/config/storygen/config.yaml", config);
        let book = project.read("storygen.yaml");
        project.write("storygen.yaml", format!("{book}\n{wish}\n"));
        let ask = ["draft", "chapter", "1", "--model", model];
        let output = project.run(&[&ask[..], flags].concat());
        let what = format!("{model} {own} {wish} {flags:?}: {output}");
        assert!(output.stderr.contains("cannot reach"), "{what}");
        assert_eq!(output.stderr.contains("32768 tokens are assumed"), is_assumed, "{what}");
    }
}

/// The model, the flag, the line of the project, that of the user's file; the window that
/// is used, and what is told.
type Loaded =
    (&'static str, &'static [&'static str], &'static str, &'static str, u32, &'static str);

/// What a server usually has is no limit: who asks for more has started it with more, up
/// to what the model holds.
#[test]
fn a_wish_widens_what_a_server_usually_has() {
    let flag: &[&str] = &["--window", "16384"];
    let told = "is taken to have a window of 16384 tokens: its server has to be started with as many, and usually has";
    let full = "`lmstudio/mythomax-13b` holds 4096 tokens, so the window is 4096 and not 16384\n";
    let table: [Loaded; 9] = [
        ("lmstudio/x", &[], "", "", 4_096, ""),
        ("lmstudio/x", flag, "", "", 16_384, told),
        ("koboldcpp/x", flag, "", "", 16_384, told),
        ("lmstudio/x", &[], "limits: {window: 16384}", "", 16_384, told),
        ("lmstudio/x", &[], "", "window: 16384", 16_384, ""),
        ("lmstudio/x", flag, "", "window: 8192", 8_192, ""),
        ("lmstudio/x", &["--window", "4000"], "", "", 4_000, ""),
        ("lmstudio/mythomax-13b", flag, "", "", 4_096, full),
        ("attic/x", flag, "", "window: 8192", 8_192, ""),
    ];
    for (model, flags, wish, own, window, words) in table {
        let project = Project::copy("tests/tiny");
        let (vendor, _) = model.split_once('/').expect("a vendor");
        let config =
            format!("endpoints: {{{vendor}: {{base_url: 'http://127.0.0.1:1/v1', {own}}}}}\n");
        project.write("../home/config/storygen/config.yaml", config);
        let book = project.read("storygen.yaml");
        project.write("storygen.yaml", format!("{book}\n{wish}\n"));
        let ask = ["prompt", "chapter", "1", "--table", "--model", model];
        let output = project.run(&[&ask[..], flags].concat());
        let what = format!("{model} {flags:?} {wish} {own}: {output}");
        assert!(output.stdout.contains(&format!(" window {window}, reply up to ")), "{what}");
        assert_eq!(output.stderr.is_empty(), words.is_empty(), "{what}");
        assert!(output.stderr.contains(words), "{what}");
    }
}

/// Where the usual window is too small, the ways to a larger one are told.
#[test]
fn a_usual_window_that_is_too_small_is_told_with_its_ways() {
    let way = "help: `lmstudio` is taken to have the window that it usually has: where it is started with a larger one, say so by `--window TOKENS`, or in your configuration by `endpoints: {lmstudio: {window: TOKENS}}`\n";
    let project = Project::copy("tests/tiny");
    let premise = project.read("bible/premise.yaml");
    let long = "The lamp went out over the harbour again. ".repeat(200);
    project.write(
        "bible/premise.yaml",
        premise.replacen("premise: >-\n", &format!("premise: >-\n  {long}\n"), 1),
    );
    let kept = "help: the model is listed with 4096 tokens, and no larger window is used: where it holds more by now, `storygen models refresh lmstudio` asks for its list again, or a row in your `catalogue.yaml` says so\n";
    project.write(
        "../home/config/storygen/catalogue.yaml",
        "models: {listed: {window: 4096, hosts: {lmstudio: {id: listed}}}}\n",
    );
    for (model, flags, way, is_told) in [
        ("lmstudio/x", &[][..], way, true),
        ("lmstudio/x", &["--window", "4000"], way, false),
        ("lmstudio/listed", &["--window", "16384"], kept, true),
        ("lmstudio/listed", &["--window", "4096"], kept, false),
    ] {
        let ask = ["draft", "chapter", "1", "--dry-run", "--model", model];
        let output = project.run(&[&ask[..], flags].concat());
        assert!(output.stderr.contains("indispensable"), "{output}");
        assert_eq!(output.stderr.contains(way), is_told, "{output}");
    }
}

/// The flag, the line of the project, that of the user's file, the model; what is
/// sent, and what is told.
type Wish = (&'static [&'static str], &'static str, &'static str, &'static str, u32, &'static str);

/// Ollama is asked for its window in each request, so a wish can be larger than what
/// is usual, up to what the model's own page says; what is sent is told.
#[test]
fn a_wish_widens_what_ollama_is_asked_for() {
    let shown = json!({"model_info": {"general.architecture": "a", "a.context_length": 20_000},
        "capabilities": ["completion"]});
    let page = |value: &Value| vec![answer(200, &[], value.to_string().as_bytes())];
    let tags = json!({"models": [{"model": "tide:9b", "details": {"family": "a"}}]});
    let reply = json!({"message": {"content": "The lamp went out."}, "done": true,
        "done_reason": "stop", "prompt_eval_count": 60, "eval_count": 5});
    let wide = "is asked for a window of 16384 tokens (`num_ctx`); it takes more memory than the usual 8192";
    let full = "`ollama/tide:9b` holds 20000 tokens, so `num_ctx` is 20000 and not 60000";
    let table: [Wish; 8] = [
        (&[], "", "", "tide:9b", 8_192, ""),
        (&["--window", "16384"], "", "", "tide:9b", 16_384, wide),
        (&["--window", "16384"], "", "", "unseen:9b", 16_384, wide),
        (&[], "limits: {window: 16384}", "", "tide:9b", 16_384, wide),
        (&["--window", "60000"], "", "", "tide:9b", 20_000, full),
        (&["--window", "4000"], "", "", "tide:9b", 4_000, ""),
        (&[], "", "window: 16384", "tide:9b", 16_384, ""),
        (&["--window", "60000"], "", "window: 16384", "tide:9b", 16_384, ""),
    ];
    for (flags, wish, own, model, window, words) in table {
        let server = ByteServer::start([page(&tags), page(&shown), page(&reply)]);
        let project = Project::copy("tests/tiny");
        let config = format!(
            "endpoints: {{ollama: {{base_url: '{}', tries: 1, {own}}}}}\n",
            server.origin()
        );
        project.write("../home/config/storygen/config.yaml", config);
        let book = project.read("storygen.yaml");
        project.write("storygen.yaml", format!("{book}\n{wish}\n"));
        assert_eq!(project.run(&["models", "refresh", "ollama"]).code, 0);
        let model = format!("ollama/{model}");
        let ask = ["draft", "chapter", "1", "--model", &model];
        let output = project.run(&[&ask[..], flags].concat());
        let sent = server.requests();
        let body = sent.get(2).unwrap_or_else(|| panic!("{output}")).json();
        assert_eq!(body["options"]["num_ctx"], window, "{flags:?} {wish} {own}: {output}");
        let told = output.stderr.matches("num_ctx").count();
        assert_eq!(told, usize::from(!words.is_empty()), "{flags:?} {wish} {own}: {output}");
        assert!(output.stderr.contains(words), "{flags:?} {wish} {own}: {output}");
    }
}
