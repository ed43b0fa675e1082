//! An OpenAI-compatible endpoint of this process that counts every request and
//! every token, and fails as it is told.
#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

/// The longest that anything here waits.
const PATIENCE: Duration = Duration::from_mins(1);

/// A request as it came.
pub struct Asked {
    /// Its place among all, from 0.
    pub number: usize,
    /// All that its messages say.
    pub said: String,
    /// The whole body.
    pub body: Value,
}

/// What is answered.
pub enum Answer {
    /// A whole reply, and its figures.
    Reply(String),
    /// The same, cut by the limit.
    Length(String),
    /// A whole reply, and its figures with a cost in dollars.
    Costs(String, f64),
    /// A whole reply, and these words for its figures.
    Says(String, Value),
    /// A whole reply, and its figures: of both prompt and reply so many tokens a byte,
    /// where they are of another script than English is.
    Dense(String, f64),
    /// A whole reply without figures.
    Silent(String),
    /// So much of a reply; then the connection breaks.
    Cut(String),
    /// So much of a reply; then nothing until the client is gone.
    Hang(String),
    /// Another status, and nothing else.
    Status(u16),
    /// An error with this status, or one in an answer that has a good one, and figures.
    Billed(u16),
    /// Figures of a reply that thought up to its limit, and then an error instead of it.
    Fails,
}

/// Tokens of one request, whoever has heard of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    pub prompt: u64,
    pub cached: u64,
    pub reply: u64,
    pub reasoning: u64,
}

/// One request that was served.
#[derive(Clone, Copy, Debug)]
pub struct Served {
    pub tokens: Tokens,
    /// The client was told.
    pub is_told: bool,
    /// It was worked on.
    pub is_billed: bool,
}

type Answering = dyn Fn(&Asked) -> Answer + Send + Sync;

#[derive(Default)]
struct Shared {
    served: Mutex<Vec<Served>>,
    /// Requests that have come, served or not.
    come: Mutex<usize>,
    changed: Condvar,
    closing: Mutex<bool>,
}

/// The endpoint; it stops when dropped.
pub struct Counting {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<std::thread::JoinHandle<()>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Counting {
    /// Serves by this function.
    pub fn start(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared::default());
        let answer: Arc<Answering> = Arc::new(answer);
        let state = Arc::clone(&shared);
        let accepting = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if *locked(&state.closing) {
                    break;
                }
                let (state, answer) = (Arc::clone(&state), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream, &state, &*answer));
            }
        });
        Self { address, shared, accepting: Some(accepting) }
    }

    /// What stands in `base_url`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Every request that was answered so far.
    pub fn served(&self) -> Vec<Served> {
        locked(&self.shared.served).clone()
    }

    /// Waits until so many requests have come.
    pub fn await_requests(&self, count: usize) {
        let come = locked(&self.shared.come);
        let (come, _) = self
            .shared
            .changed
            .wait_timeout_while(come, PATIENCE, |come| *come < count)
            .expect("no poison");
        assert!(*come >= count, "only {} requests came", *come);
    }

    /// How many requests have come.
    pub fn requests(&self) -> usize {
        *locked(&self.shared.come)
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        *locked(&self.shared.closing) = true;
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

/// Tokens as this endpoint counts them.
fn count(text: &str) -> u64 {
    text.len().div_ceil(4) as u64
}

/// The same where a byte makes so many tokens, except those of English.
fn count_by(text: &str, rate: f64) -> u64 {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts of tokens are small and positive"
    )]
    let tokens = {
        let english = text.bytes().filter(u8::is_ascii).count();
        (english as f64 * 0.24 + (text.len() - english) as f64 * rate).ceil() as u64
    };
    tokens
}

