//! The chat-completions wire of `OpenAI`, which most vendors and local servers speak.
//!
//! Pure: a body out, events in. The reader takes what is seen in the wild (see
//! the tables in its tests) and yields text, an end, usage and in-band errors.

use serde_json::{Map, Value, json};

use super::Request;
use super::http::dialect::{Auth, Dialect, Framing, Knobs, Spare};
use super::sampling::Parameter;

mod reader;

pub use reader::reader;

/// The row of this dialect.
pub static OPENAI: Dialect = Dialect {
    name: "openai",
    path: "/chat/completions",
    auth: Auth::Bearer,
    headers: &[],
    framing: Framing::Events,
    body,
    reader,
    spares: SPARES,
};

/// What endpoints of this dialect are known to refuse.
const SPARES: &[Spare] = &[
    // Also for a schema that strict mode will not take: a plain reply that the
    // caller checks is worth more than none.
    left_out("response_format", true),
    left_out("stream_options", true),
    left_out("seed", true),
    Spare { field: "max_tokens", instead: Some("max_completion_tokens"), naming_is_enough: false },
    left_out("min_p", false),
    left_out("repetition_penalty", false),
    left_out("repeat_penalty", false),
    left_out("temperature", false),
    left_out("top_p", false),
];

const fn left_out(field: &'static str, naming_is_enough: bool) -> Spare {
    Spare { field, instead: None, naming_is_enough }
}

/// The request body.
#[must_use]
pub fn body(request: &Request, knobs: &Knobs) -> Value {
    let messages: Vec<Value> = request
        .messages
        .iter()
        .map(|message| json!({"role": message.role.name(), "content": message.text}))
        .collect();
    let mut body = Map::new();
    let mut set = |field: &str, value: Value| {
        // A float that is no number has no JSON form; leave it to the endpoint.
        if !value.is_null() {
            body.insert(field.to_owned(), value);
        }
    };
    set("model", json!(knobs.model));
    set("messages", json!(messages));
    set("stream", json!(true));
    set("stream_options", json!({"include_usage": true}));
    set("max_tokens", json!(request.reply_tokens));
    let sampling = &request.sampling;
    for (parameter, value) in [
        (Parameter::Temperature, sampling.temperature),
        (Parameter::TopP, sampling.top_p),
        (Parameter::MinP, sampling.min_p),
        (Parameter::RepetitionPenalty, sampling.repetition_penalty),
    ] {
        if let Some(value) = value.filter(|_| knobs.accepts.takes(parameter)) {
            let name = knobs.names.get(&parameter).map_or(parameter.name(), String::as_str);
            set(name, number(value));
        }
    }
    if knobs.accepts.takes(Parameter::Seed) {
        set("seed", json!(request.seed));
    }
    if let Some(schema) = &request.schema {
        let schema = json!({"name": "reply", "strict": true, "schema": schema});
        set("response_format", json!({"type": "json_schema", "json_schema": schema}));
    }
    Value::Object(body)
}

/// 0.8 as `0.8`, where widening alone would give 0.800000011920929.
fn number(value: f32) -> Value {
    json!((f64::from(value) * 1e6).round() / 1e6)
}
