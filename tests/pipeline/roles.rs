//! Models that do a book's work and stand in for each other: who was asked, who
//! answered, and what each of them took.

use serde_json::Value;

use crate::common::*;
use crate::counting::{Answer, Counting, Served};
use crate::money::{counted, kill_at, known, well};
use crate::replay::{elsewhere, offline};
use crate::support::{Output, Project};

/// A book that `a/one` drafts and records, for which `b/one` stands in. What the
/// endpoints bill is the same for both.
fn book_of(a: &Counting, b: &Counting) -> Project {
    let project = small(&[]);
    let endpoint = |server: &Counting| {
        format!("{{base_url: '{}', tries: 1, price: {{prompt: 2, reply: 8}}}}", server.base_url())
    };
    let config = format!("endpoints:\n  a: {}\n  b: {}\n", endpoint(a), endpoint(b));
    project.write("../home/config/storygen/config.yaml", config);
    let book = project.read("storygen.yaml");
    project.write("storygen.yaml", book + "model: a/one\nmodels: {fallback: [b/one]}\n");
    project
}

/// Runs a command that has to end well.
fn ok(project: &Project, arguments: &[&str]) -> Output {
    let output = project.run(arguments);
    assert_eq!(output.code, 0, "{arguments:?}: {output}");
    output
}

fn json(project: &Project, arguments: &[&str]) -> Value {
    serde_json::from_str(&ok(project, arguments).stdout).expect("JSON")
}

#[test]
fn each_try_is_booked_on_the_model_that_was_asked_with_it() {
    // Refused, counted and then failed, broken before any text; then it does well.
    let a = Counting::start(|asked| match asked.number {
        0 => Answer::Status(500),
        1 => Answer::Fails,
        2 => Answer::Cut(String::new()),
        _ => Answer::Reply(well(asked)),
    });
    let b = Counting::start(|asked| Answer::Reply(well(asked)));
    let project = book_of(&a, &b);
    ok(&project, &["draft", "chapters", "1-3"]);
    assert_eq!((a.requests(), b.requests()), (6, 3));
    let usage = json(&project, &["usage", "--json"]);
    for (model, server, calls) in [("a/one", &a, 3), ("b/one", &b, 3)] {
        let row = &usage["models"][model];
        assert_eq!(known(row), counted(server), "{model}: {usage:#}");
        // A call goes by the name of the model that did it in the end.
        assert_eq!(row["calls"], calls, "{model}: {usage:#}");
    }
    for key in ["calls", "tries", "prompt", "reply", "unsaid"] {
        let of = |name: &str| usage["models"][name][key].as_u64().expect("a count");
        assert_eq!(Some(of("a/one") + of("b/one")), usage["all"][key].as_u64(), "{key}");
    }
    // The table says the same.
    let table = ok(&project, &["usage"]).stdout;
    for (model, sent) in [("a/one", "6"), ("b/one", "3")] {
        let row = table.lines().find(|line| line.starts_with(model)).expect("a row");
        assert_eq!(row.split_whitespace().nth(2), Some(sent), "{table}");
    }
    // So do the calls, one by one.
    let calls = ok(&project, &["calls", "--json"]).stdout;
    let stood_in: Vec<Value> = calls
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .filter(|call| call["model"] == "b/one")
        .collect();
    assert_eq!(stood_in.len(), 3, "{calls}");
    for call in stood_in {
        assert_eq!(call["before"][0]["model"], "a/one", "{call:#}");
        assert_eq!((&call["before"][0]["tries"], &call["tries"]), (&1.into(), &2.into()));
    }
    assert!(ok(&project, &["calls"]).stdout.contains("b/one  (after a/one)\n"));
    // What is unsaid is in the ledger to the last bit.
    let month = usage["month"]["spent"].as_f64().unwrap();
    let of = |key: &str| usage["all"][key].as_f64().unwrap();
    assert!((of("cost") + of("unsaid_at_most") - month).abs() < 1e-13, "{usage:#}");
}

/// Tokens and cost of a take are those of every try that it needed.
#[test]
fn a_take_took_what_all_its_tries_took() {
    for (first, most) in [(Answer::Billed(500), ""), (Answer::Cut(String::new()), " at most")] {
        let first = std::sync::Mutex::new(Some(first));
        let a = Counting::start(move |asked| {
            let first = first.lock().unwrap().take();
            first.unwrap_or_else(|| Answer::Reply(well(asked)))
        });
        let b = Counting::start(|asked| Answer::Reply(well(asked)));
        let project = book_of(&a, &b);
        ok(&project, &["draft", "chapter", "1"]);
        let served = [a.served()[0], b.served()[0]];
        let sum = |of: fn(&Served) -> u64| -> u64 {
            served.iter().filter(|one| one.is_told).map(of).sum()
        };
        let take = project.read(&format!(".storygen/takes/{}/1.md", IDS[0]));
        let (prompt, reply) = (sum(|one| one.tokens.prompt), sum(|one| one.tokens.reply));
        assert!(take.contains(&format!("  prompt: {prompt}\n")), "{most}: {prompt}: {take}");
        assert!(take.contains(&format!("  reply: {reply}\n")), "{most}: {reply}: {take}");
        let cost = take.lines().find(|line| line.starts_with("cost: $")).expect("a cost");
        assert_eq!(cost.ends_with(" at most"), !most.is_empty(), "{take}");
        let log = ok(&project, &["log"]).stdout;
        assert!(log.contains(&format!("{prompt} + {reply} tokens")), "{log}");
    }
}

