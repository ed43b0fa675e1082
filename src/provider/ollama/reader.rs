//! Reads one reply of Ollama's wire: a JSON value a line, the last one `done`.

use serde_json::{Value, json};

use crate::provider::http::dialect::{Ending, Piece, Reader, Trouble};
use crate::provider::http::refusal::Refusal;
use crate::provider::sse::Event;
use crate::provider::{Finish, Usage, cut};

/// Reads one reply.
#[derive(Debug)]
pub struct LineReader {
    ending: Ending,
    /// The fewest tokens that the prompt can take.
    least: u64,
    /// The most tokens that the reply may take.
    reply_tokens: u64,
    /// Whether any text has come.
    has_text: bool,
}

impl LineReader {
    /// A reader of the reply to a prompt of at least so many tokens; the reply
    /// may have so many.
    #[must_use]
    pub fn new(least: u64, reply_tokens: usize) -> Self {
        let reply_tokens = u64::try_from(reply_tokens).unwrap_or(u64::MAX);
        Self { ending: Ending::default(), least, reply_tokens, has_text: false }
    }
}

impl Reader for LineReader {
    fn event(&mut self, event: &Event) -> Result<Piece, Trouble> {
        let value: Value = serde_json::from_str(event.data.trim())
            .map_err(|why| Trouble::Garbled(format!("a line that is not JSON ({why})")))?;
        if !value.is_object() {
            return Err(Trouble::Garbled("a line that is no JSON object".into()));
        }
        self.line(&value)
    }

    fn whole(&mut self, reply: &Value) -> Result<Piece, Trouble> {
        Ok(Piece { last: true, ..self.line(reply)? })
    }

    fn stated(&mut self, said: &Value) {
        self.count(said);
    }

    fn ending(&self) -> &Ending {
        &self.ending
    }
}

impl LineReader {
    fn line(&mut self, value: &Value) -> Result<Piece, Trouble> {
        let is_reply = value["message"].is_object() || value["done"].is_boolean();
        if !is_reply || !value["error"].is_null() {
            let refusal = Refusal::read(value);
            return Err(refusal.map_or_else(
                || Trouble::Garbled("JSON without `message` and `done`".into()),
                Trouble::Refused,
            ));
        }
        if let Some(model) = value["model"].as_str().filter(|model| !model.is_empty()) {
            self.ending.model = Some(model.to_owned());
        }
        // Its `thinking` is no text.
        let text = value["message"]["content"].as_str().unwrap_or_default().to_owned();
        self.has_text |= !text.is_empty();
        let last = value["done"].as_bool().unwrap_or_default();
        if last {
            self.end(value)?;
        }
        Ok(Piece { text, last })
    }

    /// Takes the figures of a value; gives those of its prompt and its reply.
    fn count(&mut self, value: &Value) -> (u64, u64) {
        let count = |field: &str| value[field].as_u64().unwrap_or_default();
        let (prompt, reply) = (count("prompt_eval_count"), count("eval_count"));
        if prompt > 0 || reply > 0 {
            self.ending.usage = Some(Usage { prompt, reply, ..Usage::default() });
            self.ending.is_counted = true;
        }
        (prompt, reply)
    }

