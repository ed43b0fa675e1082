//! llama.cpp's `/completion`: one text in, server-sent events out.
//!
//! The GGUF's own template is laid by the server's `/apply-template`, which is
//! asked before (template `own`). A reply that has filled the window ends with
//! `truncated`, which is one cut by length; the server refuses a prompt that
//! does not fit.

use serde_json::{Map, Value, json};

use super::templates::{OWN, TEMPLATES};
use super::{bytes, ends, known, prompt, uses_own};
use crate::provider::body::{Fields, settings};
use crate::provider::control::{CONTROL, HEADINGS, harmless};
use crate::provider::http::dialect::{
    Auth, Dialect, Ending, First, Framing, Knobs, Piece, Raw, Reader, Spare, Trouble,
};
use crate::provider::http::refusal::Refusal;
use crate::provider::sampling::{Accepts, Parameter};
use crate::provider::sse::Event;
use crate::provider::{Finish, Request, Usage, cut};

/// The row of this dialect.
pub static LLAMACPP: Dialect = Dialect {
    name: "llamacpp-completion",
    path: "/completion",
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
    spares: &[Spare::left_out("json_schema", true)],
    raw: Some(Raw {
        check: |knobs| known(knobs, TEMPLATES.iter().map(|template| template.name).chain([OWN])),
        marks: bytes,
        first: Some(First {
            path: "/apply-template",
            is_needed: uses_own,
            ask,
            answer: |page| page.get("prompt")?.as_str().map(str::to_owned),
        }),
        tells_tokens: true,
    }),
    after: None,
};

const WORDS: &[(Parameter, &str)] = &[
    (Parameter::Temperature, "temperature"),
    (Parameter::TopP, "top_p"),
    (Parameter::TopK, "top_k"),
    (Parameter::MinP, "min_p"),
    (Parameter::RepetitionPenalty, "repeat_penalty"),
    (Parameter::FrequencyPenalty, "frequency_penalty"),
    (Parameter::PresencePenalty, "presence_penalty"),
    (Parameter::Dry, "dry"),
    (Parameter::Xtc, "xtc"),
    (Parameter::LogitBias, "logit_bias"),
    (Parameter::Seed, "seed"),
    (Parameter::Stop, "stop"),
];

fn write(request: &Request, knobs: &Knobs) -> Map<String, Value> {
    let mut body = Fields::default();
    body.set("model", knobs.model.as_str());
    body.set("prompt", prompt(request, knobs));
    body.set("stream", true);
    body.set("cache_prompt", true);
    body.set(knobs.reply_field.as_deref().unwrap_or("n_predict"), request.reply_tokens);
    if let Some(schema) = &request.schema {
        body.set("json_schema", schema.clone());
    }
    let mut body = body.done();
    body.extend(settings::fields_ending(request, knobs, WORDS, ends(knobs)));
    body
}

/// The messages, for the server's own template.
fn ask(request: &Request) -> Value {
    let marks = [CONTROL, HEADINGS].concat();
    let said = request.messages.iter().map(
        |message| json!({"role": message.role.name(), "content": harmless(&message.text, &marks)}),
    );
    json!({"messages": said.collect::<Vec<_>>()})
}

fn read(request: &Request, _: &Knobs) -> Box<dyn Reader> {
    Box::new(TextReader { ending: Ending::default(), least: cut::least(request), token: None })
}

/// Reads one reply.
#[derive(Debug)]
struct TextReader {
    ending: Ending,
    /// The fewest tokens that the prompt can take.
    least: u64,
    /// The token of the last event.
    token: Option<u32>,
}

impl Reader for TextReader {
    fn event(&mut self, event: &Event) -> Result<Piece, Trouble> {
        let data = event.data.trim();
        if data == "[DONE]" {
            return Ok(Piece { last: true, ..Piece::default() });
        }
        let value: Value = serde_json::from_str(data)
            .map_err(|why| Trouble::Garbled(format!("an event that is not JSON ({why})")))?;
        if !value.is_object() {
            return Err(Trouble::Garbled("an event that is no JSON object".into()));
        }
        let is_error = event.name == "error" || value.get("content").is_none();
        if is_error && let Some(refusal) = Refusal::read(&value) {
            return Err(Trouble::Refused(refusal));
        }
        self.text(&value)
    }

    fn whole(&mut self, reply: &Value) -> Result<Piece, Trouble> {
        if !reply["content"].is_string() {
            let refusal = Refusal::read(reply);
            return Err(refusal.map_or_else(
                || Trouble::Garbled("JSON without `content`".into()),
                Trouble::Refused,
            ));
        }
        Ok(Piece { last: true, ..self.text(reply)? })
    }

    fn token(&self) -> Option<u32> {
        self.token
    }

    fn ending(&self) -> &Ending {
        &self.ending
    }
}

