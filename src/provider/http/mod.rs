//! Models behind HTTP: what every dialect has in common.
//!
//! | File | What |
//! |---|---|
//! | `address` | which URLs are safe, and keys bound to one origin |
//! | `headers` | the user's own headers, bound to one origin |
//! | `dialect` | the row, the body and the reader that make a wire |
//! | `knobs` | what a model's and a vendor's rows say to a body |
//! | `patience` | time-outs, tries and pauses |
//! | `connections` | what all who call the same endpoint share |
//! | `proxy` | which proxy requests go through |
//! | `gate` | what may be asked for at the same time, and in a minute |
//! | `client` | the network: one request and its answer |
//! | `calling` | one call: tries, pauses, bills |
//! | `answering` | one request and its answer |
//! | `stepping` | stepping back to where a banned phrase begins |
//! | `secret` | what is blotted out wherever an endpoint repeats it |
//! | `blotting` | secrets that an endpoint repeats in a reply |
//! | `echo` | the same in a page or a message, in whatever guise |
//! | `framing`, `listening` | bytes of a stream to text and a proven end |
//! | `halves` | characters that were sent in two halves |
//! | `page` | a JSON page of the same endpoint, with the same key |
//! | `counting` | how tokens of its prompts are counted |
//! | `refusal` | what is said instead of a reply, fit to be shown |
//! | `wording` | what its words stand for, where they are all there is |
//! | `fault` | which [`Fault`] an answer is, and whether to try again |
//! | `billing` | what a try is billed with |
//! | `fee` | what a vendor itself says that a reply costs |
//!
//! A request is sent again only while none of its text has been delivered, and
//! only for a passing fault, after a pause with jitter that honours
//! `Retry-After`; an endpoint that asks for more than [`LONGEST_WAIT`] ends the
//! call at once ([`Fault::Busy`] says how long it asks). Silence is not answered
//! by asking again. Statuses 400, 401, 402, 403, 404, 413 and 422 end a call. An
//! error inside a 200 counts as the status that it names, or that its words stand
//! for; where they say nothing, as a failing server.
//! Only where the words of a 400 or 422 name an *optional* field of the body,
//! another request is sent at once, without that field, and the field is left
//! out from then on ([`Remote::left_out`]); [`Endpoint::is_strict`] forbids it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Admitting, Ear, Facts, Fault, Pass, Provider, Request, Streaming, unless_cancelled};
use crate::chat::Tokenizer;
use crate::money::Price;
use crate::prompt::tokens::Bound;

mod address;
mod answering;
mod bill_page;
mod billing;
mod blotting;
mod calling;
mod client;
mod connections;
mod counting;
pub mod dialect;
mod echo;
mod fault;
pub(super) mod fee;
mod framing;
pub mod gate;
mod halves;
mod headers;
mod knobs;
mod listening;
mod page;
mod patience;
mod proxy;
pub mod refusal;
mod secret;
mod stepping;
mod wording;

pub use address::{BadEndpoint, Base, BoundKey};
pub use connections::Connections;
pub use counting::counting;
pub use echo::BLOT;
pub use headers::BoundHeaders;
pub use patience::{LONGEST_WAIT, Patience, retry_after};
pub use proxy::{VARIABLES as PROXY_VARIABLES, is_proxy, proxy};

use blotting::Blotting;
use client::Client;
use dialect::{Dialect, Knobs, Spare};
use fault::Judge;
use gate::{Gate, Limits, Wait};
use listening::Listener;
use stepping::Stepping;

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
    /// How the user can give it another key, in words.
    pub key_way: Option<String>,
    /// Who has set its address and its model, where that is known.
    pub said_in: SaidIn,
    /// What takes the model's place, as the user would name it, where that is known.
    pub successor: Option<String>,
    /// The user's own headers for it.
    pub headers: Option<BoundHeaders>,
    /// The model, in the endpoint's words.
    pub model: String,
    /// Tokens that prompt and reply may take together.
    pub window: usize,
    /// How that is made larger, where it is only assumed.
    pub window_way: Option<String>,
    /// The most tokens of one reply, where there is such a limit.
    pub reply_limit: Option<usize>,
    /// Tokens that each reply may take for thinking, beside its text.
    pub thinking: usize,
    /// Whether a trailing assistant message is continued.
    pub prefill: bool,
    /// Whether a reply can be held to a JSON Schema.
    pub structured: bool,
    /// What its bodies depend on besides the request; the model's name and the
    /// window stand in the fields above.
    pub knobs: Knobs,
    /// What its tokens cost; none where nobody has said.
    pub price: Option<Price>,
    /// How its tokens are counted, the marks of a raw text left out.
    pub tokenizer: Arc<dyn Tokenizer>,
    /// Waits and tries.
    pub patience: Patience,
    /// The connections it shares with others.
    pub connections: Connections,
    /// What it may be asked for at the same time, shared with all who call it.
    pub gate: Arc<Gate>,
    /// Whether a field that the endpoint refuses is a fault, rather than left out.
    pub is_strict: bool,
}

