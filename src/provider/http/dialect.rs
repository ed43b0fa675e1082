//! What tells one chat wire from another: a row of data, a body and a reader.
//!
//! A new dialect is one file with a body function and a [`Reader`], and one
//! [`Dialect`] row. A vendor that speaks a known dialect is no code at all: an
//! [`Endpoint`](super::Endpoint) made from its base URL, its key and its [`Knobs`].

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::refusal::Refusal;
use crate::money::Money;
use crate::provider::sampling::{Accepts, Parameter};
use crate::provider::sse::Event;
use crate::provider::{Finish, Reply, Request, Usage};

/// One wire.
#[derive(Debug)]
pub struct Dialect {
    /// Its name in settings.
    pub name: &'static str,
    /// What stands after the base URL.
    pub path: &'static str,
    /// How a key is shown.
    pub auth: Auth,
    /// Headers that every request carries.
    pub headers: &'static [(&'static str, &'static str)],
    /// How a stream is cut into events.
    pub framing: Framing,
    /// The request body for a model.
    pub body: fn(&Request, &Knobs) -> Value,
    /// A reader for one reply.
    pub reader: fn() -> Box<dyn Reader>,
    /// What to do when an endpoint refuses a field of the body.
    pub spares: &'static [Spare],
}

impl Dialect {
    /// What its requests say that they understand.
    pub(super) fn accepts(&self) -> &'static str {
        match self.framing {
            Framing::Events => "text/event-stream, application/json",
            Framing::Lines => "application/x-ndjson, application/json",
        }
    }
}

/// How a key is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// `authorization: Bearer <key>`.
    Bearer,
    /// The bare key in a header of this name.
    Header(&'static str),
}

/// How a stream is cut into events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events.
    Events,
    /// One JSON value a line.
    Lines,
}

/// What a body depends on besides the request: data of the model's and the
/// vendor's rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Knobs {
    /// The model, in the endpoint's words.
    pub model: String,
    /// Tokens that prompt and reply may take together, for endpoints that have
    /// to be told.
    pub window: usize,
    /// The sampling settings that are sent; others are left out.
    pub accepts: Accepts,
    /// What this vendor calls a setting, where that is not the dialect's word.
    pub names: BTreeMap<Parameter, String>,
    /// Fields that are sent as they are.
    pub extra: Map<String, Value>,
    /// The chat template, by its name, for endpoints that take raw text.
    pub template: Option<String>,
    /// Texts that end a reply of this model, beside those of the request.
    pub stops: Vec<String>,
    /// How the last message is marked as the reply's beginning.
    pub prefill: Prefill,
    /// How the endpoint's prompt cache is told what is stable.
    pub caching: Caching,
    /// What names the book to the endpoint, so that its calls reach the same
    /// cache: the field, and the value.
    pub session: Option<(String, String)>,
}

/// How a trailing assistant message is to be continued.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prefill {
    /// It is not: such a message is never sent.
    #[default]
    Never,
    /// It is continued as it stands.
    Trailing,
    /// It has to carry `prefix: true` (Mistral).
    Prefix,
    /// The body has to say `continue_final_message` (vLLM).
    ContinueFinal,
}

/// How an endpoint's prompt cache is told what is stable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Caching {
    /// It finds out by itself, or has none.
    #[default]
    Automatic,
    /// By `cache_control` marks on parts of the content (Anthropic).
    Marks,
}

/// A field that some endpoints refuse, and what to send instead.
#[derive(Debug, PartialEq, Eq)]
pub struct Spare {
    /// The field of the body.
    pub field: &'static str,
    /// Another name for the same value, or nothing: the field is left out.
    pub instead: Option<&'static str>,
    /// Any refusal that names the field counts. Otherwise it must also say that
    /// the field is not supported: a refused *value* is the author's to mend.
    pub naming_is_enough: bool,
}

/// Reads one reply, event by event, and proves its end.
pub trait Reader: Send {
    /// The text of one event of a stream.
    ///
    /// # Errors
    ///
    /// [`Trouble`], after which nothing more is read.
    fn event(&mut self, event: &Event) -> Result<Piece, Trouble>;

    /// The text of a reply that came whole, as one JSON value.
    ///
    /// # Errors
    ///
    /// [`Trouble`], as for an event.
    fn whole(&mut self, reply: &Value) -> Result<Piece, Trouble>;

    /// What is known of the reply's end by now.
    fn ending(&self) -> &Ending;
}

/// What one event brings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// More of the reply; often empty.
    pub text: String,
    /// An end mark: nothing follows, even if the socket stays open.
    pub last: bool,
}

/// What a reader has learned besides text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ending {
    /// Why the reply ended, in a word we know. The only proof that it is whole.
    pub finish: Option<Finish>,
    /// Why the reply ended, in a word we do not know: no proof.
    pub foreign: Option<String>,
    /// Tokens, as the endpoint counted them.
    pub usage: Option<Usage>,
    /// What the endpoint says that it costs.
    pub cost: Option<Money>,
    /// The model that answers, if it says.
    pub model: Option<String>,
}

impl Ending {
    /// The reply, if its end is proven; `model` stands in for an endpoint that names none.
    #[must_use]
    pub fn reply(&self, model: &str) -> Option<Reply> {
        self.finish.clone().map(|finish| Reply {
            finish,
            usage: self.usage,
            model: self.model.clone().unwrap_or_else(|| model.to_owned()),
        })
    }
}

/// Why a reader gives up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The endpoint says so, inside the stream.
    Refused(Refusal),
    /// What came is not of this dialect.
    Garbled(String),
}
