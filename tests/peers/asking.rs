//! Asking a peer by a wire of the library, where the program cannot name it.

use secrecy::SecretString;
use storygen::chat::{Message, Role};
use storygen::provider::http::dialect::Dialect;
use storygen::provider::http::{Base, BoundKey, Endpoint, Remote};
use storygen::provider::{Bill, Ear, Fault, Provider, Reply, Request, Sampling};
use tokio_util::sync::CancellationToken;

/// What a call comes to.
#[derive(Debug)]
pub struct Heard {
    pub text: String,
    pub reply: Result<Reply, Fault>,
    /// What each try was billed with; none for one that stays open.
    pub bills: Vec<Option<Bill>>,
}

impl Ear for Heard {
    fn text(&mut self, piece: &str) {
        self.text.push_str(piece);
    }

    fn sending(&mut self) {
        self.bills.push(None);
    }

    fn billed(&mut self, bill: Bill) {
        *self.bills.last_mut().expect("a request comes before its bill") = Some(bill);
    }
}

/// A model at an endpoint, with a key and a window of 4,096 tokens.
pub fn endpoint(dialect: &'static Dialect, url: &str) -> Endpoint {
    let base = Base::parse(url).expect("an address");
    let key = BoundKey::new(&base, &SecretString::from("a-key")).expect("a key");
    Endpoint { key: Some(key), ..Endpoint::new(dialect, base, "some-model", 4096) }
}

/// A request for prose.
pub fn request(said: &str) -> Request {
    Request {
        messages: vec![
            Message::new(Role::System, "You write stories."),
            Message::new(Role::User, said),
        ],
        reply_tokens: 400,
        sampling: Sampling { temperature: Some(0.7), ..Sampling::default() },
        seed: 7,
        schema: None,
        marks: Vec::new(),
        bans: None,
    }
}

/// Calls once, with all the tries that this takes.
pub fn ask(endpoint: Endpoint, request: &Request) -> Heard {
    let provider = Remote::new(endpoint).expect("a provider");
    let mut heard = Heard { text: String::new(), reply: Err(Fault::Cancelled), bills: Vec::new() };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let cancel = CancellationToken::new();
    let reply = runtime.block_on(provider.stream(request, None, &mut heard, &cancel));
    Heard { reply, ..heard }
}
