//! What vendors' lists say of prices, limits and ends, in each vendor's own fields
//! and units, and where it counts.

use serde_json::{Value, json};

use crate::byte_server::{ByteServer, Step, answer};
use crate::home;
use crate::support::Project;

fn page(value: &Value) -> Vec<Step> {
    vec![answer(200, &[("content-type", "application/json")], value.to_string().as_bytes())]
}

/// A page without its line ends, which fall where the terminal ends.
fn plain(page: &str) -> String {
    page.split_whitespace().collect::<Vec<_>>().join(" ")
}

struct Case {
    vendor: &'static str,
    /// What the list's request asks for.
    path: &'static str,
    list: Value,
    /// Lines of `models refresh`.
    said: &'static [&'static str],
    /// Lines of `models info`, of a model that is known and of one that is new.
    info: [(&'static str, &'static [&'static str]); 2],
}

fn cases() -> [Case; 6] {
    [deepinfra(), novita(), together(), xai(), anthropic(), deepseek()]
}

fn deepinfra() -> Case {
    Case {
        vendor: "deepinfra",
        path: "GET /v1/models HTTP/1.1",
        list: json!({"object": "list", "data": [
            {"id": "Gryphe/MythoMax-L2-13b", "object": "model", "metadata": {
                "context_length": 4_096, "max_tokens": 4_096,
                "pricing": {"input_tokens": 0.09, "output_tokens": 0.1}, "tags": ["chat"]}},
            {"id": "New/Writer-70B", "metadata": {"context_length": 65_536, "max_tokens": 16_384,
                "pricing": {"input_tokens": 0.5, "output_tokens": 1.5, "cache_read_tokens": 0.05}}},
            {"id": "New/Odd", "metadata": {"pricing": {"input_tokens": -1, "output_tokens": 1.5}}},
        ]}),
        said: &[
            "  mythomax-13b: the price is 0.09 / 0.10, was ",
            "  new: writer-70b, odd\n",
            "  1 price left out, which cannot be: odd (-1 dollars for a million tokens of the prompt)\n",
        ],
        info: [
            ("mythomax-13b", &["limits      window 4096, reply as long as it fits"]),
            (
                "writer-70b",
                &[
                    "limits      window 65536, reply 16384",
                    "prompt 0.50, reply 1.50, from the cache 0.05 (dollars for a million tokens, 20",
                    ", its list)",
                ],
            ),
        ],
    }
}

fn novita() -> Case {
    Case {
        vendor: "novita",
        path: "GET /v1/models HTTP/1.1",
        list: json!({"data": [
            {"id": "sao10k/l31-70b-euryale-v2.2", "status": 1, "model_type": "chat",
                "input_token_price_per_m": 14_800, "output_token_price_per_m": 15_000,
                "context_size": 8_192, "max_output_tokens": 8_192},
            {"id": "new/nov", "status": 1, "model_type": "chat", "context_size": 40_960,
                "max_output_tokens": 20_000, "input_token_price_per_m": 2_700,
                "output_token_price_per_m": 4_000},
        ]}),
        said: &["  euryale-70b-v2.2: the price is 1.48 / 1.50, was 1.48 / 1.48\n", "  new: nov\n"],
        info: [
            ("euryale-70b-v2.2", &["prompt 1.48, reply 1.50 "]),
            ("nov", &["limits      window 40960, reply 20000", "prompt 0.27, reply 0.40 "]),
        ],
    }
}

fn together() -> Case {
    Case {
        vendor: "together",
        path: "GET /v1/models HTTP/1.1",
        list: json!([
            {"id": "Qwen/Qwen2.5-72B-Instruct", "type": "chat", "context_length": 32_768,
                "pricing": {"hourly": 0, "input": 1.1, "output": 1.2, "base": 0, "finetune": 0}},
            {"id": "black-forest/FLUX", "type": "image", "pricing": {"input": 0, "output": 0}},
            {"id": "new/tog", "type": "chat", "context_length": 16_384,
                "pricing": {"input": 0.3, "output": 0.6, "cached_input": 0.06}},
        ]),
        said: &[
            "together: 2 models listed\n",
            "  qwen2.5-72b: the price is 1.10 / 1.20, was 1.20 / 1.20\n",
        ],
        info: [
            ("qwen2.5-72b", &["prompt 1.10, reply 1.20 "]),
            ("tog", &["window 16384", "prompt 0.30, reply 0.60, from the cache 0.06 "]),
        ],
    }
}

fn xai() -> Case {
    Case {
        vendor: "xai",
        path: "GET /v1/language-models HTTP/1.1",
        list: json!({"models": [
            {"id": "grok-4.3", "aliases": ["grok-4.3-latest"], "output_modalities": ["text"],
                "prompt_text_token_price": 13_000, "completion_text_token_price": 25_000,
                "cached_prompt_text_token_price": 2_000},
            {"id": "grok-new", "prompt_text_token_price": 20_000, "completion_text_token_price": 60_000,
                "prompt_text_token_price_long_context": 40_000,
                "completion_text_token_price_long_context": 120_000, "long_context_threshold": 128_000},
        ]}),
        said: &["  grok-4.3: the price is 1.30 / 2.50, was 1.25 / 2.50\n", "  new: grok-new\n"],
        info: [
            ("grok-4.3", &["prompt 1.30, reply 2.50, from the cache 0.20 "]),
            (
                "grok-new",
                &["window 128000", "prompt 2.00, reply 6.00 ", "past 128000 tokens each one costs"],
            ),
        ],
    }
}

fn anthropic() -> Case {
    Case {
        vendor: "anthropic",
        path: "GET /v1/models?limit=1000 HTTP/1.1",
        list: json!({"data": [
                {"type": "model", "id": "claude-haiku-4-5", "display_name": "Claude Haiku 4.5",
                    "max_input_tokens": 100_000, "max_tokens": 32_000},
                {"type": "model", "id": "claude-sonnet-99", "display_name": "Claude Sonnet 99",
                    "max_input_tokens": 500_000, "max_tokens": 64_000},
            ], "has_more": false}),
        said: &["  new: claude-sonnet-99\n"],
        info: [
            ("anthropic/claude-haiku-4-5", &["limits      window 100000, reply 32000"]),
            (
                "claude-sonnet-99",
                &["limits      window 500000, reply 64000", "price       not known"],
            ),
        ],
    }
}

fn deepseek() -> Case {
    Case {
        vendor: "deepseek",
        path: "GET /v1/models HTTP/1.1",
        list: json!({"object": "list", "data": [
                {"id": "deepseek-flash-new", "object": "model", "owned_by": "deepseek"}]}),
        said: &["  new: deepseek-flash-new\n"],
        info: [("deepseek-flash-new", &["price       not known"]), ("deepseek-flash-new", &[])],
    }
}

#[test]
fn each_vendor_s_list_is_taken_in_its_own_units() {
    for case in cases() {
        let server = ByteServer::start([page(&case.list)]);
        let project = home::at(&[(case.vendor, format!("{}/v1", server.origin()))]);
        let output = project.run(&["models", "refresh", case.vendor]);
        assert_eq!(output.code, 0, "{output}");
        assert_eq!(server.requests()[0].line, case.path);
        for words in case.said {
            assert!(output.stdout.contains(words), "{}: {words}: {output}", case.vendor);
        }
        let kept = home::list_of(&project, case.vendor);
        let today = kept.split_whitespace().nth(5).expect("the day").trim_end_matches(',');
        for (name, all) in case.info {
            let info = project.run(&["models", "info", name]);
            for words in all {
                assert!(plain(&info.stdout).contains(&plain(words)), "{name}: {words}: {info}");
                // A price carries its day and its source.
                let is_dated = plain(&info.stdout).contains(&format!(", {today}, its list)"));
                assert!(is_dated || !words.contains("prompt "), "{name}: {info}");
            }
        }
    }
}

/// A list that comes from another address than the vendor's own says what is paid
/// there, and nowhere else.
#[test]
fn a_price_stays_at_the_address_that_lists_it() {
    let list = json!({"data": [
        {"id": "sao10k/l31-70b-euryale-v2.2", "input_token_price_per_m": 100,
            "output_token_price_per_m": 200, "context_size": 8_192}]});
    let server = ByteServer::start([page(&list)]);
    let address = format!("{}/v1", server.origin());
    let project = Project::copy("tests/tiny");
    let there = format!("endpoints: {{novita: {{base_url: '{address}'}}}}\n");
    let config = "../home/config/storygen/config.yaml";
    project.write(config, &there);
    let output = project.run(&["models", "refresh", "novita"]);
    let words = "euryale-70b-v2.2: the price is 0.01 / 0.02, was 1.48 / 1.48\n";
    assert!(output.code == 0 && output.stdout.contains(words), "{output}");
    let model = "novita/euryale-70b-v2.2";
    let cost = |project: &Project| {
        project.run_with(&["cost", "--model", model], &[("NOVITA_API_KEY", "sk-1")]).to_string()
    };
    let (price, table) = (["models", "info", model], ["models", "--host", "novita"]);
    let info = project.run(&price).stdout;
    let source = format!("the list at {}", server.origin());
    assert!(info.contains("prompt 0.01, reply 0.02 ") && plain(&info).contains(&source), "{info}");
    let row = |prices: &str| {
        let rows = project.run(&table).stdout;
        let row = rows.lines().find(|row| row.starts_with("euryale-70b-v2.2")).map(plain);
        assert!(row.is_some_and(|row| row.contains(prices)), "{rows}");
    };
    row(" 0.01 0.02 ");
    let cheap = cost(&project);
    project.write(config, "{}\n");
    let info = project.run(&price).stdout;
    assert!(info.contains("prompt 1.48, reply 1.48 ") && !info.contains("0.01"), "{info}");
    row(" 1.48 1.48 ");
    let dear = cost(&project);
    assert_ne!(cheap, dear);
    project.write(config, &there);
    assert_eq!(cost(&project), cheap, "it is still known there");
}

/// An announced end comes with what takes its place, and is told before a draft.
#[test]
fn an_end_and_what_takes_its_place_are_told() {
    let list = json!({"object": "list", "data": [
        {"id": "ministral-8b-2512", "capabilities": {"completion_chat": true}, "aliases": [],
            "max_context_length": 262_144, "deprecation": "2099-12-01T00:00:00Z",
            "deprecation_replacement_model": "ministral-9b-9912"},
        {"id": "ministral-9b-9912", "capabilities": {"completion_chat": true}, "aliases": []},
        {"id": "mistral-past", "capabilities": {"completion_chat": true},
            "deprecation": "2026-01-01T00:00:00Z", "deprecation_replacement_model": "elsewhere-1"},
    ]});
    let server = ByteServer::start([page(&list)]);
    let project = home::at(&[("mistral", format!("{}/v1", server.origin()))]);
    let output = project.run(&["models", "refresh", "mistral"]);
    let words = "  ministral-3-8b: ends on 2099-12-01; `ministral-9b-9912` takes its place\n";
    assert!(output.code == 0 && output.stdout.contains(words), "{output}");
    for (name, words) in [
        ("ministral-3-8b", "deprecated, ends 2099-12-01"),
        ("ministral-3-8b", "`ministral-9b-9912` may take its place"),
        ("mistral-past", "`mistral/elsewhere-1` may take its place"),
    ] {
        let info = project.run(&["models", "info", name]).stdout;
        assert!(plain(&info).contains(words), "{name}: {info}");
    }
    // The end has come, it is listed still, and it is asked.
    let tiny = home::tiny_of(&project);
    let key = [("MISTRAL_API_KEY", "sk-1")];
    for (model, words) in [
        (
            "mistral/ministral-3-8b",
            "is about to be withdrawn by Mistral on 2099-12-01; `ministral-9b-9912` takes its place",
        ),
        (
            "mistral/mistral-past",
            "was to be withdrawn by Mistral on 2026-01-01; it is asked all the same; `mistral/elsewhere-1` takes its place",
        ),
    ] {
        let output = tiny.run_with(&["prompt", "chapter", "1", "--model", model], &key);
        assert!(output.code == 0 && output.stderr.contains(words), "{model}: {output}");
    }
}

/// A name with a host in front is that host's row, whoever else serves the model; and
/// a list that brings a model of some name leaves the name to whoever had it.
#[test]
fn a_name_means_what_it_says() {
    let list = json!({"data": [{"id": "somebody/mythomax"}, {"id": "somebody/x"}]});
    let server = ByteServer::start([page(&list)]);
    let project = home::at(&[("compatible", format!("{}/v1", server.origin()))]);
    // A list of long ago, whose short name is that of a row by now.
    project.write(
        "../home/data/storygen/catalogue/novita.yaml",
        "models: {MythoMax 13B: {hosts: {novita: {id: somebody/mythomax-13b}}}}\n",
    );
    assert_eq!(project.run(&["models", "refresh", "compatible"]).code, 0);
    let hosts = |name: &str| {
        let info = project.run(&["models", "info", name]);
        assert_eq!(info.code, 0, "{name}: {info}");
        let blocks = info.stdout.split("\n\n").filter(|block| block.contains("\nlimits "));
        let hosts = blocks.filter_map(|block| block.lines().next());
        hosts.map(str::to_owned).collect::<Vec<_>>().join(" ")
    };
    for (name, expected) in [
        ("llamacpp/mythomax-13b", "llamacpp/mythomax-13b"),
        ("deepinfra/mythomax-13b", "deepinfra/Gryphe/MythoMax-L2-13b"),
        ("openrouter/gryphe/mythomax-l2-13b", "openrouter/gryphe/mythomax-l2-13b"),
        ("novita/somebody/mythomax-13b", "novita/somebody/mythomax-13b"),
        ("x", "compatible/somebody/x"),
    ] {
        assert_eq!(hosts(name), expected, "{name}");
    }
    for name in ["mythomax-13b", "MythoMax 13B", "gryphe/mythomax-l2-13b"] {
        let hosts = hosts(name);
        assert!(hosts.contains("deepinfra/Gryphe/MythoMax-L2-13b "), "{name}: {hosts}");
        assert!(!hosts.contains("somebody"), "{name}: {hosts}");
    }
}

/// An endpoint of the user's own lists its models where its dialect does; where there
/// is no list, the way out is said.
#[test]
fn an_endpoint_of_one_s_own_has_a_list_or_a_way_out() {
    let list = json!({"data": [{"id": "tide-9b", "max_model_len": 4_096}]});
    let there = "`vendors: {attic: {listing: {kind: openai, path: /models}}}`";
    let by_hand = "`endpoints: {attic: {window: …, price: {prompt: …, reply: …}}}`";
    let to = |place: &str| vec![answer(308, &[("location", place)], b"")];
    // What is spoken there; its answer; the exit code, and what is said.
    let table: [(&str, Vec<Step>, i32, &[&str]); 6] = [
        ("openai", page(&list), 0, &["attic: 1 model listed\n", "  new: tide-9b\n"]),
        ("openai", vec![answer(404, &[], b"")], 6, &[there, by_hand]),
        ("openai", vec![answer(200, &[], b"<title>Hello</title>")], 6, &[there, by_hand]),
        ("openai", vec![answer(503, &[], b"")], 6, &["ask again later"]),
        (
            "openai",
            to("https://else.example/"),
            6,
            &["it redirects to https://else.example", "write that as `base_url`"],
        ),
        (
            "koboldcpp-completion",
            page(&list),
            2,
            &["`attic` has no list of its models", there, by_hand],
        ),
    ];
    for (dialect, steps, code, said) in table {
        let server = ByteServer::start([steps]);
        let project = Project::empty();
        let config = format!(
            "endpoints: {{attic: {{base_url: '{}/v1', dialect: {dialect}}}}}\n",
            server.origin()
        );
        project.write("../home/config/storygen/config.yaml", config);
        let output = project.run(&["models", "refresh", "attic"]);
        assert_eq!(output.code, code, "{dialect}: {output}");
        for words in said {
            assert!(output.to_string().contains(words), "{dialect}: {words}: {output}");
        }
        let sent = server.requests();
        assert!(sent.iter().all(|one| one.line == "GET /v1/models HTTP/1.1"), "{dialect}");
        if code == 0 {
            let info = project.run(&["models", "info", "attic/tide-9b"]).stdout;
            assert!(info.contains("window 4096"), "{info}");
            let all = || project.run(&["models", "--all"]).stdout;
            assert!(all().contains("tide-9b"), "{}", all());
            // Who takes the endpoint out has its models no more.
            project.write("../home/config/storygen/config.yaml", "{}\n");
            assert!(!all().contains("tide-9b"), "{}", all());
        }
    }
}

/// What is like `OpenAI` elsewhere is kept as `compatible`; what its models hold and cost
/// is said of `openai`, and counts.
#[test]
fn the_way_out_for_a_compatible_endpoint_leads_there() {
    let refused = || vec![answer(404, &[], b"")];
    let server = ByteServer::start([refused(), refused()]);
    let project = Project::empty();
    let at = |rest: &str| {
        format!("endpoints: {{openai: {{base_url: '{}/v1'{rest}}}}}\n", server.origin())
    };
    project.write("../home/config/storygen/config.yaml", at(""));
    let output = project.run(&["models", "refresh", "openai"]);
    assert_eq!(output.code, 6, "{output}");
    let way = "`endpoints: {openai: {window: …, price: {prompt: …, reply: …}}}`";
    assert!(output.stderr.contains(way), "{output}");
    let said = ", window: 12345, price: {prompt: 1, reply: 1}";
    project.write("../home/config/storygen/config.yaml", at(said));
    let output = project.run(&["models", "test", "openai/m"]);
    assert!(!output.to_string().contains("is not known"), "{output}");
}

/// Where xAI's own list is not there, the one that all have is asked for.
#[test]
fn a_gateway_in_xai_s_place_is_asked_for_the_usual_list() {
    let list = json!({"data": [{"id": "grok-4.3", "object": "model"}, {"id": "grok-new"}]});
    let server = ByteServer::start([vec![answer(404, &[], b"")], page(&list)]);
    let project = home::at(&[("xai", format!("{}/v1", server.origin()))]);
    let output = project.run(&["models", "refresh", "xai"]);
    assert!(output.code == 0 && output.stdout.contains("  new: grok-new\n"), "{output}");
    let lines: Vec<String> = server.requests().into_iter().map(|one| one.line).collect();
    assert_eq!(lines, ["GET /v1/language-models HTTP/1.1", "GET /v1/models HTTP/1.1"]);
    let info = project.run(&["models", "info", "grok-4.3"]).stdout;
    assert!(info.contains("prompt 1.25, reply 2.50"), "what is built in stays: {info}");
}
