//! What is told before the first call: a key that nobody has set, a name that is
//! almost another, a model that is withdrawn.

use crate::byte_server::{ByteServer, answer};
use crate::home;
use crate::support::Project;

/// A server that is nobody's business: nothing must come.
fn unasked() -> ByteServer {
    ByteServer::start([vec![answer(500, &[], b"")]])
}

/// The configuration, the model, a variable; the variable that is missing.
type Case = (&'static str, &'static str, Option<&'static str>, Option<&'static str>);

#[test]
fn a_key_that_is_not_set_is_told_before_the_first_call() {
    let unslop = "openrouter/thedrummer/unslopnemo-12b";
    let own = "endpoints: {attic: {base_url: 'https://attic.invalid/v1', api_key_env: ATTIC, tries: 1, price: {prompt: 0, reply: 0}}}\n";
    let open = "endpoints: {attic: {base_url: 'https://attic.invalid/v1', tries: 1, price: {prompt: 0, reply: 0}}}\n";
    let table: [Case; 7] = [
        ("", unslop, None, Some("OPENROUTER_API_KEY")),
        ("", unslop, Some("OPENAI_API_KEY"), Some("OPENROUTER_API_KEY")),
        ("", unslop, Some("OPENROUTER_API_KEY"), None),
        ("", unslop, Some("STORYGEN_API_KEY"), None),
        (own, "attic/x", None, Some("ATTIC")),
        (own, "attic/x", Some("ATTIC"), None),
        (open, "attic/x", None, None),
    ];
    for (config, model, variable, missing) in table {
        let project = Project::copy("tests/tiny");
        let tries = "endpoints: {openrouter: {tries: 1}}\n";
        let config = if config.is_empty() { tries } else { config };
        project.write("../home/config/storygen/config.yaml", config);
        // Whoever asks at all asks there, and hears at once that nobody is.
        let mut variables = vec![("HTTPS_PROXY", "http://127.0.0.1:9")];
        variables.extend(variable.map(|name| (name, "sk-1")));
        let what = format!("{config} {model} {variable:?}");
        for command in
            [&["draft", "chapter", "1", "--model", model][..], &["models", "test", model]]
        {
            let output = project.run_with(command, &variables);
            assert_eq!(output.code, 6, "{what}: {output}");
            let said = output.to_string();
            assert_eq!(said.contains("no key is set for `"), missing.is_some(), "{what}: {said}");
            assert_eq!(said.contains("cannot reach"), missing.is_none(), "{what}: {said}");
            if let Some(missing) = missing {
                let ways = [&format!("set `{missing}` in"), "`api_key_command`", "api_key_keyring"];
                assert!(ways.iter().all(|way| said.contains(*way)), "{what}: {said}");
                assert!(said.contains("api_key_file"), "{what}: {said}");
            }
        }
        if missing.is_some() {
            let journal = project.read(".storygen/journal.jsonl");
            assert!(!journal.contains("reserved"), "{what}: {journal}");
        }
        // What asks nobody needs no key.
        let dry = project.run_with(&["draft", "--dry-run", "--model", model], &variables);
        assert_eq!(dry.code, 0, "{what}: {dry}");
    }
}

#[test]
fn a_name_that_is_almost_known_is_offered() {
    let project = Project::copy("tests/tiny");
    let key = [("OPENROUTER_API_KEY", "sk"), ("OPENAI_API_KEY", "sk"), ("MISTRAL_API_KEY", "sk")];
    for (model, near) in [
        ("openrouter/gryphe/mythomax-l2-13", Some("openrouter/gryphe/mythomax-l2-13b")),
        ("openrouter/mythomax", Some("openrouter/gryphe/mythomax-l2-13b")),
        ("openai/gpt-4.1-min", Some("openai/gpt-4.1-mini")),
        ("mistral/ministral-8b-251", Some("mistral/ministral-8b-2512")),
        ("openrouter/gryphe/mythomax-l2-13b", None),
        ("openrouter/zyx/quite-another-9000", None),
    ] {
        let output = project.run_with(&["draft", "--dry-run", "--model", model], &key);
        let said = near
            .map(|near| format!("the catalogue does not know `{model}`; did you mean `{near}`?\n"));
        let found = output.stderr.lines().filter(|line| line.contains("did you mean")).count();
        assert_eq!(found, usize::from(near.is_some()), "{model}: {output}");
        assert!(output.stderr.contains(&said.unwrap_or_default()), "{model}: {output}");
    }
}

