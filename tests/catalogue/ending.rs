//! A model whose end its host's list announces: it is told wherever the model is
//! named, and what takes its place once it is gone.

use serde_json::{Value, json};

use crate::byte_server::{ByteServer, answer};
use crate::home;
use crate::support::Project;

fn row(id: &str, day: &str) -> Value {
    json!({"id": id, "capabilities": {"completion_chat": true}, "max_context_length": 32_768,
        "deprecation": format!("{day}T00:00:00Z"), "deprecation_replacement_model": "mistral-new"})
}

/// The tiny book with the home of a project, and this model.
fn book(project: &Project, model: &str) -> Project {
    let book = home::tiny_of(project);
    book.write("storygen.yaml", format!("model: {model}\n{}", book.read("storygen.yaml")));
    book
}

#[test]
fn an_announced_end_is_told_before_and_after_its_day() {
    let json = [("content-type", "application/json")];
    let list =
        json!({"data": [row("mistral-old", "2020-01-01"), row("mistral-soon", "2099-01-01")]});
    let gone = json!({"object": "error", "message": "The model `mistral-old` does not exist",
        "type": "invalid_model", "code": "1500"});
    let next = "`mistral/mistral-new` takes its place";
    let past = format!(
        "mistral-old was to be withdrawn by Mistral on 2020-01-01; it is asked all the same; {next}"
    );
    let coming = format!("mistral-soon is about to be withdrawn by Mistral on 2099-01-01; {next}");
    // The vendor's own address, and one of the user's in its place.
    for is_elsewhere in [false, true] {
        let server = ByteServer::start([
            vec![answer(200, &json, list.to_string().as_bytes())],
            vec![answer(404, &json, gone.to_string().as_bytes())],
            vec![answer(404, &json, gone.to_string().as_bytes())],
        ]);
        let address = format!("{}/v1", server.origin());
        let project =
            if is_elsewhere { Project::empty() } else { home::at(&[("mistral", address)]) };
        let config = "../home/config/storygen/config.yaml";
        if is_elsewhere {
            let own = format!("endpoints: {{mistral: {{base_url: '{}/v1'}}}}\n", server.origin());
            project.write(config, own);
        }
        let key = [("MISTRAL_API_KEY", "sk-of-the-test")];
        let output = project.run_with(&["models", "refresh", "mistral"], &key);
        for line in [
            format!("  mistral-old: was to end on 2020-01-01; {next}\n"),
            format!("  mistral-soon: ends on 2099-01-01; {next}\n"),
        ] {
            assert!(output.stdout.contains(&line), "{is_elsewhere}: {output}");
        }
        for (name, words, status) in [
            ("mistral-old", &past, "deprecated, was to end 2020-01-01"),
            ("mistral-soon", &coming, "deprecated, ends 2099-01-01"),
        ] {
            let model = format!("mistral/{name}");
            let book = book(&project, &model);
            let cost: &[&str] = &["cost", "--allow-unknown-price"];
            let dry: &[&str] = &["draft", "--dry-run"];
            for command in [&["check"][..], &["status"], cost, dry] {
                let said = book.run_with(command, &key).to_string();
                let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
                assert_eq!(said.matches(words.as_str()).count(), 1, "{command:?}: {said}");
            }
            let info = project.run_with(&["models", "info", &model], &key).stdout;
            assert!(info.contains(status), "{info}");
        }
        let book = book(&project, "mistral/mistral-old");
        let draft: &[&str] = &["draft", "chapter", "1", "--allow-unknown-price"];
        for command in [draft, &["models", "test", "mistral/mistral-old"]] {
            let said = book.run_with(command, &key).to_string();
            let fault = format!(
                "does not serve `mistral-old`, or no longer: The model `mistral-old` does not exist; {next}"
            );
            assert!(said.contains(&fault), "{command:?}: {said}");
        }
        // What the list of a gateway says is of that gateway alone.
        if is_elsewhere {
            book.write(config, "{}\n");
            let said = book.run_with(&["check"], &key);
            assert!(said.code == 0 && !said.to_string().contains("withdrawn"), "{said}");
        }
    }
}

/// A gateway says what it has no more, of what it had.
#[test]
fn what_only_a_gateway_has_listed_it_can_leave_out() {
    let json = [("content-type", "application/json")];
    let row = |id: &str, price: &str, window: u32| json!({"id": id, "context_length": window, "pricing": {"prompt": price, "completion": price}});
    let page =
        |rows: Vec<Value>| vec![answer(200, &json, json!({ "data": rows }).to_string().as_bytes())];
    let first: Vec<Value> =
        (0..60).map(|n| row(&format!("shop/m{n}"), "0.000001", 8_192)).collect();
    let mut second = first.clone();
    second[0] = row("shop/m0", "0.000002", 8_192);
    second[1] = row("shop/m1", "0.0000005", 8_192);
    second[2] = row("shop/m2", "0.000001", 4_096);
    second.remove(3);
    let mut third = second.clone();
    for row in third.iter_mut().skip(10).take(30) {
        row["pricing"]["prompt"] = json!("0.000003");
    }
    let server = ByteServer::start([page(first), page(second), page(third)]);
    let project = Project::empty();
    let own = format!("endpoints: {{openrouter: {{base_url: '{}/api/v1'}}}}\n", server.origin());
    project.write("../home/config/storygen/config.yaml", own);
    let refresh = || project.run(&["models", "refresh", "openrouter"]).stdout;
    assert!(refresh().contains("  new: m0, m1,"));
    assert_eq!(
        refresh(),
        "openrouter: 59 models listed
  m3: not listed any more; it is asked all the same
  m0: the price is 2.00 / 2.00, was 1.00 / 1.00
  m2: it holds 4096 tokens, were 8192
  m1: the price is 0.50 / 0.50, was 1.00 / 1.00
"
    );
    let said = refresh();
    assert_eq!(said.matches(": the price is 3.00 / 1.00, was 1.00 / 1.00\n").count(), 20, "{said}");
    assert!(
        said.ends_with("  and 10 changes more of models that only this list knows\n"),
        "{said}"
    );
}
