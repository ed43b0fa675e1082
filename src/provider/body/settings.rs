//! The sampling vocabulary in a wire's words.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Fields, number};
use crate::provider::Request;
use crate::provider::http::dialect::Knobs;
use crate::provider::sampling::{Parameter, Sampling};

/// The settings of a request that the endpoint takes, each under the row's name
/// for it, else under the wire's.
///
/// What is not taken is left out, and a temperature beyond the endpoint's range
/// is moved to its edge: [`unheard`](crate::provider::sampling::unheard) has
/// told of both before the call.
#[must_use]
pub fn fields(request: &Request, knobs: &Knobs, words: &[(Parameter, &str)]) -> Map<String, Value> {
    fields_ending(request, knobs, words, &[])
}

/// The same, with texts that end a reply of this kind beside those of the
/// request and the row.
#[must_use]
pub fn fields_ending(
    request: &Request,
    knobs: &Knobs,
    words: &[(Parameter, &str)],
    ends: &[&str],
) -> Map<String, Value> {
    let mut fields = Fields::default();
    for (parameter, word) in words {
        if knobs.accepts.takes(*parameter) {
            let name = knobs.names.get(parameter).map_or(*word, String::as_str);
            if *parameter == Parameter::Stop {
                let stops = stops(request, knobs, ends);
                fields.set(name, Some(stops).filter(|stops| !stops.is_empty()));
            } else {
                set(&mut fields, *parameter, name, request, knobs);
            }
        }
    }
    fields.done()
}

/// Sets one setting but the stops.
fn set(fields: &mut Fields, parameter: Parameter, name: &str, request: &Request, knobs: &Knobs) {
    let sampling = &request.sampling;
    let mut float = |value: Option<f32>| fields.set(name, value.map_or(Value::Null, number));
    match parameter {
        Parameter::Temperature => float(sampling.temperature.map(|wanted| {
            let (least, most) = knobs.accepts.temperature;
            wanted.max(least).min(most)
        })),
        Parameter::TopP => float(sampling.top_p),
        Parameter::MinP => float(sampling.min_p),
        Parameter::RepetitionPenalty => float(sampling.repetition_penalty),
        Parameter::FrequencyPenalty => float(sampling.frequency_penalty),
        Parameter::PresencePenalty => float(sampling.presence_penalty),
        Parameter::TopK => fields.set(name, sampling.top_k),
        Parameter::Seed => fields.set(name, seed(request.seed)),
        Parameter::Dry => {
            if let Some(dry) = sampling.dry {
                fields.set(&format!("{name}_multiplier"), number(dry.multiplier));
                fields.set(&format!("{name}_base"), number(dry.base));
                fields.set(&format!("{name}_allowed_length"), dry.allowed_length);
            }
        }
        Parameter::Xtc => {
            if let Some(xtc) = sampling.xtc {
                fields.set(&format!("{name}_probability"), number(xtc.probability));
                fields.set(&format!("{name}_threshold"), number(xtc.threshold));
            }
        }
        Parameter::LogitBias => {
            if let Some(biases) = biases(sampling, knobs) {
                fields.set(name, biases);
            }
        }
        Parameter::Stop => {}
    }
}

/// What is added to logits: per token, or in pairs where some are named by texts.
fn biases(sampling: &Sampling, knobs: &Knobs) -> Option<Value> {
    let tokens = sampling.logit_bias.iter();
    if knobs.text_bias && !sampling.text_bias.is_empty() {
        let tokens = tokens.map(|(token, bias)| json!([token, number(*bias)]));
        let texts = sampling.text_bias.iter().map(|(text, bias)| json!([text, number(*bias)]));
        return Some(tokens.chain(texts).collect());
    }
    let bias = |bias: f32| if knobs.accepts.whole_bias { whole(bias) } else { number(bias) };
    let tokens: Map<_, _> = tokens.map(|(token, by)| (token.to_string(), bias(*by))).collect();
    (!tokens.is_empty()).then_some(Value::Object(tokens))
}

/// The nearest whole number.
#[expect(clippy::cast_possible_truncation, reason = "what is added to a logit is small")]
fn whole(bias: f32) -> Value {
    json!(bias.round() as i64)
}

/// A seed that means itself everywhere: to some servers 0 is chance, and so is
/// what passes 31 bits.
fn seed(seed: u32) -> u32 {
    (seed & 0x7fff_ffff).max(1)
}