/// A name without a host means no model, and what it could mean is told.
#[test]
fn a_bare_name_is_told_its_hosts() {
    let project = Project::copy("tests/tiny");
    for (name, words) in [
        ("mythomax-13b", "write one of `deepinfra/Gryphe/MythoMax-L2-13b`, `novita/"),
        ("unslopnemo-12b", "help: write `openrouter/thedrummer/unslopnemo-12b`\n"),
        ("mythomax-13", "did you mean the model `mythomax-13b`?"),
        ("qwen2.5", "nobody serves `qwen2.5` as such"),
        ("openruter", "did you mean `openrouter`?"),
        ("foo/bar", "help: there are anthropic, deepinfra, deepseek, embedded, "),
        (
            "rewiew=openai/x",
            "no work is called `rewiew` (a flag names it)\nhelp: did you mean `--model review=openai/x`?\n",
        ),
        (
            "editor=x",
            "help: before a model may stand `draft=`, `record=`, `review=`, `talk=`, `fallback=`\n",
        ),
    ] {
        let output = project.run(&["draft", "--dry-run", "--model", name]);
        assert_eq!(output.code, 2, "{name}: {output}");
        assert!(output.stderr.contains(words), "{name}: {output}");
    }
}

/// What `models info` says of a name that is none.
#[test]
fn a_name_that_means_no_model_is_told_what_does() {
    let project = Project::copy("tests/tiny");
    for (name, words) in [
        (
            "openrouter",
            "error: `openrouter` is a host, and no model\nhelp: `storygen models --all --host openrouter` lists",
        ),
        ("ollama/", "error: `ollama` is a host, and no model\n"),
        (
            "opnrouter/x",
            "error: no model is called `opnrouter/x`\nhelp: did you mean the host `openrouter`?\n",
        ),
        (
            "foo/bar",
            "error: no model is called `foo/bar`\nhelp: before the `/` stands one of anthropic, deepinfra, ",
        ),
        ("mythomax-13", "help: did you mean `mythomax-13b`?\n"),
    ] {
        let output = project.run(&["models", "info", name]);
        assert_eq!(output.code, 2, "{name}: {output}");
        assert!(output.stderr.contains(words), "{name}: {output}");
    }
}

/// One that only stands in does not stop the book, and its lack is told first.
#[test]
fn a_stand_in_without_its_key_is_told_of() {
    let server = ByteServer::start([vec![answer(401, &[], b"{}")]]);
    let project = Project::copy("tests/tiny");
    let config = "endpoints: {openrouter: {tries: 1}}\n";
    project.write("../home/config/storygen/config.yaml", config);
    let address = format!("{}/v1", server.origin());
    let variables =
        [("STORYGEN_BASE_URL", address.as_str()), ("HTTPS_PROXY", "http://127.0.0.1:9")];
    let stand_in = "fallback=openrouter/thedrummer/unslopnemo-12b";
    let ask = ["draft", "chapter", "1", "--model", "openai/x", "--model", stand_in];
    let output = project.run_with(&[&ask[..], &["--allow-unknown-price"]].concat(), &variables);
    assert_eq!(output.code, 6, "{output}");
    let told = "no key is set for `openrouter/thedrummer/unslopnemo-12b` at https://openrouter.ai; should it have to stand in, it cannot\n";
    assert!(output.stderr.contains(told), "{output}");
    assert_eq!(output.stderr.matches("should it have").count(), 1, "{output}");
    assert_eq!(server.requests().len(), 1, "the model itself is asked");
    // The stand-in is not, and the run ends with what the model itself met.
    assert!(!output.stderr.contains("stands in for"), "{output}");
    let last = output.stderr.split("error: ").last().unwrap_or_default();
    assert!(last.starts_with(&server.origin()), "{output}");
}

