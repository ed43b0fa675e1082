//! Several books at once: what is said of each, and what becomes of all.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::common::*;
use crate::counting::{Answer, Counting};
use crate::money::{PRICE, configure, kill_at, well};
use crate::support::{Project, compare};

/// Three sound copies of the small book and one that is broken, side by side.
fn shelf() -> Project {
    let shelf = Project::empty();
    play(&shelf, &all());
    for name in ["one", "two", "three", "broken"] {
        let book = small(&[]);
        for file in book.files() {
            shelf.write(&format!("{name}/{file}"), book.read(&file));
        }
    }
    shelf.write("broken/bible/outline.yaml", "chapters: 7\n");
    shelf
}

const PATHS: [&str; 4] = ["one", "broken", "two", "three"];

fn batch(shelf: &Project, more: &[&str]) -> crate::support::Output {
    let mut arguments = vec!["batch"];
    arguments.extend(PATHS);
    arguments.extend(["--model", MODEL]);
    arguments.extend(more);
    shelf.run(&arguments)
}

/// The report, of the published shape, without its seconds.
fn report(shelf: &Project) -> Value {
    let mut report: Value = serde_json::from_str(&shelf.read("report.json")).expect("JSON");
    let schema: Value =
        serde_json::from_str(include_str!("../../docs/batch.schema.json")).expect("a schema");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let faults: Vec<String> = validator.iter_errors(&report).map(|one| one.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}");
    report["seconds"].take();
    for book in report["books"].as_array_mut().expect("books") {
        book["seconds"].take();
        book["error"].take();
    }
    report
}

