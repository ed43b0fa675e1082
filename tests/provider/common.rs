//! One request, one endpoint, and a way to run the one against the other.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value, json};
use storygen::chat::{Message, Role};
use storygen::money::Money;
use storygen::provider::http::{Base, BoundKey, Endpoint, Patience, Remote};
use storygen::provider::openai::OPENAI;
use storygen::provider::{Bill, Ear, Fault, Provider, Reply, Request, Sampling};
use tokio_util::sync::CancellationToken;

use crate::byte_server::Step;

/// A key that must never be seen outside its header.
pub const KEY: &str = "sk-test-4711";

pub fn request() -> Request {
    Request {
        messages: vec![
            Message::new(Role::System, "You write prose."),
            Message::new(Role::User, "Write “日本”."),
        ],
        reply_tokens: 700,
        sampling: Sampling {
            temperature: Some(0.8),
            top_p: Some(0.95),
            min_p: Some(0.05),
            repetition_penalty: Some(1.1),
            ..Sampling::default()
        },
        seed: 42,
        schema: None,
        bans: None,
        marks: Vec::new(),
    }
}

pub fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {"synopsis": {"type": "string"}},
        "required": ["synopsis"],
        "additionalProperties": false,
    })
}

/// Waits short enough for tests, long enough for two busy cores.
pub fn patience() -> Patience {
    Patience {
        tries: 4,
        base: Duration::from_millis(1),
        connect: Duration::from_secs(10),
        idle: Duration::from_secs(20),
        grace: Duration::from_millis(200),
    }
}

/// The endpoint at `base_url`, with a key.
pub fn endpoint(base_url: &str) -> Endpoint {
    let base = Base::parse(base_url).unwrap();
    let key = BoundKey::new(&base, &SecretString::from(KEY)).unwrap();
    Endpoint {
        key: Some(key),
        patience: patience(),
        ..Endpoint::new(&OPENAI, base, "test-model", 32_768)
    }
}

pub fn remote(base_url: &str) -> Remote {
    Remote::new(endpoint(base_url)).unwrap()
}

/// The text that was delivered, and how it ended.
pub fn run(provider: &dyn Provider, request: &Request) -> (String, Result<Reply, Fault>) {
    run_with(provider, request, &CancellationToken::new(), |_| {})
}

/// The same, with a cancel token and an eye on each piece of text.
pub fn run_with(
    provider: &dyn Provider,
    request: &Request,
    cancel: &CancellationToken,
    mut on_text: impl FnMut(&str) + Send,
) -> (String, Result<Reply, Fault>) {
    let mut text = String::new();
    let mut hear = |piece: &str| {
        text.push_str(piece);
        on_text(piece);
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let reply = runtime.block_on(provider.stream(request, None, &mut hear, cancel));
    (text, reply)
}

/// What a whole call comes to: its text, its end, and what each try was billed
/// with; none for one that stays open.
pub struct Heard {
    pub text: String,
    pub reply: Result<Reply, Fault>,
    pub bills: Vec<Option<Bill>>,
    /// The most that a try may cost which stays open, where its endpoint counted some.
    pub most: Option<Money>,
}

struct Ledger<F> {
    text: String,
    bills: Vec<Option<Bill>>,
    most: Option<Money>,
    on_text: F,
}

impl<F: FnMut(&str) + Send> Ear for Ledger<F> {
    fn text(&mut self, piece: &str) {
        self.text.push_str(piece);
        (self.on_text)(piece);
    }

    fn sending(&mut self) {
        self.bills.push(None);
    }

    fn billed(&mut self, bill: Bill) {
        let last = self.bills.last_mut().expect("a bill comes after its request");
        assert!(last.is_none(), "a try is billed once");
        *last = Some(bill);
    }

    fn may_cost(&mut self, most: Money) {
        assert_eq!(self.bills.last(), Some(&None), "only what is open may cost more");
        self.most = Some(most);
    }
}

/// Calls, and hears the bills too.
pub fn hear(provider: &dyn Provider, request: &Request) -> Heard {
    hear_with(provider, request, &CancellationToken::new(), |_| {})
}

/// The same, with a cancel token and an eye on each piece of text.
pub fn hear_with(
    provider: &dyn Provider,
    request: &Request,
    cancel: &CancellationToken,
    on_text: impl FnMut(&str) + Send,
) -> Heard {
    let mut ledger = Ledger { text: String::new(), bills: Vec::new(), most: None, on_text };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let reply = runtime.block_on(provider.stream(request, None, &mut ledger, cancel));
    Heard { text: ledger.text, reply, bills: ledger.bills, most: ledger.most }
}

pub fn send(bytes: impl Into<Vec<u8>>) -> Step {
    Step::Send(bytes.into())
}

/// An event with a piece of text.
pub fn says(text: &str) -> String {
    event(&json!({"choices": [{"index": 0, "delta": {"content": text}}]}))
}

/// An event with a finish reason.
pub fn ends(reason: &str) -> String {
    event(&json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}))
}

pub const DONE: &str = "data: [DONE]\n\n";

pub fn event(value: &Value) -> String {
    format!("data: {value}\n\n")
}

/// The variant of a fault.
pub fn kind(fault: &Fault) -> &'static str {
    match fault {
        Fault::Unreachable { .. } => "unreachable",
        Fault::Foreign { .. } => "foreign",
        Fault::Key { .. } => "key",
        Fault::Busy { .. } => "busy",
        Fault::Refused { .. } | Fault::Unserved { .. } => "refused",
        Fault::Gone { .. } => "gone",
        Fault::Cut { .. } => "cut",
        Fault::Server { .. } => "server",
        Fault::NotChat { .. } => "not chat",
        Fault::Interrupted { .. } | Fault::Unended { .. } => "interrupted",
        Fault::TooLong { .. } => "too long",
        Fault::Model(_) => "model",
        Fault::Script(_) => "script",
        Fault::Cancelled => "cancelled",
    }
}
