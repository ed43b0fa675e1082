//! What can go wrong with a model, as far as the pipeline must tell cases apart.

use std::time::Duration;

use thiserror::Error;

/// Why a reply did not come, or did not come whole.
///
/// Text that arrived before the fault has already gone through the caller's
/// [`Ear`](super::Ear), so no variant carries any.
#[derive(Clone, Debug, Error)]
pub enum Fault {
    /// Nothing answers there.
    #[error("cannot reach {origin}: {why}")]
    Unreachable {
        /// Scheme, host and port.
        origin: String,
        /// What the connection said.
        why: String,
        /// What the user can look at, where that is known.
        way: Option<String>,
    },
    /// What answers there speaks something else than the address says.
    #[error("cannot talk to {origin}: {why}")]
    Foreign {
        /// Scheme, host and port.
        origin: String,
        /// What was seen.
        why: String,
        /// What the user can look at.
        way: String,
    },
    /// No key, or one that was not accepted (401, 403).
    #[error("{origin} does not accept the key: {message}")]
    Key {
        /// Scheme, host and port.
        origin: String,
        /// The endpoint's words.
        message: String,
        /// How the user can give it another key, where that is known.
        way: Option<String>,
    },
    /// Too many requests, or no capacity now (429, 503, 529).
    #[error("{origin} asks to wait: {message}")]
    Busy {
        /// Scheme, host and port.
        origin: String,
        /// The endpoint's words.
        message: String,
        /// How long it asks to wait, if it says.
        retry_after: Option<Duration>,
    },
    /// The endpoint understood and refused (other 4xx, or an error in the stream).
    #[error("{origin} refused the request ({status}): {message}")]
    Refused {
        /// Scheme, host and port.
        origin: String,
        /// The HTTP status; 402 where it is about credit, whatever the number. Of an error
        /// inside a stream the one that it names, or that its words stand for.
        status: u16,
        /// The endpoint's words.
        message: String,
    },
    /// The endpoint has no model of that name, or no longer (404, or 400 in
    /// words that say so).
    #[error("{origin} does not serve `{model}`, or no longer: {message}")]
    Gone {
        /// Scheme, host and port.
        origin: String,
        /// The model that was asked for.
        model: String,
        /// The endpoint's words.
        message: String,
    },
    /// The endpoint failed (5xx, or an error in the stream that is not the request's).
    #[error("{origin} failed ({status}): {message}")]
    Server {
        /// Scheme, host and port.
        origin: String,
        /// The HTTP status, as of a refusal.
        status: u16,
        /// The endpoint's words.
        message: String,
    },
    /// What came is not what a chat endpoint sends: HTML, another JSON, nothing.
    #[error("{origin} did not answer like a chat endpoint: {message}")]
    NotChat {
        /// Scheme, host and port.
        origin: String,
        /// What came instead, shortened and without markup.
        message: String,
    },
    /// The stream ended, broke or fell silent before a finish signal.
    #[error("the stream from {origin} broke off: {why}")]
    Interrupted {
        /// Scheme, host and port, or the name of a local model.
        origin: String,
        /// What was seen.
        why: String,
    },
    /// The stream was closed in order, but without a finish signal: what came may
    /// be whole or not.
    #[error("the stream from {origin} broke off: it ended without a finish signal")]
    Unended {
        /// Scheme, host and port.
        origin: String,
    },
    /// The endpoint has read a part of the prompt only, and has not said so.
    /// What it replied is worth nothing.
    #[error(
        "{origin} has read {read} tokens of a prompt that has at least {least}: it left a part out without a word"
    )]
    Cut {
        /// Scheme, host and port.
        origin: String,
        /// Tokens that it says it has read.
        read: u64,
        /// Tokens that the prompt has at least.
        least: u64,
    },
    /// The prompt does not fit the model's window.
    #[error("the prompt takes {tokens} tokens, the window of `{model}` holds {window}")]
    TooLong {
        /// The model.
        model: String,
        /// Tokens of the prompt and its reply.
        tokens: usize,
        /// Tokens of the window.
        window: usize,
    },
    /// The local model cannot be loaded or run.
    #[error("{0}")]
    Model(String),
    /// A scripted provider has no answer left, or has answers left over.
    #[error("{0}")]
    Script(String),
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}

impl Fault {
    /// Whether the text that came before the fault is a reply to what was asked,
    /// only cut short.
    #[must_use]
    pub fn leaves_text(&self) -> bool {
        !matches!(self, Self::Script(_) | Self::TooLong { .. } | Self::Cut { .. })
    }

    /// Whether the same request may succeed when it is sent again unchanged.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Busy { .. }
                | Self::Server { .. }
                | Self::Interrupted { .. }
                | Self::Unended { .. }
        )
    }
}