/// Who has set what of an endpoint, as messages name it: `STORYGEN_BASE_URL`, a flag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SaidIn {
    /// Where its address stands; nowhere where it is the vendor's own.
    pub address: Option<String>,
    /// Who names the model.
    pub model: Option<String>,
}

impl Endpoint {
    /// A model at an endpoint of which nothing more is known: no key, no reply
    /// limit, no prefill (but where raw text is sent), structured replies (they
    /// are left out when refused), the settings that are usual for its wire, no
    /// extra fields, the proven token bound, the usual patience.
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
            key_way: None,
            said_in: SaidIn { address: Some("`base_url`".to_owned()), model: None },
            successor: None,
            headers: None,
            model: model.into(),
            window,
            window_way: None,
            reply_limit: None,
            thinking: 0,
            prefill: dialect.raw.is_some(),
            structured: true,
            knobs: Knobs { accepts: (dialect.usual)(), ..Knobs::default() },
            price: None,
            tokenizer: Arc::new(Bound::new(None)),
            patience: Patience::default(),
            connections: Connections::default(),
            gate: Arc::new(Gate::new(Limits::default())),
            is_strict: false,
        }
    }
}

/// Hears how long the pause is that begins now, and which fault made it needed.
pub type OnPause = Box<dyn Fn(Duration, &Fault) + Send + Sync>;

/// Hears that a call waits at the gate, and by nothing that it waits no longer.
pub type OnWait = Box<dyn Fn(Option<Wait>) + Send + Sync>;

/// Hears which sampling setting the endpoint has refused, by its name on the wire; it is
/// left out from there on.
pub type OnLeftOut = Box<dyn Fn(&str) + Send + Sync>;

/// Hears which model has answered, in the endpoint's own words.
pub type OnAnswer = Box<dyn Fn(&str) + Send + Sync>;

/// A [`Provider`] over HTTP.
pub struct Remote {
    facts: Facts,
    tokens: Arc<dyn Tokenizer>,
    endpoint: Endpoint,
    /// What is the user's alone, and is not to be shown.
    secrets: Vec<String>,
    client: Client,
    /// The fields that this endpoint has refused, for the life of the provider.
    spared: Mutex<Vec<&'static Spare>>,
    /// Whoever wants to know why nothing comes for a while.
    on_pause: Option<OnPause>,
    on_wait: Option<OnWait>,
    on_answer: Option<OnAnswer>,
    on_left_out: Option<OnLeftOut>,
}

impl Endpoint {
    /// Where the chat template of its model is named, as a clause.
    fn template_row(&self) -> String {
        let (model, vendor) = (serde_json::Value::from(self.model.as_str()), &self.vendor);
        format!(
            "; name it in your `catalogue.yaml`, as in `models: {{{model}: {{template: chatml, hosts: {{{vendor}: {{id: {model}}}}}}}}}`"
        )
    }
}