/// A kill hides how a call ended, but not who was asked.
#[test]
fn a_killed_call_is_that_of_the_model_that_stood_in() {
    let a = Counting::start(|_| Answer::Status(500));
    let b = Counting::start(|asked| {
        let text = well(asked);
        match text.get(40..).filter(|_| asked.said.contains("breaks off here")) {
            _ if asked.number == 0 => Answer::Hang(text[..40].to_owned()),
            Some(rest) => Answer::Reply(rest.to_owned()),
            None => Answer::Reply(text),
        }
    });
    let project = book_of(&a, &b);
    kill_at(&project, &b, 1, &["draft", "chapter", "1"]);
    let usage = json(&project, &["usage", "--json"]);
    for (model, calls) in [("a/one", 0), ("b/one", 1)] {
        let row = &usage["models"][model];
        let told = ["calls", "tries", "unsaid"].map(|key| row[key].as_u64().expect("a count"));
        assert_eq!(told, [calls, 1, 1], "{model}: {usage:#}");
    }
    // All that was reserved counts.
    let of = |row: &Value, key: &str| row[key].as_f64().unwrap();
    let worst = of(&usage["all"], "unsaid_at_most");
    assert!((worst - of(&usage["month"], "spent")).abs() < 1e-11, "{usage:#}");
    assert!(worst > 0.01, "{usage:#}");
    assert!(ok(&project, &["calls"]).stdout.contains("b/one  (after a/one)\n"));
    ok(&project, &["draft", "chapter", "1"]);
    assert_eq!(prose(&project, 1), PROSE[0]);
    let usage = json(&project, &["usage", "--json"]);
    for (model, server) in [("a/one", &a), ("b/one", &b)] {
        let tries = usage["models"][model]["tries"].as_u64();
        assert_eq!(tries, Some(server.requests() as u64), "{model}: {usage:#}");
    }
}

#[test]
fn a_model_that_never_answered_took_nothing() {
    let a = Counting::start(|_| Answer::Status(401));
    let b = Counting::start(|_| Answer::Status(401));
    let project = book_of(&a, &b);
    let output = project.run(&["draft", "chapter", "1"]);
    assert_eq!(output.code, 6, "{output}");
    let usage = json(&project, &["usage", "--json"]);
    for model in ["a/one", "b/one"] {
        let row = &usage["models"][model];
        assert_eq!(
            (&row["tries"], &row["prompt"], &row["cost"]),
            (&1.into(), &0.into(), &0.0.into())
        );
    }
}

#[test]
fn a_take_tells_the_endpoint_that_answered_and_a_replay_the_same() {
    let a = Counting::start(|asked| match asked.number {
        0 => Answer::Status(500),
        _ => Answer::Reply(well(asked)),
    });
    let b = Counting::start(|asked| Answer::Reply(well(asked)));
    let project = book_of(&a, &b);
    ok(&project, &["draft", "chapters", "1-2"]);
    let takes = texts(&project, &[".storygen/takes"]);
    for (id, answered) in [(IDS[0], "b/counted-1"), (IDS[1], "a/counted-1")] {
        let take = &takes[&format!(".storygen/takes/{id}/1.md")];
        let said = format!("model: a/one\nanswered: {answered}\n");
        assert!(take.contains(&said), "{take}");
    }
    let listed = ok(&project, &["takes"]).stdout;
    let by: Vec<_> = listed.lines().filter_map(|line| line.split_once(", by ")).collect();
    assert_eq!(by[0].1, "b/counted-1 (asked: a/one)", "{listed}");
    assert_eq!(by[1].1, "a/counted-1 (asked: a/one)", "{listed}");
    let usage = json(&project, &["usage", "--json"]);
    // On a machine that knows of no endpoint, and on one where their names are swapped.
    drop((a, b));
    for config in ["", "endpoints:\n  a: {base_url: 'http://127.0.0.1:9/v1'}\n"] {
        let other = elsewhere(&project);
        other.write("../home/config/storygen/config.yaml", config);
        let output = offline(&other, &["chapters", "1-2"]);
        assert_eq!(output.code, 0, "{output}");
        assert_eq!(texts(&other, &[".storygen/takes"]), takes);
        assert_eq!(json(&other, &["usage", "--json"])["models"], usage["models"]);
    }
}

