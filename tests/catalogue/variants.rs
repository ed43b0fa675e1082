//! Models that a list names under several ids: what is typed is what is sent.

use serde_json::{Value, json};

use crate::byte_server::{ByteServer, answer};
use crate::home;

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

fn router(id: &str, slug: &str, price: &str) -> Value {
    json!({"id": id, "canonical_slug": slug, "name": format!("Maker: {id}"), "context_length": 32_768,
        "pricing": {"prompt": price, "completion": price}})
}

fn mistral(id: &str, also: &str) -> Value {
    json!({"id": id, "aliases": [also], "capabilities": {"completion_chat": true},
        "max_context_length": 262_144})
}

/// The vendor and its rows; what is typed, what is sent.
type Case<'a> = (&'a str, &'a [Value; 2], &'a [[&'a str; 2]]);

/// Whichever row of a list stands first, no model is asked by the id of another.
#[test]
fn what_is_typed_is_what_is_sent() {
    let plain = "qwen/qwen-2.5-72b-instruct";
    let free = "qwen/qwen-2.5-72b-instruct:free";
    let of_router = [router(free, plain, "0"), router(plain, plain, "0.0000004")];
    let of_mistral = [
        mistral("ministral-8b-latest", "ministral-8b-2512"),
        mistral("ministral-8b-2512", "ministral-8b-latest"),
    ];
    let table: [Case<'_>; 2] = [
        ("openrouter", &of_router, &[[plain, plain], [free, free], ["qwen2.5-72b", plain]]),
        (
            "mistral",
            &of_mistral,
            &[
                ["ministral-8b-2512", "ministral-8b-2512"],
                ["ministral-8b-latest", "ministral-8b-latest"],
                ["ministral-3-8b", "ministral-8b-2512"],
            ],
        ),
    ];
    for (vendor, rows, expected) in table {
        for rows in [rows.clone(), [rows[1].clone(), rows[0].clone()]] {
            let list = json!({ "data": rows }).to_string();
            let no = || vec![answer(404, &JSON, b"{\"error\":{\"message\":\"no\"}}")];
            let list = vec![answer(200, &JSON, list.as_bytes())];
            let answers = std::iter::once(list).chain(expected.iter().map(|_| no()));
            let server = ByteServer::start(answers);
            let project = home::at(&[(vendor, format!("{}/v1", server.origin()))]);
            let refreshed = project.run(&["models", "refresh", vendor]);
            assert_eq!(refreshed.code, 0, "{refreshed}");
            for [typed, _] in expected {
                let model = format!("{vendor}/{typed}");
                project.run(&["models", "test", &model, "--allow-unknown-price"]);
            }
            let asked: Vec<Value> =
                server.requests()[1..].iter().map(|one| one.json()["model"].clone()).collect();
            let sent: Vec<&str> = expected.iter().map(|[_, sent]| *sent).collect();
            assert_eq!(asked, sent, "{rows:?}");
            // Each is in the table with its own price.
            let all = project.run(&["models", "--all", "--host", vendor]).stdout;
            for name in ["qwen-2.5-72b-instruct:free", "qwen2.5-72b"] {
                let line = all.lines().find(|line| line.split(' ').next() == Some(name));
                let price = if name.ends_with(":free") { " 0.00 " } else { " 0.40 " };
                let is_there = line.is_some_and(|line| line.contains(price));
                assert!(is_there || vendor != "openrouter", "{all}");
            }
        }
    }
}

/// What is built in exchanges none either: a name that moves goes out as it is.
#[test]
fn a_name_that_moves_is_sent_as_typed_before_any_list_has_come() {
    let no = || vec![answer(404, &JSON, b"{\"error\":{\"message\":\"no\"}}")];
    for typed in ["ministral-8b-latest", "ministral-8b-2512"] {
        let server = ByteServer::start(std::iter::once(no()));
        let project = home::at(&[("mistral", format!("{}/v1", server.origin()))]);
        project.run(&["models", "test", &format!("mistral/{typed}")]);
        assert_eq!(server.requests()[0].json()["model"], typed);
    }
}