fn serve(mut stream: TcpStream, shared: &Shared, answer: &Answering) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let body = read(&stream)?;
    let number = {
        let mut come = locked(&shared.come);
        *come += 1;
        shared.changed.notify_all();
        *come - 1
    };
    let messages = body["messages"].as_array().into_iter().flatten();
    let said: String =
        messages.map(|one| format!("{}\n", one["content"].as_str().unwrap_or_default())).collect();
    let asked = Asked { number, said, body };
    let answer = answer(&asked);
    let count = |text: &str| match &answer {
        Answer::Dense(_, rate) => count_by(text, *rate),
        _ => count(text),
    };
    let prompt = count(&asked.said);
    let (text, finish) = match &answer {
        Answer::Reply(text)
        | Answer::Silent(text)
        | Answer::Costs(text, _)
        | Answer::Says(text, _)
        | Answer::Dense(text, _) => (text.as_str(), Some("stop")),
        Answer::Length(text) => (text.as_str(), Some("length")),
        Answer::Cut(text) | Answer::Hang(text) => (text.as_str(), None),
        Answer::Status(_) | Answer::Billed(_) | Answer::Fails => ("", None),
    };
    let reasoning = if number % 3 == 1 { 7 } else { 0 };
    let tokens = Tokens {
        prompt,
        cached: if number % 2 == 1 { prompt / 2 } else { 0 },
        reply: match answer {
            Answer::Fails => asked.body["max_tokens"].as_u64().unwrap_or_default(),
            Answer::Billed(_) => 55,
            _ => count(text) + reasoning,
        },
        reasoning,
    };
    let is_told = matches!(
        answer,
        Answer::Reply(_)
            | Answer::Length(_)
            | Answer::Costs(..)
            | Answer::Dense(..)
            | Answer::Billed(_)
            | Answer::Fails
    );
    let is_billed = !matches!(answer, Answer::Status(_));
    // Counted before the client hears of it: else it could look too early.
    locked(&shared.served).push(Served { tokens, is_told, is_billed });
    if let Answer::Status(status) | Answer::Billed(status) = answer {
        let mut body = json!({ "error": { "message": "not now" } });
        if is_billed {
            body["error"]["code"] = json!(503);
            body["usage"] = figures(tokens);
        }
        let body = body.to_string();
        let head = format!(
            "HTTP/1.1 {status} Said\r\nconnection: close\r\nretry-after: 0\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        return stream.write_all(format!("{head}{body}").as_bytes()).ok();
    }
    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/event-stream\r\n\r\n";
    stream.write_all(head.as_bytes()).ok()?;
    if matches!(answer, Answer::Fails) {
        let figures = json!({ "model": "counted-1", "choices": [], "usage": figures(tokens) });
        let error = json!({ "error": { "message": "upstream died", "code": 500 } });
        return stream.write_all(format!("data: {figures}\n\ndata: {error}\n\n").as_bytes()).ok();
    }
    let delta =
        json!({ "model": "counted-1", "choices": [{ "index": 0, "delta": { "content": text } }] });
    stream.write_all(format!("data: {delta}\n\n").as_bytes()).ok()?;
    match answer {
        Answer::Cut(_) => {
            let socket = socket2::SockRef::from(&stream);
            // The text arrives; what follows it is a reset.
            let _ = stream.shutdown(Shutdown::Read);
            let _ = socket.set_linger(None);
        }
        Answer::Hang(_) => {
            let mut rest = [0; 64];
            while stream.read(&mut rest).is_ok_and(|count| count > 0) {}
        }
        _ => {
            let mut end = json!({ "model": "counted-1", "choices": [{ "index": 0, "delta": {}, "finish_reason": finish }] });
            if is_told {
                end["usage"] = figures(tokens);
            }
            match answer {
                Answer::Costs(_, dollars) => end["usage"]["cost"] = json!(dollars),
                Answer::Says(_, usage) => end["usage"] = usage,
                _ => {}
            }
            stream.write_all(format!("data: {end}\n\ndata: [DONE]\n\n").as_bytes()).ok()?;
        }
    }
    Some(())
}

fn figures(tokens: Tokens) -> Value {
    json!({
        "prompt_tokens": tokens.prompt,
        "completion_tokens": tokens.reply,
        "prompt_tokens_details": { "cached_tokens": tokens.cached },
        "completion_tokens_details": { "reasoning_tokens": tokens.reasoning },
    })
}

fn read(stream: &TcpStream) -> Option<Value> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