/// Where nothing is sent, no program is run for a key, and none is missed.
#[test]
fn no_key_is_read_before_something_is_sent() {
    let project = Project::copy("tests/tiny");
    let ran = project.path().join("ran");
    let touch = format!("api_key_command: [touch, '{}']", ran.display());
    for source in ["api_key_file: /nonexistent/key", &touch, "api_key_keyring: nope"] {
        let config = format!(
            "endpoints: {{attic: {{base_url: 'http://127.0.0.1:1/v1', tries: 1, {source}}}}}\nmodel: attic/m\n"
        );
        project.write("../home/config/storygen/config.yaml", config);
        for command in [
            &["prompt", "chapter", "1"][..],
            &["draft", "--dry-run"],
            &["cost", "--allow-unknown-price"],
            &["status"],
            &["check"],
        ] {
            let output = project.run(command);
            assert_eq!(output.code, 0, "{source} {command:?}: {output}");
            assert!(!ran.exists(), "{source} {command:?}");
        }
        let output = project.run(&["draft", "chapter", "1"]);
        // It was run now.
        let _ = std::fs::remove_file(&ran);
        assert!(
            output.stderr.contains("error: cannot get the key")
                || output.stderr.contains("error: cannot read the key"),
            "{source}: {output}"
        );
    }
}

/// A key that no header can carry is told by where it came from.
#[test]
fn a_key_that_cannot_be_sent_is_told_by_its_source() {
    let project = Project::copy("tests/tiny");
    project.write("../home/key", "schlüssel\n");
    let file = project.path().join("../home/key").display().to_string();
    for (source, name) in [
        ("api_key_env: MYK".to_owned(), "`MYK`"),
        (format!("api_key_file: '{file}'"), "key`, your `api_key_file`"),
        ("api_key_command: [echo, two words]".to_owned(), "`echo`, your `api_key_command`"),
    ] {
        let config = format!(
            "endpoints: {{attic: {{base_url: 'http://127.0.0.1:1/v1', tries: 1, {source}}}}}\nmodel: attic/m\n"
        );
        project.write("../home/config/storygen/config.yaml", config);
        let output = project.run_with(&["draft", "chapter", "1"], &[("MYK", "two words")]);
        assert_eq!(output.code, 6, "{source}: {output}");
        let said = format!("{name}: the key for http://127.0.0.1:1 holds spaces");
        assert!(output.stderr.contains(&said), "{source}: {output}");
    }
}

/// A source that fails is a key that is missing: exit code 6, and no end of a run where
/// the model only stands in.
#[test]
fn a_source_that_fails_ends_only_what_needs_its_key() {
    let count = "api_key_command: [sh, -c, 'exit 1']";
    for (source, words) in [
        ("api_key_file: /nonexistent/key", "`/nonexistent/key`, which is not there"),
        (count, "`sh`, your `api_key_command`, failed (exit status: 1)"),
    ] {
        let config = format!(
            "endpoints:\n  barn: {{base_url: 'http://127.0.0.1:2/v1', tries: 1, {source}}}\n  attic: {{base_url: 'http://127.0.0.1:1/v1', tries: 1}}\n"
        );
        for (models, is_stand_in) in
            [("model: barn/m\n", false), ("model: attic/m\nmodels: {fallback: [barn/m]}\n", true)]
        {
            let project = Project::copy("tests/tiny");
            project.write("../home/config/storygen/config.yaml", format!("{config}{models}"));
            let output = project.run(&["draft", "chapter", "1"]);
            assert_eq!(output.code, 6, "{source} {models}: {output}");
            assert_eq!(output.stderr.matches(words).count(), 1, "{source} {models}: {output}");
            let is_asked = output.stderr.contains("cannot reach");
            assert_eq!(is_asked, is_stand_in, "{source} {models}: {output}");
            let line = "; should it have to stand in, it cannot\n";
            assert_eq!(output.stderr.contains(line), is_stand_in, "{source} {models}: {output}");
        }
    }
}

