//! A call with every row: the body that its host gets, and a reply that is read.

use std::path::Path;

use jsonschema::Validator;
use serde_json::{Map, Value, json};
use storygen::chat::{Message, Role};
use storygen::provider::catalogue::{Catalogue, Row};
use storygen::provider::dialects::dialect;
use storygen::provider::http::dialect::{Dialect, Prefill};
use storygen::provider::http::{Base, Endpoint, Remote};
use storygen::provider::sampling::{Dry, Parameter, Xtc};
use storygen::provider::{Finish, Provider, Request, Sampling};
use tokio_util::sync::CancellationToken;

use crate::byte_server::{ByteServer, Step, answer};

fn built_in() -> Catalogue {
    Catalogue::built_in().expect("the built-in catalogue reads")
}

/// Every model at every host that still serves it, and every make at every
/// server on this machine.
fn rows() -> Vec<Row> {
    let catalogue = built_in();
    let hosted = catalogue.models().keys().flat_map(|name| catalogue.rows(name));
    let mut rows: Vec<Row> =
        hosted.filter(|row| !row.status.is_retired() && row.vendor.name != "embedded").collect();
    let local: Vec<&str> = catalogue
        .vendors()
        .filter(|name| catalogue.vendor(name).is_ok_and(|row| row.is_local) && *name != "embedded")
        .collect();
    for (name, model) in catalogue.models() {
        let Some(part) = model.files.iter().flatten().next() else { continue };
        for vendor in &local {
            let row = catalogue.row(vendor, &format!("{part}x.Q4_K_M.gguf")).expect("a row");
            assert!(row.model.is_some(), "`{part}` of {name} is not known again");
            rows.push(row);
        }
    }
    assert!(rows.len() > 200, "{} rows", rows.len());
    rows
}

fn wire(row: &Row) -> &'static Dialect {
    dialect(&row.vendor.dialect).expect("a wire")
}

/// Everything that a book could set, and the author's own settings.
fn request(row: &Row) -> Request {
    let everything = Sampling {
        temperature: Some(0.9),
        top_p: Some(0.95),
        top_k: Some(40),
        min_p: Some(0.05),
        repetition_penalty: Some(1.05),
        frequency_penalty: Some(0.1),
        presence_penalty: Some(0.1),
        dry: Some(Dry { multiplier: 0.8, base: 1.75, allowed_length: 2 }),
        xtc: Some(Xtc { probability: 0.5, threshold: 0.1 }),
        logit_bias: [(17, -1.0)].into_iter().collect(),
        stop: vec!["###".to_owned()],
        ..Sampling::default()
    };
    Request {
        messages: vec![
            Message::new(Role::System, "You write prose."),
            Message::new(Role::User, "Write a sentence."),
        ],
        reply_tokens: row.reply_limit.unwrap_or(600).min(600),
        sampling: row.sampling.clone().or(&everything),
        seed: 7,
        schema: None,
        marks: Vec::new(),
        bans: None,
    }
}

/// The names under which a body holds a sampling setting.
fn words(row: &Row, dialect: &Dialect, parameter: Parameter) -> Vec<String> {
    let own = row.vendor.names.get(&parameter).map(String::as_str);
    let usual = dialect.words.iter().find(|(known, _)| *known == parameter).map(|(_, word)| *word);
    own.or(usual).into_iter().map(str::to_owned).collect()
}

fn holds(body: &Map<String, Value>, name: &str) -> bool {
    body.keys().any(|key| key == name || key.starts_with(&format!("{name}_")))
        || body.get("options").and_then(Value::as_object).is_some_and(|inner| holds(inner, name))
}

#[test]
fn no_body_says_what_its_host_does_not_heed() {
    for row in rows() {
        let dialect = wire(&row);
        let knobs = row.knobs(true, Some("book"));
        let body = dialect.body(&request(&row), &knobs);
        let heeded = dialect.heeds(&row.accepts);
        for parameter in Parameter::ALL {
            let is_there = words(&row, dialect, parameter).iter().any(|word| holds(&body, word));
            let is_heeded = heeded.takes(parameter);
            let name = row.name();
            // Stops of the model itself are sent wherever stops are heeded.
            assert!(
                is_heeded || !is_there,
                "{name} does not take `{}`: {body:?}",
                parameter.name()
            );
            if !["dry", "xtc"].contains(&parameter.name()) {
                assert!(is_there || !is_heeded, "{name} lacks `{}`: {body:?}", parameter.name());
            }
        }
        if row.vendor.name == "openrouter" {
            assert_eq!(body["plugins"][0]["enabled"], json!(false), "{}", row.name());
            assert_eq!(body["provider"]["require_parameters"], json!(true), "{}", row.name());
            assert!(body["provider"]["max_price"]["completion"].is_string(), "{}", row.name());
            assert_eq!(body["session_id"], json!("book"));
        }
    }
}

