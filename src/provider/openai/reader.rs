//! Reads one reply of this wire: text, its end, usage, and errors in between.

use serde_json::Value;

use crate::provider::http::dialect::{Ending, Piece, Reader, Trouble};
use crate::provider::http::fee;
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
        if let Some(bill) = value.get("usage").filter(|bill| bill.get("cost").is_some()) {
            self.ending.cost = fee::cost(bill, "cost", "/cost_details/upstream_inference_cost");
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
mod tests;
