//! An OpenAI-compatible endpoint on the loopback that answers at once, or after a
//! while: what is measured against it is storygen's own time.
#![allow(dead_code, reason = "each benchmark uses its own part of this")]

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use storygen::chat::{Message, Role};
use storygen::provider::{Request, Sampling};

use crate::book::good_answer;

/// What an endpoint has seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// Calls answered.
    pub calls: AtomicUsize,
    /// Calls at work now.
    pub now: AtomicUsize,
    /// The most calls that were at work at the same time.
    pub most: AtomicUsize,
    /// From when to when each call was at work.
    pub spans: Mutex<Vec<(Instant, Instant)>>,
}

/// Serves for the life of the process; gives the address.
pub fn serve(words: usize) -> String {
    serve_after(words, Duration::ZERO).0
}

/// Serves answers that each take so long; gives the address, and what is seen.
pub fn serve_after(words: usize, takes: Duration) -> (String, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let sees = seen.clone();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}/v1", listener.local_addr().expect("its address"));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let seen = sees.clone();
            std::thread::spawn(move || answer_all(stream, words, takes, &seen));
        }
    });
    (address, seen)
}

/// Answers every request of a connection.
fn answer_all(stream: TcpStream, words: usize, takes: Duration, seen: &Seen) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut writer = stream.try_clone().ok()?;
    let mut reader = BufReader::new(stream);
    let answer = good_answer(words);
    loop {
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
        let body: Value = serde_json::from_slice(&body).ok()?;
        let begun = Instant::now();
        let now = seen.now.fetch_add(1, Ordering::SeqCst) + 1;
        seen.most.fetch_max(now, Ordering::SeqCst);
        let (text, _) = answer(&request(&body), 0);
        let mut events = String::new();
        for piece in pieces(&text) {
            let event = json!({ "model": "bench", "choices": [{ "index": 0, "delta": { "content": piece }, "finish_reason": null }] });
            let _ = write!(events, "data: {event}\n\n");
        }
        let end = json!({ "model": "bench", "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }], "usage": { "prompt_tokens": 1000, "completion_tokens": 900, "total_tokens": 1900 } });
        let _ = write!(events, "data: {end}\n\ndata: [DONE]\n\n");
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\n\r\n",
            events.len()
        );
        std::thread::sleep(takes.saturating_sub(begun.elapsed()));
        seen.now.fetch_sub(1, Ordering::SeqCst);
        seen.spans.lock().ok()?.push((begun, Instant::now()));
        seen.calls.fetch_add(1, Ordering::SeqCst);
        writer.write_all(head.as_bytes()).ok()?;
        writer.write_all(events.as_bytes()).ok()?;
    }
}

/// A text in pieces of about a token.
fn pieces(text: &str) -> Vec<String> {
    text.split_inclusive(' ').map(str::to_owned).collect()
}

/// What a body asks, as the answering model takes it.
fn request(body: &Value) -> Request {
    let messages = body["messages"].as_array().into_iter().flatten();
    let role = |one: &Value| match one["role"].as_str() {
        Some("system") => Role::System,
        Some("assistant") => Role::Assistant,
        _ => Role::User,
    };
    Request {
        messages: messages
            .map(|one| Message::new(role(one), one["content"].as_str().unwrap_or_default()))
            .collect(),
        reply_tokens: 3_000,
        sampling: Sampling {
            temperature: Some(0.8),
            top_p: Some(1.0),
            min_p: Some(0.0),
            repetition_penalty: Some(1.0),
            ..Sampling::default()
        },
        seed: 0,
        schema: body.get("response_format").cloned(),
        bans: None,
        marks: Vec::new(),
    }
}
