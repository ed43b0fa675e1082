//! What is said of a budget: no more than is known, and the same by every command.

use crate::common::*;
use crate::counting::{Answer, Counting};
#[cfg(target_os = "linux")]
use crate::crash::run_with_fault;
use crate::money::{PRICE, configure, well};

#[test]
fn no_budget_is_called_enough_where_a_price_is_not_known() {
    const UNSURE: &str =
        "; whether a budget is enough cannot be told, and none can stop calls without a price\n";
    const ENOUGH: &str = ": enough in any case\n";
    let other = |server: &Counting, price: &str| {
        format!(
            "models: {{record: other/known}}\nendpoints: {{other: {{base_url: '{}', {price}}}}}",
            server.base_url()
        )
    };
    let known = "price: {prompt: 2, reply: 8}";
    for (price, of_record, arguments, told, not_told) in [
        (PRICE, None, &["--max-cost", "9"][..], ENOUGH, UNSURE),
        ("", None, &["--max-cost", "9", "--allow-unknown-price"], UNSURE, ENOUGH),
        ("", None, &["--allow-unknown-price"], "", UNSURE),
        ("", Some(known), &["--max-cost", "9", "--allow-unknown-price"], UNSURE, ENOUGH),
        (PRICE, Some(known), &["--max-cost", "9"], ENOUGH, UNSURE),
        ("", Some("price: {prompt: 0, reply: 0}"), &["--allow-unknown-price"], "", UNSURE),
    ] {
        let project = small(&[]);
        let server = Counting::start(|asked| Answer::Reply(well(asked)));
        let of_record = of_record.map(|price| other(&server, price)).unwrap_or_default();
        configure(&project, &server, &format!("{price}\n{of_record}"));
        let mut all = vec!["draft", "chapter", "1"];
        all.extend(arguments);
        let output = project.run(&all);
        assert_eq!(output.code, 0, "{output}");
        assert!(output.stderr.contains(told), "{price} {of_record}: {output}");
        assert!(!output.stderr.contains(not_told), "{price} {of_record}: {output}");
    }
}

#[test]
fn a_budget_that_is_spent_is_enough_for_a_finished_book() {
    let project = small(&[]);
    let server = Counting::start(|asked| Answer::Reply(well(asked)));
    configure(&project, &server, PRICE);
    assert_eq!(project.run(&["draft"]).code, 0);
    for budget in ["budget: {book: 0.0001}", "budget: {month: 0.0001}", "budget: {run: 0}"] {
        configure(&project, &server, &format!("{PRICE}\n{budget}"));
        for command in [&["cost"][..], &["draft"], &["batch", "."]] {
            let output = project.run(command);
            assert_eq!(output.code, 0, "{budget}: {output}");
        }
    }
}

/// What a full disk kept from being sent is not booked as spent.
#[cfg(target_os = "linux")]
#[test]
fn nothing_is_spent_where_nothing_was_sent() {
    let mut unsent = 0;
    for when in 1..=40 {
        let project = small(&[]);
        let server = Counting::start(|asked| Answer::Reply(well(asked)));
        configure(&project, &server, &format!("{PRICE}\nbudget: {{month: 9}}"));
        let arguments = ["draft", "chapter", "1", "--quiet"];
        let (code, stderr) = run_with_fault(&project, &arguments, "write", "error=ENOSPC", when);
        if code != Some(1) || server.requests() > 0 {
            continue;
        }
        unsent += 1;
        let usage = project.run(&["usage", "--json"]);
        let usage: serde_json::Value = serde_json::from_str(&usage.stdout).expect("JSON");
        let spent =
            [&usage["all"]["cost"], &usage["all"]["unsaid_at_most"], &usage["month"]["spent"]];
        assert_eq!(spent, [0.0; 3], "write {when}: {stderr}{usage:#}");
    }
    assert!(unsent >= 5, "only {unsent} writes before the first request");
}

#[cfg(unix)]
#[test]
fn a_ledger_that_cannot_be_written_is_no_file_of_the_project() {
    use crate::bad_input::{permit, run_without_permission};
    let project = small(&[]);
    let server = Counting::start(|asked| Answer::Reply(well(asked)));
    configure(&project, &server, PRICE);
    for path in [".", "manuscript", "canon", ".storygen", "../home/data/storygen/ledger"] {
        std::fs::create_dir_all(project.path().join(path)).expect("a folder");
        permit(&project, path, 0o777);
    }
    permit(&project, "../home/data/storygen/ledger", 0o555);
    let output = run_without_permission(&project, &["draft", "chapter", "1"]);
    assert_eq!((output.code, server.requests()), (1, 0), "{output}");
    let said = "help: it holds what all your projects have spent in a month; let your user read and write there (see `ls -ld`)\n";
    assert!(output.stderr.contains("error: cannot write your ledger: "), "{output}");
    assert!(output.stderr.contains(said) && !output.stderr.contains("a copy of"), "{output}");
}

#[test]
fn no_drawing_is_announced_that_does_not_come() {
    let project = small(&[]);
    let server = Counting::start(|_| Answer::Length(String::new()));
    configure(&project, &server, PRICE);
    let output = project.run(&["draft", "chapter", "1"]);
    assert_eq!((output.code, server.requests()), (6, 1), "{output}");
    let rejected = output.stderr.lines().find(|line| line.starts_with("  rejected: "));
    assert!(rejected.is_some_and(|line| !line.contains("drawing")), "{output}");
}
