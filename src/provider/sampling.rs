//! How the next token is chosen: one vocabulary for every engine and endpoint.
//!
//! Each wire maps it to its own words; what an endpoint does not take is known
//! before the call ([`unheard`]), so that nothing is ever dropped in silence.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the next token is chosen. What is not set is left to the model's default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sampling {
    /// 0 always takes the likeliest token; about 0.8 suits prose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// Keep the likeliest tokens up to this share of probability, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f32>,
    /// Keep this many of the likeliest tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_k: Option<u32>,
    /// Drop tokens below this share of the likeliest one's probability, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_p: Option<f32>,
    /// Above 1: tokens seen lately become less likely, by division.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repetition_penalty: Option<f32>,
    /// Above 0: a token becomes less likely with each time it was said, by subtraction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frequency_penalty: Option<f32>,
    /// Above 0: a token becomes less likely once it was said, by subtraction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presence_penalty: Option<f32>,
    /// Against sequences that were said before ("don't repeat yourself").
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry: Option<Dry>,
    /// Now and then leaves the likeliest tokens out ("exclude top choices").
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xtc: Option<Xtc>,
    /// What is added to a token's logit, by its number in the model's vocabulary.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub logit_bias: BTreeMap<u32, f32>,
    /// The same for each token of a text, for endpoints whose row takes texts.
    /// No setting of a book: a step back asks so.
    #[serde(skip)]
    pub text_bias: BTreeMap<String, f32>,
    /// Texts that end the reply; they are not part of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<String>,
}

/// The DRY penalty: a token that would make a repeated sequence of `n` tokens
/// longer loses `multiplier * base ^ (n - allowed_length)` logits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dry {
    /// Its strength; 0 is off, 0.8 is usual.
    #[schemars(range(min = 0, max = 10))]
    pub multiplier: f32,
    /// How fast it grows with the length of the repetition; 1.75 is usual.
    #[serde(default = "usual_base")]
    #[schemars(range(min = 1, max = 10))]
    pub base: f32,
    /// The longest repetition that costs nothing, in tokens; 2 is usual.
    #[serde(default = "usual_length")]
    pub allowed_length: u32,
}

/// The XTC sampler: with this probability, all tokens above the threshold but
/// the least likely of them are left out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Xtc {
    /// How often, 0 to 1; 0 is off, 0.5 is usual.
    #[schemars(range(min = 0, max = 1))]
    pub probability: f32,
    /// The probability above which a token is a top choice; 0.1 is usual.
    #[serde(default = "usual_threshold")]
    #[schemars(range(min = 0, max = 1))]
    pub threshold: f32,
}

impl Dry {
    /// The penalty of this strength, otherwise as usual.
    #[must_use]
    pub fn of(multiplier: f32) -> Self {
        Self { multiplier, base: usual_base(), allowed_length: usual_length() }
    }
}

impl Xtc {
    /// The sampler of this probability, otherwise as usual.
    #[must_use]
    pub fn of(probability: f32) -> Self {
        Self { probability, threshold: usual_threshold() }
    }
}

fn usual_base() -> f32 {
    1.75
}

fn usual_length() -> u32 {
    2
}

fn usual_threshold() -> f32 {
    0.1
}

/// One word of the vocabulary.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields of `Sampling` of the same names say what they are")]
pub enum Parameter {
    Temperature,
    TopP,
    TopK,
    MinP,
    RepetitionPenalty,
    FrequencyPenalty,
    PresencePenalty,
    Dry,
    Xtc,
    LogitBias,
    Seed,
    Stop,
}

impl Parameter {
    /// The whole vocabulary.
    pub const ALL: [Self; 12] = [
        Self::Temperature,
        Self::TopP,
        Self::TopK,
        Self::MinP,
        Self::RepetitionPenalty,
        Self::FrequencyPenalty,
        Self::PresencePenalty,
        Self::Dry,
        Self::Xtc,
        Self::LogitBias,
        Self::Seed,
        Self::Stop,
    ];

    /// Its name in files and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Temperature => "temperature",
            Self::TopP => "top_p",
            Self::TopK => "top_k",
            Self::MinP => "min_p",
            Self::RepetitionPenalty => "repetition_penalty",
            Self::FrequencyPenalty => "frequency_penalty",
            Self::PresencePenalty => "presence_penalty",
            Self::Dry => "dry",
            Self::Xtc => "xtc",
            Self::LogitBias => "logit_bias",
            Self::Seed => "seed",
            Self::Stop => "stop",
        }
    }

    /// The parameter of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|parameter| parameter.name() == name)
    }
}

