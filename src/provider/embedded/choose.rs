//! Chooses the next token: the sampling of a request, and its schema.
//!
//! A structured reply gets no penalty for repetitions by sequence (DRY): JSON
//! repeats itself by right. Temperature 0 takes the likeliest token of those that
//! penalties and biases leave likeliest, whatever else is set.
//!
//! Penalties take likelihood away, and `min_p` keeps what comes close to the
//! likeliest. So a token that falls short of the likeliest unpenalised one by
//! more than that can be left out at once, and a step looks at some hundred
//! tokens in place of the whole vocabulary. What may become likelier is counted
//! in beforehand: biases are added first, and where a penalty is turned round
//! into a reward, every token that was seen is looked at.

use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::token::data::LlamaTokenData;
use llama_cpp_2::token::data_array::LlamaTokenDataArray;

use super::guide::Guide;
use super::vocabulary::Vocabulary;
use crate::provider::Sampling;

/// Tokens that the penalties for single tokens look back at, llama.cpp's own
/// default.
const REPEAT_SPAN: i32 = 64;
/// Tokens that DRY looks back at: about a chapter's last two pages.
const DRY_SPAN: i32 = 1024;
/// Tokens that any penalty looks back at.
const SPAN: usize = 1024;
/// The temperature where none is set.
const TEMPERATURE: f32 = 0.8;
const DRY_BREAKERS: [&str; 4] = ["\n", ":", "\"", "*"];

/// The choice of tokens for one reply.
pub struct Chooser {
    penalties: LlamaSampler,
    choice: LlamaSampler,
    guide: Option<Guide>,
    /// What the penalties have been told, the reply's opening included.
    history: Vec<LlamaToken>,
    /// The tokens of the opening.
    begun: usize,
    /// Per token: minus infinity once it was seen, and may be penalised, else 0.
    seen: Vec<f32>,
    /// Whether a token that was seen may have become likelier.
    rewards: bool,
    /// What is added to tokens' logits.
    biases: Vec<(usize, f32)>,
    /// Logits with their biases.
    biased: Vec<f32>,
    /// How far below the likeliest token, in logits, one may still be chosen.
    reach: f32,
}

impl Chooser {
    /// A chooser for one reply. `begun` are the tokens of the reply's opening,
    /// where the prompt holds one.
    pub fn new(
        vocabulary: &Vocabulary,
        sampling: &Sampling,
        seed: u32,
        guide: Option<Guide>,
        begun: &[LlamaToken],
    ) -> Self {
        let is_greedy = temperature(sampling) <= 0.0;
        let reach = match sampling.min_p {
            _ if is_greedy => 0.0,
            Some(share) if share > 0.0 => -share.min(1.0).ln(),
            _ => f32::INFINITY,
        };
        let size = usize::try_from(vocabulary.model().n_vocab()).unwrap_or(0);
        let biases = sampling.logit_bias.iter().filter_map(|(token, bias)| {
            let token = usize::try_from(*token).ok().filter(|token| *token < size)?;
            (!bias.is_nan()).then_some((token, *bias))
        });
        let mut chooser = Self {
            penalties: penalties(vocabulary, sampling, guide.is_none()),
            choice: choice(sampling, seed),
            guide,
            history: Vec::new(),
            begun: begun.len(),
            seen: vec![0.0; size],
            rewards: rewards(sampling),
            biases: biases.collect(),
            biased: Vec::new(),
            reach,
        };
        for token in begun {
            chooser.accept(*token);
        }
        chooser
    }

    fn accept(&mut self, token: LlamaToken) {
        self.penalties.accept(token);
        self.history.push(token);
        if let Some(seen) = usize::try_from(token.0).ok().and_then(|id| self.seen.get_mut(id)) {
            *seen = f32::NEG_INFINITY;
        }
    }

    /// Forgets all but the first so many tokens of the reply. What has been
    /// drawn by lot stays drawn, so that the next lot is another one.
    pub fn back(&mut self, tokens: usize) {
        self.history.truncate(self.begun + tokens);
        self.penalties.reset();
        let told = self.history.len().saturating_sub(SPAN);
        self.penalties.accept_many(&self.history[told..]);
    }

