//! The chat-completions wire of `OpenAI`, which most vendors and local servers speak.
//!
//! Pure: a body out, events in. The reader takes what is seen in the wild (see
//! the tables in its tests) and yields text, an end, usage and in-band errors.
//! What vendors differ in is data of their rows ([`Knobs`]).

use serde_json::{Map, Value, json};

use super::body::{Fields, parts, settings};
use super::http::dialect::{Auth, Caching, Dialect, Framing, Knobs, Prefill, Reader, Shape, Spare};
use super::sampling::{Accepts, Parameter};
use super::{Mark, Request, echo};
use crate::chat::Message;

mod reader;

pub use reader::ChatReader;

/// The row of this dialect.
pub static OPENAI: Dialect = Dialect {
    name: "openai",
    path: "/chat/completions",
    home: "/v1",
    auth: Auth::Bearer,
    headers: &[],
    framing: Framing::Events,
    words: WORDS,
    usual: || Accepts::only(USUAL),
    write,
    read,
    spares: SPARES,
    raw: None,
    after: None,
};

/// The words of those vendors and servers that have a word for it.
const WORDS: &[(Parameter, &str)] = &[
    (Parameter::Temperature, "temperature"),
    (Parameter::TopP, "top_p"),
    (Parameter::TopK, "top_k"),
    (Parameter::MinP, "min_p"),
    (Parameter::RepetitionPenalty, "repetition_penalty"),
    (Parameter::FrequencyPenalty, "frequency_penalty"),
    (Parameter::PresencePenalty, "presence_penalty"),
    (Parameter::Dry, "dry"),
    (Parameter::Xtc, "xtc"),
    (Parameter::LogitBias, "logit_bias"),
    (Parameter::Seed, "seed"),
    (Parameter::Stop, "stop"),
];

/// The sampling settings that any endpoint takes which is like `OpenAI`'s.
const USUAL: [Parameter; 7] = [
    Parameter::Temperature,
    Parameter::TopP,
    Parameter::FrequencyPenalty,
    Parameter::PresencePenalty,
    Parameter::LogitBias,
    Parameter::Seed,
    Parameter::Stop,
];

/// What endpoints of this dialect are known to refuse.
const SPARES: &[Spare] = &[
    // Also for a schema that strict mode will not take: a plain reply that the
    // caller checks is worth more than none.
    Spare::left_out("response_format", true),
    Spare::left_out("structured_outputs", true),
    Spare::left_out("stream_options", true),
    Spare::left_out("seed", true),
    Spare { field: "max_tokens", instead: Some("max_completion_tokens"), naming_is_enough: false },
    Spare { field: "max_completion_tokens", instead: Some("max_tokens"), naming_is_enough: false },
    Spare::left_out("min_p", false),
    Spare::left_out("top_k", false),
    Spare::left_out("repetition_penalty", false),
    Spare::left_out("repeat_penalty", false),
    Spare::left_out("frequency_penalty", false),
    Spare::left_out("presence_penalty", false),
    Spare::left_out("logit_bias", false),
    Spare::left_out("stop", false),
    Spare::left_out("temperature", false),
    Spare::left_out("top_p", false),
    Spare::left_out("prompt_cache_key", false),
    Spare::left_out("session_id", false),
];

fn write(request: &Request, knobs: &Knobs) -> Map<String, Value> {
    let mut body = Fields::default();
    body.set("model", knobs.model.as_str());
    body.set("messages", messages(request, knobs.caching, knobs.prefill));
    body.set("stream", true);
    body.set("stream_options", json!({"include_usage": true}));
    body.set(knobs.reply_field.as_deref().unwrap_or("max_tokens"), request.reply_tokens);
    if knobs.prefill == Prefill::ContinueFinal && request.begun().is_some() {
        body.set("continue_final_message", true);
        body.set("add_generation_prompt", false);
    }
    if let Some(schema) = &request.schema {
        let (field, value) = shaped(schema, knobs.shape);
        body.set(field, value);
    }
    let mut body = body.done();
    body.extend(settings::fields(request, knobs, WORDS));
    body
}

fn read(request: &Request, _: &Knobs) -> Box<dyn Reader> {
    echo::without(Box::new(ChatReader::default()), request)
}

/// The messages. A trailing one of the assistant carries `prefix` where that is
/// how it is marked as the reply's beginning.
#[must_use]
pub fn messages(request: &Request, caching: Caching, prefill: Prefill) -> Vec<Value> {
    let marks = match caching {
        Caching::Marks => parts::told(request),
        Caching::Automatic => &[],
    };
    let texts = request.messages.iter().enumerate();
    let mut said: Vec<Value> = texts.map(|(place, message)| said(message, place, marks)).collect();
    if prefill == Prefill::Prefix
        && request.begun().is_some()
        && let Some(last) = said.last_mut()
    {
        last["prefix"] = json!(true);
    }
    said
}

/// A message; in parts where a mark stands in it.
fn said(message: &Message, place: usize, marks: &[Mark]) -> Value {
    let parts = parts::parts(&message.text, place, marks);
    let content = if parts.iter().any(|part| part.is_stable) {
        parts.iter().map(parts::Part::content).collect()
    } else {
        Value::from(message.text.as_str())
    };
    json!({"role": message.role.name(), "content": content})
}

/// The field that holds a reply to a schema.
#[must_use]
pub fn shaped(schema: &Value, shape: Shape) -> (&'static str, Value) {
    match shape {
        Shape::Own => {
            let schema = json!({"name": "reply", "strict": true, "schema": schema});
            ("response_format", json!({"type": "json_schema", "json_schema": schema}))
        }
        Shape::JsonObject => ("response_format", json!({"type": "json_object"})),
        Shape::StructuredOutputs => ("structured_outputs", json!({"json": schema})),
    }
}
