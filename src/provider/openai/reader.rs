//! Reads one reply of this wire: text, its end, usage, and errors in between.

use serde_json::Value;

use crate::money::Money;
use crate::provider::http::dialect::{Ending, Piece, Reader, Trouble};
use crate::provider::http::refusal::Refusal;
use crate::provider::sse::Event;
use crate::provider::{Finish, Usage};

/// The words that end a reply, in lower case, and what they mean.
///
/// A word that is not here proves nothing: `tool_calls`, say, when no tool was
/// offered, is no end of a chapter. Such a reply counts as broken off, which
/// keeps its text and names the word.
const FINISHES: &[(&str, Finish)] = &[
    ("stop", Finish::Stop),
    ("end_turn", Finish::Stop),
    ("eos", Finish::Stop),
    ("eos_token", Finish::Stop),
    ("stop_sequence", Finish::Stop),
    ("complete", Finish::Stop),
    ("length", Finish::Length),
    ("max_tokens", Finish::Length),
    ("model_length", Finish::Length),
    ("content_filter", Finish::Filtered),
    ("safety", Finish::Filtered),
    ("refusal", Finish::Filtered),
];

/// Reads one reply; dialects that differ only in their bodies share it.
#[derive(Debug, Default)]
pub struct ChatReader {
    ending: Ending,
    /// The model refused in the field that exists for it, whatever the finish says.
    declined: bool,
}

impl Reader for ChatReader {
    fn event(&mut self, event: &Event) -> Result<Piece, Trouble> {
        let data = event.data.trim();
        if data == "[DONE]" {
            return Ok(Piece { last: true, ..Piece::default() });
        }
        if data.is_empty() || data == "null" {
            return Ok(Piece::default());
        }
        let value: Value = serde_json::from_str(data)
            .map_err(|why| Trouble::Garbled(format!("an event that is not JSON ({why})")))?;
        self.read(&value, event.name == "error")
    }

    fn whole(&mut self, reply: &Value) -> Result<Piece, Trouble> {
        if reply.get("error").is_none_or(Value::is_null) && reply.get("choices").is_none() {
            let refusal = Refusal::read(reply);
            return Err(refusal.map_or_else(
                || Trouble::Garbled("JSON without `choices`".into()),
                Trouble::Refused,
            ));
        }
        let piece = self.read(reply, false)?;
        Ok(Piece { last: true, ..piece })
    }

    fn ending(&self) -> &Ending {
        &self.ending
    }
}

impl ChatReader {
    fn read(&mut self, value: &Value, is_error: bool) -> Result<Piece, Trouble> {
        if !value.is_object() {
            return Err(Trouble::Garbled("an event that is no JSON object".into()));
        }
        let is_bare = value.get("choices").is_none_or(Value::is_null);
        if (is_error || is_bare || has_error(value))
            && let Some(refusal) = Refusal::read(value)
        {
            return Err(Trouble::Refused(refusal));
        }
        if is_error {
            return Err(Trouble::Garbled("an `error` event without words".into()));
        }
        if let Some(model) = value.get("model").and_then(Value::as_str)
            && !model.is_empty()
        {
            self.ending.model = Some(model.to_owned());
        }
        if self.ending.id.is_none() {
            self.ending.id = value.get("id").and_then(Value::as_str).map(str::to_owned);
        }
        let told = value.get("usage").and_then(usage);
        if let Some(usage) = told.or_else(|| value.get("timings").and_then(timed)) {
            self.ending.usage = Some(usage);
        }
        // OpenRouter says what a reply costs, in dollars.
        if let Some(cost) = value.pointer("/usage/cost").and_then(Value::as_f64) {
            self.ending.cost = Money::of_dollars(cost);
        }
        let mut text = String::new();
        let choices = value.get("choices").and_then(Value::as_array);
        for choice in choices.into_iter().flatten() {
            // One reply was asked for; a second one would be mixed into it.
            if choice.get("index").and_then(Value::as_u64).unwrap_or(0) == 0 {
                self.choice(choice, &mut text)?;
            }
        }
        // Some vendors count in every event; only from the end on it is the whole.
        let ended = self.ending.finish.is_some() || self.ending.foreign.is_some();
        self.ending.is_counted = ended && self.ending.usage.is_some();
        Ok(Piece { text, last: false })
    }