#[test]
fn the_schema_of_the_report_is_published() {
    let printed = small(&[]).run(&["schema", "--print", "batch"]).stdout;
    compare(&printed, &Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/batch.schema.json"))
        .unwrap_or_else(|difference| panic!("{difference}"));
}

#[test]
fn one_that_fails_holds_up_no_other() {
    let shelf = shelf();
    let output = batch(&shelf, &["--report", "report.json"]);
    assert_eq!(output.code, 3, "{output}");
    let table: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(table[0], "book    chapters      words  outcome");
    assert_eq!(table[1], "one        4 / 4        273  done");
    assert_eq!(table[2], "broken     0 / 0          0  the bible has 1 error");
    assert_eq!(table[3], "two        4 / 4        273  done");
    assert!(table[5].starts_with("3 of 4 books done, 819 words, "), "{output}");
    assert!(output.stderr.contains("broken: error[wrong-kind]"), "{output}");
    let report = report(&shelf);
    assert_eq!(report["exit"], 3);
    assert_eq!(
        (&report["books"][0]["standing"], &report["books"][1]["standing"]),
        (&json!(4), &json!(0))
    );
    let codes: Vec<i64> = report["books"]
        .as_array()
        .unwrap()
        .iter()
        .map(|book| book["exit"].as_i64().unwrap())
        .collect();
    assert_eq!(codes, [0, 4, 0, 0]);
    // Four drafts and four records, each of a prompt of 100 tokens.
    assert_eq!(report["books"][0]["prompt_tokens"], 800);
    assert_eq!(report["books"][0]["cost"], 0.0);
    // Each is as if it had been drafted alone.
    let alone = drafted();
    for name in ["one", "two", "three"] {
        for file in ["manuscript/01-ledger.md", "canon/04-weights.yaml"] {
            assert_eq!(shelf.read(&format!("{name}/{file}")), alone.read(file));
        }
    }
    // The same command again has nothing left to do but the one that is broken.
    let again = batch(&shelf, &[]);
    assert!(again.stdout.contains("one        4 / 4          0  done"), "{again}");
    shelf.write("broken/bible/outline.yaml", alone.read("bible/outline.yaml"));
    assert_eq!(batch(&shelf, &["--quiet"]).code, 0);
}

#[test]
fn every_line_names_its_book() {
    let shelf = shelf();
    let output = batch(&shelf, &["--json", "--quiet"]);
    let lines: Vec<Value> =
        output.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |name: &str, event: &str| {
        lines.iter().filter(|line| line["book"] == name && line["event"] == event).count()
    };
    assert_eq!((of("one", "drafted"), of("two", "recorded"), of("broken", "ended")), (4, 4, 1));
    let last = lines.last().unwrap();
    assert_eq!((last["event"].as_str(), last["exit"].as_i64()), (Some("ended"), Some(3)));
    assert_eq!(last.get("book"), None);
}

#[test]
fn what_cannot_be_batched_is_said() {
    let shelf = shelf();
    for (arguments, code) in [
        (&["batch"][..], 2),
        (&["batch", "one", "--project", "two"], 2),
        (&["batch", "nowhere", "--model", MODEL], 10),
    ] {
        let output = shelf.run(arguments);
        assert_eq!(output.code, code, "{arguments:?}: {output}");
    }
}

#[test]
#[cfg(unix)]
fn one_book_by_two_paths_is_drafted_once() {
    let shelf = shelf();
    let real = shelf.path().join("one");
    std::os::unix::fs::symlink(&real, shelf.path().join("another")).expect("a link");
    let real = real.display().to_string();
    let paths = ["one", "./two/../one", "two", "another", &real];
    let mut arguments = vec!["batch"];
    arguments.extend(paths);
    arguments.extend(["--model", MODEL, "--report", "report.json"]);
    let output = shelf.run(&arguments);
    assert_eq!(output.code, 0, "{output}");
    for path in ["./two/../one", "another", "[DIR]/one"] {
        let said = format!("`{path}` is the same project as `one`; it is drafted once\n");
        assert!(output.stderr.contains(&said), "{output}");
    }
    let report = report(&shelf);
    let drafted: Vec<(&str, u64)> = report["books"]
        .as_array()
        .unwrap()
        .iter()
        .map(|book| (book["path"].as_str().unwrap(), book["drafted"].as_u64().unwrap()))
        .collect();
    assert_eq!(drafted, [("one", 4), ("two", 4)]);
    let takes = texts(&shelf, &["one/.storygen/takes"]);
    assert_eq!(takes.len(), 4);
}

/// Books to be drafted at the same time, and an endpoint with a price. To draft
/// all three costs less than $0.036, one of them less than $0.013; a call could
/// cost $0.01.
fn priced() -> (Project, Counting) {
    let server = Counting::start(|asked| Answer::Reply(well(asked)));
    let shelf = shelf();
    configure(&shelf, &server, &format!("{PRICE}\nendpoints: {{openai: {{tries: 1}}}}"));
    (shelf, server)
}

const THREE: [&str; 5] = ["batch", "one", "two", "three", "--max-cost"];

/// The most that the user's ledger ever showed as spent, in millionths of a
/// dollar: what is settled, and what is reserved.
fn peak(shelf: &Project) -> u64 {
    peaks(shelf).0
}

/// That, and how many calls were reserved for at the same time.
fn peaks(shelf: &Project) -> (u64, usize) {
    let folder = shelf.path().join("../home/data/storygen/ledger");
    let mut months: Vec<_> = std::fs::read_dir(folder)
        .expect("a ledger")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .collect();
    months.sort();
    let (mut open, mut settled, mut peak, mut most_open) = (BTreeMap::new(), 0, 0, 0);
    for month in months {
        let text = std::fs::read_to_string(month).expect("a month");
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).expect("JSON");
            let id = line["id"].as_str().expect("an id").to_owned();
            if let Some(worst) = line["reserve"].as_u64() {
                open.insert(id, worst);
            } else {
                open.remove(&id);
                settled += line["settle"].as_u64().expect("an amount");
            }
            peak = peak.max(settled + open.values().sum::<u64>());
            most_open = most_open.max(open.len());
        }
    }
    (peak.div_ceil(1_000_000), most_open)
}

/// A call that waits for its endpoint is not sent, and has nothing put aside: no kill
/// can spend it, and no other run has to do without.
#[test]
fn what_waits_for_its_turn_is_not_reserved_for() {
    let (shelf, server) = priced();
    let output = shelf.run(&[&THREE[..4], &["--concurrent", "1"]].concat());
    assert_eq!((output.code, server.requests()), (0, 24), "{output}");
    // One goes in as another comes out.
    assert!(peaks(&shelf).1 <= 2, "{output}");
    let shelf = self::shelf();
    let server = Counting::start(|asked| Answer::Hang(well(asked)[..40].to_owned()));
    configure(&shelf, &server, PRICE);
    kill_at(&shelf, &server, 1, &[&THREE[..4], &["--concurrent", "1"]].concat());
    assert_eq!(peaks(&shelf).1, 1);
    let reserved = |book: &&str| {
        shelf.path().join(format!("{book}/.storygen/journal.jsonl")).is_file()
            && shelf.read(&format!("{book}/.storygen/journal.jsonl")).contains("\"reserved\"")
    };
    assert_eq!(THREE[1..4].iter().filter(|book| reserved(book)).count(), 1);
}

