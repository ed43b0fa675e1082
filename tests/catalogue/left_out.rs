//! What a list names and is not taken from it: the user's own key, what is past the
//! most that is read, what stands there twice.

use serde_json::{Value, json};

use crate::byte_server::{ByteServer, Step, answer};
use crate::home;
use crate::support::Project;

/// A key of no known shape, which must turn up nowhere but in its header.
const KEY: &str = "zq-CANARY-7f3a9b2c4d5e6f708192a3b4c5d6e7f8+/";

fn page(value: &Value) -> Vec<Step> {
    vec![answer(200, &[("content-type", "application/json")], value.to_string().as_bytes())]
}

/// A list that repeats the key in every field, as it is and in other guises.
fn echoes() -> Value {
    let encoded = KEY.replace('+', "%2B").replace('/', "%2f");
    let row = |id: &str| {
        json!({
            "id": id, "model": id, "name": KEY, "object": "model", "owned_by": KEY,
            "display_name": KEY.to_lowercase(), "aliases": [KEY], "canonical_slug": encoded,
            "description": KEY, "pricing": {"prompt": KEY, "completion": "0.000001"},
            "context_length": 4_000, "max_model_len": 4_000, KEY: KEY,
        })
    };
    let named =
        [KEY.to_owned(), format!("a/{KEY}"), KEY.to_uppercase(), format!("b/{encoded}:free")];
    let rows: Vec<Value> = named.iter().map(|id| row(id)).chain([row("lab/fine")]).collect();
    json!({"data": rows})
}

#[test]
fn a_key_that_a_list_repeats_is_kept_nowhere_and_shown_nowhere() {
    for vendor in ["shop", "openrouter", "deepinfra", "mistral", "ollama"] {
        let server =
            ByteServer::start([page(&echoes()), page(&echoes()), page(&echoes()), page(&echoes())]);
        let project = Project::empty();
        let config = format!(
            "endpoints: {{{vendor}: {{base_url: '{}/v1', api_key_env: MY_KEY}}}}\n",
            server.origin()
        );
        project.write("../home/config/storygen/config.yaml", &config);
        let key = [("MY_KEY", KEY)];
        let mut said = String::new();
        let commands: [&[&str]; 5] = [
            &["models", "refresh", vendor],
            &["models", "refresh", "--json", vendor],
            &["models", "--all"],
            &["models", "info", &format!("{vendor}/lab/fine")],
            &["models", "refresh", vendor],
        ];
        for command in commands {
            said += &project.run_with(command, &key).to_string();
        }
        let left_out = "4 rows left out, named by your own key, which is kept nowhere";
        assert!(said.contains(left_out), "{vendor}: {said}");
        assert!(said.contains("fine"), "{said}");
        for request in server.requests() {
            assert_eq!(request.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
        }
        let list = home::list_of(&project, vendor);
        assert!(list.contains("fine"), "{list}");
        for (what, text) in [("what is said", &said), ("its list", &list)] {
            assert!(!text.to_lowercase().contains("canary"), "{vendor}, {what}: {text}");
        }
    }
}

#[test]
fn a_key_that_a_page_of_an_error_repeats_is_shown_in_no_guise() {
    let words = format!("no {} and no {}", KEY.to_lowercase(), KEY.replace('+', "\\u002b"));
    let refusal = json!({"error": {"message": words}}).to_string();
    let json = [("content-type", "application/json")];
    let server = ByteServer::start([vec![answer(400, &json, refusal.as_bytes())]]);
    let project = home::at(&[("openrouter", format!("{}/v1", server.origin()))]);
    let key = [("OPENROUTER_API_KEY", KEY)];
    let said = project.run_with(&["models", "refresh", "openrouter"], &key).to_string();
    assert!(said.contains("no [key] and no [key]"), "{said}");
    assert!(!said.to_lowercase().contains("canary"), "{said}");
}

#[test]
fn what_is_not_read_of_a_list_is_said() {
    let row = |id: String| json!({"id": id, "max_model_len": 8_192});
    let long: Vec<Value> = (0..5_002).map(|number| row(format!("lab/m{number}"))).collect();
    let twice = ["lab/a", "lab/b", "lab/a"].map(|id| row(id.to_owned()));
    let server = ByteServer::start([page(&json!({ "data": long })), page(&json!(twice))]);
    let project = Project::empty();
    let config = format!(
        "endpoints: {{long: {{base_url: '{0}/v1'}}, twice: {{base_url: '{0}/v1'}}}}\n",
        server.origin()
    );
    project.write("../home/config/storygen/config.yaml", &config);
    let said = |vendor: &str| project.run(&["models", "refresh", vendor]).stdout;
    let long = said("long");
    let words = "long: 5000 models listed\n  2 rows more left out: of one list 5000 are read\n";
    assert!(long.starts_with(words), "{long}");
    let twice = said("twice");
    let words =
        "twice: 2 models listed\n  1 row left out, of models that stand there before: lab/a\n";
    assert!(twice.starts_with(words), "{twice}");
    let table = project.run(&["models", "--host", "twice"]).stdout;
    assert_eq!(table.lines().count(), 3, "{table}");
}
