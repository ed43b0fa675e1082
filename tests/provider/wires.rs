//! Every wire, as its servers speak it: what a fault looks like in each.

use serde_json::{Value, json};
use storygen::provider::anthropic::ANTHROPIC;
use storygen::provider::completion::{KOBOLDCPP, LLAMACPP};
use storygen::provider::dialects::DIALECTS;
use storygen::provider::http::dialect::{Dialect, Prefill};
use storygen::provider::http::{Endpoint, Remote};
use storygen::provider::mistral::MISTRAL;
use storygen::provider::ollama::OLLAMA;
use storygen::provider::openai::OPENAI;

use crate::byte_server::{ByteServer, Step, chunk, chunked};
use crate::common::{endpoint, event, send};

/// One wire in its servers' words.
pub struct Wire {
    pub dialect: &'static Dialect,
    /// The content type of its streams.
    pub kind: &'static str,
    /// What comes before any text.
    pub begins: fn() -> String,
    /// An event with a piece of text.
    pub says: fn(&str) -> String,
    /// The events that end a reply in a word, with so many tokens of prompt,
    /// of them cached, and of reply.
    pub ends: fn(&str, Option<[u64; 3]>) -> String,
    /// Its words for: all said, cut by length; none where it has no such word.
    pub words: [&'static str; 2],
    /// What follows the end; nothing where the end speaks for itself.
    pub mark: &'static str,
    /// What keeps a connection awake.
    pub ping: &'static str,
    /// An error inside a stream: its status and its words.
    pub fails: fn(u16, &str) -> String,
    /// A reply that is no stream.
    pub whole: fn(&str) -> Value,
    /// Whether its stream tells the tokens.
    pub counts: bool,
}

impl Wire {
    pub fn name(&self) -> &'static str {
        self.dialect.name
    }

    pub fn is_lines(&self) -> bool {
        self.kind.contains("ndjson")
    }

    /// A whole reply that ended by itself.
    pub fn reply(&self, text: &str) -> String {
        let tokens = self.counts.then_some([90, 40, 3]);
        let [stop, _] = self.words;
        [(self.begins)(), (self.says)(text), (self.ends)(stop, tokens), self.mark.into()].concat()
    }

    /// The head of its stream, which ends when the connection closes.
    pub fn head(&self) -> Step {
        let head = format!(
            "HTTP/1.1 200 Said\r\nconnection: close\r\ncontent-type: {}\r\n\r\n",
            self.kind
        );
        send(head)
    }

    /// The same in chunks, so that an early end shows.
    pub fn chunked_head(&self) -> Step {
        Step::Send(chunked(self.kind))
    }

    /// A stream that is sent whole and then closed.
    pub fn closed(&self, bytes: impl Into<Vec<u8>>) -> Vec<Step> {
        vec![self.head(), send(bytes)]
    }

    /// A stream whose pieces are read one by one, whatever the network does.
    pub fn in_pieces(&self, pieces: &[&[u8]]) -> Vec<Step> {
        let pieces = pieces.iter().filter(|piece| !piece.is_empty()).map(|piece| chunk(piece));
        [self.chunked_head()].into_iter().chain(pieces).chain([chunk(b"")]).collect()
    }

    /// An endpoint of it, with a key.
    pub fn endpoint(&self, url: &str) -> Endpoint {
        let openai = endpoint(url);
        let mut endpoint = Endpoint::new(self.dialect, openai.base, "test-model", 32_768);
        endpoint.key = openai.key;
        endpoint.patience = openai.patience;
        endpoint.knobs.template = self.dialect.raw.as_ref().map(|_| "chatml".to_owned());
        endpoint.knobs.prefill = match self.name() {
            "mistral" => Prefill::Prefix,
            _ => Prefill::Trailing,
        };
        endpoint
    }

    /// A provider that tries once, so that a case shows what one stream does.
    pub fn once(&self, server: &ByteServer) -> Remote {
        let mut endpoint = self.endpoint(&server.origin());
        endpoint.patience.tries = 1;
        Remote::new(endpoint).unwrap()
    }

    /// A provider that tries as often as is usual.
    pub fn remote(&self, server: &ByteServer) -> Remote {
        Remote::new(self.endpoint(&server.origin())).unwrap()
    }
}

fn nothing() -> String {
    String::new()
}

fn line(value: &Value) -> String {
    format!("{value}\n")
}

fn chat_says(text: &str) -> String {
    event(&json!({"choices": [{"index": 0, "delta": {"content": text}}]}))
}

fn chat_ends(word: &str, tokens: Option<[u64; 3]>) -> String {
    let end = event(&json!({"choices": [{"index": 0, "delta": {}, "finish_reason": word}]}));
    let usage = tokens.map(|[prompt, cached, reply]| {
        event(&json!({
            "choices": [],
            "usage": {"prompt_tokens": prompt, "completion_tokens": reply, "total_tokens": prompt + reply,
                      "prompt_tokens_details": {"cached_tokens": cached}},
        }))
    });
    end + &usage.unwrap_or_default()
}

fn chat_fails(status: u16, message: &str) -> String {
    event(&json!({"error": {"code": status, "message": message}}))
}

