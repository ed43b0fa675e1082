//! What calls cost: counted to the token, kept below every cap.

use std::collections::BTreeMap;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::common::*;
use crate::counting::{Answer, Asked, Counting, Served};
#[cfg(target_os = "linux")]
use crate::crash::run_with_fault;
use crate::support::{Output, Project};

/// What this endpoint's tokens cost, in dollars for a million.
pub const PRICE: &str = "price: {prompt: 2, reply: 8, cached: 0.5}";

/// Answers as the scripts of this book do.
pub fn well(asked: &Asked) -> String {
    (1..=4)
        .find_map(|number| {
            if asked.said.contains(&records(number)) {
                return Some(record(number));
            }
            asked.said.contains(&drafts(number)).then(|| PROSE[number - 1].to_owned())
        })
        .expect("a prompt of this book")
}

/// The user's configuration: the endpoint, and these lines.
pub fn configure(project: &Project, server: &Counting, lines: &str) {
    let text = format!("model: openai/counted\nbase_url: {}\n{lines}\n", server.base_url());
    project.write("../home/config/storygen/config.yaml", text);
}

fn usage(project: &Project) -> Value {
    let output = project.run(&["usage", "--json"]);
    assert_eq!(output.code, 0, "{output}");
    serde_json::from_str(&output.stdout).expect("JSON")
}

/// What the endpoint has truly billed, in millionths of a dollar.
pub fn true_cost(served: &[Served]) -> u32 {
    let cost = |one: &Served| {
        let tokens = one.tokens;
        (tokens.prompt - tokens.cached) * 4 + tokens.cached + tokens.reply * 16
    };
    // In half millionths, so that all is whole.
    let halves: u64 = served.iter().filter(|one| one.is_billed).map(cost).sum();
    u32::try_from(halves / 2).expect("little money")
}

/// What of a row of `usage` an endpoint can know.
pub fn known(row: &Value) -> BTreeMap<&'static str, u64> {
    let keys = ["tries", "prompt", "cached", "reply", "reasoning", "unsaid"];
    keys.map(|key| (key, row[key].as_u64().expect("a count"))).into()
}

/// The same by the endpoint's own count.
pub fn counted(server: &Counting) -> BTreeMap<&'static str, u64> {
    let served = server.served();
    let told =
        |of: fn(&Served) -> u64| -> u64 { served.iter().filter(|one| one.is_told).map(of).sum() };
    [
        ("tries", served.len() as u64),
        ("prompt", told(|one| one.tokens.prompt)),
        ("cached", told(|one| one.tokens.cached)),
        ("reply", told(|one| one.tokens.reply)),
        ("reasoning", told(|one| one.tokens.reasoning)),
        ("unsaid", served.iter().filter(|one| one.is_billed && !one.is_told).count() as u64),
    ]
    .into()
}

fn assert_agrees(project: &Project, server: &Counting) {
    let usage = usage(project);
    let all = &usage["all"];
    let (found, expected) = (known(all), counted(server));
    assert_eq!(found, expected, "{usage:#}");
    for key in ["tries", "prompt", "reply", "calls"] {
        for table in ["stages", "models"] {
            let rows = usage[table].as_object().expect("a table");
            let sum: u64 = rows.values().map(|row| row[key].as_u64().unwrap()).sum();
            assert_eq!(Some(sum), all[key].as_u64(), "{table} {key}");
        }
    }
}