/// The texts that end a reply: the model's, those of the request, and `more`; each once,
/// none empty, and no more than the endpoint takes. The model's come first: they keep
/// it from speaking for the user, and a book may name more than there are places for.
#[must_use]
pub fn stops(request: &Request, knobs: &Knobs, more: &[&str]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let own = knobs.stops.iter().chain(&request.sampling.stop).map(String::as_str);
    own.chain(more.iter().copied())
        .filter(|stop| !stop.is_empty() && seen.insert(*stop))
        .take(knobs.accepts.stops)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::provider::sampling::{Accepts, Dry, Xtc};

    const WORDS: &[(Parameter, &str)] = &[
        (Parameter::Temperature, "temperature"),
        (Parameter::TopP, "top_p"),
        (Parameter::TopK, "top_k"),
        (Parameter::MinP, "min_p"),
        (Parameter::RepetitionPenalty, "repetition_penalty"),
        (Parameter::FrequencyPenalty, "frequency_penalty"),
        (Parameter::PresencePenalty, "presence_penalty"),
        (Parameter::Dry, "dry"),
        (Parameter::Xtc, "xtc"),
        (Parameter::LogitBias, "logit_bias"),
        (Parameter::Seed, "seed"),
        (Parameter::Stop, "stop"),
    ];

    fn request() -> Request {
        Request {
            messages: Vec::new(),
            reply_tokens: 9,
            sampling: Sampling {
                temperature: Some(1.17),
                top_p: Some(0.95),
                top_k: Some(40),
                min_p: Some(0.075),
                repetition_penalty: Some(1.1),
                frequency_penalty: Some(0.2),
                presence_penalty: Some(-0.3),
                dry: Some(Dry { multiplier: 0.8, base: 1.75, allowed_length: 3 }),
                xtc: Some(Xtc { probability: 0.5, threshold: 0.1 }),
                logit_bias: BTreeMap::from([(7, -100.0), (70, 2.5)]),
                stop: vec!["A".into(), "B".into(), String::new()],
                ..Sampling::default()
            },
            seed: 42,
            schema: None,
            marks: Vec::new(),
            bans: None,
        }
    }

    #[test]
    fn tokens_are_named_by_texts_where_the_row_takes_them() {
        let mut request = request();
        request.sampling.text_bias.insert(" 1".to_owned(), -4.6);
        for (text_bias, whole_bias, said) in [
            (true, false, json!([[7, -100.0], [70, 2.5], [" 1", -4.6]])),
            (false, false, json!({"7": -100.0, "70": 2.5})),
            (false, true, json!({"7": -100, "70": 3})),
        ] {
            let accepts = Accepts { whole_bias, ..Accepts::everything() };
            let knobs = Knobs { accepts, text_bias, ..Knobs::default() };
            assert_eq!(fields(&request, &knobs, WORDS)["logit_bias"], said);
        }
    }

    #[test]
    fn everything_is_said_in_the_words_of_the_row() {
        let names = [(Parameter::RepetitionPenalty, "rep_pen"), (Parameter::Dry, "d")];
        let knobs = Knobs {
            names: names.map(|(parameter, name)| (parameter, name.to_owned())).into(),
            stops: vec!["B".into(), "C".into(), "D".into()],
            accepts: Accepts { stops: 3, ..Accepts::everything() },
            ..Knobs::default()
        };
        let fields = Value::Object(fields(&request(), &knobs, WORDS));
        assert_eq!(
            fields,
            json!({
                "temperature": 1.17, "top_p": 0.95, "top_k": 40, "min_p": 0.075, "rep_pen": 1.1,
                "frequency_penalty": 0.2, "presence_penalty": -0.3,
                "d_multiplier": 0.8, "d_base": 1.75, "d_allowed_length": 3,
                "xtc_probability": 0.5, "xtc_threshold": 0.1,
                "logit_bias": {"7": -100.0, "70": 2.5}, "seed": 42, "stop": ["B", "C", "D"],
            })
        );
    }

    #[test]
    fn only_what_is_taken_is_sent_and_only_within_its_range() {
        let only = |parameters: &[Parameter]| Knobs {
            accepts: Accepts {
                temperature: (0.0, 1.0),
                ..Accepts::only(parameters.iter().copied())
            },
            stops: vec!["C".into()],
            ..Knobs::default()
        };
        let table = [
            (vec![], json!({})),
            (vec![Parameter::Temperature], json!({"temperature": 1.0})),
            (vec![Parameter::Seed, Parameter::Stop], json!({"seed": 42, "stop": ["C", "A", "B"]})),
        ];
        for (parameters, expected) in table {
            let fields = fields(&request(), &only(&parameters), WORDS);
            assert_eq!(Value::Object(fields), expected, "{parameters:?}");
        }
        let unset = Request { sampling: Sampling::default(), ..request() };
        let knobs = Knobs { stops: Vec::new(), ..only(&Parameter::ALL) };
        assert_eq!(Value::Object(fields(&unset, &knobs, WORDS)), json!({"seed": 42}));
        let nan = Sampling { temperature: Some(f32::NAN), ..Sampling::default() };
        let nan = Request { sampling: nan, ..request() };
        // What is no number is no temperature: the least that is taken stands in.
        let sent = fields(&nan, &only(&[Parameter::Temperature]), WORDS);
        assert_eq!(Value::Object(sent), json!({"temperature": 0.0}));
    }
}
