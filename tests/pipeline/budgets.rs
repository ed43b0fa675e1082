//! What is said of a budget: no more than is known, and the same by every command.

use crate::common::*;
use crate::counting::{Answer, Counting};
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