/// What is to be looked at is what was set, and who has set it.
#[test]
fn who_has_set_address_and_model_is_named() {
    let tries = "tries: 1, price: {prompt: 0, reply: 0}";
    let there =
        |model: &str| format!("{model}endpoints: {{openai: {{base_url: 'HERE/v1', {tries}}}}}\n");
    let own = format!("endpoints: {{openai: {{{tries}}}}}\n");
    // The configuration, whether the environment gives the address, the arguments; what
    // names the address, and the model.
    let table = [
        (
            there("model: openai/m\n"),
            false,
            &[][..],
            "`base_url` in your configuration",
            "your configuration",
        ),
        (
            there(""),
            false,
            &["--model", "openai/m"],
            "`base_url` in your configuration",
            "the command line",
        ),
        (own, true, &["--model", "openai/m"], "`STORYGEN_BASE_URL`", "the command line"),
    ];
    for (config, is_of_environment, arguments, address, model) in table {
        let server = ByteServer::start([vec![answer(404, &[], b"{}")]]);
        let nobody = {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
            format!("http://{}", listener.local_addr().expect("an address"))
        };
        for (origin, said) in [
            (
                server.origin(),
                format!("; check {address} and the model `m`, which {model} names\n"),
            ),
            (
                nobody,
                format!(
                    "help: is the server running, and the address right that {address} names?\n"
                ),
            ),
        ] {
            let project = Project::copy("tests/tiny");
            let config = config.replace("HERE", &origin);
            project.write("../home/config/storygen/config.yaml", config);
            let base = format!("{origin}/v1");
            let variable = [("STORYGEN_BASE_URL", base.as_str())];
            let variables = if is_of_environment { &variable[..] } else { &[] };
            let ask = [&["draft", "chapter", "1"][..], arguments].concat();
            let output = project.run_with(&ask, variables);
            assert_eq!(output.code, 6, "{output}");
            assert!(output.stderr.contains(&said), "{said}: {output}");
        }
    }
}

/// A list that is asked for where nobody answers has no draft to go on with.
#[test]
fn who_asks_for_a_list_or_a_test_is_not_told_of_drafts() {
    let project = Project::copy("tests/tiny");
    let config = "model: openai/m\nendpoints: {openai: {base_url: 'http://127.0.0.1:9/v1', tries: 1, price: {prompt: 0, reply: 0}}}\n";
    project.write("../home/config/storygen/config.yaml", config);
    for command in [&["models", "refresh", "openai"][..], &["models", "test"]] {
        let output = project.run(command);
        assert_eq!(output.code, 6, "{output}");
        let said = output.to_string();
        assert!(said.contains("the address right that `base_url` in your configuration"), "{said}");
        assert!(!said.contains("goes on"), "{said}");
    }
}

/// What is wrong with an address is said of the setting where it stands.
#[test]
fn a_bad_address_is_told_by_its_setting() {
    let project = Project::copy("tests/tiny");
    for (address, words) in [
        ("notaurl", "`STORYGEN_BASE_URL` lacks its scheme; write it like `https://host/v1`"),
        ("https://", "`STORYGEN_BASE_URL` is not a URL"),
        ("localhost:1/v1", "`STORYGEN_BASE_URL` lacks its scheme; write `http://localhost:1/v1`"),
        ("me:hunter2@localhost:1/v1", "`STORYGEN_BASE_URL` holds a user name"),
        ("http://h.example/v1", "`STORYGEN_BASE_URL` is plain http to `h.example`"),
        ("https://u:hunter2@h.example/v1", "`STORYGEN_BASE_URL` holds a user name"),
        ("ftp://h.example/v1", "`STORYGEN_BASE_URL` has the scheme `ftp`"),
    ] {
        let variables = [("STORYGEN_BASE_URL", address)];
        let output = project.run_with(&["draft", "--model", "openai/m"], &variables);
        assert_eq!(output.code, 2, "{address}: {output}");
        assert!(output.stderr.contains(words), "{address}: {output}");
        assert!(!output.to_string().contains("hunter2"), "{output}");
    }
}

