//! Every body against the vendor's own schema, where `STORYGEN_SPECS` names the
//! folder that holds them.

use std::path::Path;

use serde_json::{Value, json};
use storygen::chat::{Message, Role};
use storygen::provider::Request;
use storygen::provider::http::dialect::{Caching, Dialect, Knobs, Prefill};
use storygen::provider::mistral::MISTRAL;
use storygen::provider::openai::OPENAI;
use storygen::provider::sampling::{Accepts, Parameter};

use crate::bodies::{begun, full, knobs};
use crate::common::{request, schema};

/// A vendor's contract, and what its rows say.
struct Contract {
    file: &'static str,
    dialect: &'static Dialect,
    row: Knobs,
    /// What it must refuse, else it would prove nothing: a pointer, and a value
    /// that may not stand there.
    refuses: Vec<(&'static str, Value)>,
}

fn contracts() -> Vec<Contract> {
    let everything = |temperature| Accepts {
        temperature: (0.0, temperature),
        stops: 4,
        ..Accepts::everything()
    };
    let extra = json!({"plugins": [{"id": "context-compression", "enabled": false}],
                       "provider": {"require_parameters": true, "max_price": {"prompt": "1", "completion": "2"}}});
    vec![
        Contract {
            file: "openai-chat-request.schema.json",
            dialect: &OPENAI,
            row: Knobs {
                reply_field: Some("max_completion_tokens".into()),
                accepts: Accepts { stops: 4, ..(OPENAI.usual)() },
                session: Some(("prompt_cache_key".into(), "book".into())),
                ..knobs(&OPENAI)
            },
            refuses: vec![
                ("/temperature", json!(3)),
                ("/stop", json!(["a", "b", "c", "d", "e"])),
                ("/messages/0/role", json!("author")),
            ],
        },
        Contract {
            file: "openrouter-chat-request.schema.json",
            dialect: &OPENAI,
            row: Knobs {
                accepts: Accepts {
                    stops: 4,
                    temperature: (0.0, 2.0),
                    ..Accepts::only(
                        Parameter::ALL
                            .into_iter()
                            .filter(|one| !matches!(one, Parameter::Dry | Parameter::Xtc)),
                    )
                },
                session: Some(("session_id".into(), "book".into())),
                caching: Caching::Marks,
                extra: extra.as_object().cloned().unwrap(),
                ..knobs(&OPENAI)
            },
            refuses: vec![
                ("/stop", json!(["a", "b", "c", "d", "e"])),
                ("/provider", json!({"require_params": true})),
                ("/max_tokens", json!("many")),
            ],
        },
        Contract {
            file: "mistral-chat-request.schema.json",
            dialect: &MISTRAL,
            row: Knobs {
                accepts: MISTRAL.heeds(&everything(1.5)),
                session: Some(("prompt_cache_key".into(), "book".into())),
                prefill: Prefill::Prefix,
                ..knobs(&MISTRAL)
            },
            refuses: vec![
                ("/seed", json!(42)),
                ("/min_p", json!(0.05)),
                ("/stream_options", json!({"include_usage": true})),
                ("/temperature", json!(1.8)),
            ],
        },
    ]
}

/// Every kind of request that storygen sends.
fn requests() -> Vec<(&'static str, Request)> {
    let mut goes_on = request();
    goes_on.messages.push(Message::new(Role::Assistant, "It was"));
    let mut turn = goes_on.clone();
    turn.messages.push(Message::new(Role::User, "Your text breaks off here. Go on."));
    vec![
        ("plain", request()),
        ("schema", Request { schema: Some(schema()), ..request() }),
        ("prefill", goes_on),
        ("continue turn", turn),
        ("full sampling and marks", full()),
        ("everything at once", begun()),
    ]
}

#[test]
fn every_body_keeps_the_contract_of_its_vendor() {
    let Some(specs) = std::env::var_os("STORYGEN_SPECS") else { return };
    for Contract { file, dialect, row, refuses } in contracts() {
        let path = Path::new(&specs).join(file);
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|why| panic!("STORYGEN_SPECS: {}: {why}", path.display()));
        let contract: Value = serde_json::from_str(&text).unwrap();
        let validator = jsonschema::validator_for(&contract).unwrap();
        for (name, request) in requests() {
            let body = Value::Object(dialect.body(&request, &row));
            let findings: Vec<String> = validator
                .iter_errors(&body)
                .map(|finding| format!("{}: {finding}", finding.instance_path()))
                .collect();
            assert!(findings.is_empty(), "{file}, {name}: {findings:?} in {body}");
            for (pointer, value) in &refuses {
                let mut wrong = body.clone();
                let (parent, field) = pointer.rsplit_once('/').unwrap();
                wrong.pointer_mut(parent).unwrap()[field] = value.clone();
                assert!(!validator.is_valid(&wrong), "{file}, {name}: takes {pointer} {value}");
            }
        }
    }
}
