//! Chooses the next token: the sampling of a request, and its schema.
//!
//! Prose gets DRY besides the request's own sampling: it makes tokens that
//! would continue an earlier run of the reply unlikely, and so keeps small
//! models out of loops. Structured replies do without, since JSON repeats
//! itself by right. Temperature 0 does without, since it promises the
//! likeliest token.
//!
//! Penalties only ever take likelihood away, and `min_p` keeps what comes close
//! to the likeliest. So a token that falls short of the likeliest unpenalised
//! one by more than that can be left out at once, and a step looks at some
//! hundred tokens in place of the whole vocabulary.

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::token::data::LlamaTokenData;
use llama_cpp_2::token::data_array::LlamaTokenDataArray;

use super::guide::Guide;
use super::vocabulary::Vocabulary;
use crate::provider::Sampling;

/// Tokens that the repeat penalty looks back at, llama.cpp's own default.
const REPEAT_SPAN: i32 = 64;
/// Tokens that DRY looks back at: about a chapter's last two pages.
const DRY_SPAN: i32 = 1024;
/// DRY's values as its author recommends them.
const DRY_STRENGTH: f32 = 0.8;
const DRY_BASE: f32 = 1.75;
/// Shortest repetition that DRY acts on; names and set phrases are shorter.
const DRY_ALLOWED: i32 = 3;
/// The temperature where none is set.
const TEMPERATURE: f32 = 0.8;
const DRY_BREAKERS: [&str; 4] = ["\n", ":", "\"", "*"];

/// The choice of tokens for one reply.
pub struct Chooser {
    chain: LlamaSampler,
    guide: Option<Guide>,
    /// Per token: minus infinity once it was seen, and may be penalised, else 0.
    seen: Vec<f32>,
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
        let temperature = sampling.temperature.unwrap_or(TEMPERATURE);
        let (min_p, top_p) = (sampling.min_p.unwrap_or(0.0), sampling.top_p.unwrap_or(1.0));
        let is_greedy = temperature <= 0.0;
        let model = vocabulary.model();
        let mut parts = Vec::new();
        let repetition = sampling.repetition_penalty.unwrap_or(1.0);
        if repetition > 0.0 && (repetition - 1.0).abs() > f32::EPSILON {
            parts.push(LlamaSampler::penalties(model.n_vocab(), REPEAT_SPAN, repetition, 0.0, 0.0));
        }
        if guide.is_none() && !is_greedy {
            parts.push(LlamaSampler::dry(
                model,
                DRY_STRENGTH,
                DRY_BASE,
                DRY_ALLOWED,
                DRY_SPAN,
                DRY_BREAKERS,
            ));
        }
        if is_greedy {
            parts.push(LlamaSampler::greedy());
        } else {
            // The cheap cut first: `min_p` leaves few tokens for `top_p` to sort.
            if min_p > 0.0 {
                parts.push(LlamaSampler::min_p(min_p, 1));
            }
            if top_p < 1.0 {
                parts.push(LlamaSampler::top_p(top_p, 1));
            }
            parts.push(LlamaSampler::temp(temperature));
            parts.push(LlamaSampler::dist(seed));
        }
        let reach = match min_p {
            _ if is_greedy => 0.0,
            share if share > 0.0 => -share.min(1.0).ln(),
            _ => f32::INFINITY,
        };
        let size = usize::try_from(model.n_vocab()).unwrap_or(0);
        let chain = LlamaSampler::chain(parts, true);
        let mut chooser = Self { chain, guide, seen: vec![0.0; size], reach };
        for token in begun {
            chooser.accept(*token);
        }
        chooser
    }

    fn accept(&mut self, token: LlamaToken) {
        self.chain.accept(token);
        if let Some(seen) = usize::try_from(token.0).ok().and_then(|id| self.seen.get_mut(id)) {
            *seen = f32::NEG_INFINITY;
        }
    }

    /// The next token after the output at `row` of the last decode.
    ///
    /// # Errors
    ///
    /// A schema that no token can satisfy any more.
    pub fn next(&mut self, context: &LlamaContext<'_>, row: i32) -> Result<LlamaToken, String> {
        let logits = context.get_logits_ith(row);
        let tokens = (0..).map(LlamaToken).zip(logits);
        let candidate =
            |(token, logit): (LlamaToken, &f32)| LlamaTokenData::new(token, *logit, 0.0);
        let data: Vec<_> = if let Some(guide) = &mut self.guide {
            let allowed = guide.allowed()?;
            let is_allowed = |token: LlamaToken| allowed.is_allowed(i32::cast_unsigned(token.0));
            tokens.filter(|(token, _)| is_allowed(*token)).map(candidate).collect()
        } else {
            let bar = likeliest(logits, &self.seen) - self.reach;
            tokens.filter(|(_, logit)| **logit >= bar).map(candidate).collect()
        };
        if data.is_empty() {
            return Err("no token of the model fits the schema here".to_owned());
        }
        let mut array = LlamaTokenDataArray::new(data, false);
        array.apply_sampler(&mut self.chain);
        let token =
            array.selected_token().ok_or_else(|| "the sampler chose no token".to_owned())?;
        self.accept(token);
        if let Some(guide) = &mut self.guide {
            guide.accept(token)?;
        }
        Ok(token)
    }

    /// Whether a structured reply is complete and nothing may follow.
    pub fn is_complete(&self) -> bool {
        self.guide.as_ref().is_some_and(Guide::is_complete)
    }
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
