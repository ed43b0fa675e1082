//! Anthropic's Messages wire.
//!
//! Its rules that shape the body: the system prompt stands apart, turns of user
//! and assistant alternate and the first is the user's, no text may be blank,
//! a given beginning of the reply may not end with white space, and at most four
//! parts may carry a `cache_control` mark. A reply is held to a JSON Schema by
//! `output_config.format`.

use serde_json::{Map, Value, json};

use super::Request;
use super::body::{Fields, parts, settings};
use super::http::dialect::{Auth, Caching, Dialect, Framing, Knobs, Reader, Spare};
use super::sampling::{Accepts, Parameter};
use crate::chat::Role;

mod reader;

pub use reader::MessageReader;

/// The row of this dialect.
pub static ANTHROPIC: Dialect = Dialect {
    name: "anthropic",
    path: "/v1/messages",
    home: "",
    auth: Auth::Header("x-api-key"),
    headers: &[("anthropic-version", "2023-06-01")],
    framing: Framing::Events,
    words: WORDS,
    usual: || Accepts {
        temperature: (0.0, 1.0),
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
    (Parameter::TopK, "top_k"),
    (Parameter::Stop, "stop_sequences"),
];

const SPARES: &[Spare] = &[
    Spare::left_out("output_config", true),
    // Newer models refuse them, or two of them together.
    Spare::left_out("top_p", false),
    Spare::left_out("top_k", false),
    Spare::left_out("temperature", false),
];

fn write(request: &Request, knobs: &Knobs) -> Map<String, Value> {
    let (system, turns) = spoken(request, knobs);
    let mut body = Fields::default();
    body.set("model", knobs.model.as_str());
    body.set(knobs.reply_field.as_deref().unwrap_or("max_tokens"), request.reply_tokens);
    if !system.is_empty() {
        body.set("system", system);
    }
    body.set("messages", turns.iter().map(Turn::message).collect::<Value>());
    body.set("stream", true);
    if let Some(schema) = &request.schema {
        body.set("output_config", json!({"format": {"type": "json_schema", "schema": schema}}));
    }
    let mut body = body.done();
    body.extend(settings::fields(request, knobs, WORDS));
    body
}

fn read(_: &Request, _: &Knobs) -> Box<dyn Reader> {
    Box::new(MessageReader::default())
}

/// What one side says before the other speaks again.
struct Turn {
    role: Role,
    parts: Vec<Value>,
}

impl Turn {
    fn message(&self) -> Value {
        json!({"role": self.role.name(), "content": self.parts})
    }
}

/// The system prompt, and the turns after it. Instructions that come later are
/// the user's, in their place.
fn spoken(request: &Request, knobs: &Knobs) -> (Vec<Value>, Vec<Turn>) {
    let marks = match knobs.caching {
        Caching::Marks => parts::told(request),
        Caching::Automatic => &[],
    };
    let (mut system, mut turns) = (Vec::new(), Vec::<Turn>::new());
    for (place, message) in request.messages.iter().enumerate() {
        let is_last = place + 1 == request.messages.len();
        let text = match message.role {
            Role::Assistant if is_last => message.text.trim_end(),
            _ => &message.text,
        };
        if text.trim().is_empty() {
            continue;
        }
        let said: Vec<Value> =
            parts::parts(text, place, marks).iter().map(parts::Part::content).collect();
        match message.role {
            Role::System if turns.is_empty() => system.extend(said),
            Role::Assistant => add(&mut turns, Role::Assistant, said),
            Role::System | Role::User => add(&mut turns, Role::User, said),
        }
    }
    if turns.is_empty() {
        turns.push(opening());
    }
    (system, turns)
}

/// What a user says who leaves the first word to the assistant.
fn opening() -> Turn {
    Turn { role: Role::User, parts: vec![json!({"type": "text", "text": "…"})] }
}

/// Adds to the last turn, or begins one. A conversation that the assistant has
/// begun is opened for it, since the user has to.
fn add(turns: &mut Vec<Turn>, role: Role, parts: Vec<Value>) {
    if turns.is_empty() && role == Role::Assistant {
        turns.push(opening());
    }
    match turns.last_mut() {
        Some(turn) if turn.role == role => turn.parts.extend(parts),
        _ => turns.push(Turn { role, parts }),
    }
}