    /// The next token after these logits, of which some tokens have less by so
    /// much.
    ///
    /// # Errors
    ///
    /// A schema that no token can satisfy any more.
    pub fn next(
        &mut self,
        logits: &[f32],
        lowered: &[(LlamaToken, f32)],
    ) -> Result<LlamaToken, String> {
        let data = self.candidates(logits, lowered)?;
        if data.is_empty() {
            return Err("no token of the model fits the schema here".to_owned());
        }
        let mut array = LlamaTokenDataArray::new(data, false);
        array.apply_sampler(&mut self.penalties);
        array.apply_sampler(&mut self.choice);
        let token =
            array.selected_token().ok_or_else(|| "the sampler chose no token".to_owned())?;
        self.accept(token);
        if let Some(guide) = &mut self.guide {
            guide.accept(token)?;
        }
        Ok(token)
    }

    /// The tokens that may be chosen, with their logits.
    fn candidates(
        &mut self,
        logits: &[f32],
        lowered: &[(LlamaToken, f32)],
    ) -> Result<Vec<LlamaTokenData>, String> {
        let logits = if self.biases.is_empty() && lowered.is_empty() {
            logits
        } else {
            self.add_biases(logits, lowered);
            &self.biased
        };
        let tokens = (0..).map(LlamaToken).zip(logits);
        let candidate =
            |(token, logit): (LlamaToken, &f32)| LlamaTokenData::new(token, *logit, 0.0);
        if let Some(guide) = &mut self.guide {
            let allowed = guide.allowed()?;
            let is_allowed = |token: LlamaToken| allowed.is_allowed(i32::cast_unsigned(token.0));
            return Ok(tokens.filter(|(token, _)| is_allowed(*token)).map(candidate).collect());
        }
        let bar = likeliest(logits, &self.seen) - self.reach;
        if self.rewards {
            let may_be =
                |((_, logit), seen): &((LlamaToken, &f32), &f32)| **logit >= bar || **seen < 0.0;
            let tokens = tokens.zip(&self.seen).filter(may_be).map(|(token, _)| token);
            return Ok(tokens.map(candidate).collect());
        }
        Ok(tokens.filter(|(_, logit)| **logit >= bar).map(candidate).collect())
    }

    fn add_biases(&mut self, logits: &[f32], lowered: &[(LlamaToken, f32)]) {
        self.biased.clear();
        self.biased.extend_from_slice(logits);
        for (token, bias) in &self.biases {
            self.biased[*token] += bias;
        }
        for (token, less) in lowered {
            if let Some(logit) =
                usize::try_from(token.0).ok().and_then(|token| self.biased.get_mut(token))
            {
                *logit -= less;
            }
        }
    }

    /// Whether a structured reply is complete and nothing may follow.
    pub fn is_complete(&self) -> bool {
        self.guide.as_ref().is_some_and(Guide::is_complete)
    }
}

fn temperature(sampling: &Sampling) -> f32 {
    sampling.temperature.unwrap_or(TEMPERATURE)
}

/// What makes tokens less likely by what was said before.
fn penalties(vocabulary: &Vocabulary, sampling: &Sampling, is_prose: bool) -> LlamaSampler {
    let model = vocabulary.model();
    let mut parts = Vec::new();
    // Division by nothing is no penalty.
    let repetition = sampling.repetition_penalty.filter(|value| *value > 0.0).unwrap_or(1.0);
    let frequency = finite(sampling.frequency_penalty);
    let presence = finite(sampling.presence_penalty);
    if is_other(repetition, 1.0) || is_other(frequency, 0.0) || is_other(presence, 0.0) {
        parts.push(LlamaSampler::penalties(
            model.n_vocab(),
            REPEAT_SPAN,
            repetition,
            frequency,
            presence,
        ));
    }
    if let Some(dry) = sampling.dry.filter(|dry| is_prose && is_other(dry.multiplier, 0.0)) {
        let allowed = i32::try_from(dry.allowed_length).unwrap_or(i32::MAX);
        let (strength, base) = (dry.multiplier, dry.base);
        parts.push(LlamaSampler::dry(model, strength, base, allowed, DRY_SPAN, DRY_BREAKERS));
    }
    LlamaSampler::chain(parts, true)
}

