//! Models behind one small trait: text goes in as messages and comes out as a stream.
//!
//! A provider knows nothing of chapters. It says what it can do ([`Facts`]),
//! counts tokens ([`Tokenizer`]) and streams a reply.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::chat::{Message, Role, Tokenizer};
use crate::money::{Money, Price};
use crate::phrases::Bans;

pub mod anthropic;
pub mod body;
pub mod catalogue;
pub mod chain;
pub mod completion;
pub mod control;
pub mod cut;
pub mod dialects;
mod echo;
#[cfg(feature = "embedded")]
pub mod embedded;
mod fault;
pub mod http;
pub mod lines;
mod meter;
pub mod mistral;
pub mod ollama;
pub mod openai;
mod reckoning;
mod sameness;
pub mod sampling;
pub mod scripted;
pub mod sse;
mod tally;
mod tries;

pub use fault::Fault;
pub use http::gate::Pass;
pub use meter::{Meter, Metered};
pub use reckoning::{Reckoning, Tried};
pub use sameness::is_same_model;
pub use sampling::{Accepts, Sampling};
pub use tally::{Tally, Total};

/// What a model and its endpoint can do.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// The name that takes carry: `provider/model`.
    pub name: String,
    /// Tokens that prompt and reply may take together.
    pub window: usize,
    /// Whose window that is, where it is one that stands in and holds less than the
    /// model itself.
    pub held_by: Option<String>,
    /// How it is made larger, where it is only what such servers usually have.
    pub window_way: Option<String>,
    /// The most tokens of one reply, where the endpoint has such a limit.
    pub reply_limit: Option<usize>,
    /// Tokens that it may spend on thinking in each reply, beside those of the text
    /// that it is asked for; they are paid for, too.
    pub thinking: usize,
    /// Whether a trailing assistant message is continued word by word.
    pub prefill: bool,
    /// Whether a reply can be held to a JSON Schema.
    pub structured: bool,
    /// Whether it keeps banned phrases out of a reply by itself, by stepping
    /// back to where one begins.
    pub steps_back: bool,
    /// The sampling settings that it heeds.
    pub accepts: Accepts,
    /// What its tokens cost; none where nobody has said.
    pub price: Option<Price>,
    /// How many times one request may be sent, each of which may be billed.
    pub tries: u32,
    /// Whether it computes on this machine, so that an unknown price is most
    /// likely none.
    pub is_local: bool,
}

impl Facts {
    /// A model of which nothing more is known than its name and window: no
    /// reply limit, no thinking, no prefill, structured replies, every sampling setting, no
    /// price, one try, somewhere else.
    #[must_use]
    pub fn plain(name: impl Into<String>, window: usize) -> Self {
        Self {
            name: name.into(),
            window,
            held_by: None,
            window_way: None,
            reply_limit: None,
            thinking: 0,
            prefill: false,
            structured: true,
            steps_back: false,
            accepts: Accepts::everything(),
            price: None,
            tries: 1,
            is_local: false,
        }
    }
}

/// One call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The conversation. A trailing assistant message is to be continued; only
    /// for a provider whose facts say `prefill`.
    pub messages: Vec<Message>,
    /// The most tokens the reply may take.
    pub reply_tokens: usize,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// The same request with the same seed gives the same reply, where the
    /// model can keep that promise.
    pub seed: u32,
    /// The JSON Schema that the reply is to follow.
    pub schema: Option<serde_json::Value>,
    /// What the reply must not say, for a provider whose facts say
    /// `steps_back`. Kept as a digest, and not read back.
    #[serde(
        skip_deserializing,
        skip_serializing_if = "Option::is_none",
        serialize_with = "Bans::as_digest"
    )]
    pub bans: Option<Arc<Bans>>,
    /// Where the messages' text is likely to be the same in the next request of
    /// its kind: for endpoints whose cache wants to be told. No part of what is
    /// asked, so it is not kept with it.
    #[serde(skip)]
    pub marks: Vec<Mark>,
}

impl Request {
    /// The reply's beginning, where the request gives one.
    #[must_use]
    pub fn begun(&self) -> Option<&Message> {
        self.messages.last().filter(|message| message.role == Role::Assistant)
    }

    /// Whether the reply is to go on from one before.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        self.messages.iter().any(|message| message.role == Role::Assistant)
    }
}

/// A place up to which a conversation is stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The message, by its place in the request.
    pub message: usize,
    /// The bytes of its text that are stable, on a character's edge.
    pub bytes: usize,
}

/// Why a reply ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Finish {
    /// The model had said all.
    Stop,
    /// The token limit cut it.
    Length,
    /// A filter of the endpoint cut it.
    Filtered,
}