/// A price stands beside an address, and says nothing of another one.
#[test]
fn a_price_stays_with_its_address() {
    let here = "http://127.0.0.1:1/v1";
    let there = "http://127.0.0.1:2/v1";
    let free = "price: {prompt: 0, reply: 0}";
    let attic = format!("endpoints: {{attic: {{base_url: '{here}', {free}, tries: 1}}}}\n");
    let openai = format!("endpoints: {{openai: {{base_url: '{here}', {free}, tries: 1}}}}\n");
    let short = format!("base_url: {here}\n{free}\nendpoints: {{openai: {{tries: 1}}}}\n");
    let nowhere = format!("{free}\nendpoints: {{openai: {{tries: 1}}}}\n");
    let table = [
        (&attic, "attic/m", None, true),
        (&attic, "attic/m", Some(here), true),
        // The environment's address is not for one that has its own.
        (&attic, "attic/m", Some(there), true),
        (&openai, "openai/m", None, true),
        (&openai, "openai/m", Some(there), false),
        (&short, "openai/m", None, true),
        (&short, "openai/m", Some(there), false),
        // Without an address of its own it is for whichever there is.
        (&nowhere, "openai/m", Some(there), true),
    ];
    for (config, model, address, is_known) in table {
        let project = Project::copy("tests/tiny");
        project.write("../home/config/storygen/config.yaml", config);
        let variables: Vec<(&str, &str)> =
            address.map(|address| ("STORYGEN_BASE_URL", address)).into_iter().collect();
        let ask = ["draft", "chapter", "1", "--model", model, "--max-cost", "0.00001"];
        let output = project.run_with(&ask, &variables);
        let what = format!("{config} {model} {address:?}: {output}");
        let is_refused = output.stderr.contains("costs is not known");
        assert_eq!(is_refused, !is_known, "{what}");
        assert_eq!(output.stderr.contains("error: cannot reach"), is_known, "{what}");
    }
}

/// What a row says of a model's price counts before what is said of all that its host
/// serves, where the row holds; where that is passed over, it is told.
#[test]
fn a_model_s_own_price_counts_before_its_endpoint_s() {
    const ROW: &str = "models: {mistral-large-3: {hosts: {mistral: {price: {prompt: 3, reply: 3, date: 2026-01-01}}}}}";
    const NOTE: &str = "in your configuration is for models that have none";
    let price = "price: {prompt: 0.01, reply: 0.01}";
    let gate = format!("endpoints: {{mistral: {{base_url: 'http://127.0.0.1:1/v1', {price}}}}}\n");
    let same = "endpoints: {mistral: {price: {prompt: 3, reply: 3}}}\n";
    let of = |host: &str| format!("endpoints: {{{host}: {{{price}}}}}\n");
    // The user's two files; the model; the prices that count, and whether that is told.
    let table = [
        (of("anthropic"), "", "anthropic/claude-opus-5-5", "4.00, reply 20.00", true),
        (of("anthropic"), "", "anthropic/claude-new-9", "0.01, reply 0.01", false),
        (of("mistral"), ROW, "mistral/mistral-large-2512", "3.00, reply 3.00", true),
        (same.to_owned(), ROW, "mistral/mistral-large-2512", "3.00, reply 3.00", false),
        // Elsewhere the vendor's own price says nothing; the user's does.
        (gate.clone(), "", "mistral/mistral-large-2512", "0.01, reply 0.01", false),
        (gate, ROW, "mistral/mistral-large-2512", "3.00, reply 3.00", true),
        (of("ollama"), "", "ollama/mythomax-l2-13b:q4", "0.01, reply 0.01", false),
    ];
    for (config, catalogue, model, figures, is_told) in table {
        let project = Project::copy("tests/tiny");
        project.write("../home/config/storygen/config.yaml", &config);
        project.write("../home/config/storygen/catalogue.yaml", catalogue);
        let info = project.run(&["models", "info", model]).stdout;
        let host = info.split_once(&format!("\n{model}\n")).map_or(info.as_str(), |(_, of)| of);
        assert!(host.contains(&format!("price       prompt {figures}")), "{config}: {info}");
        let output = project.run(&["cost", "--model", model]);
        assert_eq!(output.code, 0, "{config}: {output}");
        assert_eq!(output.stderr.contains(NOTE), is_told, "{config} {model}: {output}");
        // What is foretold follows from the price that counts.
        if is_told {
            project.write("../home/config/storygen/config.yaml", "");
            assert_eq!(project.run(&["cost", "--model", model]).stdout, output.stdout, "{model}");
        }
    }
}

