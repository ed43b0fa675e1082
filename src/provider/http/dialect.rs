//! What tells one chat wire from another: a row of data, a body and a reader.
//!
//! A new dialect is one file with a body function and a [`Reader`], and one
//! [`Dialect`] row in [`DIALECTS`](crate::provider::dialects::DIALECTS). A
//! vendor that speaks a known dialect is no code at all: an
//! [`Endpoint`](super::Endpoint) made from its base URL, its key and its [`Knobs`].

use serde_json::{Map, Value};

use super::refusal::Refusal;
use crate::chat::Message;
use crate::money::Money;
use crate::provider::body;
use crate::provider::sampling::{Accepts, Parameter};
use crate::provider::sse::Event;
use crate::provider::{Finish, Reply, Request, Usage};

pub use super::framing::Framing;
pub use super::knobs::{Caching, Knobs, Prefill, Shape};

/// One wire.
#[derive(Debug)]
pub struct Dialect {
    /// Its name in settings.
    pub name: &'static str,
    /// What stands after the base URL.
    pub path: &'static str,
    /// What most base URLs of it end with: `/v1`, or nothing.
    pub home: &'static str,
    /// How a key is shown.
    pub auth: Auth,
    /// Headers that every request carries.
    pub headers: &'static [(&'static str, &'static str)],
    /// How a stream is cut into events.
    pub framing: Framing,
    /// The sampling settings that it has words for, and its usual words.
    pub words: &'static [(Parameter, &'static str)],
    /// What an endpoint takes of which nothing more is known.
    pub usual: fn() -> Accepts,
    /// The request body for a model, without what [`Dialect::body`] adds.
    pub write: fn(&Request, &Knobs) -> Map<String, Value>,
    /// A reader for the one reply to a request.
    pub read: fn(&Request, &Knobs) -> Box<dyn Reader>,
    /// What to do when an endpoint refuses a field of the body.
    pub spares: &'static [Spare],
    /// What is special about a wire that takes raw text.
    pub raw: Option<Raw>,
    /// A page that says of the last reply what its stream does not.
    pub after: Option<&'static str>,
}

impl Dialect {
    /// The whole request body: what the wire says, the book's name for the
    /// endpoint's cache, and the row's own fields.
    #[must_use]
    pub fn body(&self, request: &Request, knobs: &Knobs) -> Map<String, Value> {
        let mut fields = (self.write)(request, knobs);
        if let Some((field, value)) = &knobs.session {
            fields.insert(field.clone(), Value::String(value.clone()));
        }
        body::lay(&mut fields, &knobs.extra);
        fields
    }

    /// What an endpoint of this wire heeds, of what its row says: nothing that
    /// the wire has no word for.
    #[must_use]
    pub fn heeds(&self, accepts: &Accepts) -> Accepts {
        let mut accepts = accepts.clone();
        accepts.parameters.retain(|parameter| self.words.iter().any(|(own, _)| own == parameter));
        accepts
    }
}

/// A wire that takes one text, made of the messages by a chat template.
#[derive(Debug)]
pub struct Raw {
    /// Whether the template of a row is one that it has.
    ///
    /// The words of the fault, where it is not.
    pub check: fn(&Knobs) -> Result<(), String>,
    /// How many bytes the template puts round these messages, at most.
    pub marks: fn(&[Message], &Knobs) -> usize,
    /// What the endpoint is asked before the request itself, where its own
    /// template is to be used.
    pub first: Option<First>,
    /// Whether each event of its streams tells the token that it brings, so that
    /// a reply can step back to one.
    pub tells_tokens: bool,
}

/// What an endpoint is asked before a request: it costs nothing, and its answer
/// goes into the request.
#[derive(Debug)]
pub struct First {
    /// The page that is asked, by POST.
    pub path: &'static str,
    /// Whether a row needs it.
    pub is_needed: fn(&Knobs) -> bool,
    /// What it is asked.
    pub ask: fn(&Request) -> Value,
    /// The request's text that it answers with, ready to be sent.
    pub answer: fn(&Value) -> Option<String>,
}

/// How a key is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// `authorization: Bearer <key>`.
    Bearer,
    /// The bare key in a header of this name.
    Header(&'static str),
}

impl Auth {
    /// The header that carries the key.
    pub(super) fn header(self) -> &'static str {
        match self {
            Self::Bearer => "authorization",
            Self::Header(name) => name,
        }
    }
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

impl Spare {
    /// A field that can be left out.
    #[must_use]
    pub const fn left_out(field: &'static str, naming_is_enough: bool) -> Self {
        Self { field, instead: None, naming_is_enough }
    }

    /// Whether it says how the reply is sampled, so that without it another one comes.
    /// A seed says only that the same one comes again.
    #[must_use]
    pub(super) fn is_of_sampling(&self) -> bool {
        const SAMPLING: [&str; 10] = [
            "temperature",
            "top_p",
            "top_k",
            "min_p",
            "repetition_penalty",
            "repeat_penalty",
            "frequency_penalty",
            "presence_penalty",
            "logit_bias",
            "stop",
        ];
        SAMPLING.contains(&self.field)
    }
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

    /// What the dialect's page of the last reply says, once that has ended.
    ///
    /// # Errors
    ///
    /// [`Trouble`], as for an event.
    fn told(&mut self, page: &Value) -> Result<(), Trouble> {
        let _ = page;
        Ok(())
    }

    /// Takes the figures that stand beside an error, or behind it: they are of all that
    /// its endpoint bills. What says nothing of them changes nothing.
    fn stated(&mut self, said: &Value) {
        let _ = said;
    }

    /// The token that the last event has brought, where the wire tells it.
    fn token(&self) -> Option<u32> {
        None
    }

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
    /// Tokens, as the endpoint counted them so far.
    pub usage: Option<Usage>,
    /// Whether that count is of the whole reply.
    pub is_counted: bool,
    /// What the endpoint says that it costs.
    pub cost: Option<Money>,
    /// The model that answers, if it says.
    pub model: Option<String>,
    /// The endpoint's own name for the reply, if it gives one.
    pub id: Option<String>,
}

impl Ending {
    /// The reply, if its end is proven; `model` stands in for an endpoint that names none.
    #[must_use]
    pub fn reply(&self, model: &str) -> Option<Reply> {
        self.finish.clone().map(|finish| Reply {
            finish,
            usage: self.usage.filter(|_| self.is_counted),
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
    /// The endpoint read less of the prompt than it was sent: it left a part
    /// out without a word.
    Cut {
        /// Tokens that it says it has read.
        read: u64,
        /// Tokens that the prompt has at least.
        least: u64,
    },
}