    fn end(&mut self, value: &Value) -> Result<(), Trouble> {
        let (prompt, reply) = self.count(value);
        cut::check(self.least, prompt)?;
        // Older versions only say that it is done.
        let unsaid = if reply >= self.reply_tokens { "length" } else { "stop" };
        let word = value["done_reason"].as_str().filter(|word| !word.is_empty());
        match word.unwrap_or(unsaid) {
            "stop" => self.ending.finish = Some(Finish::Stop),
            "length" => self.ending.finish = Some(Finish::Length),
            // It is ready now, and has not been asked yet.
            "load" if !self.has_text => {
                let message = "it has loaded the model and said nothing";
                let said = json!({"error": {"message": message, "code": 503}});
                let garbled = || Trouble::Garbled(message.to_owned());
                return Err(Refusal::read(&said).map_or_else(garbled, Trouble::Refused));
            }
            word => self.ending.foreign = Some(word.to_owned()),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text, the end mark and the ending after reading a line, or the trouble.
    fn read(line: &Value) -> Result<(String, bool, Ending), Trouble> {
        let mut reader = LineReader::new(100, 7);
        let piece = reader.event(&Event { name: String::new(), data: line.to_string() })?;
        Ok((piece.text, piece.last, reader.ending))
    }

    #[test]
    fn lines_of_every_shape_are_read() {
        let table = [
            (json!({"message": {"role": "assistant", "content": "a"}, "done": false}), "a", false),
            (
                json!({"message": {"role": "assistant", "content": "", "thinking": "hm"}, "done": false}),
                "",
                false,
            ),
            (json!({"message": {"content": "", "reasoning_content": "hm"}}), "", false),
            (json!({"message": {"content": null}, "done": false}), "", false),
            (json!({"message": {"content": "", "tool_calls": []}, "done": false}), "", false),
            (json!({"message": {"content": "z"}, "done": true, "done_reason": "stop"}), "z", true),
            (json!({"done": true}), "", true),
        ];
        for (line, text, last) in table {
            let seen = read(&line).unwrap();
            assert_eq!((seen.0.as_str(), seen.1), (text, last), "{line}");
        }
    }

    #[test]
    fn the_last_line_says_why_and_how_much() {
        let done = |more: Value| {
            let mut line = json!({"model": "m", "done": true});
            line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            read(&line).unwrap().2
        };
        let table = [
            (json!({"done_reason": "stop"}), Some(Finish::Stop), None),
            (json!({"done_reason": "length"}), Some(Finish::Length), None),
            (json!({"done_reason": "elsewhere"}), None, Some("elsewhere")),
            (json!({}), Some(Finish::Stop), None),
            (json!({"done_reason": "", "eval_count": 6}), Some(Finish::Stop), None),
            (json!({"eval_count": 7}), Some(Finish::Length), None),
        ];
        for (line, finish, foreign) in table {
            let ending = done(line.clone());
            assert_eq!((ending.finish, ending.foreign.as_deref()), (finish, foreign), "{line}");
        }
        let ending = done(json!({"prompt_eval_count": 120, "eval_count": 3}));
        let usage = Usage { prompt: 120, reply: 3, ..Usage::default() };
        assert_eq!((ending.usage, ending.is_counted), (Some(usage), true));
        assert_eq!(done(json!({"prompt_eval_count": 0, "eval_count": 0})).usage, None);
        // A model that was only loaded is to be asked again.
        let loaded = json!({"message": {"content": ""}, "done": true, "done_reason": "load"});
        let Err(Trouble::Refused(refusal)) = read(&loaded) else { panic!("{loaded}") };
        assert_eq!(refusal.status, Some(503));
    }

    #[test]
    fn errors_and_cuts_are_told_apart() {
        let cut = json!({"done": true, "done_reason": "stop", "prompt_eval_count": 99});
        assert_eq!(read(&cut), Err(Trouble::Cut { read: 99, least: 100 }));
        let table = [
            (json!({"error": "out of memory"}), "out of memory"),
            (json!({"error": {"message": "m", "code": 500}}), "m"),
            (json!({"detail": "Not Found"}), "Not Found"),
        ];
        for (line, words) in table {
            match read(&line) {
                Err(Trouble::Refused(refusal)) => assert_eq!(refusal.message, words, "{line}"),
                other => panic!("{line}: {other:?}"),
            }
        }
        for garbled in [json!("x"), json!(7), json!({}), json!({"response": "a"})] {
            assert!(matches!(read(&garbled), Err(Trouble::Garbled(_))), "{garbled}");
        }
    }
}