impl TextReader {
    fn text(&mut self, value: &Value) -> Result<Piece, Trouble> {
        let text = value["content"].as_str().unwrap_or_default().to_owned();
        let tokens = value["tokens"].as_array();
        let token = tokens.and_then(|tokens| tokens.last()).and_then(Value::as_u64);
        self.token = token.and_then(|token| u32::try_from(token).ok());
        let last = value["stop"].as_bool().unwrap_or_default();
        let count = |path: &str| value.pointer(path).and_then(Value::as_u64).unwrap_or_default();
        // Each event counts what has been said by then.
        if let Some(prompt) = value["tokens_evaluated"].as_u64() {
            self.ending.usage = Some(Usage {
                prompt,
                cached: count("/timings/cache_n"),
                reply: count("/tokens_predicted"),
                ..Usage::default()
            });
            self.ending.is_counted = last && value["tokens_predicted"].is_u64();
        }
        if let Some(model) = value["model"].as_str().filter(|model| !model.is_empty()) {
            self.ending.model = Some(file(model));
        }
        if last {
            self.end(value)?;
        }
        Ok(Piece { text, last })
    }

    fn end(&mut self, value: &Value) -> Result<(), Trouble> {
        cut::check(self.least, self.ending.usage.map_or(0, |usage| usage.prompt))?;
        match value["stop_type"].as_str().unwrap_or_default() {
            "eos" | "word" => self.ending.finish = Some(Finish::Stop),
            "limit" => self.ending.finish = Some(Finish::Length),
            // Before it had this word, it had a flag for each.
            "" if value["stopped_limit"] == true => self.ending.finish = Some(Finish::Length),
            "" if value["stopped_eos"] == true || value["stopped_word"] == true => {
                self.ending.finish = Some(Finish::Stop);
            }
            "" => {}
            word => self.ending.foreign = Some(word.to_owned()),
        }
        Ok(())
    }
}

/// The server names a model by its path, which is nobody's business.
fn file(model: &str) -> String {
    model.rsplit(['/', '\\']).next().unwrap_or(model).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(event: &Value) -> Result<(Piece, Ending), Trouble> {
        let mut reader = TextReader { ending: Ending::default(), least: 100, token: None };
        let piece = reader.event(&Event { name: String::new(), data: event.to_string() })?;
        Ok((piece, reader.ending))
    }

    #[test]
    fn every_kind_of_end_is_known() {
        let table = [
            (json!({"stop_type": "eos"}), Some(Finish::Stop), None),
            (json!({"stop_type": "word", "stopping_word": "x"}), Some(Finish::Stop), None),
            (json!({"stop_type": "limit"}), Some(Finish::Length), None),
            (json!({"stop_type": "limit", "truncated": true}), Some(Finish::Length), None),
            (json!({"stop_type": "none"}), None, Some("none")),
            (json!({"stopped_eos": true, "stopped_limit": false}), Some(Finish::Stop), None),
            (json!({"stopped_word": true}), Some(Finish::Stop), None),
            (json!({"stopped_limit": true}), Some(Finish::Length), None),
            (json!({}), None, None),
        ];
        for (more, finish, foreign) in table {
            let mut event = json!({"content": "", "stop": true});
            event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let (piece, ending) = read(&event).unwrap();
            let seen = (ending.finish, ending.foreign.as_deref(), piece.last);
            assert_eq!(seen, (finish, foreign, true), "{event}");
        }
    }

    #[test]
    fn tokens_are_counted_from_the_first_event_on() {
        let event =
            json!({"content": "a", "stop": false, "tokens_predicted": 1, "tokens_evaluated": 120});
        let (piece, ending) = read(&event).unwrap();
        assert_eq!((piece.text.as_str(), piece.last, ending.is_counted), ("a", false, false));
        assert_eq!(ending.usage.unwrap().prompt, 120);
        let event = json!({"content": "", "stop": true, "stop_type": "eos", "tokens_predicted": 5, "tokens_evaluated": 120, "timings": {"cache_n": 80}, "model": "/home/someone/models/m.gguf"});
        let (_, ending) = read(&event).unwrap();
        let usage = Usage { prompt: 120, cached: 80, reply: 5, ..Usage::default() };
        assert_eq!((ending.usage, ending.is_counted), (Some(usage), true));
        assert_eq!(ending.model.as_deref(), Some("m.gguf"), "no path of the server's");
        let cut = json!({"content": "", "stop": true, "stop_type": "eos", "tokens_evaluated": 99});
        assert_eq!(read(&cut).unwrap_err(), Trouble::Cut { read: 99, least: 100 });
    }

    #[test]
    fn what_is_no_text_is_an_error_or_garbled() {
        for (event, words) in [
            (json!({"error": {"code": 500, "message": "m"}}), "m"),
            (json!({"code": 503, "message": "m", "type": "unavailable_error"}), "m"),
        ] {
            match read(&event) {
                Err(Trouble::Refused(refusal)) => assert_eq!(refusal.message, words),
                other => panic!("{event}: {other:?}"),
            }
        }
        assert!(matches!(read(&json!([1])), Err(Trouble::Garbled(_))));
        // A progress event says nothing.
        let (piece, ending) =
            read(&json!({"content": "", "prompt_progress": {"total": 9}, "stop": false})).unwrap();
        assert_eq!((piece, ending.finish), (Piece::default(), None));
    }
}
