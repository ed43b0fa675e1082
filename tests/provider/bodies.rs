//! Request bodies, against the vendor's own schema.

use serde_json::{Value, json};
use storygen::chat::{Message, Role};
use storygen::provider::Request;
use storygen::provider::http::dialect::Knobs;
use storygen::provider::openai::body;
use storygen::provider::sampling::{Accepts, Parameter};

use crate::common::{request, schema};

fn requests() -> Vec<Request> {
    let mut prefilled = request();
    prefilled.messages.push(Message::new(Role::Assistant, "It was"));
    vec![request(), Request { schema: Some(schema()), ..request() }, prefilled]
}

/// What any endpoint of the kind takes.
fn knobs(model: &str) -> Knobs {
    let accepts = Accepts::only([Parameter::Temperature, Parameter::TopP, Parameter::Seed]);
    Knobs { model: model.to_owned(), accepts, ..Knobs::default() }
}

#[test]
fn a_body_says_what_was_asked() {
    let plain = body(&request(), &knobs("m"));
    assert_eq!(
        plain,
        json!({
            "model": "m",
            "messages": [
                {"role": "system", "content": "You write prose."},
                {"role": "user", "content": "Write “日本”."},
            ],
            "stream": true,
            "stream_options": {"include_usage": true},
            "max_tokens": 700,
            "temperature": 0.8,
            "top_p": 0.95,
            "seed": 42,
        })
    );
    let knobs = Knobs { model: "m".into(), ..Knobs::default() };
    let asked = Request { schema: Some(schema()), ..request() };
    let full = body(&asked, &knobs);
    assert_eq!(full["min_p"], json!(0.05));
    assert_eq!(full["repetition_penalty"], json!(1.1));
    assert_eq!(
        full["response_format"],
        json!({
            "type": "json_schema",
            "json_schema": {"name": "reply", "strict": true, "schema": schema()},
        })
    );
}

#[test]
fn bodies_keep_the_contract_of_openai() {
    let Some(specs) = std::env::var_os("STORYGEN_SPECS") else {
        return;
    };
    let path = std::path::Path::new(&specs).join("openai-chat-request.schema.json");
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|why| panic!("STORYGEN_SPECS: {}: {why}", path.display()));
    let contract: Value = serde_json::from_str(&text).unwrap();
    let validator = jsonschema::validator_for(&contract).unwrap();
    for request in requests() {
        let body = body(&request, &knobs("gpt-test"));
        let findings: Vec<String> = validator
            .iter_errors(&body)
            .map(|finding| format!("{}: {finding}", finding.instance_path()))
            .collect();
        assert!(findings.is_empty(), "{findings:?} in {body}");
    }
    // A contract that takes anything would prove nothing.
    let mut hot = body(&request(), &knobs("gpt-test"));
    hot["temperature"] = json!(3);
    assert!(!validator.is_valid(&hot));
}