/// What all books need together is told before the first call, and refused where
/// the budget that they share cannot hold it; what a book may cost is its own affair.
#[test]
fn books_that_need_more_than_they_share_are_refused_before_the_first_call() {
    for (flags, budget, sent) in [
        (&["--max-cost", "0.02"][..], "", 0),
        (&[], "budget: {run: 0.02}\n", 0),
        (&[], "budget: {month: 0.02}\n", 0),
        (&["--max-cost", "0.048"], "", 24),
        (&[], "budget: {book: 0.03}\n", 24),
        (&[], "", 24),
    ] {
        let (shelf, server) = priced();
        let path = "../home/config/storygen/config.yaml";
        shelf.write(path, shelf.read(path) + budget);
        let arguments = [&THREE[..4], flags, &["--report", "report.json"]].concat();
        let output = shelf.run(&arguments);
        let code = if sent == 0 { 5 } else { 0 };
        assert_eq!((output.code, server.requests()), (code, sent), "{flags:?} {budget}: {output}");
        let sum = output.stderr.lines().find(|line| line.starts_with("3 books, 12 chapters with "));
        let sum = sum.unwrap_or_else(|| panic!("{flags:?} {budget}: {output}"));
        assert!(sum.contains("`openai/counted`: about $0.03"), "{output}");
        assert_eq!(sum.contains(": too little, it needs at least $0.0"), sent == 0, "{output}");
        if sent == 0 {
            let said = " is too low: of $0.0200, $0 are spent, $0.0200 are left, and what is to be done needs at least $0.0";
            // Once, with its ways out; the table names it shortly.
            assert_eq!(output.stderr.matches(said).count(), 1, "{output}");
            assert_eq!(output.stderr.matches("error: ").count(), 1, "{output}");
            assert!(output.stderr.contains("\nhelp: a budget of $0.0"), "{output}");
            let short = "not begun: the budget is too low for all books together\n";
            assert_eq!(output.stdout.matches(short).count(), 3, "{output}");
            let books = report(&shelf)["books"].as_array().unwrap().clone();
            assert!(books.iter().all(|book| book["exit"] == 5), "{books:?}");
            assert!(books.iter().all(|book| book["help"][1].is_string()), "{books:?}");
        }
    }
}

#[test]
fn one_budget_holds_over_all_books_of_a_batch() {
    // Each call takes more than is foretold: it is enough for any two of them, and
    // not for three.
    for arguments in [&[&THREE[..], &["0.045"]].concat()[..], &THREE[..4]] {
        let server = Counting::start(|asked| Answer::Costs(well(asked), 0.002));
        let shelf = shelf();
        configure(&shelf, &server, &format!("{PRICE}\nendpoints: {{openai: {{tries: 1}}}}"));
        if arguments.len() == 4 {
            let path = "../home/config/storygen/config.yaml";
            shelf.write(path, shelf.read(path) + "budget: {run: 0.045}\n");
        }
        let output = shelf.run(arguments);
        assert!([3, 5].contains(&output.code), "{output}");
        let said = "the budget of this run is reached: of $0.0450, ";
        assert!(output.stdout.contains(said), "{output}");
        let spent = server.requests() * 2_000;
        // All that could be spent was: no book gave up while another might pay less.
        assert!((35_000..=45_000).contains(&spent), "{spent}: {output}");
        assert!(peak(&shelf) <= 45_000, "{}", peak(&shelf));
        // More money, and the rest is drafted; nothing is paid for twice.
        let more = shelf.run(&[&THREE[..], &["5"]].concat());
        assert_eq!((more.code, server.requests()), (0, 24), "{more}");
    }
}

