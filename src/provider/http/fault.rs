//! Which [`Fault`] an answer is, whether trying again can help, and what it may say.
//!
//! Pure. Every foreign word passes through [`shown`] here, which blots out the key.

use std::time::Duration;

use super::SaidIn;
use super::address::{Base, BoundKey};
use super::billing;
use super::client::{Answer, Broken, Foreign};
use super::dialect::Trouble;
use super::headers::BoundHeaders;
use super::listening::Stopped;
use super::patience::LONGEST_WAIT;
use super::proxy::proxy;
use super::refusal::{Refusal, error, of_body, read_body, shown};
use crate::provider::{Fault, Reply};

/// What is to be done about a key that has spent all that it may.
const RAISE_THE_LIMIT: &str = "raise the key's limit at the endpoint's site, or use another key";

/// A try that failed.
#[derive(Debug)]
pub(super) struct Failure {
    /// What the caller is told when there is no other try.
    pub fault: Fault,
    /// Whether another try can help.
    pub again: bool,
    /// How long the endpoint asks to wait before that.
    pub wait: Duration,
    /// What the endpoint refused, where its words may name a field of the body.
    pub refusal: Option<Refusal>,
    /// Whether the endpoint did no work that it could bill.
    pub is_free: bool,
    /// Whether it may have worked on the request before it failed: where it has given the
    /// reply a number, it can be asked whether there was one after all.
    pub is_late: bool,
}

impl Failure {
    fn new(fault: Fault, again: bool) -> Self {
        Self { fault, again, wait: Duration::ZERO, refusal: None, is_free: false, is_late: false }
    }

    /// A fault that no other try can help.
    pub fn last(fault: Fault) -> Self {
        Self::new(fault, false)
    }
}

impl Broken {
    /// What was seen.
    pub fn words(&self) -> String {
        match self {
            Self::Unreachable(why) | Self::Lost(why) => why.clone(),
            Self::Foreign(Foreign::NoTls, _) => {
                "what answers there does not speak TLS; a server of plain http does not".to_owned()
            }
            Self::Foreign(Foreign::NoHttp, _) => "what answers there is no HTTP server".to_owned(),
            Self::Foreign(Foreign::Untrusted, why) => {
                format!("the certificate of what answers there is not trusted ({why})")
            }
            Self::Foreign(Foreign::ProxyKey, _) => {
                "the proxy on the way wants a user name and a password (407)".to_owned()
            }
            Self::Silent(limit) => format!("nothing came for {limit:?}"),
        }
    }
}

/// What a judgement needs to know of the endpoint.
pub(super) struct Judge<'a> {
    pub base: &'a Base,
    pub key: Option<&'a BoundKey>,
    /// How the user can give it another key.
    pub key_way: Option<&'a str>,
    /// Who has set its address and its model.
    pub said_in: &'a SaidIn,
    /// What takes the model's place, where that is known.
    pub successor: Option<&'a str>,
    /// The user's own headers for it.
    pub headers: Option<&'a BoundHeaders>,
    /// What its words may repeat, and must not.
    pub secrets: &'a [String],
    /// The model, where one was asked.
    pub model: Option<&'a str>,
    /// What most base URLs of its wire end with.
    pub home: &'a str,
}

