//! What tells one chat wire from another: a row of data, a body and a reader.
//!
//! A new dialect is one file with a body function and a [`Reader`], and one
//! [`Dialect`] row. A vendor that speaks a known dialect is no code at all: an
//! [`Endpoint`](super::Endpoint) made from its base URL, its key and its [`Knobs`].

use serde_json::Value;

use super::refusal::Refusal;
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
    /// The request body for a model.
    pub body: fn(&Request, &str, &Knobs) -> Value,
    /// A reader for one reply.
    pub reader: fn() -> Box<dyn Reader>,
    /// What to do when an endpoint refuses a field of the body.
    pub spares: &'static [Spare],
}

/// How a key is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// `authorization: Bearer <key>`.
    Bearer,
    /// The bare key in a header of this name.
    Header(&'static str),
}

/// What an endpoint takes beyond the common fields of its dialect: data of a vendor's row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Knobs {
    /// Send `min_p`.
    pub min_p: bool,
    /// Send the repeat penalty, under the name that this vendor has for it.
    pub repeat_penalty: Option<&'static str>,
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