/// What is known to the token is not said to be `at most`.
#[test]
fn a_batch_says_whether_all_of_its_cost_is_known() {
    for (unsaid, most) in [(0, ""), (1, " at most")] {
        let server = Counting::start(move |asked| match asked.number {
            0 if unsaid > 0 => Answer::Silent(well(asked)),
            _ => Answer::Reply(well(asked)),
        });
        let shelf = shelf();
        configure(&shelf, &server, PRICE);
        let arguments = [&THREE[..], &["5", "--report", "report.json"]].concat();
        let output = shelf.run(&arguments);
        assert_eq!(output.code, 0, "{output}");
        let last = output.stdout.lines().last().expect("a sum");
        let (_, cost) = last.rsplit_once(", $0.").expect("a cost");
        assert_eq!(cost.trim_start_matches(|c: char| c.is_ascii_digit()), most, "{last}");
        let books = report(&shelf)["books"].as_array().unwrap().clone();
        assert_eq!(books.iter().filter_map(|book| book["unsaid"].as_u64()).sum::<u64>(), unsaid);
    }
}

/// Under any budget, towards the end there is room for one call at a time: the books take turns.
#[test]
fn a_book_waits_for_what_another_may_leave() {
    for (arguments, budget) in [
        (&[&THREE[..], &["0.048"]].concat()[..], ""),
        (&THREE[..4], "budget: {run: 0.048}\n"),
        (&THREE[..4], "budget: {month: 0.048}\n"),
    ] {
        let (shelf, server) = priced();
        let path = "../home/config/storygen/config.yaml";
        shelf.write(path, shelf.read(path) + budget);
        let output = shelf.run(arguments);
        assert_eq!(output.code, 0, "{budget} {output}");
        assert_eq!(server.requests(), 24);
        assert!(peak(&shelf) <= 48_000, "{}", peak(&shelf));
    }
}

/// A book that cannot begin by its own budget, or that another run holds, fails by
/// itself: it takes nothing of what the others share.
#[test]
fn a_book_that_cannot_begin_holds_up_no_other() {
    for (code, said) in [
        (5, "error: the book's budget is too low: of $0.0010, "),
        (11, "error: another run is working on this project"),
    ] {
        let (shelf, server) = priced();
        // Enough for one, and not for three.
        let arguments = [&THREE[..], &["0.025", "--report", "report.json"]].concat();
        let refused = shelf.run(&arguments);
        assert_eq!((refused.code, server.requests()), (5, 0), "{refused}");
        let _held = ["two", "three"].map(|name| {
            if code == 5 {
                let book = shelf.read(&format!("{name}/storygen.yaml"));
                let budget = "limits: {budget: 0.001}\n";
                shelf.write(&format!("{name}/storygen.yaml"), book + budget);
                return None;
            }
            let lock = shelf.path().join(name).join(".storygen/lock");
            let file = std::fs::File::create(lock).expect("the lock of the run before");
            file.try_lock().expect("nobody else");
            Some(file)
        });
        let output = shelf.run(&arguments);
        assert_eq!((output.code, server.requests()), (3, 8), "{output}");
        for name in ["two", "three"] {
            assert!(output.stderr.contains(&format!("{name}: {said}")), "{output}");
        }
        let sum = output.stderr.lines().next().expect("a line");
        assert!(sum.starts_with("4 chapters with "), "{output}");
        let books = report(&shelf)["books"].as_array().unwrap().clone();
        let codes: Vec<i64> = books.iter().filter_map(|book| book["exit"].as_i64()).collect();
        assert_eq!(codes, [0, code, code], "{output}");
    }
}

/// A report that an earlier batch may have written.
const EARLIER: &str = "{\"v\": 1, \"exit\": 0, \"books\": [], \"seconds\": 1.5}\n";

#[test]
fn a_report_takes_the_place_of_no_other_file() {
    let (shelf, server) = priced();
    shelf.write("list.json", "{\"books\": [\"one\"]}");
    shelf.write("notes.txt", "the last batch");
    for file in ["one/storygen.yaml", "one/bible/outline.yaml", "list.json", "notes.txt"] {
        let before = shelf.read(file);
        let output = shelf.run(&[&THREE[..4], &["--report", file]].concat());
        assert_eq!((output.code, server.requests()), (2, 0), "{file}: {output}");
        let said = format!(
            "error: `{file}` is no report of an earlier batch\nhelp: it is left as it is; name another file"
        );
        assert!(output.stderr.starts_with(&said), "{file}: {output}");
        assert_eq!(shelf.read(file), before, "{file}");
    }
}

