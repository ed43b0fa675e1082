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
            // What was counted before it does not count it.
            "content_block_start" => {
                self.ending.is_counted = false;
                Ok(says(&value["content_block"], "text"))
            }
            "content_block_delta" => {
                self.ending.is_counted = false;
                Ok(says(&value["delta"], "text_delta"))
            }
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

    fn stated(&mut self, said: &Value) {
        self.count(&said["usage"]);
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
        let said = count("output_tokens");
        let Some(reply) = said.or(count("input_tokens").map(|_| 0)) else {
            return;
        };
        let known = self.ending.usage.unwrap_or_default();
        // Tokens that were counted at the beginning do not go away.
        self.ending.is_counted |= said.is_some_and(|reply| reply > 0 || known.reply == 0);
        let cached = count("cache_read_input_tokens").unwrap_or(known.cached);
        let written = count("cache_creation_input_tokens").unwrap_or(known.written);
        let fresh = count("input_tokens").unwrap_or_else(|| {
            known.prompt.saturating_sub(known.cached.saturating_add(known.written))
        });
        let reasoning = usage.pointer("/output_tokens_details/thinking_tokens");
        self.ending.usage = Some(Usage {
            prompt: fresh.saturating_add(cached).saturating_add(written),
            cached,
            written,
            reply: reply.max(known.reply),
            reasoning: reasoning.and_then(Value::as_u64).unwrap_or(known.reasoning),
        });
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The text and the ending after reading `events`, or the trouble.
    fn read(events: &[Value]) -> Result<(String, bool, Ending), Trouble> {
        let mut reader = MessageReader::default();
        let (mut text, mut last) = (String::new(), false);
        for data in events {
            let event = Event { name: String::new(), data: data.to_string() };
            let piece = reader.event(&event)?;
            text.push_str(&piece.text);
            last |= piece.last;
        }
        Ok((text, last, reader.ending))
    }

    fn delta(delta: &Value) -> Value {
        json!({"type": "content_block_delta", "index": 0, "delta": delta})
    }

    fn stops(word: &Value) -> [Value; 2] {
        [
            json!({"type": "message_delta", "delta": {"stop_reason": word}}),
            json!({"type": "message_stop"}),
        ]
    }

    #[test]
    fn only_text_is_text_and_unknown_events_mean_nothing() {
        let table = [
            (delta(&json!({"type": "text_delta", "text": "a"})), "a"),
            (delta(&json!({"type": "thinking_delta", "thinking": "hm"})), ""),
            (delta(&json!({"type": "signature_delta", "signature": "x"})), ""),
            (delta(&json!({"type": "input_json_delta", "partial_json": "{"})), ""),
            (delta(&json!({"type": "text_delta", "text": null})), ""),
            (delta(&json!(null)), ""),
            (
                json!({"type": "content_block_start", "content_block": {"type": "text", "text": "a"}}),
                "a",
            ),
            (
                json!({"type": "content_block_start", "content_block": {"type": "thinking", "thinking": "hm"}}),
                "",
            ),
            (json!({"type": "content_block_stop", "index": 0}), ""),
            (json!({"type": "ping"}), ""),
            (
                json!({"type": "of_tomorrow", "text": "no", "delta": {"type": "text_delta", "text": "no"}}),
                "",
            ),
            (json!({"type": "message_start"}), ""),
            (json!({}), ""),
        ];
        for (event, text) in table {
            assert_eq!(read(std::slice::from_ref(&event)).unwrap().0, text, "{event}");
        }
    }

    #[test]
    fn only_a_known_word_and_its_stop_end_a_reply() {
        let table = [
            (json!("end_turn"), Some(Finish::Stop), None),
            (json!("stop_sequence"), Some(Finish::Stop), None),
            (json!("max_tokens"), Some(Finish::Length), None),
            (json!("model_context_window_exceeded"), Some(Finish::Length), None),
            (json!("refusal"), Some(Finish::Filtered), None),
            (json!("pause_turn"), None, Some("pause_turn")),
            (json!("tool_use"), None, Some("tool_use")),
            (json!(null), None, None),
        ];
        for (word, finish, foreign) in table {
            let (_, last, ending) = read(&stops(&word)).unwrap();
            let seen = (ending.finish, ending.foreign.as_deref(), last);
            assert_eq!(seen, (finish, foreign, true), "{word}");
            let unproven = read(&stops(&word)[..1]).unwrap().2;
            assert_eq!((unproven.finish, unproven.foreign), (None, None), "{word}");
        }
    }

    #[test]
    fn the_prompt_is_what_is_fresh_and_read_and_written() {
        let start = |usage: &Value| json!({"type": "message_start", "message": {"model": "m", "usage": usage}});
        let end = |usage: &Value| json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage});
        let begun = json!({"input_tokens": 10, "cache_read_input_tokens": 30, "cache_creation_input_tokens": 5, "output_tokens": 1});
        let usage = |reply| Usage { prompt: 45, cached: 30, written: 5, reply, reasoning: 0 };
        let table = [
            (vec![start(&begun)], usage(1), false),
            (vec![start(&begun), end(&json!({"output_tokens": 7}))], usage(7), true),
            (
                vec![
                    start(&begun),
                    end(
                        &json!({"output_tokens": 7, "input_tokens": 12, "cache_read_input_tokens": null}),
                    ),
                ],
                Usage { prompt: 47, ..usage(7) },
                true,
            ),
            (vec![start(&begun), end(&json!(null))], usage(1), false),
            // A reply that nobody counted is none of no tokens.
            (vec![start(&begun), end(&json!({"output_tokens": 0}))], usage(1), false),
            (
                vec![start(&begun), end(&json!({"output_tokens": null, "input_tokens": 10}))],
                usage(1),
                false,
            ),
            (
                vec![
                    start(&begun),
                    end(&json!({"output_tokens": 7})),
                    delta(&json!({"type": "text_delta", "text": "a"})),
                ],
                usage(7),
                false,
            ),
            (
                vec![
                    start(&json!({"input_tokens": 10})),
                    end(
                        &json!({"output_tokens": 2, "output_tokens_details": {"thinking_tokens": 1}}),
                    ),
                ],
                Usage { prompt: 10, reply: 2, reasoning: 1, ..Usage::default() },
                true,
            ),
        ];
        for (events, usage, is_counted) in table {
            let ending = read(&events).unwrap().2;
            assert_eq!((ending.usage, ending.is_counted), (Some(usage), is_counted), "{events:?}");
        }
        assert_eq!(read(&[start(&json!({}))]).unwrap().2.usage, None);
    }

    #[test]
    fn errors_are_errors_in_either_shape() {
        let error = |kind: &str| json!({"type": "error", "error": {"type": kind, "message": "m"}});
        let table = [
            (error("overloaded_error"), Some(529)),
            (error("rate_limit_error"), Some(429)),
            (error("authentication_error"), Some(401)),
            (error("billing_error"), Some(402)),
            (error("request_too_large"), Some(413)),
            (error("api_error"), Some(500)),
            (error("of_tomorrow"), None),
            (json!({"error": {"code": 503, "message": "m"}}), Some(503)),
        ];
        for (event, status) in table {
            match read(std::slice::from_ref(&event)) {
                Err(Trouble::Refused(refusal)) => {
                    assert_eq!(
                        (refusal.status, refusal.message.as_str()),
                        (status, "m"),
                        "{event}"
                    );
                }
                other => panic!("{event}: {other:?}"),
            }
        }
        for garbled in [json!("x"), json!(7), json!({"type": "error"})] {
            let seen = read(std::slice::from_ref(&garbled));
            assert!(matches!(seen, Err(Trouble::Garbled(_) | Trouble::Refused(_))), "{garbled}");
        }
    }

    #[test]
    fn a_whole_reply_is_read_like_a_stream_of_one() {
        let mut reader = MessageReader::default();
        let reply = json!({
            "type": "message", "model": "m", "stop_reason": "max_tokens",
            "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
            "usage": {"input_tokens": 3, "output_tokens": 2},
        });
        assert_eq!(reader.whole(&reply).unwrap(), Piece { text: "ab".into(), last: true });
        let ending = reader.ending();
        assert_eq!((ending.finish.clone(), ending.is_counted), (Some(Finish::Length), true));
        let mut reader = MessageReader::default();
        assert!(matches!(reader.whole(&json!({"ok": 1})), Err(Trouble::Garbled(_))));
        assert!(matches!(reader.whole(&json!({"detail": "no"})), Err(Trouble::Refused(_))));
    }
}