/// What chooses one of the tokens that are left.
fn choice(sampling: &Sampling, seed: u32) -> LlamaSampler {
    let temperature = temperature(sampling);
    if temperature <= 0.0 {
        return LlamaSampler::chain([LlamaSampler::greedy()], true);
    }
    let mut parts = Vec::new();
    // The cheap cut first: `min_p` leaves few tokens for the others to sort.
    if let Some(share) = sampling.min_p.filter(|share| *share > 0.0) {
        parts.push(LlamaSampler::min_p(share, 1));
    }
    if let Some(count) = sampling.top_k.filter(|count| *count > 0) {
        parts.push(LlamaSampler::top_k(i32::try_from(count).unwrap_or(i32::MAX)));
    }
    if let Some(share) = sampling.top_p.filter(|share| *share < 1.0) {
        parts.push(LlamaSampler::top_p(share, 1));
    }
    if let Some(xtc) = sampling.xtc.filter(|xtc| xtc.probability > 0.0) {
        parts.push(LlamaSampler::xtc(xtc.probability, xtc.threshold, 1, seed));
    }
    parts.push(LlamaSampler::temp(temperature));
    parts.push(LlamaSampler::dist(seed));
    LlamaSampler::chain(parts, true)
}

/// Whether some penalty is turned round, so that what was said becomes likelier.
fn rewards(sampling: &Sampling) -> bool {
    let is_less = |value: Option<f32>, none: f32| value.is_some_and(|value| value < none);
    is_less(sampling.repetition_penalty.filter(|value| *value > 0.0), 1.0)
        || is_less(sampling.frequency_penalty, 0.0)
        || is_less(sampling.presence_penalty, 0.0)
        || is_less(sampling.dry.map(|dry| dry.multiplier), 0.0)
}

fn finite(value: Option<f32>) -> f32 {
    value.filter(|value| value.is_finite()).unwrap_or(0.0)
}

fn is_other(value: f32, none: f32) -> bool {
    (value - none).abs() > f32::EPSILON
}

/// The highest logit of those that were not seen.
fn likeliest(logits: &[f32], seen: &[f32]) -> f32 {
    // In lanes, which the compiler turns into one instruction each.
    let mut lanes = [f32::NEG_INFINITY; 16];
    let highest = |lanes: &mut [f32], logits: &[f32], seen: &[f32]| {
        for ((lane, logit), seen) in lanes.iter_mut().zip(logits).zip(seen) {
            let value = logit + seen;
            *lane = if value > *lane { value } else { *lane };
        }
    };
    for (logits, seen) in logits.chunks(lanes.len()).zip(seen.chunks(lanes.len())) {
        highest(&mut lanes, logits, seen);
    }
    lanes.into_iter().fold(f32::NEG_INFINITY, f32::max)
}

#[cfg(test)]
mod tests {
    use super::likeliest;

    #[test]
    fn the_likeliest_is_looked_for_among_the_unseen() {
        let (new, old) = (0.0, f32::NEG_INFINITY);
        let none = f32::NEG_INFINITY;
        let long: Vec<f32> = (0..1003_u16).map(f32::from).collect();
        let mut seen = vec![new; 1003];
        seen[1002] = old;
        let cases: [(&[f32], &[f32], f32); 4] = [
            (&[], &[], none),
            (&[1.0, 3.0, 2.0], &[new, old, new], 2.0),
            (&[1.0, 3.0], &[old, old], none),
            (&long, &seen, 1001.0),
        ];
        for (logits, seen, expected) in cases {
            assert!(likeliest(logits, seen).total_cmp(&expected).is_eq(), "{logits:?}");
        }
    }
}