#[test]
fn a_withdrawn_model_is_told_of_wherever_it_is_named() {
    let server = unasked();
    let replaced = "help: another model takes its place: `ministral-3-8b`";
    // By its bare name, too.
    for name in ["mistral-small-creative", "mistral/labs-mistral-small-creative"] {
        let project = Project::copy("tests/tiny");
        let output = project.run(&["draft", "chapter", "1", "--model", name]);
        assert_eq!(output.code, 6, "{name}: {output}");
        assert!(output.stderr.contains(replaced), "{name}: {output}");
    }
    // For whatever work, with its place, by the commands that ask nobody.
    for work in ["draft", "record", "review", "talk", "fallback"] {
        let project = Project::copy("tests/tiny");
        let book = project.read("storygen.yaml");
        let name = "mistral/labs-mistral-small-creative";
        let value = if work == "fallback" { format!("[{name}]") } else { name.to_owned() };
        project.write("storygen.yaml", format!("{book}\nmodels: {{{work}: {value}}}\n"));
        let place = format!("storygen.yaml:{}:", book.lines().count() + 2);
        for command in ["check", "status"] {
            let output = project.run(&[command]);
            assert_eq!(output.code, 0, "{work} {command}: {output}");
            for words in ["warning[model]: Mistral does not serve", &place, "`ministral-3-8b`"] {
                assert!(output.stderr.contains(words), "{work} {command} {words}: {output}");
            }
        }
        assert_eq!(project.run(&["check", "--fail-on", "warning"]).code, 4, "{work}");
        // At an address of the user's own it may well be served; that of the environment
        // is for the model that drafts.
        let address = format!("{}/v1", server.origin());
        let output = project.run_with(&["check"], &[("STORYGEN_BASE_URL", &address)]);
        let is_elsewhere = work == "draft";
        assert_eq!(output.stderr.contains("does not serve"), !is_elsewhere, "{work}: {output}");
        let own = format!("endpoints: {{mistral: {{base_url: '{address}'}}}}\n");
        project.write("../home/config/storygen/config.yaml", own);
        let output = project.run(&["check"]);
        assert!(!output.stderr.contains("does not serve"), "{work}: {output}");
    }
    assert_eq!(server.requests().len(), 0);
}

/// The user's file, the environment, the command, who names the model that is told of.
type Named<'a> = (String, &'a [(&'a str, &'a str)], &'a [&'a str], &'a str);

/// Whoever names it: what the project does not name is told with who does.
#[test]
fn a_withdrawn_model_of_the_user_is_told_of_too() {
    let gone = "mistral/labs-mistral-small-creative";
    let variable = [("STORYGEN_MODEL", gone)];
    let (check, status): (&[&str], &[&str]) = (&["check"], &["status"]);
    let flag: &[&str] = &["status", "--model", gone];
    let flag_of_role = format!("record={gone}");
    let flag_of_role: &[&str] = &["status", "--model", &flag_of_role];
    let table: [Named<'_>; 9] = [
        (format!("model: {gone}\n"), &[], check, "your configuration"),
        (format!("model: {gone}\n"), &[], status, "your configuration"),
        (format!("models: {{record: {gone}}}\n"), &[], check, "your configuration"),
        (format!("models: {{fallback: [{gone}]}}\n"), &[], status, "your configuration"),
        ("{}\n".to_owned(), &variable, check, "the environment"),
        ("{}\n".to_owned(), &variable, status, "the environment"),
        ("{}\n".to_owned(), &[], flag, "a flag"),
        ("{}\n".to_owned(), &[], flag_of_role, "a flag"),
        // What would not be asked is not told of.
        (format!("model: {gone}\n"), &[("STORYGEN_MODEL", "ollama/x")], status, ""),
    ];
    for (config, variables, command, who) in table {
        let project = Project::copy("tests/tiny");
        project.write("../home/config/storygen/config.yaml", &config);
        let output = project.run_with(command, variables);
        assert_eq!(output.code, 0, "{config} {command:?}: {output}");
        let said = output.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        let line =
            format!("; {who} names `{gone}` (another model takes its place: `ministral-3-8b`");
        let times = usize::from(!who.is_empty());
        assert_eq!(said.matches("does not serve").count(), times, "{config} {command:?}: {output}");
        assert_eq!(said.matches(&line).count(), times, "{config} {command:?}: {output}");
    }
}