    fn choice(&mut self, choice: &Value, text: &mut String) -> Result<(), Trouble> {
        // A stream has deltas, a whole reply has a message; some streams carry
        // both, the message being all that was said already.
        let said = ["delta", "message"]
            .iter()
            .find_map(|key| choice.get(key).filter(|said| said.is_object()));
        if let Some(said) = said {
            add_content(said.get("content").unwrap_or(&Value::Null), text);
            let refusal = said.get("refusal").and_then(Value::as_str);
            self.declined |= refusal.is_some_and(|words| !words.is_empty());
        }
        let word = choice.get("finish_reason").and_then(Value::as_str);
        match word.unwrap_or_default().to_ascii_lowercase().as_str() {
            // KoboldCpp writes the word for nothing.
            "" | "null" => Ok(()),
            "error" => Err(Trouble::Refused(Refusal {
                status: Some(500),
                message: "the reply ended with finish reason `error`".into(),
                ..Refusal::default()
            })),
            word => {
                self.finish(word);
                Ok(())
            }
        }
    }

    fn finish(&mut self, word: &str) {
        match FINISHES.iter().find(|(known, _)| *known == word) {
            Some(_) if self.declined => self.ending.finish = Some(Finish::Filtered),
            Some((_, finish)) => self.ending.finish = Some(finish.clone()),
            None => self.ending.foreign = Some(word.to_owned()),
        }
    }
}

fn has_error(value: &Value) -> bool {
    value.get("error").is_some_and(|error| !error.is_null())
        || value.get("object").and_then(Value::as_str) == Some("error")
}

/// A string, or an array of parts of which only the text parts are text: the
/// others hold reasoning or references.
fn add_content(content: &Value, text: &mut String) {
    match content {
        Value::String(words) => text.push_str(words),
        Value::Array(parts) => {
            for part in parts {
                let is_text = part
                    .get("type")
                    .and_then(Value::as_str)
                    .is_none_or(|kind| kind == "text" || kind == "output_text");
                if let (true, Some(words)) = (is_text, part.get("text").and_then(Value::as_str)) {
                    text.push_str(words);
                }
            }
        }
        _ => {}
    }
}

fn usage(usage: &Value) -> Option<Usage> {
    let count = |path: &str| usage.pointer(path).and_then(Value::as_u64);
    let first = |paths: &[&str]| paths.iter().find_map(|path| count(path)).unwrap_or_default();
    let prompt = count("/prompt_tokens")?;
    // Some vendors leave reasoning out of the reply's tokens, but bill it: then
    // only the total tells.
    let rest = count("/total_tokens").unwrap_or_default().saturating_sub(prompt);
    Some(Usage {
        prompt,
        cached: first(&[
            "/prompt_tokens_details/cached_tokens",
            "/prompt_cache_hit_tokens",
            "/num_cached_tokens",
            "/cached_tokens",
        ]),
        written: first(&["/prompt_tokens_details/cache_write_tokens"]),
        reply: first(&["/completion_tokens"]).max(rest),
        reasoning: first(&["/completion_tokens_details/reasoning_tokens", "/reasoning_tokens"]),
    })
}

