//! `KoboldCpp`'s `/api/extra/generate/stream`: one text in, server-sent events out.
//!
//! Its stream tells neither tokens nor why a reply ended at a stop text (that is
//! `length` there), and it shortens a prompt that is too long without a word.
//! `/api/extra/perf` tells all three of the last reply, so it is asked after.

use serde_json::{Map, Value};

use super::templates::TEMPLATES;
use super::{bytes, ends, known, prompt};
use crate::provider::body::{Fields, settings};
use crate::provider::http::dialect::{
    Auth, Dialect, Ending, Framing, Knobs, Piece, Raw, Reader, Trouble,
};
use crate::provider::http::refusal::Refusal;
use crate::provider::sampling::{Accepts, Parameter};
use crate::provider::sse::Event;
use crate::provider::{Finish, Request, Usage, cut};

/// The row of this dialect.
pub static KOBOLDCPP: Dialect = Dialect {
    name: "koboldcpp-completion",
    path: "/api/extra/generate/stream",
    home: "",
    auth: Auth::Bearer,
    headers: &[],
    framing: Framing::Events,
    words: WORDS,
    usual: || Accepts {
        temperature: (0.0, 5.0),
        stops: 64,
        ..Accepts::only(WORDS.iter().map(|(parameter, _)| *parameter))
    },
    write,
    read,
    spares: &[],
    raw: Some(Raw {
        check: |knobs| known(knobs, TEMPLATES.iter().map(|template| template.name)),
        marks: bytes,
        first: None,
        tells_tokens: false,
    }),
    after: Some("/api/extra/perf"),
};

const WORDS: &[(Parameter, &str)] = &[
    (Parameter::Temperature, "temperature"),
    (Parameter::TopP, "top_p"),
    (Parameter::TopK, "top_k"),
    (Parameter::MinP, "min_p"),
    (Parameter::RepetitionPenalty, "rep_pen"),
    (Parameter::PresencePenalty, "presence_penalty"),
    (Parameter::Dry, "dry"),
    (Parameter::Xtc, "xtc"),
    (Parameter::LogitBias, "logit_bias"),
    (Parameter::Seed, "sampler_seed"),
    (Parameter::Stop, "stop_sequence"),
];

/// It has no field for a schema.
fn write(request: &Request, knobs: &Knobs) -> Map<String, Value> {
    let mut body = Fields::default();
    body.set("prompt", prompt(request, knobs));
    body.set("max_context_length", knobs.window);
    body.set(knobs.reply_field.as_deref().unwrap_or("max_length"), request.reply_tokens);
    // A stop text is not part of the reply.
    body.set("trim_stop", true);
    body.set("quiet", true);
    let mut body = body.done();
    body.extend(settings::fields_ending(request, knobs, WORDS, ends(knobs)));
    body
}

fn read(request: &Request, _: &Knobs) -> Box<dyn Reader> {
    Box::new(TokenReader { ending: Ending::default(), least: cut::least(request) })
}

/// Reads one reply.
#[derive(Debug)]
struct TokenReader {
    ending: Ending,
    /// The fewest tokens that the prompt can take.
    least: u64,
}

impl Reader for TokenReader {
    fn event(&mut self, event: &Event) -> Result<Piece, Trouble> {
        let value: Value = serde_json::from_str(event.data.trim())
            .map_err(|why| Trouble::Garbled(format!("an event that is not JSON ({why})")))?;
        let Some(token) = value.get("token") else {
            return Err(not_a_token(&value));
        };
        self.end(&value["finish_reason"])?;
        let text = token.as_str().unwrap_or_default().to_owned();
        Ok(Piece { text, last: self.ending.finish.is_some() })
    }

    /// The answer of its other route, which does not stream.
    fn whole(&mut self, reply: &Value) -> Result<Piece, Trouble> {
        let Some(result) = reply.pointer("/results/0") else {
            return Err(not_a_token(reply));
        };
        self.end(&result["finish_reason"])?;
        let text = result["text"].as_str().unwrap_or_default().to_owned();
        Ok(Piece { text, last: true })
    }

    fn told(&mut self, page: &Value) -> Result<(), Trouble> {
        /// What it says of a reply that ended at a stop text.
        const AT_A_STOP: i64 = 2;
        if page["stop_reason"].as_i64() == Some(AT_A_STOP) && self.ending.finish.is_some() {
            self.ending.finish = Some(Finish::Stop);
        }
        let count = |field: &str| page[field].as_u64();
        if let (Some(prompt), Some(reply)) = (count("last_input_count"), count("last_token_count"))
        {
            self.ending.usage = Some(Usage { prompt, reply, ..Usage::default() });
            self.ending.is_counted = true;
            cut::check(self.least, prompt)?;
        }
        Ok(())
    }

    fn ending(&self) -> &Ending {
        &self.ending
    }
}

impl TokenReader {
    fn end(&mut self, word: &Value) -> Result<(), Trouble> {
        match word.as_str().unwrap_or_default() {
            // It writes the word for nothing, too.
            "" | "null" => {}
            "stop" => self.ending.finish = Some(Finish::Stop),
            "length" => self.ending.finish = Some(Finish::Length),
            "error" => {
                return Err(Trouble::Refused(Refusal {
                    status: Some(500),
                    message: "the reply ended with finish reason `error`".into(),
                    ..Refusal::default()
                }));
            }
            word => self.ending.foreign = Some(word.to_owned()),
        }
        Ok(())
    }
}

fn not_a_token(value: &Value) -> Trouble {
    Refusal::read(value)
        .map_or_else(|| Trouble::Garbled("JSON without `token`".into()), Trouble::Refused)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(event: &Value) -> Result<(Piece, Ending), Trouble> {
        let mut reader = TokenReader { ending: Ending::default(), least: 100 };
        let piece = reader.event(&Event { name: String::new(), data: event.to_string() })?;
        Ok((piece, reader.ending))
    }

    #[test]
    fn tokens_and_ends_are_read() {
        let table = [
            (json!({"token": "a", "finish_reason": null}), "a", None, None),
            (json!({"token": "a", "finish_reason": "null"}), "a", None, None),
            (json!({"token": "a"}), "a", None, None),
            (json!({"token": null}), "", None, None),
            (json!({"token": "", "finish_reason": "stop"}), "", Some(Finish::Stop), None),
            (json!({"token": "z", "finish_reason": "length"}), "z", Some(Finish::Length), None),
            (json!({"token": "", "finish_reason": "tool_calls"}), "", None, Some("tool_calls")),
        ];
        for (event, text, finish, foreign) in table {
            let (piece, ending) = read(&event).unwrap();
            assert_eq!(piece, Piece { text: text.into(), last: finish.is_some() }, "{event}");
            assert_eq!((ending.finish, ending.foreign.as_deref()), (finish, foreign), "{event}");
        }
        for (event, words) in [
            (json!({"token": "", "finish_reason": "error"}), "finish reason `error`"),
            (
                json!({"detail": {"msg": "Server is busy; please try again later.", "type": "service_unavailable"}}),
                "Server is busy",
            ),
        ] {
            match read(&event) {
                Err(Trouble::Refused(refusal)) => {
                    assert!(refusal.message.contains(words), "{event}: {refusal:?}");
                }
                other => panic!("{event}: {other:?}"),
            }
        }
        assert!(matches!(read(&json!({"results": []})), Err(Trouble::Garbled(_))));
    }
}