/// What an engine or endpoint takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accepts {
    /// The parameters it heeds.
    pub parameters: BTreeSet<Parameter>,
    /// The range of its temperature.
    pub temperature: (f32, f32),
    /// The most texts that may end a reply.
    pub stops: usize,
    /// Whether what is added to a token's logit has to be a whole number.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole_bias: bool,
}

impl Accepts {
    /// Everything, in the widest ranges.
    #[must_use]
    pub fn everything() -> Self {
        Self {
            parameters: Parameter::ALL.into_iter().collect(),
            temperature: (0.0, 5.0),
            stops: usize::MAX,
            whole_bias: false,
        }
    }

    /// These parameters; temperatures up to 2 and four stops, as most endpoints have it.
    #[must_use]
    pub fn only(parameters: impl IntoIterator<Item = Parameter>) -> Self {
        Self {
            parameters: parameters.into_iter().collect(),
            temperature: (0.0, 2.0),
            stops: 4,
            ..Self::everything()
        }
    }

    /// Whether it heeds this parameter.
    #[must_use]
    pub fn takes(&self, parameter: Parameter) -> bool {
        self.parameters.contains(&parameter)
    }
}

impl Default for Accepts {
    fn default() -> Self {
        Self::everything()
    }
}

impl Sampling {
    /// The parameters that are set.
    #[must_use]
    pub fn set(&self) -> Vec<Parameter> {
        let is_set = |parameter: &Parameter| match parameter {
            Parameter::Temperature => self.temperature.is_some(),
            Parameter::TopP => self.top_p.is_some(),
            Parameter::TopK => self.top_k.is_some(),
            Parameter::MinP => self.min_p.is_some(),
            Parameter::RepetitionPenalty => self.repetition_penalty.is_some(),
            Parameter::FrequencyPenalty => self.frequency_penalty.is_some(),
            Parameter::PresencePenalty => self.presence_penalty.is_some(),
            Parameter::Dry => self.dry.is_some(),
            Parameter::Xtc => self.xtc.is_some(),
            Parameter::LogitBias => !self.logit_bias.is_empty(),
            Parameter::Seed => false,
            Parameter::Stop => !self.stop.is_empty(),
        };
        Parameter::ALL.into_iter().filter(is_set).collect()
    }

    /// The same settings, each that is not set here taken from `other`.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        let first = |own: BTreeMap<u32, f32>, other: &BTreeMap<u32, f32>| {
            if own.is_empty() { other.clone() } else { own }
        };
        Self {
            temperature: self.temperature.or(other.temperature),
            top_p: self.top_p.or(other.top_p),
            top_k: self.top_k.or(other.top_k),
            min_p: self.min_p.or(other.min_p),
            repetition_penalty: self.repetition_penalty.or(other.repetition_penalty),
            frequency_penalty: self.frequency_penalty.or(other.frequency_penalty),
            presence_penalty: self.presence_penalty.or(other.presence_penalty),
            dry: self.dry.or(other.dry),
            xtc: self.xtc.or(other.xtc),
            logit_bias: first(self.logit_bias, &other.logit_bias),
            text_bias: self.text_bias,
            stop: if self.stop.is_empty() { other.stop.clone() } else { self.stop },
        }
    }
}

/// A setting that an endpoint would not heed as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Unheard {
    /// Which.
    pub parameter: Parameter,
    /// Why, as a clause about the endpoint: `does not take it`, `takes 0 to 1`.
    pub why: String,
}

/// What of these settings an endpoint would ignore or reject, in the order of
/// the vocabulary. `stops` are the model's own, which have their places first.
#[must_use]
pub fn unheard(sampling: &Sampling, accepts: &Accepts, stops: &[String]) -> Vec<Unheard> {
    let mut unheard = Vec::new();
    for parameter in sampling.set() {
        let why = match parameter {
            _ if !accepts.takes(parameter) => Some("does not take it".to_owned()),
            Parameter::Temperature => {
                let (least, most) = accepts.temperature;
                sampling
                    .temperature
                    .filter(|wanted| !(least..=most).contains(wanted))
                    .map(|_| format!("takes {least} to {most}"))
            }
            Parameter::LogitBias => {
                let is_broken = |bias: &f32| accepts.whole_bias && bias.fract() != 0.0;
                let broken = sampling.logit_bias.values().any(is_broken);
                broken.then(|| "takes whole numbers, so each is rounded".to_owned())
            }
            Parameter::Stop => crowded(&sampling.stop, accepts.stops, stops),
            _ => None,
        };
        if let Some(why) = why {
            unheard.push(Unheard { parameter, why });
        }
    }
    unheard
}

