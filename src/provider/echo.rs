//! A reply that begins by repeating the beginning it was given, as Mistral's and
//! some local servers' do.

use serde_json::Value;

use crate::provider::Request;
use crate::provider::http::dialect::{Ending, Piece, Reader, Trouble};
use crate::provider::sse::Event;

/// The reader of the reply to a request, without an echo of the beginning that
/// the request gives, if it does.
#[must_use]
pub fn without(reader: Box<dyn Reader>, request: &Request) -> Box<dyn Reader> {
    match request.begun() {
        Some(message) => Box::new(Echoless::new(reader, &message.text)),
        None => reader,
    }
}

/// A reader without the echo of a given beginning.
///
/// Text is held back as long as it may be that echo. One that is exactly the
/// given text goes; anything else is let through as it came. What a stream that
/// breaks off has said of the echo is not lost: the caller has it already.
struct Echoless {
    inner: Box<dyn Reader>,
    /// The given beginning, until it is known whether the reply repeats it.
    given: Option<String>,
    /// What has come of it.
    held: String,
}

impl Echoless {
    fn new(inner: Box<dyn Reader>, given: &str) -> Self {
        let given = (!given.is_empty()).then(|| given.to_owned());
        Self { inner, given, held: String::new() }
    }

    fn let_through(&mut self, piece: Piece) -> Piece {
        let Some(given) = &self.given else { return piece };
        self.held.push_str(&piece.text);
        let text = if let Some(rest) = self.held.strip_prefix(given.as_str()) {
            rest.to_owned()
        } else if given.starts_with(&self.held) && !self.has_ended(&piece) {
            return Piece { text: String::new(), ..piece };
        } else {
            std::mem::take(&mut self.held)
        };
        self.given = None;
        Piece { text, ..piece }
    }

    fn has_ended(&self, piece: &Piece) -> bool {
        piece.last || self.inner.ending().finish.is_some()
    }
}

impl Reader for Echoless {
    fn event(&mut self, event: &Event) -> Result<Piece, Trouble> {
        let piece = self.inner.event(event)?;
        Ok(self.let_through(piece))
    }

    fn whole(&mut self, reply: &Value) -> Result<Piece, Trouble> {
        let piece = self.inner.whole(reply)?;
        Ok(self.let_through(piece))
    }

    fn told(&mut self, page: &Value) -> Result<(), Trouble> {
        self.inner.told(page)
    }

    fn stated(&mut self, said: &Value) {
        self.inner.stated(said);
    }

    fn ending(&self) -> &Ending {
        self.inner.ending()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::provider::openai::ChatReader;

    /// What is let through of a reply in these pieces; `ends` says whether it
    /// comes to an end.
    fn heard(given: &str, pieces: &[&str], ends: bool) -> String {
        let mut reader = Echoless::new(Box::new(ChatReader::default()), given);
        let mut text = String::new();
        let mut events: Vec<Value> = pieces
            .iter()
            .map(|piece| json!({"choices": [{"delta": {"content": piece}}]}))
            .collect();
        if ends {
            events.push(json!({"choices": [{"delta": {}, "finish_reason": "stop"}]}));
        }
        for event in events {
            let event = Event { name: String::new(), data: event.to_string() };
            text += &reader.event(&event).unwrap().text;
        }
        text
    }

    #[test]
    fn an_exact_echo_goes_once_and_nothing_else() {
        let table: [(&str, &[&str], bool, &str); 11] = [
            ("It was", &["It was", " late."], true, " late."),
            ("It was", &["I", "t w", "as late."], true, " late."),
            ("It was", &["It was It was"], true, " It was"),
            ("It was", &[" late."], true, " late."),
            ("It was", &["It", " is"], true, "It is"),
            ("It was", &["It"], true, "It"),
            ("It was", &["it was"], true, "it was"),
            ("It was", &["It was"], true, ""),
            // Broken off within the echo: nothing new has been said.
            ("It was", &["It"], false, ""),
            ("It was", &["It was l"], false, " l"),
            ("", &["It was"], true, "It was"),
        ];
        for (given, pieces, ends, expected) in table {
            assert_eq!(heard(given, pieces, ends), expected, "{pieces:?} after {given:?}");
        }
    }

    #[test]
    fn figures_beside_an_error_are_heard() {
        let mut reader = Echoless::new(Box::new(ChatReader::default()), "It was");
        reader.stated(&json!({"usage": {"prompt_tokens": 70, "completion_tokens": 3}}));
        assert_eq!(reader.ending().usage.map(|usage| (usage.prompt, usage.reply)), Some((70, 3)));
    }
}