/// Calls, and a journal, of before endpoints and tries were told apart.
#[test]
fn what_an_older_version_kept_is_read_as_it_was() {
    let a = Counting::start(|asked| match asked.number {
        0 => Answer::Status(500),
        _ => Answer::Reply(well(asked)),
    });
    let b = Counting::start(|asked| Answer::Reply(well(asked)));
    let project = book_of(&a, &b);
    ok(&project, &["draft", "chapter", "1"]);
    let before = r#","before":[{"model":"a/one","tally":"#;
    for (path, text) in texts(&project, &[".storygen"]) {
        // Each line without what is new in it.
        let lines = text.split_inclusive('\n').map(|line| {
            let line = line.replace(r#","asked":"b/one""#, "").replace(r#","asked":"a/one""#, "");
            match line.split_once(before) {
                Some((head, tail)) => {
                    let (_, rest) = tail.split_once("}]").expect("an end");
                    format!("{head}{rest}")
                }
                None => line.replace(r#""answered":"b/counted-1""#, r#""answered":"counted-1""#),
            }
        });
        project.write(&path, lines.collect::<String>());
    }
    let journal = project.read(".storygen/journal.jsonl");
    assert!(!journal.contains("before\":[") && journal.contains(r#""model":"b/one""#), "{journal}");
    let usage = json(&project, &["usage", "--json"]);
    assert_eq!(usage["models"]["b/one"]["calls"], 1, "{usage:#}");
    let listed = ok(&project, &["takes"]).stdout;
    assert!(listed.ends_with(", by counted-1 (asked: a/one)\n"), "{listed}");
    let other = elsewhere(&project);
    assert_eq!(offline(&other, &["chapter", "1"]).code, 0);
    let take = other.read(&format!(".storygen/takes/{}/1.md", IDS[0]));
    assert!(take.contains("model: a/one\nanswered: counted-1\n"), "{take}");
}

/// Stand-ins may be counted otherwise than the first: a replay counts by all of them,
/// and says whose vocabulary it lacks.
#[test]
fn a_chain_that_is_counted_in_several_ways_is_made_again() {
    const SEEN: &str = "mistral/ministral-8b-2512";
    for [first, other] in [[SEEN, "b/one"], ["b/one", SEEN]] {
        let server = Counting::start(|asked| match asked.number {
            2 => Answer::Status(500),
            _ => Answer::Reply(well(asked)),
        });
        let project = small(&[]);
        let endpoint = format!("{{base_url: '{}', window: 9000, tries: 1}}", server.base_url());
        let config = format!(
            "model: {first}\nmodels: {{fallback: [{other}]}}\nendpoints: {{mistral: {endpoint}, b: {endpoint}}}\n"
        );
        project.write("../home/config/storygen/config.yaml", config);
        ok(&project, &["draft", "--allow-unknown-price"]);
        drop(server);
        let again = elsewhere(&project);
        let output = offline(&again, &[]);
        assert_eq!(output.code, 0, "{first}: {output}");
        for folder in ["manuscript", "canon"] {
            assert_eq!(texts(&again, &[folder]), texts(&project, &[folder]), "{first}");
        }
        let models = elsewhere(&project);
        let kept = models.read(".storygen/models.json");
        let mut kept: Value = serde_json::from_str(&kept).expect("JSON");
        for conditions in kept["conditions"].as_object_mut().expect("conditions").values_mut() {
            let each = conditions["counting"]["most"].as_array_mut().expect("each of both");
            let found = each.iter_mut().find(|one| one["model"] == SEEN).expect("it");
            found["counting"] = "vocabulary".into();
        }
        models.write(".storygen/models.json", kept.to_string());
        let output = offline(&models, &[]);
        assert_eq!(output.code, 6, "{output}");
        let said = format!(
            "error: the tokens of `{SEEN}` were counted by its own vocabulary, which is not on this machine\n"
        );
        assert!(output.stderr.contains(&said), "{output}");
        assert!(output.stderr.contains("tokenizers/tekken.json`\n"), "{output}");
    }
}

/// A model that will have to be asked, and of which nobody knows the price, is refused
/// before anything is paid for, and by its own name.
#[test]
fn an_unknown_price_of_any_model_is_told_before_the_first_call() {
    for models in ["{record: b/one}", "{fallback: [b/one]}"] {
        let server = Counting::start(|asked| Answer::Reply(well(asked)));
        let project = small(&[]);
        let endpoint = format!("base_url: '{}', tries: 1", server.base_url());
        let config = format!(
            "model: a/one\nmodels: {models}\nendpoints:\n  a: {{{endpoint}, price: {{prompt: 2, reply: 8}}}}\n  b: {{{endpoint}}}\n"
        );
        project.write("../home/config/storygen/config.yaml", config);
        for command in [&["cost"][..], &["draft"], &["batch", "."]] {
            let output = project.run(&[command, &["--max-cost", "5"]].concat());
            let said = "what `b/one` costs is not known, so nothing can keep to the budget";
            assert_eq!(output.code, 5, "{models} {command:?}: {output}");
            assert!(output.stderr.contains(said), "{models} {command:?}: {output}");
            assert_eq!(server.requests(), 0, "{models} {command:?}");
        }
    }
}
