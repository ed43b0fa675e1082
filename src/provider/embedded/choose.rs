//! Chooses the next token: the sampling of a request, and its schema.
//!
//! Prose gets DRY besides the request's own sampling: it makes tokens that
//! would continue an earlier run of the reply unlikely, and so keeps small
//! models out of loops. Structured replies do without, since JSON repeats
//! itself by right. Temperature 0 does without, since it promises the
//! likeliest token.

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
const DRY_BREAKERS: [&str; 4] = ["\n", ":", "\"", "*"];

/// The choice of tokens for one reply.
pub struct Chooser {
    chain: LlamaSampler,
    guide: Option<Guide>,
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
        let is_greedy = sampling.temperature <= 0.0;
        let model = vocabulary.model();
        let mut parts = Vec::new();
        if sampling.repeat_penalty > 0.0 && (sampling.repeat_penalty - 1.0).abs() > f32::EPSILON {
            parts.push(LlamaSampler::penalties(
                model.n_vocab(),
                REPEAT_SPAN,
                sampling.repeat_penalty,
                0.0,
                0.0,
            ));
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
            if sampling.min_p > 0.0 {
                parts.push(LlamaSampler::min_p(sampling.min_p, 1));
            }
            if sampling.top_p < 1.0 {
                parts.push(LlamaSampler::top_p(sampling.top_p, 1));
            }
            parts.push(LlamaSampler::temp(sampling.temperature));
            parts.push(LlamaSampler::dist(seed));
        }
        let mut chain = LlamaSampler::chain(parts, true);
        chain.accept_many(begun);
        Self { chain, guide }
    }

    /// The next token after the output at `row` of the last decode.
    ///
    /// # Errors
    ///
    /// A schema that no token can satisfy any more.
    pub fn next(&mut self, context: &LlamaContext<'_>, row: i32) -> Result<LlamaToken, String> {
        let Some(guide) = &mut self.guide else {
            return Ok(self.chain.sample(context, row));
        };
        let allowed = guide.allowed()?;
        let candidates = (0..)
            .zip(context.get_logits_ith(row))
            .filter(|(id, _)| allowed.is_allowed(i32::cast_unsigned(*id)))
            .map(|(id, logit)| LlamaTokenData::new(LlamaToken(id), *logit, 0.0));
        let mut array = LlamaTokenDataArray::from_iter(candidates, false);
        if array.data.is_empty() {
            return Err("no token of the model fits the schema here".to_owned());
        }
        array.apply_sampler(&mut self.chain);
        let token =
            array.selected_token().ok_or_else(|| "the sampler chose no token".to_owned())?;
        self.chain.accept(token);
        guide.accept(token)?;
        Ok(token)
    }

    /// Whether a structured reply is complete and nothing may follow.
    pub fn is_complete(&self) -> bool {
        self.guide.as_ref().is_some_and(Guide::is_complete)
    }
}
