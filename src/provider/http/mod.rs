//! Models behind HTTP: what every dialect has in common.
//!
//! | File | What |
//! |---|---|
//! | `address` | which URLs are safe, and keys bound to one origin |
//! | `dialect` | the row, the body and the reader that make a wire |
//! | `patience` | time-outs, tries and pauses |
//! | `client` | the network: the only user of reqwest |
//! | `listening` | bytes of a stream to text and a proven end |
//! | `refusal` | what is said instead of a reply, fit to be shown |
//! | `fault` | which [`Fault`] an answer is, and whether to try again |
//!
//! A request is sent again only while none of its text has been delivered: for
//! a passing fault after a pause, or at once without a field that the endpoint
//! refuses (see [`Remote::left_out`]).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::sampling::{Accepts, Parameter};
use super::sse::EVENT_LIMIT;
use super::{Bill, Ear, Facts, Fault, Provider, Reply, Request, Streaming, unless_cancelled};
use crate::chat::Tokenizer;
use crate::money::Price;
use crate::prompt::tokens::Bound;

mod address;
mod client;
pub mod dialect;
mod fault;
mod listening;
mod patience;
pub mod refusal;

pub use address::{BadEndpoint, Base, BoundKey};
pub use patience::{LONGEST_WAIT, Patience, retry_after};

use client::{Answer, Broken, Client, Kind};
use dialect::{Dialect, Ending, Knobs, Spare};
use fault::{Failure, Judge};
use listening::{Listener, Listening, Stopped};

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

/// The most bytes that are read of an answer that is no reply.
const PAGE_LIMIT: usize = 64 * 1024;

/// One model at one endpoint: a vendor's row, the user's key and the model's row.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The vendor's name, the first half of [`Facts::name`].
    pub vendor: String,
    /// Its wire.
    pub dialect: &'static Dialect,
    /// Where it is.
    pub base: Base,
    /// The key, for an endpoint that takes one.
    pub key: Option<BoundKey>,
    /// The model, in the endpoint's words.
    pub model: String,
    /// Tokens that prompt and reply may take together.
    pub window: usize,
    /// The most tokens of one reply, where there is such a limit.
    pub reply_limit: Option<usize>,
    /// Whether a trailing assistant message is continued.
    pub prefill: bool,
    /// Whether a reply can be held to a JSON Schema.
    pub structured: bool,
    /// What its bodies depend on besides the request; the model's name and the
    /// window stand in the fields above.
    pub knobs: Knobs,
    /// What its tokens cost; none where nobody has said.
    pub price: Option<Price>,
    /// Tokens per byte as measured for this model; see [`Bound::new`].
    pub ratio: Option<f64>,
    /// Waits and tries.
    pub patience: Patience,
}

impl Endpoint {
    /// A model at an endpoint of which nothing more is known: no key, no reply
    /// limit, no prefill, structured replies (they are left out when refused),
    /// no extra fields, the proven token bound, the usual patience.
    pub fn new(
        dialect: &'static Dialect,
        base: Base,
        model: impl Into<String>,
        window: usize,
    ) -> Self {
        Self {
            vendor: dialect.name.to_owned(),
            dialect,
            base,
            key: None,
            model: model.into(),
            window,
            reply_limit: None,
            prefill: false,
            structured: true,
            knobs: Knobs { accepts: Accepts::only(USUAL), ..Knobs::default() },
            price: None,
            ratio: None,
            patience: Patience::default(),
        }
    }
}

/// Hears how long the pause is that begins now, and which fault made it needed.
pub type OnPause = Box<dyn Fn(Duration, &Fault) + Send + Sync>;

/// A [`Provider`] over HTTP.
pub struct Remote {
    facts: Facts,
    tokens: Arc<Bound>,
    endpoint: Endpoint,
    client: Client,
    /// The fields that this endpoint has refused, for the life of the provider.
    spared: Mutex<Vec<&'static Spare>>,
    /// Whoever wants to know why nothing comes for a while.
    on_pause: Option<OnPause>,
}

impl Remote {
    /// A provider for `endpoint`. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`BadEndpoint`] for a key that is bound to another origin, and when there
    /// is no TLS to be had.
    pub fn new(mut endpoint: Endpoint) -> Result<Self, BadEndpoint> {
        endpoint.knobs.model.clone_from(&endpoint.model);
        endpoint.knobs.window = endpoint.window;
        if let Some(key) = endpoint.key.as_ref().filter(|key| !key.fits(&endpoint.base)) {
            return Err(BadEndpoint(format!(
                "{key:?} is not for {}; set a key for that endpoint",
                endpoint.base.origin()
            )));
        }
        let client =
            Client::new(&endpoint.base, endpoint.dialect, endpoint.key.clone(), endpoint.patience)?;
        Ok(Self {
            facts: Facts {
                name: format!("{}/{}", endpoint.vendor, endpoint.model),
                window: endpoint.window,
                reply_limit: endpoint.reply_limit,
                prefill: endpoint.prefill,
                structured: endpoint.structured,
                steps_back: false,
                accepts: endpoint.knobs.accepts.clone(),
                price: endpoint.price,
                tries: u32::try_from(endpoint.patience.tries).unwrap_or(u32::MAX).max(1),
                is_local: endpoint.base.is_local(),
            },
            tokens: Arc::new(Bound::new(endpoint.ratio)),
            client,
            endpoint,
            spared: Mutex::default(),
            on_pause: None,
        })
    }

