//! llama.cpp's `/completion`: one text in, server-sent events out.
//!
//! The GGUF's own template is laid by the server's `/apply-template`, which is
//! asked before (template `own`). A reply that has filled the window ends with
//! `truncated`, which is one cut by length; the server refuses a prompt that
//! does not fit.

use serde_json::{Map, Value, json};

use super::marks::harmless;
use super::templates::{OWN, TEMPLATES};
use super::{bytes, ends, known, prompt, uses_own};
use crate::provider::body::{Fields, settings};
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
    let messages = request.messages.iter();
    let messages: Vec<Value> = messages
        .map(|message| json!({"role": message.role.name(), "content": harmless(&message.text)}))
        .collect();
    json!({"messages": messages})
}

fn read(request: &Request, _: &Knobs) -> Box<dyn Reader> {
    Box::new(TextReader { ending: Ending::default(), least: cut::least(request) })
}

/// Reads one reply.
#[derive(Debug)]
struct TextReader {
    ending: Ending,
    /// The fewest tokens that the prompt can take.
    least: u64,
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

    fn ending(&self) -> &Ending {
        &self.ending
    }
}

impl TextReader {
    fn text(&mut self, value: &Value) -> Result<Piece, Trouble> {
        let text = value["content"].as_str().unwrap_or_default().to_owned();
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
            self.ending.is_counted = last;
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
            word => self.ending.foreign = Some(word.to_owned()),
        }
        Ok(())
    }
}

/// The server names a model by its path, which is nobody's business.
fn file(model: &str) -> String {
    model.rsplit(['/', '\\']).next().unwrap_or(model).to_owned()
}