impl Remote {
    /// A provider for `endpoint`. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`BadEndpoint`] for a key that is bound to another origin, for raw text
    /// without a known chat template, and when there is no TLS to be had.
    pub fn new(mut endpoint: Endpoint) -> Result<Self, BadEndpoint> {
        endpoint.knobs.model.clone_from(&endpoint.model);
        endpoint.knobs.window = endpoint.window;
        endpoint.knobs.accepts = endpoint.dialect.heeds(&endpoint.knobs.accepts);
        if let Some(raw) = &endpoint.dialect.raw {
            let way = endpoint.knobs.template.is_none().then(|| endpoint.template_row());
            let way = way.unwrap_or_default();
            (raw.check)(&endpoint.knobs).map_err(|why| BadEndpoint(why + &way))?;
        }
        if let Some(key) = endpoint.key.as_ref().filter(|key| !key.fits(&endpoint.base)) {
            return Err(BadEndpoint(format!(
                "{key:?} is not for {}; set a key for that endpoint",
                endpoint.base.origin()
            )));
        }
        let (headers, auth) = (endpoint.headers.as_ref(), endpoint.dialect.auth);
        if headers.is_some_and(|own| own.in_place_of_key(&endpoint.base, auth).is_some()) {
            endpoint.key = None;
        }
        let client = Client::new(&endpoint)?;
        Ok(Self {
            facts: Facts {
                name: format!("{}/{}", endpoint.vendor, endpoint.model),
                window: endpoint.window,
                held_by: None,
                window_way: endpoint.window_way.clone(),
                reply_limit: endpoint.reply_limit,
                thinking: endpoint.thinking,
                prefill: endpoint.prefill,
                structured: endpoint.structured,
                steps_back: stepping::is_possible(&endpoint),
                accepts: endpoint.knobs.accepts.clone(),
                price: endpoint.price,
                tries: u32::try_from(endpoint.patience.tries).unwrap_or(u32::MAX).max(1),
                is_local: endpoint.base.is_local(),
            },
            tokens: counting(endpoint.dialect, &endpoint.knobs, endpoint.tokenizer.clone()),
            client,
            secrets: secret::all(endpoint.key.as_ref(), endpoint.headers.as_ref(), &endpoint.base),
            endpoint,
            spared: Mutex::default(),
            on_pause: None,
            on_wait: None,
            on_answer: None,
            on_left_out: None,
        })
    }

    /// The same provider; it tells of each pause before it sends a request again.
    #[must_use]
    pub fn telling_pauses(self, on_pause: OnPause) -> Self {
        Self { on_pause: Some(on_pause), ..self }
    }

    /// The same provider; it tells of each wait at the endpoint's gate.
    #[must_use]
    pub fn telling_waits(self, on_wait: OnWait) -> Self {
        Self { on_wait: Some(on_wait), ..self }
    }

    /// The same provider; it tells of each sampling setting that it leaves out.
    #[must_use]
    pub fn telling_left_out(self, on_left_out: OnLeftOut) -> Self {
        Self { on_left_out: Some(on_left_out), ..self }
    }

    /// The same provider; it tells of each whole reply which model has given it.
    #[must_use]
    pub fn telling_answers(self, on_answer: OnAnswer) -> Self {
        Self { on_answer: Some(on_answer), ..self }
    }

    fn judge(&self) -> Judge<'_> {
        Judge {
            base: &self.endpoint.base,
            key: self.endpoint.key.as_ref(),
            key_way: self.endpoint.key_way.as_deref(),
            said_in: &self.endpoint.said_in,
            successor: self.endpoint.successor.as_deref(),
            headers: self.endpoint.headers.as_ref(),
            secrets: &self.secrets,
            model: Some(&self.endpoint.model),
            home: self.endpoint.dialect.home,
        }
    }
}

impl Provider for Remote {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn tokenizer(&self) -> Arc<dyn Tokenizer> {
        Arc::clone(&self.tokens)
    }

    fn admit<'a>(&'a self, request: &'a Request) -> Admitting<'a> {
        Box::pin(async move {
            // What does not fit is not sent at all.
            let tokens = self.most(&self.with_thoughts(request)).ok()?;
            Some(self.enter(tokens).await)
        })
    }

    fn stream<'a>(
        &'a self,
        request: &'a Request,
        pass: Option<Pass>,
        ear: &'a mut dyn Ear,
        cancel: &'a CancellationToken,
    ) -> Streaming<'a> {
        Box::pin(async move {
            let request = &self.with_thoughts(request);
            let stepping = Stepping::of(request, self.endpoint.knobs.text_bias)
                .filter(|_| self.facts.steps_back);
            let mut listener = Listener::new(ear, stepping, Blotting::of(&self.secrets));
            // Dropping the call closes its connection.
            let reply = unless_cancelled(cancel, self.call(request, pass, &mut listener)).await;
            if matches!(reply, Err(Fault::Cancelled)) {
                self.settle_stopped(&mut listener).await;
            }
            let reply = self.judge().clean(reply?);
            if let Some(tell) = &self.on_answer {
                tell(&reply.model);
            }
            Ok(reply)
        })
    }
}