/// What llama.cpp has counted by an event, with the time it took.
fn timed(timings: &Value) -> Option<Usage> {
    let count = |field: &str| timings.get(field).and_then(Value::as_u64);
    let cached = count("cache_n").unwrap_or_default();
    let reply = count("predicted_n")?;
    Some(Usage { prompt: cached + count("prompt_n")?, cached, reply, ..Usage::default() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The text, the end mark and the finish after reading `events`, or the trouble.
    fn read(events: &[&str]) -> Result<(String, bool, Ending), Trouble> {
        let mut reader = ChatReader::default();
        let (mut text, mut last) = (String::new(), false);
        for data in events {
            let event = Event { name: String::new(), data: (*data).to_owned() };
            let piece = reader.event(&event)?;
            text.push_str(&piece.text);
            last |= piece.last;
        }
        Ok((text, last, reader.ending))
    }

    #[test]
    fn what_llama_cpp_has_counted_so_far_is_known() {
        let timed = r#"{"choices":[{"delta":{"content":"a"}}],"timings":{"cache_n":30,"prompt_n":9,"predicted_n":2}}"#;
        let (_, _, ending) = read(&[timed]).unwrap();
        let usage = Usage { prompt: 39, cached: 30, reply: 2, ..Usage::default() };
        assert_eq!((ending.usage, ending.is_counted), (Some(usage), false));
        let end = r#"{"choices":[{"delta":{},"finish_reason":"stop"}],"timings":{"cache_n":30,"prompt_n":9,"predicted_n":5}}"#;
        let (_, _, ending) = read(&[timed, end]).unwrap();
        assert_eq!((ending.usage.unwrap().reply, ending.is_counted), (5, true));
    }

    #[test]
    fn text_is_found_and_nothing_else_is_taken_for_it() {
        let table = [
            (r#"{"choices":[{"delta":{"content":"a"}}]}"#, "a"),
            (r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":"a"}}]}"#, "a"),
            (r#"{"choices":[{"index":1,"delta":{"content":"other"}}]}"#, ""),
            (r#"{"choices":[]}"#, ""),
            (r#"{"choices":null}"#, ""),
            (r#"{"id":"x"}"#, ""),
            (r#"{"choices":[{}]}"#, ""),
            (r#"{"choices":[{"delta":null}]}"#, ""),
            (r#"{"choices":[{"delta":{"role":null,"content":null}}]}"#, ""),
            (
                r#"{"choices":[{"delta":{"reasoning":"r","reasoning_content":"r","reasoning_text":"r"}}]}"#,
                "",
            ),
            (
                r#"{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"r"}]},{"type":"text","text":"a"}]}}]}"#,
                "a",
            ),
            (r#"{"choices":[{"delta":{"content":"a"},"message":{"content":"all of it"}}]}"#, "a"),
            (r#"{"choices":[{"delta":{"content":7}}]}"#, ""),
            (r#"{"error":null,"choices":[{"delta":{"content":"a"}}]}"#, "a"),
            ("", ""),
            ("null", ""),
            ("[DONE]", ""),
        ];
        for (event, text) in table {
            assert_eq!(read(&[event]).unwrap().0, text, "{event}");
        }
    }

    #[test]
    fn only_known_words_end_a_reply() {
        let table = [
            (json!("stop"), Some(Finish::Stop), None),
            (json!("end_turn"), Some(Finish::Stop), None),
            (json!("STOP"), Some(Finish::Stop), None),
            (json!("length"), Some(Finish::Length), None),
            (json!("max_tokens"), Some(Finish::Length), None),
            (json!("model_length"), Some(Finish::Length), None),
            (json!("content_filter"), Some(Finish::Filtered), None),
            (json!("tool_calls"), None, Some("tool_calls")),
            (json!(""), None, None),
            (json!("null"), None, None),
            (json!(null), None, None),
            (json!(3), None, None),
        ];
        for (word, finish, foreign) in table {
            let event = json!({"choices": [{"delta": {}, "finish_reason": word}]}).to_string();
            let ending = read(&[&event]).unwrap().2;
            assert_eq!(ending.finish, finish, "{word}");
            assert_eq!(ending.foreign.as_deref(), foreign, "{word}");
        }
        assert_eq!(read(&["[DONE]"]).unwrap().2.finish, None);
        assert!(read(&["[DONE]"]).unwrap().1);
    }

    #[test]
    fn a_refusal_in_its_own_field_is_filtered() {
        let ending = read(&[
            r#"{"choices":[{"delta":{"refusal":"I cannot"}}]}"#,
            r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#,
        ])
        .unwrap()
        .2;
        assert_eq!(ending.finish, Some(Finish::Filtered));
    }

    #[test]
    fn usage_and_model_are_taken_from_any_event() {
        let ending = read(&[
            r#"{"model":"m","choices":[],"usage":null}"#,
            r#"{"model":"","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":3}}}"#,
        ])
        .unwrap()
        .2;
        assert_eq!(ending.model.as_deref(), Some("m"));
        assert_eq!(
            ending.usage,
            Some(Usage { prompt: 9, cached: 3, reply: 4, ..Usage::default() })
        );
    }

    #[test]
    fn tokens_are_counted_in_the_words_of_many_vendors() {
        let usage = |prompt, cached, written, reply, reasoning| Usage {
            prompt,
            cached,
            written,
            reply,
            reasoning,
        };
        let table = [
            (json!({"prompt_tokens": 9}), usage(9, 0, 0, 0, 0)),
            (
                json!({"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}),
                usage(9, 0, 0, 4, 0),
            ),
            // Reasoning beside the reply, and within it.
            (
                json!({"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 20, "completion_tokens_details": {"reasoning_tokens": 7}}),
                usage(9, 0, 0, 11, 7),
            ),
            (
                json!({"prompt_tokens": 9, "completion_tokens": 11, "total_tokens": 20, "completion_tokens_details": {"reasoning_tokens": 7}}),
                usage(9, 0, 0, 11, 7),
            ),
            (
                json!({"prompt_tokens": 9, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 2}}),
                usage(9, 5, 2, 1, 0),
            ),
            (
                json!({"prompt_tokens": 9, "completion_tokens": 1, "prompt_cache_hit_tokens": 5}),
                usage(9, 5, 0, 1, 0),
            ),
            (
                json!({"prompt_tokens": 9, "completion_tokens": 1, "prompt_tokens_details": null, "total_tokens": null}),
                usage(9, 0, 0, 1, 0),
            ),
        ];
        for (said, expected) in table {
            assert_eq!(super::usage(&said), Some(expected), "{said}");
        }
        assert_eq!(super::usage(&json!({"total_tokens": 9})), None);
    }

    #[test]
    fn only_a_count_at_the_end_is_of_the_whole() {
        let counts = r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4}}"#;
        let ends = r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#;
        let table: [(&[&str], bool); 5] = [
            (&[counts], false),
            (&[counts, ends], true),
            (&[ends, counts], true),
            (&[ends], false),
            (&[counts, r#"{"choices":[{"finish_reason":"tool_calls"}]}"#], true),
        ];
        for (events, counted) in table {
            assert_eq!(read(events).unwrap().2.is_counted, counted, "{events:?}");
        }
    }

    #[test]
    fn errors_inside_a_stream_are_errors() {
        let table = [
            (
                r#"{"error":{"code":502,"message":"m"},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}"#,
                Some(502),
                "m",
            ),
            (r#"{"error":{"message":"m","type":"server_error"}}"#, Some(500), "m"),
            (r#"{"object":"error","message":"m","code":400}"#, Some(400), "m"),
            (r#"{"error":"m"}"#, None, "m"),
            (
                r#"{"choices":[{"finish_reason":"error"}]}"#,
                Some(500),
                "the reply ended with finish reason `error`",
            ),
        ];
        for (event, status, message) in table {
            match read(&[event]) {
                Err(Trouble::Refused(refusal)) => {
                    assert_eq!((refusal.status, refusal.message.as_str()), (status, message));
                }
                other => panic!("{event}: {other:?}"),
            }
        }
        for garbled in ["{", "7", "\"text\"", "[]", "ping"] {
            assert!(matches!(read(&[garbled]), Err(Trouble::Garbled(_))), "{garbled}");
        }
    }

    #[test]
    fn a_whole_reply_is_read_like_a_stream_of_one() {
        let mut reader = ChatReader::default();
        let reply = json!({"model": "m", "choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]});
        let piece = reader.whole(&reply).unwrap();
        assert_eq!(piece, Piece { text: "a".into(), last: true });
        assert_eq!(reader.ending.finish, Some(Finish::Stop));
        assert!(matches!(ChatReader::default().whole(&json!({"ok": 1})), Err(Trouble::Garbled(_))));
        assert!(matches!(
            ChatReader::default().whole(&json!({"detail": "no"})),
            Err(Trouble::Refused(_))
        ));
    }
}