/// Not after hours of paid work.
#[test]
fn a_report_that_cannot_be_written_is_told_before_the_first_call() {
    for file in ["nowhere/report.json", "one"] {
        let (shelf, server) = priced();
        let output = shelf.run(&[&THREE[..4], &["--report", file]].concat());
        assert_eq!((output.code, server.requests()), (1, 0), "{file}: {output}");
        let said = "error: cannot write the report: failed to open file `";
        assert!(output.stderr.starts_with(said), "{file}: {output}");
    }
    // One of an earlier batch stays until there is another; none is left by a batch that
    // was not begun.
    let (priced, _server) = priced();
    let ledger = priced.path().join("../home/data/storygen/ledger");
    std::fs::create_dir_all(ledger.join("lock")).expect("a ledger that cannot be locked");
    let shelf = shelf();
    let (refused, broken) = (["batch", "nowhere", "--books", "x"], &THREE[..4]);
    for (shelf, ask, code) in [(&shelf, &refused[..], 2), (&priced, broken, 1)] {
        let ask = [ask, &["--report", "report.json"]].concat();
        let output = shelf.run(&ask);
        assert_eq!(output.code, code, "{output}");
        assert!(!shelf.path().join("report.json").exists(), "{output}");
        shelf.write("report.json", EARLIER);
        let output = shelf.run(&ask);
        assert_eq!(shelf.read("report.json"), EARLIER, "{output}");
    }
    assert_eq!(batch(&shelf, &["--report", "report.json"]).code, 3);
    assert_eq!(report(&shelf)["exit"], 3);
}

#[test]
fn a_batch_goes_as_far_as_the_money_goes_where_that_is_asked() {
    let (shelf, server) = priced();
    let mut runs = 0;
    let mut asked = 0;
    loop {
        let output = shelf.run(&[&THREE[..], &["0.02", "--as-far-as-it-goes"]].concat());
        runs += 1;
        if output.code == 0 {
            break;
        }
        assert!([3, 5].contains(&output.code), "{output}");
        assert!(
            output.stdout.contains("the budget of this run is reached: of $0.0200, "),
            "{output}"
        );
        assert!(server.requests() > asked, "{output}");
        asked = server.requests();
    }
    assert!(runs > 1, "{runs}");
    assert_eq!(server.requests(), 24);
}

/// A batch that is stopped tells of the books that it has not begun, too.
#[cfg(unix)]
#[test]
fn books_that_a_stopped_batch_has_not_begun_are_told_with_what_they_have() {
    let (begun, later) = (small(&[]), drafted());
    let server = Counting::start(|asked| Answer::Hang(well(asked)));
    crate::money::configure(&begun, &server, "");
    let (path, report) = (later.path(), begun.path().join("report.json"));
    let books = [".", path.to_str().expect("a path")];
    let mut all = vec!["batch", "--books", "1", "--report", report.to_str().expect("a path")];
    all.extend(books);
    let child = begun.command(&all).stderr(std::process::Stdio::null()).spawn().expect("it runs");
    server.await_requests(1);
    let status =
        std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(status.expect("kill").success());
    assert_eq!(child.wait_with_output().expect("an end").status.code(), Some(130));
    let text = std::fs::read_to_string(&report).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let book = &report["books"][1];
    assert_eq!((&book["chapters"], &book["standing"]), (&4.into(), &4.into()), "{report:#}");
    assert!(book["title"].is_string(), "{report:#}");
}

/// Nobody unlocks a key for each book, and for each model, anew.
#[cfg(unix)]
#[test]
fn a_program_that_prints_a_key_is_run_once_for_all_books() {
    for (ends, code, calls) in [("echo sk-printed", 0, 24), ("exit 1", 6, 0)] {
        let server = Counting::start(|asked| Answer::Reply(well(asked)));
        let shelf = shelf();
        let runs = shelf.path().join("runs");
        let program = format!("echo run >> \"{}\"; {ends}", runs.display());
        let config = format!(
            "{PRICE}\nendpoints: {{openai: {{api_key_command: [sh, -c, '{program}']}}}}\nmodels: {{record: openai/other}}"
        );
        configure(&shelf, &server, &config);
        let output = shelf.run(&[&THREE[..4], &["--books", "2"]].concat());
        assert_eq!((output.code, server.requests()), (code, calls), "{output}");
        assert_eq!(shelf.read("runs"), "run\n", "{output}");
    }
}