/// Tokens of a call, as its endpoint counted them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the prompt, cached ones included.
    pub prompt: u64,
    /// Tokens of the prompt that were not computed again.
    pub cached: u64,
    /// Tokens of the prompt that were written to the endpoint's cache, where
    /// that is billed by itself.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub written: u64,
    /// Tokens of the reply, reasoning included.
    pub reply: u64,
    /// Tokens of the reply that were reasoning, which is not shown.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reasoning: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde calls")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What a try of a request took, as far as its endpoint said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bill {
    /// Its tokens.
    pub usage: Usage,
    /// What it costs: in the endpoint's words, else by the model's price; none
    /// where neither is known.
    pub cost: Option<Money>,
}

/// Whoever hears a reply, and what it costs.
///
/// A closure that takes text is one that does not care for costs.
pub trait Ear: Send {
    /// More of the reply's text.
    fn text(&mut self, piece: &str);

    /// The endpoint has sent a piece of text. Those that arrive together are told
    /// as one; a model that is not far away has none told of but their text.
    fn piece(&mut self) {}

    /// This model is asked now, by its full name: where another one stands in, what
    /// comes from here on is that one's.
    fn asks(&mut self, model: &str) {
        let _ = model;
    }

    /// The model that answers, in the endpoint's own words, as soon as it is known.
    fn answers(&mut self, model: &str) {
        let _ = model;
    }

    /// The request is about to be sent, once more or for the first time. Until
    /// [`Ear::billed`] it counts as billed with all that it could cost.
    fn sending(&mut self) {}

    /// What the request that was sent last is billed with. A default [`Bill`]
    /// costs nothing: it was refused, or never arrived.
    fn billed(&mut self, bill: Bill) {
        let _ = bill;
    }

    /// The request that was sent last has no bill, but by what its endpoint has counted
    /// of it may be billed with so much, which can be more than was thought.
    fn may_cost(&mut self, most: Money) {
        let _ = most;
    }
}

impl<F: FnMut(&str) + Send> Ear for F {
    fn text(&mut self, piece: &str) {
        self(piece);
    }
}

/// How a stream ended well. Its text went to an [`Ear`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Why it ended.
    pub finish: Finish,
    /// What it took, if the endpoint said.
    pub usage: Option<Usage>,
    /// The model that answered, in the endpoint's own words.
    pub model: String,
}

/// What [`Provider::stream`] gives.
pub type Streaming<'a> = Pin<Box<dyn Future<Output = Result<Reply, Fault>> + Send + 'a>>;

/// What [`Provider::admit`] gives.
pub type Admitting<'a> = Pin<Box<dyn Future<Output = Option<Pass>> + Send + 'a>>;

/// A model that can be asked.
pub trait Provider: Send + Sync {
    /// What it can do.
    fn facts(&self) -> &Facts;

    /// How it counts tokens.
    fn tokenizer(&self) -> Arc<dyn Tokenizer>;

    /// Waits until `request` may be sent, where its endpoint lets in only so many at
    /// once or in a minute: the place is given up when dropped. Who pays for a call sets
    /// its money aside only then, for a wait may last for hours, or end in a kill.
    fn admit<'a>(&'a self, request: &'a Request) -> Admitting<'a> {
        let _ = request;
        Box::pin(std::future::ready(None))
    }

    /// Sends `request` and hands each piece of text to `ear` as it comes.
    ///
    /// With no `pass`, or one of another endpoint, it waits for its place by itself.
    /// Returns early with [`Fault::Cancelled`] once `cancel` is set; dropping
    /// the future also stops the call.
    ///
    /// # Errors
    ///
    /// Anything but a real finish signal is a [`Fault`].
    fn stream<'a>(
        &'a self,
        request: &'a Request,
        pass: Option<Pass>,
        ear: &'a mut dyn Ear,
        cancel: &'a CancellationToken,
    ) -> Streaming<'a>;
}

impl<P: Provider> Provider for Arc<P> {
    fn facts(&self) -> &Facts {
        (**self).facts()
    }

    fn tokenizer(&self) -> Arc<dyn Tokenizer> {
        (**self).tokenizer()
    }

    fn admit<'a>(&'a self, request: &'a Request) -> Admitting<'a> {
        (**self).admit(request)
    }

    fn stream<'a>(
        &'a self,
        request: &'a Request,
        pass: Option<Pass>,
        ear: &'a mut dyn Ear,
        cancel: &'a CancellationToken,
    ) -> Streaming<'a> {
        (**self).stream(request, pass, ear, cancel)
    }
}

/// Waits for a call as long as the user does. Dropping the call ends it,
/// whatever it waits for.
async fn unless_cancelled(
    cancel: &CancellationToken,
    call: impl Future<Output = Result<Reply, Fault>>,
) -> Result<Reply, Fault> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(Fault::Cancelled),
        reply = call => reply,
    }
}
