//! Ollama's own chat wire.
//!
//! Its OpenAI-like route cannot set a window, so this one is used: `num_ctx` is
//! the window, and neither the prompt (`truncate`) nor the running reply
//! (`shift`) may be shortened in silence. Versions that do not know these fields
//! shorten all the same; what they count gives them away (see
//! [`cut`]). Its templates are laid over the messages with all their
//! marks read as such, so none may stand in a message ([`control`](super::control)).

use serde_json::{Map, Value, json};

use super::body::{Fields, settings};
use super::control::{CONTROL, harmless};
use super::http::dialect::{Auth, Dialect, Framing, Knobs, Reader, Spare};
use super::sampling::{Accepts, Parameter};
use super::{Request, cut};

mod reader;

pub use reader::LineReader;

/// The row of this dialect.
pub static OLLAMA: Dialect = Dialect {
    name: "ollama",
    path: "/api/chat",
    home: "",
    auth: Auth::Bearer,
    headers: &[],
    framing: Framing::Lines,
    words: WORDS,
    usual: || Accepts {
        temperature: (0.0, 5.0),
        stops: 16,
        ..Accepts::only(WORDS.iter().map(|(parameter, _)| *parameter))
    },
    write,
    read,
    spares: &[Spare::left_out("format", true)],
    raw: None,
    after: None,
};

const WORDS: &[(Parameter, &str)] = &[
    (Parameter::Temperature, "temperature"),
    (Parameter::TopP, "top_p"),
    (Parameter::TopK, "top_k"),
    (Parameter::MinP, "min_p"),
    (Parameter::RepetitionPenalty, "repeat_penalty"),
    (Parameter::FrequencyPenalty, "frequency_penalty"),
    (Parameter::PresencePenalty, "presence_penalty"),
    (Parameter::Seed, "seed"),
    (Parameter::Stop, "stop"),
];

fn write(request: &Request, knobs: &Knobs) -> Map<String, Value> {
    let messages = request.messages.iter();
    let messages: Vec<Value> = messages
        .map(|message| {
            json!({"role": message.role.name(), "content": harmless(&message.text, CONTROL)})
        })
        .collect();
    let mut body = Fields::default();
    body.set("model", knobs.model.as_str());
    body.set("messages", messages);
    body.set("stream", true);
    body.set("truncate", false);
    body.set("shift", false);
    if let Some(schema) = &request.schema {
        body.set("format", schema.clone());
    }
    let mut options = Fields::default();
    options.set("num_ctx", knobs.window);
    options.set(knobs.reply_field.as_deref().unwrap_or("num_predict"), request.reply_tokens);
    let mut options = options.done();
    options.extend(settings::fields(request, knobs, WORDS));
    body.set("options", options);
    body.done()
}

fn read(request: &Request, _: &Knobs) -> Box<dyn Reader> {
    Box::new(LineReader::new(cut::least(request), request.reply_tokens))
}
