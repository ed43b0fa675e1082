//! `storygen models` and `models info`, as a user sees them.

use crate::home;
use crate::support::{Output, Project};

fn run(project: &Project, arguments: &[&str]) -> Output {
    project.run(arguments)
}

#[test]
fn the_table_shows_what_can_be_used_in_80_columns() {
    let project = Project::empty();
    let output = run(&project, &["models"]);
    assert_eq!(output.code, 0, "{output}");
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(
        lines[0],
        "model                  host          window   reply        in      out  state"
    );
    for line in &lines {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let find = |start: &str| lines.iter().find(|line| line.starts_with(start)).copied();
    assert_eq!(
        find("unslopnemo-12b"),
        Some("unslopnemo-12b         openrouter     32768   26214      0.40     0.40  no key")
    );
    assert_eq!(find("mistral-small-creative"), None, "retired ones are not offered");
    assert!(output.stderr.contains("`--all`"), "{output}");
    let all = run(&project, &["models", "--all"]);
    assert!(all.stdout.contains("mistral-small-creative  mistral"), "{all}");
    assert!(all.stdout.contains("retired"), "{all}");
}

#[test]
fn the_table_narrows_to_a_host_and_knows_its_key() {
    let project = Project::empty();
    let output = project.run_with(&["models", "--host", "novita"], &[("NOVITA_API_KEY", "k")]);
    let rows: Vec<&str> = output.stdout.lines().skip(1).collect();
    assert!(rows.len() > 5, "{output}");
    for row in rows {
        assert!(row.contains(" novita ") && row.ends_with("  ready"), "{row}");
    }
    let output = run(&project, &["models", "--host", "novitas"]);
    assert_eq!(output.code, 2, "{output}");
    assert!(output.stderr.contains("did you mean `novita`?"), "{output}");
}

/// Servers of the user's own have no rows: how their models are named is told.
#[test]
fn whatever_runs_here_is_told_how_to_be_named() {
    let project = Project::empty();
    let servers =
        "koboldcpp, koboldcpp-completion, llamacpp, llamacpp-completion, lmstudio, ollama, vllm\n";
    for (arguments, is_empty, words) in [
        (&["models", "--all"][..], false, servers),
        (&["models", "--host", "ollama"], true, "`--model ollama/MODEL`, by the server's own name"),
        (&["models", "--host", "vllm", "--all"], true, "`storygen models refresh vllm` asks"),
        (&["models", "--host", "compatible"], true, "`--model openai/MODEL`, with its address"),
        (&["models", "--host", "novita"], false, "`--model HOST/MODEL`"),
    ] {
        let output = run(&project, arguments);
        assert_eq!(output.code, 0, "{output}");
        assert_eq!(output.stdout.is_empty(), is_empty, "{output}");
        assert!(output.stderr.contains(words), "{output}");
    }
    assert!(!run(&project, &["models"]).stderr.contains("vllm"));
}

#[test]
fn all_that_is_known_of_a_model_is_told() {
    let project = Project::empty();
    let output = run(&project, &["models", "info", "mythomax-13b"]);
    assert_eq!(output.code, 0, "{output}");
    for words in [
        "MythoMax L2 13B (mythomax-13b)",
        "licence     other, with the Llama 2 community licence: commercial use under",
        "holds       4096 tokens, prompt and reply together",
        "template    alpaca; a turn ends with `</s>`",
        "stops       replies also end at `### Instruction:`, `### Input:`",
        "openrouter/gryphe/mythomax-l2-13b\nstatus      active\nlimits      window 4096, reply 3686\n",
        "price       prompt 0.08, reply 0.11 (dollars for a million tokens, 2026-10-19)",
        "  - 4,096 tokens hold prompt and reply together",
        "use it\n  storygen draft --model ",
    ] {
        assert!(output.stdout.contains(words), "{words}\n{output}");
    }
    for (name, words) in [
        ("euryale-70b-v2.1", "CC-BY-NC-4.0: no commercial use"),
        ("openrouter/sao10k/l3-euryale-70b", "`euryale-70b-v2.2`, `euryale-70b-v2.3` may take"),
        ("mistral-small-creative", "retired 2026-04-30 (Mistral's model page, 2026-08-21)"),
        ("openrouter/maker/unheard", "the catalogue does not know it"),
        ("qwen2.5", "nobody serves this make as such"),
    ] {
        let output = run(&project, &["models", "info", name]);
        assert!(output.code == 0 && output.stdout.contains(words), "{name}: {output}");
        for line in output.stdout.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
    let output = run(&project, &["models", "info", "mythomax-13"]);
    assert_eq!(output.code, 2, "{output}");
    assert!(output.stderr.contains("did you mean `mythomax-13b`?"), "{output}");
}

#[test]
fn the_user_s_catalogue_counts_and_its_faults_have_places() {
    let project = home::with(
        "models:\n  mine:\n    title: My tune\n    family: mistral-nemo\n    hosts:\n      llamacpp: {id: mine.gguf, window: 16384}\n  mythomax-13b:\n    hosts: {openrouter: {price: {prompt: 7, reply: 8, date: 2026-11-22}}}\n",
    );
    let output = run(&project, &["models"]);
    assert!(output.stdout.contains("mine                   llamacpp       16384"), "{output}");
    assert!(output.stdout.contains("3686      7.00     8.00  no key"), "{output}");

    let project = home::with(
        "models:\n  mine:\n    templat: chatml\n  other:\n    hosts:\n      openrooter: {id: x}\n",
    );
    let output = run(&project, &["models"]);
    assert_eq!(output.code, 2, "{output}");
    assert!(output.stderr.contains("catalogue.yaml:3:5"), "{output}");
    assert!(output.stderr.contains("did you mean `template`?"), "{output}");
    let project = home::with("models:\n  other:\n    hosts:\n      openrooter: {id: x}\n");
    let output = run(&project, &["models"]);
    assert!(output.stderr.contains("no vendor is called `openrooter`"), "{output}");
    assert!(output.stderr.contains("catalogue.yaml:4:19"), "{output}");
    assert!(output.stderr.contains("did you mean `openrouter`?"), "{output}");
}

#[test]
fn a_retired_model_is_refused_before_anything_is_sent() {
    let project = Project::copy("tests/tiny");
    let draft = |model: &str| {
        project.run_with(&["draft", "--model", model], &[("OPENROUTER_API_KEY", "k")])
    };
    let output = draft("openrouter/sao10k/l3-euryale-70b");
    assert_eq!(output.code, 6, "{output}");
    for words in [
        "OpenRouter does not serve Llama 3 Euryale 70B v2.1 any more since 2026-08-07",
        "another model takes its place: `euryale-70b-v2.2`",
        "the same model is served elsewhere: `novita/sao10k/l3-70b-euryale-v2.1`",
        "{hosts: {openrouter: {status: {is: active}}}}",
    ] {
        assert!(output.stderr.contains(words), "{words}: {output}");
    }
    assert!(project.files().iter().all(|file| !file.contains("calls/")), "nothing was asked");
}

/// Nothing that the user's catalogue says is left aside in silence: each fault has
/// its place, and no value that may be a key is shown.
#[test]
fn each_fault_of_the_user_s_catalogue_has_its_place() {
    let host = |inner: &str| format!("models: {{mine: {{hosts: {{openrouter: {{{inner}}}}}}}}}");
    let vendor = |inner: &str| format!("vendors: {{foo: {{{inner}}}}}");
    let model = |inner: &str| format!("models: {{mine: {{{inner}}}}}");
    // `»` marks the place.
    let table = [
        (host("id: x, extra: {model: »other}"), "`model` is set by storygen itself"),
        (host("id: x, extra: {n: »3}"), "`n` is set by storygen itself"),
        (host("id: x, window: »0"), "a limit of no tokens"),
        (host("id: x, window: »many"), "`window` must be a whole number"),
        (host("id: »''"), "an id without a letter"),
        (host("id: x, temperature: »[1]"), "`temperature` must have 2 items"),
        (host("id: x, »windw: 9"), "unknown key `windw`"),
        (model("window: »0"), "a limit of no tokens"),
        (model("sampling: {temperature: »99}"), "`temperature` must be a number from 0 to 5"),
        (model("sampling: {xtc: {probability: »2}}"), "`probability` must be a number"),
        (model("also: »[mythomax-13b]"), "`mythomax-13b` is the name of another model"),
        (model("status: {is: retired, replaced_by: »[mine]}"), "`mine` cannot take its own place"),
        ("models: {'': »{title: x}}".to_owned(), "a model needs a name"),
        (vendor("window: »0"), "a limit of no tokens"),
        (vendor("base_url: »'http://evil.example/v1'"), "`base_url` is plain http"),
        (vendor("key: »sk-or-v1-abc"), "the name of an environment variable"),
        (vendor("strict: {stream: »false}"), "`stream` is set by storygen itself"),
        ("vendors: {a/b: »{local: true}}".to_owned(), "no vendor can be called `a/b`"),
        ("vendors: {scripted: »{}}".to_owned(), "no vendor can be called `scripted`"),
        ("»model: {}".to_owned(), "unknown key `model`"),
    ];
    for (marked, words) in table {
        let before = marked.split('»').next().unwrap_or_default();
        let place = format!("1:{}", before.chars().count() + 1);
        let text = marked.replace('»', "");
        let output = home::with(&text).run(&["models"]);
        assert_eq!(output.code, 2, "{text}: {output}");
        assert!(output.stderr.contains(&format!("catalogue.yaml:{place}\n")), "{text}: {output}");
        assert!(output.stderr.contains(words), "{text}: {output}");
        assert!(!output.to_string().contains("sk-or"), "{text}: {output}");
    }
}

#[test]
fn an_endpoint_that_wants_no_key_is_not_said_to_lack_one() {
    let own = "models:\n  tide-9b: {window: 32768, hosts: {attic: {id: lab/tide-9b}, vault: {id: lab/tide-9b}}}\n";
    let project = home::with(own);
    let config = "endpoints:\n  attic: {base_url: 'http://127.0.0.1:5001/v1'}\n  vault: {base_url: 'https://vault.example/v1', api_key_env: VAULT_KEY}\n";
    project.write("../home/config/storygen/config.yaml", config);
    for (host, state) in [("attic", "  needs none"), ("vault", "  no key")] {
        let output = run(&project, &["models", "--host", host]);
        let row = output.stdout.lines().nth(1).unwrap_or_default();
        assert!(row.starts_with("tide-9b ") && row.ends_with(state), "{output}");
    }
}
