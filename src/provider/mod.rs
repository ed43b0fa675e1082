//! Models behind one small trait: text goes in as messages and comes out as a stream.
//!
//! A provider knows nothing of chapters. It says what it can do ([`Facts`]),
//! counts tokens ([`Tokenizer`]) and streams a reply.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::chat::{Message, Tokenizer};

#[cfg(feature = "embedded")]
pub mod embedded;
mod fault;
pub mod http;
pub mod openai;
pub mod scripted;
pub mod sse;

pub use fault::Fault;

/// What a model and its endpoint can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The name that takes carry: `provider/model`.
    pub name: String,
    /// Tokens that prompt and reply may take together.
    pub window: usize,
    /// The most tokens of one reply, where the endpoint has such a limit.
    pub reply_limit: Option<usize>,
    /// Whether a trailing assistant message is continued word by word.
    pub prefill: bool,
    /// Whether a reply can be held to a JSON Schema.
    pub structured: bool,
}

/// How the next token is chosen. What a provider has no knob for it leaves out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// 0 always takes the likeliest token; about 0.8 suits prose.
    pub temperature: f32,
    /// Keep the likeliest tokens up to this share of probability.
    pub top_p: f32,
    /// Drop tokens below this share of the likeliest one's probability.
    pub min_p: f32,
    /// Above 1: tokens seen lately become less likely.
    pub repeat_penalty: f32,
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
    /// Tokens of the reply.
    pub reply: u64,
}

/// How a stream ended well. Its text went through `on_text`.
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

/// A model that can be asked.
pub trait Provider: Send + Sync {
    /// What it can do.
    fn facts(&self) -> &Facts;

    /// How it counts tokens.
    fn tokenizer(&self) -> Arc<dyn Tokenizer>;

    /// Sends `request` and hands each piece of text to `on_text` as it comes.
    ///
    /// Returns early with [`Fault::Cancelled`] once `cancel` is set; dropping
    /// the future also stops the call.
    ///
    /// # Errors
    ///
    /// Anything but a real finish signal is a [`Fault`].
    fn stream<'a>(
        &'a self,
        request: &'a Request,
        on_text: &'a mut (dyn FnMut(&str) + Send),
        cancel: &'a CancellationToken,
    ) -> Streaming<'a>;
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