fn chat_whole(text: &str) -> Value {
    json!({"model": "m", "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]})
}

/// The cached tokens are counted apart from the prompt's.
fn message_ends(word: &str, tokens: Option<[u64; 3]>) -> String {
    let delta = json!({"stop_reason": word, "stop_sequence": null});
    let usage = tokens.map(|[prompt, cached, reply]| {
        json!({"input_tokens": prompt - cached, "cache_read_input_tokens": cached,
               "cache_creation_input_tokens": 0, "output_tokens": reply})
    });
    let delta = json!({"type": "message_delta", "delta": delta, "usage": usage});
    format!(
        "event: message_delta\ndata: {delta}\n\nevent: message_stop\ndata: {{\"type\":\"message_stop\"}}\n\n"
    )
}

fn message_fails(status: u16, message: &str) -> String {
    let kind = match status {
        400 => "invalid_request_error",
        401 => "authentication_error",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        _ => "api_error",
    };
    let error = json!({"type": "error", "error": {"type": kind, "message": message}});
    format!("event: error\ndata: {error}\n\n")
}

fn ollama_ends(word: &str, tokens: Option<[u64; 3]>) -> String {
    let mut end = json!({"model": "m", "message": {"role": "assistant", "content": ""}, "done": true, "done_reason": word});
    if let Some([prompt, _, reply]) = tokens {
        end["prompt_eval_count"] = json!(prompt);
        end["eval_count"] = json!(reply);
    }
    line(&end)
}

fn llamacpp_ends(word: &str, tokens: Option<[u64; 3]>) -> String {
    let mut end =
        json!({"index": 0, "content": "", "stop": true, "stop_type": word, "truncated": false});
    if let Some([prompt, cached, reply]) = tokens {
        end["tokens_evaluated"] = json!(prompt);
        end["tokens_predicted"] = json!(reply);
        end["timings"] = json!({"cache_n": cached, "prompt_n": prompt - cached});
    }
    event(&end)
}

/// Every wire.
pub const WIRES: &[Wire] = &[
    Wire {
        dialect: &OPENAI,
        kind: "text/event-stream",
        begins: nothing,
        says: chat_says,
        ends: chat_ends,
        words: ["stop", "length"],
        mark: "data: [DONE]\n\n",
        ping: ": ping\n\n",
        fails: chat_fails,
        whole: chat_whole,
        counts: true,
    },
    Wire {
        dialect: &MISTRAL,
        kind: "text/event-stream",
        begins: || {
            event(
                &json!({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": null}]}),
            )
        },
        says: chat_says,
        ends: chat_ends,
        words: ["stop", "model_length"],
        mark: "data: [DONE]\n\n",
        ping: ": ping\n\n",
        fails: chat_fails,
        whole: chat_whole,
        counts: true,
    },
    Wire {
        dialect: &ANTHROPIC,
        kind: "text/event-stream",
        begins: || {
            let start = json!({"type": "message_start", "message": {"model": "m", "content": [], "usage": {"input_tokens": 50, "cache_read_input_tokens": 40, "output_tokens": 1}}});
            let block = json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}});
            format!(
                "event: message_start\ndata: {start}\n\nevent: content_block_start\ndata: {block}\n\n"
            )
        },
        says: |text| {
            let delta = json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}});
            format!("event: content_block_delta\ndata: {delta}\n\n")
        },
        ends: message_ends,
        words: ["end_turn", "max_tokens"],
        mark: "",
        ping: "event: ping\ndata: {\"type\": \"ping\"}\n\n",
        fails: message_fails,
        whole: |text| json!({"type": "message", "model": "m", "content": [{"type": "text", "text": text}], "stop_reason": "end_turn"}),
        counts: true,
    },
    Wire {
        dialect: &OLLAMA,
        kind: "application/x-ndjson",
        begins: nothing,
        says: |text| {
            line(
                &json!({"model": "m", "message": {"role": "assistant", "content": text}, "done": false}),
            )
        },
        ends: ollama_ends,
        words: ["stop", "length"],
        mark: "",
        ping: "\n",
        fails: |_, message| line(&json!({"error": message})),
        whole: |text| json!({"model": "m", "message": {"role": "assistant", "content": text}, "done": true, "done_reason": "stop"}),
        counts: true,
    },
    Wire {
        dialect: &LLAMACPP,
        kind: "text/event-stream",
        begins: nothing,
        says: |text| {
            event(
                &json!({"index": 0, "content": text, "stop": false, "tokens_predicted": 1, "tokens_evaluated": 90}),
            )
        },
        ends: llamacpp_ends,
        words: ["eos", "limit"],
        mark: "",
        ping: ": ping\n\n",
        fails: chat_fails,
        whole: |text| json!({"content": text, "stop": true, "stop_type": "eos"}),
        counts: true,
    },
    Wire {
        dialect: &KOBOLDCPP,
        kind: "text/event-stream",
        begins: nothing,
        says: |text| {
            format!("event: message\ndata: {}\n\n", json!({"token": text, "finish_reason": null}))
        },
        ends: |word, _| {
            format!("event: message\ndata: {}\n\n", json!({"token": "", "finish_reason": word}))
        },
        words: ["stop", "length"],
        mark: "",
        ping: ": ping\n\n",
        fails: chat_fails,
        whole: |text| json!({"results": [{"text": text, "finish_reason": "stop"}]}),
        counts: false,
    },
];

#[test]
fn every_dialect_has_its_wire() {
    let wires: Vec<&str> = WIRES.iter().map(Wire::name).collect();
    let dialects: Vec<&str> = DIALECTS.iter().map(|dialect| dialect.name).collect();
    assert_eq!(wires, dialects);
}