/// Why not all of these stops are sent, where `most` are taken and a model has some of
/// its `own`.
fn crowded(stops: &[String], most: usize, own: &[String]) -> Option<String> {
    let own: BTreeSet<&String> = own.iter().filter(|stop| !stop.is_empty()).collect();
    let mut seen = own.clone();
    let asked = stops.iter().filter(|stop| !stop.is_empty() && seen.insert(stop));
    let left: Vec<String> =
        asked.skip(most.saturating_sub(own.len())).map(|stop| format!("`{stop}`")).collect();
    let own = match own.len() {
        0 => String::new(),
        1 => ", and 1 is the model's own".to_owned(),
        several => format!(", and {several} are the model's own"),
    };
    let is_are = if left.len() == 1 { "is" } else { "are" };
    let left_out = format!("{} {is_are} left out", left.join(", "));
    (!left.is_empty()).then(|| format!("takes at most {most} of them{own}: {left_out}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_heard_is_named() {
        let sampling = Sampling {
            temperature: Some(1.17),
            min_p: Some(0.075),
            stop: vec!["a".into(), "b".into(), "c".into()],
            ..Sampling::default()
        };
        let pi = Accepts {
            temperature: (0.0, 1.0),
            stops: 2,
            ..Accepts::only([Parameter::Temperature, Parameter::TopP, Parameter::Stop])
        };
        let said: Vec<String> = unheard(&sampling, &pi, &[])
            .iter()
            .map(|one| format!("{} {}", one.parameter.name(), one.why))
            .collect();
        assert_eq!(
            said,
            [
                "temperature takes 0 to 1",
                "min_p does not take it",
                "stop takes at most 2 of them: `c` is left out"
            ]
        );
        assert_eq!(unheard(&sampling, &Accepts::everything(), &[]), []);
        let whole = Accepts { whole_bias: true, ..Accepts::everything() };
        for (bias, is_told) in [(-100.0, false), (2.5, true)] {
            let logit_bias = BTreeMap::from([(7, bias)]);
            let sampling = Sampling { logit_bias, ..Sampling::default() };
            assert_eq!(unheard(&sampling, &whole, &[]).len(), usize::from(is_told), "{bias}");
        }
        assert_eq!(unheard(&Sampling::default(), &Accepts::only([]), &[]), []);
    }

    #[test]
    fn the_stops_of_the_model_have_their_places_first() {
        let table: [(&[&str], usize, &[&str], &str); 8] = [
            (&["a"], 4, &["u", "v"], ""),
            (&["a", "b"], 4, &["u", "v"], ""),
            (
                &["a", "b", "c"],
                4,
                &["u", "v"],
                "takes at most 4 of them, and 2 are the model's own: `c` is left out",
            ),
            (
                &["a", "b", "c"],
                2,
                &["u"],
                "takes at most 2 of them, and 1 is the model's own: `b`, `c` are left out",
            ),
            // One that both have needs one place.
            (&["u", "a", "b", "", "a"], 4, &["u", "v"], ""),
            (
                &["a"],
                1,
                &["u"],
                "takes at most 1 of them, and 1 is the model's own: `a` is left out",
            ),
            (
                &["a"],
                1,
                &["u", "v"],
                "takes at most 1 of them, and 2 are the model's own: `a` is left out",
            ),
            (&["a", "b"], usize::MAX, &["u"], ""),
        ];
        let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        for (stops, most, own, said) in table {
            let seen = crowded(&owned(stops), most, &owned(own)).unwrap_or_default();
            assert_eq!(seen, said, "{stops:?} {most} {own:?}");
        }
    }

    #[test]
    fn names_are_known_both_ways() {
        for parameter in Parameter::ALL {
            assert_eq!(Parameter::of_name(parameter.name()), Some(parameter));
            let json = serde_json::to_value(parameter).unwrap();
            assert_eq!(json, parameter.name());
        }
    }

    #[test]
    fn what_is_set_wins() {
        let own = Sampling { top_k: Some(20), ..Sampling::default() };
        let usual = Sampling { top_k: Some(40), top_p: Some(0.95), ..Sampling::default() };
        let both = own.or(&usual);
        assert_eq!((both.top_k, both.top_p), (Some(20), Some(0.95)));
    }
}