#[test]
fn usage_agrees_with_the_endpoint_to_the_token() {
    let project = small(&[]);
    // A refusal of the endpoint, a reply to be rejected, one cut by its limit, one
    // that breaks off, one whose figures never come.
    let server = Counting::start(|asked| {
        let text = well(asked);
        let (head, tail) = text.split_at(text.floor_char_boundary(text.len() / 2));
        let goes_on = asked.said.contains("breaks off here");
        match asked.number {
            0 | 7 => Answer::Status(429),
            1 => Answer::Reply("I'm sorry, but I can't help with that.".to_owned()),
            2 => Answer::Length(head.to_owned()),
            5 => Answer::Cut(head.to_owned()),
            8 => Answer::Silent(text),
            _ if goes_on => Answer::Reply(tail.to_owned()),
            _ => Answer::Reply(text),
        }
    });
    configure(&project, &server, PRICE);
    let output = project.run(&["draft", "chapters", "1-3"]);
    assert_eq!(output.code, 0, "{output}");
    assert!(output.stderr.contains("rejected: "), "{output}");
    assert!(output.stderr.contains("; going on from there"), "{output}");
    for number in 1..=3 {
        assert_eq!(prose(&project, number), PROSE[number - 1]);
    }
    assert_agrees(&project, &server);
    let usage = usage(&project);
    let spent = usage["all"]["cost"].as_f64().unwrap();
    let told: Vec<Served> = server.served().into_iter().filter(|one| one.is_told).collect();
    assert!((spent * 1e6 - f64::from(true_cost(&told))).abs() < 1.0, "{spent}");
    let status = project.run(&["status"]);
    assert!(status.stdout.contains("\ncost: $0.0"), "{status}");
    assert!(project.read(".storygen/takes/ledger/1.md").contains("\ncost: $0.0"));
    // All that is kept is not asked again.
    let before = server.requests();
    let again = project.run(&["draft", "chapters", "1-3"]);
    assert_eq!((again.code, server.requests()), (0, before), "{again}");
    assert_agrees(&project, &server);
}