#[test]
fn what_the_user_has_set_is_what_is_told() {
    let project =
        home::with("models: {inflection-3-pi: {hosts: {openrouter: {status: {is: active}}}}}\n");
    project.write(
        "../home/config/storygen/config.yaml",
        "endpoints:\n  attic: {base_url: 'http://127.0.0.1:9/v1', window: 4096, price: {prompt: 0, reply: 0.5}}\n  openrouter: {price: {prompt: 7, reply: 8}}\n  ollama: {window: 16384}\n",
    );
    for (name, words) in [
        ("inflection-3-pi", "status      served by `openrouter`; elsewhere retired 2026-"),
        (
            "inflection-3-pi",
            "price       prompt 2.50, reply 10.00 (dollars for a million tokens, 2026-",
        ),
        (
            "openrouter/maker/new",
            "price       prompt 7.00, reply 8.00 (dollars for a million tokens, your\n",
        ),
        // More than is asked for by itself, and never more than the model could hold.
        ("ollama/mine:1b", "limits      window 16384 (your configuration)"),
        ("ollama/mythomax-l2-13b:q4", "limits      window 4096, reply"),
        ("attic/m", "limits      window 4096 (your configuration), reply as long as it fits"),
        ("attic/m", "price       prompt 0.00, reply 0.50 (dollars for a million tokens, your\n"),
    ] {
        let output = project.run(&["models", "info", name]);
        assert!(output.stdout.contains(words), "{words}: {output}");
    }
}

/// A key file is found from anywhere: beside the configuration, or at home.
#[test]
fn a_key_file_is_found_whatever_folder_the_command_runs_in() {
    for (path, file) in [
        ("key", "../home/config/storygen/key"),
        ("keys/attic", "../home/config/storygen/keys/attic"),
        ("~/key", "../home/key"),
    ] {
        let server = ByteServer::start([vec![answer(401, &[], b"{}")]]);
        let project = Project::copy("tests/tiny");
        project.write(file, "\u{feff}sk-in-a-file\r\n");
        project.write("key", "sk-of-the-project");
        let config = format!(
            "endpoints: {{attic: {{base_url: '{}/v1', api_key_file: {path}}}}}\n",
            server.origin()
        );
        project.write("../home/config/storygen/config.yaml", config);
        let output = project.run(&["models", "test", "attic/m"]);
        let sent = server.requests();
        assert_eq!(sent.len(), 1, "{path}: {output}");
        assert_eq!(sent[0].header("authorization"), Some("Bearer sk-in-a-file"), "{path}");
    }
}

/// A proxy that the environment names is told of, and named where it is at fault;
/// one that is none is refused, never gone without.
#[test]
fn the_proxy_of_the_environment_is_told() {
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        format!("http://{}", listener.local_addr().expect("an address"))
    };
    let wants = answer(407, &[("proxy-authenticate", "Basic"), ("connection", "close")], b"");
    let server = ByteServer::start([vec![wants]]);
    let here = unasked();
    let local = format!("{}/v1", here.origin());
    let model = "openrouter/thedrummer/unslopnemo-12b";
    let through = |proxy: &str| format!("through the proxy {proxy}");
    let named = |proxy: &str| vec![("HTTPS_PROXY", proxy.to_owned())];
    let bad = "`HTTPS_PROXY` in your environment is no address of a proxy that can be used";
    let with_word = gone.replace("http://", "http://me:hunter2@");
    let every = vec![("ALL_PROXY", gone.clone())];
    let but = vec![("HTTPS_PROXY", gone.clone()), ("NO_PROXY", "openrouter.ai".to_owned())];
    let own = vec![("HTTPS_PROXY", gone.clone()), ("STORYGEN_BASE_URL", local)];
    // The environment; what `status` says; how a draft ends, and what it says.
    let table = [
        (named(&gone), Some(through(&gone)), Some((6, through(&gone)))),
        (named(&with_word), Some(through(&gone)), Some((6, through(&gone)))),
        (
            named(&server.origin()),
            Some(through(&server.origin())),
            Some((6, through(&server.origin()))),
        ),
        (every, Some(through(&gone)), Some((6, through(&gone)))),
        (named("::bad"), Some(bad.to_owned()), Some((2, bad.to_owned()))),
        (named("socks5://127.0.0.1:9050"), Some(bad.to_owned()), Some((2, bad.to_owned()))),
        (but, None, None),
        (own, None, None),
    ];
    for (variables, told, end) in table {
        let project = Project::copy("tests/tiny");
        let tries = "endpoints: {openrouter: {tries: 1}}\n";
        project.write("../home/config/storygen/config.yaml", tries);
        let mut all = vec![("OPENROUTER_API_KEY", "sk-1")];
        all.extend(variables.iter().map(|(name, value)| (*name, value.as_str())));
        let status = project.run_with(&["status", "--model", model], &all);
        assert_eq!(status.code, 0, "{variables:?}: {status}");
        let line = status.stdout.lines().find(|line| line.contains("; model ")).unwrap_or_default();
        assert_eq!(line.contains("roxy"), told.is_some(), "{variables:?}: {status}");
        assert!(line.contains(&told.unwrap_or_default()), "{variables:?}: {status}");
        if let Some((code, words)) = end {
            let draft = project.run_with(&["draft", "chapter", "1", "--model", model], &all);
            assert_eq!(draft.code, code, "{variables:?}: {draft}");
            assert!(draft.stderr.contains(&words), "{variables:?}: {draft}");
            assert!(!(status.to_string() + &draft.to_string()).contains("hunter2"), "{draft}");
        }
    }
}

