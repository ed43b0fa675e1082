//! Reads one reply of this wire: text, its end, usage, and errors in between.

use serde_json::Value;

use crate::money::Money;
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
    /// What was counted last, and whether nothing has been said since.
    count: Count,
    /// The model refused in the field that exists for it, whatever the finish says.
    declined: bool,
}

/// The figures of a stream so far. Only those of its end are the bill of it.
#[derive(Debug, Default)]
struct Count {
    /// They came with the end or after it, or grew with the last text: no text
    /// has come since.
    is_last: bool,
    /// They say what the reply took.
    says_reply: bool,
    /// They came in an event of their own, and nothing has been said since: no event of
    /// a reply that runs on counts only what was said by then.
    is_alone: bool,
    /// The cost that came with them.
    cost: Option<Money>,
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

    fn stated(&mut self, said: &Value) {
        let before = self.count.cost.take();
        let (is_told, _) = self.figures(said);
        if is_told || self.count.cost.is_some() {
            self.ending.is_counted = is_told && self.count.says_reply;
            self.ending.cost = self.count.cost;
        } else if self.count.is_alone {
            // They came for themselves, with nothing between them and the error.
            self.count.cost = before;
            self.ending.is_counted = true;
            self.ending.cost = before;
        }
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
        let mut text = String::new();
        let choices = value.get("choices").and_then(Value::as_array);
        for choice in choices.into_iter().flatten() {
            // One reply was asked for; a second one would be mixed into it.
            if choice.get("index").and_then(Value::as_u64).unwrap_or(0) == 0 {
                self.choice(choice, &mut text)?;
            }
        }
        self.count(value, !text.is_empty());
        Ok(Piece { text, last: false })
    }

    /// Takes what an event says of tokens and cost, or notes that it says
    /// nothing of the text that it brings.
    ///
    /// Some vendors count in every event, some in the first one only: there they
    /// have not counted what is still to come.
    fn count(&mut self, value: &Value, has_text: bool) {
        let has_ended = self.ending.finish.is_some() || self.ending.foreign.is_some();
        let before = self.ending.usage.map_or(0, |usage| usage.reply);
        let (is_told, is_said) = self.figures(value);
        if is_told || is_said {
            let has_grown = self.ending.usage.is_some_and(|usage| usage.reply > before);
            self.count.is_last = has_ended || has_grown || (self.count.is_last && !has_text);
            self.count.is_alone = has_grown && self.count.says_reply && !has_choice(value);
        } else if has_text || !has_ended && has_choice(value) {
            self.count.is_last = false;
            self.count.is_alone = false;
        }
        let is_last = has_ended && self.count.is_last;
        self.ending.is_counted = is_last && self.count.says_reply;
        self.ending.cost = self.count.cost.filter(|_| is_last);
    }

    /// Takes the figures of a value; whether it tells of tokens, and whether it says
    /// anything of usage at all.
    fn figures(&mut self, value: &Value) -> (bool, bool) {
        let said = value.get("usage").filter(|said| said.is_object());
        let told = said.and_then(usage).or_else(|| value.get("timings").and_then(timed));
        if let Some((usage, says_reply)) = told {
            self.count.says_reply = says_reply;
            self.ending.usage = Some(usage);
        }
        if let Some(bill) = said.filter(|bill| bill.get("cost").is_some()) {
            // OpenRouter says what a reply costs, in dollars.
            self.count.cost = fee::cost(bill, "cost", "/cost_details/upstream_inference_cost");
        }
        (told.is_some(), said.is_some())
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

/// Whether an event is one of the reply itself, though it may bring no text:
/// what it says may be reasoning.
fn has_choice(value: &Value) -> bool {
    value.get("choices").and_then(Value::as_array).is_some_and(|choices| !choices.is_empty())
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

/// The tokens of a prompt and its reply, and whether it says those of the reply.
fn usage(usage: &Value) -> Option<(Usage, bool)> {
    let count = |path: &str| usage.pointer(path).and_then(Value::as_u64);
    let first = |paths: &[&str]| paths.iter().find_map(|path| count(path)).unwrap_or_default();
    let prompt = count("/prompt_tokens")?;
    // Some vendors leave reasoning out of the reply's tokens, but bill it: then
    // only the total tells.
    let rest = count("/total_tokens").unwrap_or_default().saturating_sub(prompt);
    let says_reply = count("/completion_tokens").is_some() || rest > 0;
    let usage = Usage {
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
    };
    Some((usage, says_reply))
}

/// What llama.cpp has counted by an event, with the time it took.
fn timed(timings: &Value) -> Option<(Usage, bool)> {
    let count = |field: &str| timings.get(field).and_then(Value::as_u64);
    let cached = count("cache_n").unwrap_or_default();
    let reply = count("predicted_n")?;
    let prompt = cached.saturating_add(count("prompt_n")?);
    Some((Usage { prompt, cached, reply, ..Usage::default() }, true))
}

#[cfg(test)]
mod tests;