/// Runs the program until the endpoint has got its `nth` request, and kills it
/// while that is not answered.
pub fn kill_at(project: &Project, server: &Counting, nth: usize, arguments: &[&str]) {
    let mut child = project
        .command(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    server.await_requests(nth);
    child.kill().expect("a kill");
    child.wait().expect("an end");
}

#[test]
fn usage_agrees_across_kills() {
    for hang in 0..4 {
        let project = small(&[]);
        let server = Counting::start(move |asked| {
            let text = well(asked);
            if asked.number == hang {
                return Answer::Hang(text[..40].to_owned());
            }
            match text.get(40..).filter(|_| asked.said.contains("breaks off here")) {
                Some(rest) => Answer::Reply(rest.to_owned()),
                None => Answer::Reply(text),
            }
        });
        configure(&project, &server, PRICE);
        kill_at(&project, &server, hang + 1, &["draft", "chapters", "1-2"]);
        let output = project.run(&["draft", "chapters", "1-2"]);
        assert_eq!(output.code, 0, "{hang}: {output}");
        assert_agrees(&project, &server);
        // A killed call counts with all that it could cost.
        let cost = usage(&project);
        assert!(cost["all"]["unsaid_at_most"].as_f64().unwrap() > 0.001, "{cost:#}");
        assert_eq!(prose(&project, 2), PROSE[1]);
    }
}

/// What is reserved for a call whose end nobody knows is neither spent nor left.
#[test]
fn what_is_reserved_is_said_apart() {
    let project = small(&[]);
    let server = Counting::start(|asked| Answer::Hang(well(asked)[..40].to_owned()));
    configure(&project, &server, PRICE);
    kill_at(&project, &server, 1, &["draft", "chapter", "1"]);
    for (lines, flags, said, whose) in [
        (
            "budget: {month: 0.02}",
            &[][..],
            "the month's budget",
            "of other runs, or that were killed",
        ),
        ("budget: {book: 0.02}", &[], "the book's budget", "that were killed"),
        ("budget: {month: 0.05}", &["--max-cost", "0.01"], "the budget of this run", ""),
    ] {
        configure(&project, &server, &format!("{PRICE}\n{lines}"));
        let output = project.run(&[&["cost"], flags].concat());
        assert_eq!(output.code, 5, "{output}");
        let error = output.stderr.split_once("error: ").expect("an error").1;
        assert!(error.starts_with(&format!("{said} is too low: of $0.0")), "{output}");
        let told = ", $0 are spent, $0.02";
        assert_eq!(error.contains(told), !whose.is_empty(), "{output}");
        let rest = format!(" are reserved for calls {whose}, $0 are left, and what is to be done ");
        assert!(whose.is_empty() || error.contains(&rest), "{output}");
    }
}

#[test]
fn usage_agrees_without_a_price() {
    let project = small(&[]);
    let server = Counting::start(|asked| {
        let text = well(asked);
        if asked.number == 1 { Answer::Hang(text[..20].to_owned()) } else { Answer::Reply(text) }
    });
    configure(&project, &server, "");
    kill_at(&project, &server, 2, &["draft", "chapter", "1"]);
    let output = project.run(&["draft", "chapter", "1"]);
    assert_eq!(output.code, 0, "{output}");
    assert_agrees(&project, &server);
    let usage = usage(&project);
    assert_eq!(usage["all"]["cost"].as_f64(), Some(0.0));
    assert_eq!(usage["all"]["unpriced"].as_u64(), Some(2));
    assert!(!project.run(&["status"]).stdout.contains("\ncost: "));
}

/// What a run at an endpoint with these settings ends with.
fn drafted_with(config: &str, book: &str, arguments: &[&str]) -> (Project, Counting, Output) {
    let project = small(&[]);
    let server = Counting::start(|asked| Answer::Reply(well(asked)));
    configure(&project, &server, config);
    let text = project.read("storygen.yaml");
    project.write("storygen.yaml", format!("{text}{book}"));
    let mut all = vec!["draft"];
    all.extend(arguments);
    let output = project.run(&all);
    (project, server, output)
}

#[test]
fn a_cap_stops_before_the_call_and_says_why() {
    let priced = |budget: &str| format!("{PRICE}\n{budget}\n");
    for (config, book, arguments, said, way_out) in [
        (
            priced(""),
            "",
            &["--max-cost", "0.05"][..],
            "the budget of this run is reached: of $0.0500, ",
            "help: raise `--max-cost`",
        ),
        (
            priced("budget: {run: 0.05}"),
            "",
            &[],
            "the budget of this run is reached: of $0.0500, ",
            "help: raise `--max-cost`",
        ),
        (
            priced(""),
            "limits: {budget: 0.05}\n",
            &[],
            "the book's budget is reached: of $0.0500, ",
            "help: raise `limits: {budget: …}`",
        ),
        (
            priced("budget: {book: 0.05}"),
            "limits: {budget: 9}\n",
            &[],
            "the book's budget is reached: of $0.0500, ",
            "help: raise `limits: {budget: …}`",
        ),
        (
            priced("budget: {month: 0.05}"),
            "",
            &[],
            "the month's budget is reached: of $0.0500, ",
            "help: raise `budget: {month: …}`",
        ),
    ] {
        let (project, server, output) = drafted_with(&config, book, arguments);
        assert_eq!(output.code, 5, "{config} {book}: {output}");
        let error = output.stderr.split_once("error: ").expect("an error").1;
        assert!(error.starts_with(said), "{output}");
        assert!(
            error.contains(" are spent, $0.")
                && error.contains(" are left; the next call (")
                && error.contains(") could cost $0."),
            "{output}"
        );
        assert!(error.contains(way_out), "{output}");
        // What was finished before is saved.
        assert_eq!(prose(&project, 1), PROSE[0], "{output}");
        assert!(true_cost(&server.served()) <= 50_000);
        assert_agrees(&project, &server);
        // More money, and the same command goes on.
        configure(&project, &server, PRICE);
        project.write("storygen.yaml", project.read("storygen.yaml").replace(book, ""));
        let more = project.run(&["draft", "--max-cost", "5"]);
        assert_eq!(more.code, 0, "{more}");
        assert_eq!(prose(&project, 4), PROSE[3]);
    }
}

/// What an endpoint bills for a request that it then fails counts as any other bill.
#[test]
fn no_cap_is_passed_by_errors_that_are_billed() {
    for status in [200, 500] {
        let project = small(&[]);
        let server = Counting::start(move |asked| match asked.number % 2 {
            0 => Answer::Billed(status),
            _ => Answer::Reply(well(asked)),
        });
        configure(&project, &server, &format!("{PRICE}\nbudget: {{month: 0.05}}"));
        let output = project.run(&["draft", "--as-far-as-it-goes"]);
        assert_eq!(output.code, 5, "{status}: {output}");
        assert!(server.requests() > 2 && true_cost(&server.served()) <= 50_000, "{output}");
        assert_agrees(&project, &server);
    }
}

/// Figures that cannot be true leave a call open: it counts with its worst case.
#[test]
fn no_cap_is_passed_on_figures_that_cannot_be() {
    for usage in [
        json!({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}),
        json!({"prompt_tokens": 0, "completion_tokens": 0, "cost": 0}),
        json!({"prompt_tokens": 10}),
        json!({"prompt_tokens": 10, "completion_tokens": null, "total_tokens": 10}),
    ] {
        let project = small(&[]);
        let says = usage.clone();
        let server = Counting::start(move |asked| Answer::Says(well(asked), says.clone()));
        configure(&project, &server, &format!("{PRICE}\nbudget: {{month: 0.05}}"));
        let output = project.run(&["draft"]);
        assert_eq!(output.code, 5, "{usage}: {output}");
        assert!(output.stderr.contains("the month's budget is reached: of $0.0500, "), "{output}");
        assert!(true_cost(&server.served()) <= 50_000, "{usage}: {output}");
    }
}

#[test]
fn an_unknown_price_is_refused_before_anything_is_sent() {
    let https = "base_url: https://models.invalid/v1";
    for (config, arguments, code) in [
        ("", &[][..], 0),
        ("budget: {month: 5}", &[], 5),
        ("", &["--max-cost", "5"], 5),
        ("budget: {month: 5}", &["--allow-unknown-price"], 0),
    ] {
        let mut all = vec!["chapter", "1"];
        all.extend(arguments);
        let (_, server, output) = drafted_with(config, "", &all);
        assert_eq!(output.code, code, "{config} {arguments:?}: {output}");
        assert_eq!(server.requests() > 0, code == 0, "{output}");
        if code == 5 {
            let said = "error: what `openai/counted` costs is not known, so nothing can keep to the budget that is set\nhelp: write `endpoints: {openai: {price: {prompt: …, reply: …}}}` into your configuration";
            assert!(output.stderr.contains(said), "{output}");
        }
    }
    // Elsewhere even without a budget, and before a name is looked up.
    let project = small(&[]);
    project.write("../home/config/storygen/config.yaml", format!("model: openai/x\n{https}\n"));
    let output = project.run(&["draft", "chapter", "1"]);
    assert_eq!(output.code, 5, "{output}");
    assert!(output.stderr.contains("costs is not known, so it is not asked\n"), "{output}");
}

/// A price of nothing is the user's word, and the bill may say otherwise: one call
/// can surprise, the next is reserved for.
#[test]
fn an_endpoint_that_bills_what_is_called_free_is_stopped_by_the_next_call() {
    let project = small(&[]);
    let server = Counting::start(|asked| Answer::Costs(well(asked), 0.5));
    let free = "price: {prompt: 0, reply: 0}\nbudget: {month: 0.6}";
    configure(&project, &server, free);
    let output = project.run(&["draft"]);
    assert_eq!((output.code, server.requests()), (5, 1), "{output}");
    assert!(
        output.stderr.contains("the month's budget is reached: of $0.6000, $0.5000"),
        "{output}"
    );
    assert!(output.stderr.contains("billed $0.5000"), "{output}");
    // The same where it stands in for another one.
    let project = small(&[]);
    let server = Counting::start(|asked| Answer::Costs(well(asked), 0.5));
    let free = "price: {prompt: 0, reply: 0}";
    let config = format!(
        "budget: {{month: 0.6}}\nendpoints:\n  dead: {{base_url: 'http://127.0.0.1:9/v1', tries: 1, {free}}}\n  good: {{base_url: '{}', {free}}}\n",
        server.base_url()
    );
    project.write("../home/config/storygen/config.yaml", config);
    let book = project.read("storygen.yaml");
    project.write("storygen.yaml", book + "models: {draft: dead/d, fallback: [good/f]}\n");
    let output = project.run(&["draft"]);
    assert_eq!((output.code, server.requests()), (5, 1), "{output}");
}

/// Money and tokens are those of the model that answered, not of the one it stood
/// in for; and the take knows who answered, though its stream was stopped.
#[test]
fn a_call_is_that_of_the_model_that_stood_in() {
    let project = small(&[]);
    let server = Counting::start(|asked| Answer::Reply(well(asked)));
    let good = server.base_url();
    project.write(
        "../home/config/storygen/config.yaml",
        format!(
            "endpoints:\n  dead: {{base_url: 'http://127.0.0.1:9/v1', tries: 1, price: {{prompt: 1, reply: 1}}}}\n  good: {{base_url: '{good}', price: {{prompt: 1, reply: 1}}}}\n"
        ),
    );
    let book = project.read("storygen.yaml");
    project.write(
        "storygen.yaml",
        book + "models: {draft: dead/d, record: good/r, fallback: [good/f]}\n",
    );
    let output = project.run(&["draft", "chapter", "1"]);
    assert_eq!(output.code, 0, "{output}");
    let usage = usage(&project);
    // Calls, requests, and whether they took anything: one was sent, and never arrived.
    for (model, calls, tries, took) in
        [("dead/d", 0, 1, false), ("good/f", 1, 1, true), ("good/r", 1, 1, true)]
    {
        let row = &usage["models"][model];
        let of = |key: &str| row[key].as_f64().expect("a figure");
        assert_eq!((&row["calls"], &row["tries"]), (&calls.into(), &tries.into()), "{usage:#}");
        for key in ["prompt", "reply", "cost"] {
            assert_eq!(of(key) > 0.0, took, "{model} {key}: {usage:#}");
        }
        assert!(of("unsaid") == 0.0, "{usage:#}");
    }
    let take = project.read(".storygen/takes/ledger/1.md");
    assert!(
        take.contains("model: dead/d\n") && take.contains("answered: good/counted-1\n"),
        "{take}"
    );
}

#[test]
fn the_settings_of_a_models_author_are_used() {
    let project = small(&[]);
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let sees = seen.clone();
    let server = Counting::start(move |asked| {
        sees.lock().unwrap().push(asked.body.clone());
        Answer::Reply(well(asked))
    });
    project.write(
        "../home/config/storygen/config.yaml",
        format!("endpoints: {{openrouter: {{base_url: '{}'}}}}\n", server.base_url()),
    );
    let model = ["--model", "openrouter/qwen/qwen-2.5-72b-instruct"];
    let output = project.run_with(
        &[&["draft", "chapter", "1"][..], &model].concat(),
        &[("OPENROUTER_API_KEY", "sk-or-test")],
    );
    assert_eq!(output.code, 0, "{output}");
    let first = seen.lock().unwrap()[0].clone();
    for (field, value) in
        [("temperature", 0.7), ("top_p", 0.8), ("top_k", 20.0), ("repetition_penalty", 1.05)]
    {
        let sent = first[field].as_f64().unwrap_or_else(|| panic!("{first}"));
        assert!((sent - value).abs() < 1e-6, "{field}: {sent}");
    }
}

#[test]
fn a_redo_with_more_money_draws_nothing_twice() {
    let project = small(&[]);
    // The second time each call takes more than was to be expected.
    let server = Counting::start(|asked| match asked.number {
        0..8 => Answer::Reply(well(asked)),
        _ => Answer::Costs(well(asked), 0.008),
    });
    configure(&project, &server, PRICE);
    let first = project.run(&["draft"]);
    assert_eq!(first.code, 0, "{first}");
    let stopped = project.run(&["draft", "--redo", "--max-cost", "0.05"]);
    assert_eq!(stopped.code, 5, "{stopped}");
    assert_eq!(texts(&project, &[".storygen/takes/ledger"]).len(), 2, "{stopped}");
    let more = project.run(&["draft", "--redo", "--max-cost", "3"]);
    assert_eq!(more.code, 0, "{more}");
    for (number, id) in IDS.iter().enumerate() {
        let takes = texts(&project, &[&format!(".storygen/takes/{id}")]).len();
        assert_eq!(takes, 2, "chapter {}: {stopped}\n{more}", number + 1);
    }
}

/// Whenever a run is killed, journal and ledger show at least what was spent, and
/// the next run pays for nothing twice that had come.
#[test]
#[cfg(target_os = "linux")]
fn a_kill_at_any_durable_write_hides_no_cost() {
    let arguments = ["draft", "chapter", "1"];
    let mut kills = 0;
    for call in ["fsync", "fdatasync"] {
        for when in 1.. {
            let project = small(&[]);
            let server = Counting::start(|asked| Answer::Reply(well(asked)));
            configure(&project, &server, PRICE);
            let (code, _) = run_with_fault(&project, &arguments, call, "signal=KILL", when);
            if code == Some(0) {
                break;
            }
            kills += 1;
            for stage in ["killed", "resumed"] {
                let spent = usage(&project);
                let of = |key: &str| (spent["all"][key].as_f64().unwrap() * 1e6).round();
                let truly = f64::from(true_cost(&server.served()));
                let at = format!("{call} {when}, {stage}: {truly}, {spent:#}");
                // What is kept, but not noted yet, still counts as reserved.
                assert!(of("cost") + of("unsaid_at_most") >= truly, "{at}");
                let month = spent["month"]["spent"].as_f64().unwrap() * 1e6;
                assert!(month.round() >= truly, "{at}");
                if stage == "killed" {
                    let resumed = project.run(&arguments);
                    assert_eq!(resumed.code, 0, "{at}: {resumed}");
                }
            }
            // Both calls at most once more than needed: a kill can only lose what
            // it interrupted.
            assert!(server.requests() <= 3, "{call} {when}: {}", server.requests());
        }
    }
    assert!(kills >= 8, "only {kills} durable writes");
}

/// Numbers that look random, the same every time.
fn dice(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

/// Projects of one user draft at once, are killed and begun again; what the
/// endpoint has billed stays below the month's cap.
#[test]
fn concurrent_runs_and_kills_keep_to_the_month() {
    const CAP: u32 = 90_000;
    let server = Counting::start(|asked| {
        let text = well(asked);
        match asked.number % 5 {
            3 => Answer::Silent(text),
            _ => Answer::Reply(text),
        }
    });
    let projects: Vec<Project> = (0..3).map(|_| small(&[])).collect();
    let home = projects[0].path().join("../home");
    let config = format!("{PRICE}\nbudget: {{month: 0.09}}");
    configure(&projects[0], &server, &config);
    let start = |project: &Project| {
        let mut command = project.command(&["draft", "--redo"]);
        for (name, folder) in [("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data")] {
            command.env(name, home.join(folder));
        }
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program runs")
    };
    let (mut seed, mut kills, mut refusals) = (7, 0, 0);
    for _ in 0..12 {
        let mut children: Vec<_> = projects.iter().map(start).collect();
        // Kill one of them somewhere on its way.
        let victim = usize::try_from(dice(&mut seed) % 3).unwrap();
        let target = server.requests() + usize::try_from(dice(&mut seed) % 3).unwrap();
        while server.requests() < target
            && children.iter_mut().any(|child| matches!(child.try_wait(), Ok(None)))
        {
            std::thread::yield_now();
        }
        if matches!(children[victim].try_wait(), Ok(None)) {
            children[victim].kill().expect("a kill");
            kills += 1;
        }
        for child in &mut children {
            refusals += u32::from(child.wait().expect("an end").code() == Some(5));
        }
        assert!(true_cost(&server.served()) <= CAP, "{}", true_cost(&server.served()));
    }
    assert!(kills > 0 && refusals > 0, "{kills} kills, {refusals} refusals");
    assert!(server.requests() > 4, "{} requests", server.requests());
    let usage = projects[0].run(&["usage"]);
    assert!(usage.stdout.contains("this month, all your projects: $0.0"), "{usage}");
}
