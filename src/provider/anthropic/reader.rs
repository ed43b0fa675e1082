//! Reads one reply of the Messages wire.
//!
//! Only `message_stop` proves that a reply is whole. Events of an unknown type
//! mean nothing, and only `text_delta` is text.

use serde_json::Value;

use crate::provider::http::dialect::{Ending, Piece, Reader, Trouble};
use crate::provider::http::refusal::Refusal;
use crate::provider::sse::Event;
use crate::provider::{Finish, Usage};

/// The words that end a reply. `pause_turn` and `tool_use` are not among them:
/// such a reply wants to go on, and counts as broken off.
const STOPS: &[(&str, Finish)] = &[
    ("end_turn", Finish::Stop),
    ("stop_sequence", Finish::Stop),
    ("max_tokens", Finish::Length),
    ("model_context_window_exceeded", Finish::Length),
    ("refusal", Finish::Filtered),
];

/// Reads one reply.
#[derive(Debug, Default)]
pub struct MessageReader {
    ending: Ending,
    /// The word that the reply will have ended with, once its end is proven.
    stop: Option<String>,
}

impl Reader for MessageReader {
    fn event(&mut self, event: &Event) -> Result<Piece, Trouble> {
        let value: Value = serde_json::from_str(event.data.trim())
            .map_err(|why| Trouble::Garbled(format!("an event that is not JSON ({why})")))?;
        if !value.is_object() {
            return Err(Trouble::Garbled("an event that is no JSON object".into()));
        }
        let kind = value.get("type").and_then(Value::as_str).unwrap_or(&event.name);
        match kind {
            "message_start" => {
                self.begin(&value["message"]);
                Ok(Piece::default())
            }
            "content_block_start" => Ok(says(&value["content_block"], "text")),
            "content_block_delta" => Ok(says(&value["delta"], "text_delta")),
            "message_delta" => {
                self.stop = word(&value["delta"]["stop_reason"]).or(self.stop.take());
                self.count(&value["usage"]);
                Ok(Piece::default())
            }
            "message_stop" => {
                self.end();
                Ok(Piece { last: true, ..Piece::default() })
            }
            "error" => Err(refused(&value)),
            // A gateway's own error, in another dialect's shape.
            _ if value.get("error").is_some_and(|error| !error.is_null()) => Err(refused(&value)),
            _ => Ok(Piece::default()),
        }
    }

    fn whole(&mut self, reply: &Value) -> Result<Piece, Trouble> {
        let content = reply.get("content").and_then(Value::as_array);
        let Some(content) = content.filter(|_| reply["error"].is_null()) else {
            return Err(Refusal::read(reply).map_or_else(
                || Trouble::Garbled("JSON without `content`".into()),
                Trouble::Refused,
            ));
        };
        self.begin(reply);
        self.stop = word(&reply["stop_reason"]);
        self.count(&reply["usage"]);
        self.end();
        let text = content.iter().map(|block| says(block, "text").text).collect();
        Ok(Piece { text, last: true })
    }

    fn ending(&self) -> &Ending {
        &self.ending
    }
}

impl MessageReader {
    fn begin(&mut self, message: &Value) {
        self.ending.model = word(&message["model"]);
        self.count(&message["usage"]);
        // At its beginning nobody can know what the reply will take.
        self.ending.is_counted = false;
    }

    /// Takes what usage says; what it does not say stays as it was. Of the
    /// prompt, what was read from the cache and written to it is counted apart.
    fn count(&mut self, usage: &Value) {
        let count = |field: &str| usage.get(field).and_then(Value::as_u64);
        let Some(reply) = count("output_tokens").or(count("input_tokens").map(|_| 0)) else {
            return;
        };
        let known = self.ending.usage.unwrap_or_default();
        let cached = count("cache_read_input_tokens").unwrap_or(known.cached);
        let written = count("cache_creation_input_tokens").unwrap_or(known.written);
        let fresh = count("input_tokens")
            .unwrap_or_else(|| known.prompt.saturating_sub(known.cached + known.written));
        let reasoning = usage.pointer("/output_tokens_details/thinking_tokens");
        self.ending.usage = Some(Usage {
            prompt: fresh + cached + written,
            cached,
            written,
            reply: reply.max(known.reply),
            reasoning: reasoning.and_then(Value::as_u64).unwrap_or(known.reasoning),
        });
        self.ending.is_counted = true;
    }

    fn end(&mut self) {
        let Some(word) = self.stop.take() else { return };
        match STOPS.iter().find(|(known, _)| *known == word) {
            Some((_, finish)) => self.ending.finish = Some(finish.clone()),
            None => self.ending.foreign = Some(word),
        }
    }
}

/// The text of a block or delta, if it is of this type.
fn says(block: &Value, kind: &str) -> Piece {
    let text = block["text"].as_str().filter(|_| block["type"] == kind);
    Piece { text: text.unwrap_or_default().to_owned(), last: false }
}

fn word(value: &Value) -> Option<String> {
    value.as_str().filter(|word| !word.is_empty()).map(str::to_owned)
}

fn refused(value: &Value) -> Trouble {
    Refusal::read(value)
        .map_or_else(|| Trouble::Garbled("an `error` event without words".into()), Trouble::Refused)
}