    /// The same provider; it tells of each pause before it sends a request again.
    #[must_use]
    pub fn telling_pauses(self, on_pause: OnPause) -> Self {
        Self { on_pause: Some(on_pause), ..self }
    }

    /// The fields of a body that this endpoint has refused so far, and which are
    /// no longer sent: left out, or sent under another name.
    ///
    /// This is how a caller learns that a reply to a request with a schema was
    /// not held to it (`response_format` is in the list), or that a seed means
    /// nothing here. [`Facts`] stay as they are for the life of a provider.
    #[must_use]
    pub fn left_out(&self) -> Vec<&'static str> {
        self.spared().iter().map(|spare| spare.field).collect()
    }

    fn spared(&self) -> std::sync::MutexGuard<'_, Vec<&'static Spare>> {
        // The list is whole whatever a panicking holder did.
        self.spared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fits(&self, request: &Request) -> Result<(), Fault> {
        let tokens = self.tokens.prompt(&request.messages);
        let tokens = tokens.saturating_add(request.reply_tokens);
        if tokens <= self.facts.window {
            return Ok(());
        }
        Err(Fault::TooLong {
            model: self.endpoint.model.clone(),
            tokens,
            window: self.facts.window,
        })
    }

    fn body(&self, request: &Request) -> Value {
        let endpoint = &self.endpoint;
        let mut body = (endpoint.dialect.body)(request, &endpoint.knobs);
        if let Some(fields) = body.as_object_mut() {
            for spare in self.spared().iter() {
                let value = fields.shift_remove(spare.field);
                if let (Some(value), Some(name)) = (value, spare.instead) {
                    fields.insert(name.to_owned(), value);
                }
            }
        }
        body
    }

    /// Remembers the field that `failure` complains of, if it was sent and can
    /// be spared: then the request is worth sending again at once.
    fn spare(&self, failure: &Failure, body: &Value) -> bool {
        let Some(refusal) = &failure.refusal else {
            return false;
        };
        let spare = self.endpoint.dialect.spares.iter().find(|spare| {
            body.get(spare.field).is_some()
                && refusal.names(spare.field)
                && (spare.naming_is_enough || refusal.is_unsupported())
        });
        let Some(spare) = spare else { return false };
        let mut spared = self.spared();
        // A call that ran at the same time may have learned it already.
        if !spared.contains(&spare) {
            spared.push(spare);
        }
        true
    }

    async fn call(&self, request: &Request, listener: &mut Listener<'_>) -> Result<Reply, Fault> {
        self.fits(request)?;
        let mut pauses = self.endpoint.patience.pauses();
        loop {
            let body = self.body(request);
            let failure = match self.once(&body, listener).await {
                Ok(reply) => return Ok(reply),
                Err(failure) if listener.heard => return Err(failure.fault),
                Err(failure) if self.spare(&failure, &body) => continue,
                Err(failure) => failure,
            };
            let Some(pause) = pauses.next().filter(|_| failure.again) else {
                return Err(failure.fault);
            };
            let pause = pause.max(failure.wait.min(LONGEST_WAIT));
            if let Some(tell) = &self.on_pause {
                tell(pause, &failure.fault);
            }
            tokio::time::sleep(pause).await;
        }
    }

    fn judge(&self) -> Judge<'_> {
        Judge {
            base: &self.endpoint.base,
            key: self.endpoint.key.as_ref(),
            model: &self.endpoint.model,
        }
    }

    /// Sends the body once.
    async fn once(&self, body: &Value, listener: &mut Listener<'_>) -> Result<Reply, Failure> {
        let judge = self.judge();
        listener.sending();
        let mut answer = match self.client.post(body).await {
            Ok(answer) => answer,
            Err(why) => {
                // What never arrived, nobody worked on.
                if matches!(why, Broken::Unreachable(_)) {
                    listener.billed(Bill::default());
                }
                return Err(judge.broken(&why));
            }
        };
        if !(200..300).contains(&answer.status) {
            listener.billed(Bill::default());
            let idle = self.endpoint.patience.idle;
            // An error body that is cut still says something.
            let (body, _) = answer.rest(Vec::new(), PAGE_LIMIT, idle).await;
            return Err(judge.status(&answer, &refusal::of_body(&body)));
        }
        let mut head = Vec::new();
        if answer.kind == Kind::Unsaid {
            self.sniff(&mut answer, &mut head).await;
        }
        match answer.kind {
            Kind::Stream => self.listen(answer, &head, listener).await,
            _ => self.whole(answer, head, listener).await,
        }
    }

    /// Reads the first bytes of an answer that does not say what it is.
    async fn sniff(&self, answer: &mut Answer, head: &mut Vec<u8>) {
        if let Ok(Some(chunk)) = answer.next(self.endpoint.patience.idle).await {
            head.extend_from_slice(chunk.as_ref());
        }
        let bytes = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        let bytes = bytes.trim_ascii_start();
        let is_stream = [&b"data:"[..], b"event:", b"id:", b"retry:", b":"]
            .iter()
            .any(|start| bytes.starts_with(start));
        answer.kind = match bytes.first() {
            _ if is_stream => Kind::Stream,
            Some(b'{') => Kind::Json,
            _ => Kind::Other,
        };
    }

    /// Reads an event stream.
    async fn listen(
        &self,
        mut answer: Answer,
        head: &[u8],
        listener: &mut Listener<'_>,
    ) -> Result<Reply, Failure> {
        let judge = self.judge();
        let patience = &self.endpoint.patience;
        let mut listening = Listening::new((self.endpoint.dialect.reader)());
        let mut fed = listening.feed(head, listener);
        // Keep-alives may go on for ever; they put off the idle time-out, but
        // not the end of the grace.
        let mut grace_ends = None;
        let broken = loop {
            match fed {
                Ok(false) => {}
                Ok(true) => break None,
                // What follows a proven end (a bad usage event, say) cannot undo it.
                Err(_) if listening.is_whole() => break None,
                Err(stopped) => return Err(judge.stopped(stopped, listening.has_begun())),
            }
            let mut limit = patience.idle;
            if listening.is_whole() {
                let end = *grace_ends.get_or_insert_with(|| Instant::now() + patience.grace);
                limit = limit.min(end.saturating_duration_since(Instant::now()));
            }
            match answer.next(limit).await {
                Ok(Some(chunk)) => fed = listening.feed(chunk.as_ref(), listener),
                Ok(None) => break None,
                Err(broken) => break Some(broken),
            }
        };
        let reply = listening.end(&self.endpoint.model, listener);
        self.bill(listening.ending(), listener);
        reply.map_err(|stopped| match (stopped, broken) {
            (Stopped::Early | Stopped::Empty(_), Some(broken)) => judge.broken(&broken),
            (stopped, _) => judge.stopped(stopped, true),
        })
    }

    /// Tells what a try is billed with, as far as the endpoint has said.
    fn bill(&self, ending: &Ending, listener: &mut Listener<'_>) {
        if let Some(usage) = ending.usage {
            let cost = ending.cost.or_else(|| {
                let price = self.endpoint.price?;
                Some(price.cost(usage.prompt, usage.cached, usage.written, usage.reply))
            });
            listener.billed(Bill { usage, cost });
        }
    }

    /// Reads an answer that is no stream: a whole reply in JSON, or something else.
    async fn whole(
        &self,
        mut answer: Answer,
        head: Vec<u8>,
        listener: &mut Listener<'_>,
    ) -> Result<Reply, Failure> {
        let judge = self.judge();
        let most = match answer.kind {
            Kind::Json => EVENT_LIMIT,
            _ => PAGE_LIMIT,
        };
        let idle = self.endpoint.patience.idle;
        let (body, broken) = answer.rest(head, most, idle).await;
        if let Some(broken) = broken {
            return Err(judge.broken(&broken));
        }
        let value = match serde_json::from_slice::<Value>(&body) {
            Ok(value) if answer.kind == Kind::Json => value,
            _ => return Err(judge.not_chat(&refusal::of_body(&body))),
        };
        let mut reader = (self.endpoint.dialect.reader)();
        let piece = reader
            .whole(&value)
            .map_err(|trouble| judge.stopped(Stopped::Trouble(trouble), false))?;
        listener.hear(&piece.text);
        let ending = reader.ending();
        self.bill(ending, listener);
        ending.reply(&self.endpoint.model).ok_or_else(|| match &ending.foreign {
            Some(word) => judge.foreign_finish(word),
            None => judge.early("a whole reply without a finish reason"),
        })
    }
}

impl Provider for Remote {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn tokenizer(&self) -> Arc<dyn Tokenizer> {
        Arc::clone(&self.tokens) as Arc<dyn Tokenizer>
    }

    fn stream<'a>(
        &'a self,
        request: &'a Request,
        ear: &'a mut dyn Ear,
        cancel: &'a CancellationToken,
    ) -> Streaming<'a> {
        Box::pin(async move {
            let mut listener = Listener::new(ear);
            // Dropping the call closes its connection.
            let reply = unless_cancelled(cancel, self.call(request, &mut listener)).await?;
            Ok(self.judge().clean(reply))
        })
    }
}