/// What asking again cannot help is asked for once; and this machine is reached through
/// no proxy, however it is reached.
#[test]
fn a_proxy_that_wants_to_know_who_asks_is_asked_once() {
    let wants = || vec![answer(407, &[("proxy-authenticate", "Basic")], b"")];
    let proxy = ByteServer::start([wants(), wants(), wants(), wants()]);
    let project = Project::copy("tests/tiny");
    project.write("../home/config/storygen/config.yaml", "endpoints: {openai: {tries: 1}}\n");
    let ask = |model: &str, base: Option<&str>| {
        let origin = proxy.origin();
        let mut all = vec![("HTTPS_PROXY", origin.as_str()), ("OPENROUTER_API_KEY", "sk-1")];
        all.extend(base.map(|base| ("STORYGEN_BASE_URL", base)));
        project
            .run_with(&["draft", "chapter", "1", "--allow-unknown-price", "--model", model], &all)
    };
    let output = ask("openrouter/thedrummer/unslopnemo-12b", None);
    let words = format!("(407) (through the proxy {} that your", proxy.origin());
    assert!(output.code == 6 && output.stderr.contains(&words), "{output}");
    assert!(output.stderr.contains("help: write them into the variable"), "{output}");
    assert_eq!(proxy.requests().len(), 1, "{output}");
    let output = ask("openai/x", Some("https://127.0.0.1:9/v1"));
    assert!(output.stderr.contains("cannot reach https://127.0.0.1:9: "), "{output}");
    assert!(!output.stderr.contains("proxy"), "{output}");
    assert_eq!(proxy.requests().len(), 1, "{output}");
}

/// A key that is refused is to be replaced where it stands.
#[test]
fn a_refused_key_is_named_by_its_variable() {
    let unslop = "openrouter/thedrummer/unslopnemo-12b";
    let refused = || vec![answer(401, &[], b"{\"error\":{\"message\":\"No auth\"}}")];
    for (variable, command) in [
        ("OPENROUTER_API_KEY", &["models", "refresh", "openrouter"][..]),
        ("OPENROUTER_API_KEY", &["draft", "chapter", "1", "--model", unslop]),
        ("OPENROUTER_API_KEY", &["models", "test", unslop]),
        ("STORYGEN_API_KEY", &["models", "refresh", "openrouter"]),
        ("STORYGEN_API_KEY", &["draft", "chapter", "1", "--model", unslop]),
    ] {
        let server = ByteServer::start([refused(), refused()]);
        let project =
            home::tiny_of(&home::at(&[("openrouter", format!("{}/v1", server.origin()))]));
        let output = project.run_with(command, &[(variable, "sk-of-the-test")]);
        let said = output.to_string();
        assert!(
            output.code == 6 && said.contains(&format!("set `{variable}`")),
            "{command:?} {said}"
        );
        for other in ["OPENROUTER_API_KEY", "STORYGEN_API_KEY"] {
            assert_eq!(said.contains(other), other == variable, "{command:?} {said}");
        }
    }
}