/// What a vendor has published as the schema of its requests.
fn contract(specs: &Path, vendor: &str) -> Option<Validator> {
    let file = match vendor {
        "openai" => "openai-chat-request.schema.json",
        "openrouter" => "openrouter-chat-request.schema.json",
        "mistral" => "mistral-chat-request.schema.json",
        _ => return None,
    };
    let text = std::fs::read_to_string(specs.join(file)).expect("STORYGEN_SPECS names the folder");
    let schema: Value = serde_json::from_str(&text).expect("a schema");
    Some(jsonschema::validator_for(&schema).expect("a sound schema"))
}

#[test]
fn every_body_keeps_the_contract_of_its_vendor() {
    let Some(specs) = std::env::var_os("STORYGEN_SPECS") else { return };
    let mut checked = 0;
    for vendor in ["openai", "openrouter", "mistral"] {
        let contract = contract(Path::new(&specs), vendor).expect("a contract");
        for row in rows().into_iter().filter(|row| row.vendor.name == vendor) {
            for is_strict in [false, true] {
                let fields = wire(&row).body(&request(&row), &row.knobs(is_strict, Some("book")));
                let body = Value::Object(fields);
                let faults: Vec<String> =
                    contract.iter_errors(&body).map(|fault| fault.to_string()).collect();
                assert!(faults.is_empty(), "{}: {faults:?}\n{body:#}", row.name());
                checked += 1;
            }
        }
    }
    assert!(checked > 150, "{checked} bodies");
}

fn events(events: &[Value]) -> Vec<Step> {
    let body: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    vec![answer(200, &[("content-type", "text/event-stream")], body.as_bytes())]
}

/// A whole good reply in the words of a wire.
fn reply(dialect: &str) -> Vec<Step> {
    match dialect {
        "anthropic" => {
            let of = |kind: &str, more: Value| {
                let mut event = json!({"type": kind});
                event.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
                event
            };
            events(&[
                of(
                    "message_start",
                    json!({"message": {"model": "m", "usage": {"input_tokens": 30}}}),
                ),
                of(
                    "content_block_start",
                    json!({"index": 0, "content_block": {"type": "text", "text": ""}}),
                ),
                of(
                    "content_block_delta",
                    json!({"index": 0, "delta": {"type": "text_delta", "text": "It was late."}}),
                ),
                of(
                    "message_delta",
                    json!({"delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}}),
                ),
                of("message_stop", json!({})),
            ])
        }
        _ => events(&[
            json!({"choices": [{"index": 0, "delta": {"content": "It was late."}}]}),
            json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 30, "completion_tokens": 5}}),
        ]),
    }
}

fn endpoint(row: &Row, server: &ByteServer) -> Endpoint {
    let base = Base::parse(&format!("{}/v1", server.origin())).expect("an address");
    Endpoint {
        vendor: row.vendor.name.clone(),
        reply_limit: row.reply_limit,
        thinking: row.thinking,
        prefill: row.prefill != Prefill::Never,
        structured: row.structured,
        knobs: row.knobs(false, Some("book")),
        price: row.price,
        tokenizer: std::sync::Arc::new(storygen::prompt::tokens::Bound::new(row.seen)),
        ..Endpoint::new(wire(row), base, &row.id, row.window.unwrap_or(8_192))
    }
}

/// From the row to the reply, over a socket, and the bill by the row's price.
#[test]
fn every_host_is_called_in_its_own_words() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for row in rows().into_iter().filter(|row| !row.vendor.is_local) {
        let server = ByteServer::start([reply(&row.vendor.dialect)]);
        let remote = Remote::new(endpoint(&row, &server)).expect("a provider");
        let mut text = String::new();
        let mut hear = |piece: &str| text.push_str(piece);
        let request = request(&row);
        let said =
            runtime.block_on(remote.stream(&request, None, &mut hear, &CancellationToken::new()));
        let said = said.unwrap_or_else(|fault| panic!("{}: {fault}", row.name()));
        assert_eq!((text.as_str(), said.finish), ("It was late.", Finish::Stop), "{}", row.name());
        let sent = server.requests().remove(0).json();
        assert_eq!(sent["model"], json!(row.id));
        let limit = row.reply_field.as_deref().unwrap_or("max_tokens");
        // What it thinks stands beside the text.
        let most = request.reply_tokens + row.thinking;
        assert_eq!(sent[limit], json!(most), "{}: {sent}", row.name());
    }
}
