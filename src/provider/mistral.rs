//! Mistral's own chat wire: chat completions of a strict schema.
//!
//! A field too many is refused (422), so the body holds nothing that the
//! vendor's specification does not name: no `stream_options` (usage comes
//! unasked), and the seed is `random_seed`. A reply whose beginning is given
//! (`prefix: true`) may repeat it; then it is trimmed, once.

use serde_json::{Map, Value};

use super::body::{Fields, settings};
use super::http::dialect::{Auth, Caching, Dialect, Framing, Knobs, Prefill, Reader, Shape, Spare};
use super::openai::{ChatReader, messages, shaped};
use super::sampling::{Accepts, Parameter};
use super::{Request, echo};

/// The row of this dialect.
pub static MISTRAL: Dialect = Dialect {
    name: "mistral",
    path: "/chat/completions",
    home: "/v1",
    auth: Auth::Bearer,
    headers: &[],
    framing: Framing::Events,
    words: WORDS,
    usual: || Accepts {
        temperature: (0.0, 1.5),
        ..Accepts::only(WORDS.iter().map(|(parameter, _)| *parameter))
    },
    write,
    read,
    spares: SPARES,
    raw: None,
    after: None,
};

const WORDS: &[(Parameter, &str)] = &[
    (Parameter::Temperature, "temperature"),
    (Parameter::TopP, "top_p"),
    (Parameter::FrequencyPenalty, "frequency_penalty"),
    (Parameter::PresencePenalty, "presence_penalty"),
    (Parameter::Seed, "random_seed"),
    (Parameter::Stop, "stop"),
];

const SPARES: &[Spare] = &[
    Spare::left_out("response_format", true),
    Spare::left_out("random_seed", true),
    Spare::left_out("prompt_cache_key", true),
    Spare::left_out("frequency_penalty", false),
    Spare::left_out("presence_penalty", false),
];

fn write(request: &Request, knobs: &Knobs) -> Map<String, Value> {
    let mut body = Fields::default();
    body.set("model", knobs.model.as_str());
    body.set("messages", messages(request, Caching::Automatic, Prefill::Prefix));
    body.set("stream", true);
    body.set(knobs.reply_field.as_deref().unwrap_or("max_tokens"), request.reply_tokens);
    if let Some(schema) = &request.schema {
        let shape = match knobs.shape {
            Shape::JsonObject => Shape::JsonObject,
            Shape::Own | Shape::StructuredOutputs => Shape::Own,
        };
        let (field, value) = shaped(schema, shape);
        body.set(field, value);
    }
    let mut body = body.done();
    body.extend(settings::fields(request, knobs, WORDS));
    body
}

fn read(request: &Request, _: &Knobs) -> Box<dyn Reader> {
    echo::without(Box::new(ChatReader::default()), request)
}