impl Judge<'_> {
    fn origin(&self) -> String {
        self.base.origin()
    }

    fn shown(&self, words: &str) -> String {
        shown(words, self.secrets)
    }

    /// A connection that failed.
    pub fn broken(&self, broken: &Broken) -> Failure {
        let origin = self.origin();
        let why = self.shown(&broken.words());
        match broken {
            // What never arrived, nobody worked on.
            Broken::Unreachable(_) => {
                let why = why + &self.by_proxy();
                let fault = Fault::Unreachable { origin, why, way: Some(self.whereabouts()) };
                Failure { is_free: true, ..Failure::new(fault, true) }
            }
            Broken::Foreign(foreign, _) => {
                let is_on_the_way = matches!(foreign, Foreign::Untrusted | Foreign::ProxyKey);
                let by = if is_on_the_way { self.by_proxy() } else { String::new() };
                let (why, way) = (why + &by, self.tongue(*foreign));
                let fault = Fault::Foreign { origin, why, way };
                Failure { is_free: true, ..Failure::last(fault) }
            }
            Broken::Lost(_) => Failure::new(Fault::Interrupted { origin, why }, true),
            // The endpoint may be at work on the request; asking twice for it
            // would only make it slower, and cost twice.
            Broken::Silent(_) => Failure::new(Fault::Interrupted { origin, why }, false),
        }
    }

    /// Through which proxy requests go, as a clause; nothing where they go through none.
    fn by_proxy(&self) -> String {
        let by = proxy(self.base).map(|proxy| {
            format!(
                " (through the proxy {proxy} that your environment names; `NO_PROXY` leaves it out)"
            )
        });
        by.unwrap_or_default()
    }

    /// What there is to look at where nothing answers.
    fn whereabouts(&self) -> String {
        match &self.said_in.address {
            Some(place) => format!("is the server running, and the address right that {place} names?"),
            None if self.base.is_local() => {
                "is the server running? Its address is the usual one; `base_url` in your configuration names another".to_owned()
            }
            None => "is this machine online? The address is the vendor's own".to_owned(),
        }
    }

    /// What there is to look at where something else answers.
    fn tongue(&self, foreign: Foreign) -> String {
        let origin = self.origin();
        let place = self.said_in.address.as_deref().unwrap_or("`base_url`");
        match (foreign, origin.strip_prefix("https://")) {
            (Foreign::NoTls, Some(host)) if self.base.is_local() => {
                format!("write `http://{host}` instead of `{origin}` in {place}")
            }
            (Foreign::NoTls, _) => format!(
                "look at host and port in {place}; only this machine may be reached by plain http"
            ),
            (Foreign::NoHttp, _) => format!(
                "look at host and port in {place}; one that wants https is written `https://…`"
            ),
            (Foreign::Untrusted, _) => "if it is a proxy that looks into what passes, or a server of your own, add the certificate that it is signed by to your system's; on Linux `SSL_CERT_FILE` may name a file of all that are trusted".to_owned(),
            (Foreign::ProxyKey, _) => "write them into the variable that names it, `HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT`, or leave this host out by `NO_PROXY`".to_owned(),
        }
    }

    /// An answer with another status than 200.
    pub fn status(&self, answer: &Answer, refusal: &Refusal) -> Failure {
        let redirect = answer
            .elsewhere
            .as_ref()
            .map(|origin| Refusal { message: self.redirect(origin), ..Refusal::default() });
        let refusal = redirect.as_ref().unwrap_or(refusal);
        // A used-up quota comes as 429, and an empty account as 400, but no waiting and no
        // other request fills them.
        let class = if refusal.is_about_credit() { 402 } else { answer.status };
        let failure = self.refused(
            class,
            answer.status,
            refusal,
            answer.retry_after,
            &self.hint(answer.status),
        );
        Failure { is_free: billing::is_free(answer.status), ..failure }
    }

    /// What a status says beside its words.
    fn hint(&self, status: u16) -> String {
        if status != 404 {
            return String::new();
        }
        let home = self.home;
        if !home.is_empty() && !self.base.has_version() {
            return format!("; most endpoints want `{home}` at the end of `base_url`");
        }
        if home.is_empty() && self.base.has_version() {
            return "; this kind of endpoint has no version at the end of `base_url`".to_owned();
        }
        let named = self.said_in.model.as_ref();
        let named = named.map(|named| format!(", which {named} names")).unwrap_or_default();
        let address = self.said_in.address.as_deref();
        match (self.model, address) {
            (Some(model), Some(address)) => {
                format!("; check {address} and the model `{model}`{named}{}", self.next())
            }
            (Some(model), None) => format!("; check the model `{model}`{named}{}", self.next()),
            (None, address) => format!("; check {}", address.unwrap_or("`base_url`")),
        }
    }

    /// What takes the place of a model that is not there, as a clause.
    fn next(&self) -> String {
        let next = self.model.and(self.successor);
        next.map(|next| format!("; `{next}` takes its place")).unwrap_or_default()
    }

    /// What is said of a redirect, whose own page says no more.
    fn redirect(&self, origin: &str) -> String {
        if origin == self.origin() {
            return "it redirects to another of its own pages, which is not followed; check `base_url`".to_owned();
        }
        format!(
            "it redirects to {origin}, which is not followed: set that as `base_url` if you trust it"
        )
    }

    /// Where the key came from that was not accepted.
    fn whose_key(&self) -> String {
        let header = self.headers.and_then(|headers| headers.secret(self.base));
        match (self.key.map(BoundKey::source), header) {
            (None, Some(name)) => {
                format!("; the key is that of the header `{name}` in your configuration")
            }
            (None, None) if self.base.is_keyed() => {
                "; the key is that of the address, behind its `?`".to_owned()
            }
            (None, None) => "; no key is set for it".to_owned(),
            (Some(None), _) => String::new(),
            (Some(Some(source)), _) => format!("; the key is that of {source}"),
        }
    }

    /// The fault that `class` stands for; `status` is the one to be shown.
    fn refused(
        &self,
        class: u16,
        status: u16,
        refusal: &Refusal,
        retry_after: Option<Duration>,
        hint: &str,
    ) -> Failure {
        let origin = self.origin();
        let words = self.shown(&refusal.message);
        // To wait for so long is for the user to decide.
        let too_long = retry_after.filter(|wait| *wait > LONGEST_WAIT);
        let asks = too_long.map(|wait| format!("; it asks for {}", minutes(wait)));
        let message = format!("{words}{hint}{}", asks.unwrap_or_default());
        let fault = match class {
            400 | 404 if let Some(model) = self.gone(refusal) => {
                Fault::Gone { origin, model, message: words + &self.next() }
            }
            404 if refusal.is_about_parameters() => Fault::Unserved { origin, message: words },
            400 | 413 | 422 if refusal.is_about_length() => Fault::Refused {
                origin,
                status,
                message: format!(
                    "{message}; set `limits: {{window: …}}` in `storygen.yaml` to what it holds"
                ),
            },
            402 | 403 if refusal.is_about_the_keys_limit() => Fault::Key {
                origin,
                message: message + &self.whose_key(),
                way: Some(RAISE_THE_LIMIT.to_owned()),
            },
            403 if refusal.spares_the_key() => Fault::Refused { origin, status, message },
            class if matches!(class, 401 | 403) || class == 400 && refusal.is_about_key() => {
                Fault::Key {
                    origin,
                    message: message + &self.whose_key(),
                    way: self.key_way.map(str::to_owned),
                }
            }
            429 | 503 | 529 => Fault::Busy { origin, message, retry_after },
            408 | 500..=599 if too_long.is_some() => Fault::Busy { origin, message, retry_after },
            408 | 500..=599 => Fault::Server { origin, status: class, message },
            402 if refusal.names_what_can_be_paid() => Fault::Refused {
                origin,
                status: 402,
                message: format!(
                    "{message}; a smaller `limits: {{reply_tokens: …}}` in `storygen.yaml` asks for less"
                ),
            },
            402 => Fault::Refused { origin, status: 402, message },
            _ => Fault::Refused { origin, status, message },
        };
        Failure {
            again: fault.is_passing(),
            fault,
            wait: retry_after.unwrap_or_default(),
            refusal: matches!(class, 400 | 422).then(|| refusal.clone()),
            is_free: false,
            is_late: billing::may_have_worked(status),
        }
    }

    /// The model, if a refusal says that there is none of that name.
    fn gone(&self, refusal: &Refusal) -> Option<String> {
        let model = self.model.filter(|model| refusal.misses_the_model(model))?;
        Some(model.to_owned())
    }

    /// An answer that is no stream and no reply.
    pub fn not_chat(&self, refusal: &Refusal) -> Failure {
        if refusal.status.is_some() {
            return self.in_band(refusal, false);
        }
        let fault = Fault::NotChat {
            origin: self.origin(),
            message: format!("{}; check `base_url`", self.shown(&refusal.message)),
        };
        Failure::new(fault, false)
    }

    /// An answer whose status was good, and whose body is none of this wire.
    pub fn no_reply(&self, body: &[u8]) -> Failure {
        match error(body) {
            Some(refusal) => self.in_band(&refusal, false),
            None => self.not_chat(&of_body(body)),
        }
    }

    /// A stream that was not read to its end. One that has made sense so far
    /// (`begun`) is taken for damaged, any other for something else than chat.
    pub fn stopped(&self, stopped: Stopped, begun: bool) -> Failure {
        let what = match stopped {
            Stopped::Trouble(Trouble::Refused(refusal)) => return self.in_band(&refusal, begun),
            Stopped::Trouble(Trouble::Cut { read, least }) => {
                return Failure::last(Fault::Cut { origin: self.origin(), read, least });
            }
            Stopped::Early => return self.unended(),
            Stopped::Empty(head) => {
                return match read_body(&head) {
                    Some(_) => self.no_reply(&head),
                    None => self.early("it was empty"),
                };
            }
            Stopped::Packed(packing) => return self.packed(packing),
            Stopped::Trouble(Trouble::Garbled(what)) => what,
            Stopped::Frame(why) => why.to_string(),
            Stopped::Unsaid => "what must not be said".to_owned(),
            Stopped::TooMuch => "a stream without end".to_owned(),
        };
        if begun { self.early(&format!("it sent {what}")) } else { self.garbled(&what) }
    }

    /// An answer that is compressed, though nobody asked for that.
    pub fn packed(&self, packing: &str) -> Failure {
        self.garbled(&format!(
            "{packing}, which was not asked for; a proxy on the way may compress what passes"
        ))
    }

    /// A reply that ended without proof that it is whole.
    pub fn early(&self, why: &str) -> Failure {
        let fault = Fault::Interrupted { origin: self.origin(), why: self.shown(why) };
        Failure::new(fault, true)
    }

    /// A reply that was closed in order, without proof that it is whole.
    pub fn unended(&self) -> Failure {
        Failure::new(Fault::Unended { origin: self.origin() }, true)
    }

    /// An error that the endpoint reports inside an answer whose status was good.
    fn in_band(&self, refusal: &Refusal, begun: bool) -> Failure {
        let class = refusal.means();
        // Words alone may not make a bill of nothing.
        let is_free = !begun && refusal.status.is_some_and(billing::is_free_in_band);
        Failure { is_free, ..self.refused(class, class, refusal, None, &self.hint(class)) }
    }

    /// A reply that ended in a word that proves nothing. The same request would
    /// end in the same word.
    pub fn foreign_finish(&self, word: &str) -> Failure {
        let why =
            format!("it ended with finish reason `{word}`, which does not say that it is whole");
        Failure { again: false, ..self.early(&why) }
    }

    /// Something else than what was asked for.
    pub fn garbled(&self, what: &str) -> Failure {
        let fault = Fault::NotChat {
            origin: self.origin(),
            message: format!("it sent {}", self.shown(what)),
        };
        Failure::new(fault, false)
    }

    /// A reply whose one foreign word is fit to be stored and shown.
    pub fn clean(&self, reply: Reply) -> Reply {
        Reply { model: self.shown(&reply.model), ..reply }
    }
}

/// A long wait as people say it, rounded up.
fn minutes(wait: Duration) -> String {
    const A_YEAR: u64 = 365 * 24 * 60;
    match wait.as_secs().div_ceil(60) {
        minutes @ 0..120 => format!("{minutes} minutes"),
        A_YEAR.. => "more than a year".to_owned(),
        minutes => format!("{} hours", minutes.div_ceil(60)),
    }
}
