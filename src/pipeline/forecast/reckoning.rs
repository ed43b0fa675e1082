//! How many of the tokens that we count an endpoint will count.
//!
//! A bound may lie far above, and by how much goes by the script: prompts are mostly
//! in the language of the templates, replies in that of the book.

use super::script;
use crate::pipeline::calling::Line;
use crate::project::accounts::Call;

/// So many times what is usual a vocabulary may well need.
const AMPLY: f64 = 1.25;

/// What is reckoned with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reckoning {
    by: By,
    /// Whether an endpoint will hardly count more, instead of hardly fewer.
    is_ample: bool,
}

#[derive(Clone, Copy, Debug)]
enum By {
    /// Our count is exact, but for what an endpoint puts round messages.
    Vocabulary,
    /// As vocabularies usually do that know the script.
    Script,
    /// The endpoint has counted this share of the prompts so far.
    Share(f64),
}

/// A text, and its tokens by our count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted<'a> {
    pub text: &'a str,
    pub tokens: usize,
}

impl Counted<'_> {
    /// The share of the tokens that a vocabulary usually counts.
    fn usual_share(self, is_ample: bool) -> f64 {
        let (least, most) = script::usual_tokens(self.text);
        (if is_ample { most } else { least } / float(self.tokens.max(1))).min(1.0)
    }
}

impl Reckoning {
    /// What is usual: as the endpoint has counted so far for this model, else as
    /// vocabularies do that know the language.
    pub fn of(line: &Line<'_>, calls: &[Call]) -> Self {
        let model = &line.provider.facts().name;
        let known = calls.iter().filter(|call| {
            let tally = &call.took.tally;
            call.note.model == *model
                && tally.tries == 1
                && tally.unsaid == 0
                && tally.usage.prompt > 0
        });
        let (counted, said) = known.fold((0_u64, 0_u64), |(counted, said), call| {
            (
                counted.saturating_add(call.note.prompt),
                said.saturating_add(call.took.tally.usage.prompt),
            )
        });
        #[expect(clippy::cast_precision_loss, reason = "a share needs no more")]
        let by = match counted {
            0 if line.tokenizer.is_bound() => By::Script,
            0 => By::Vocabulary,
            _ => By::Share((said as f64 / counted as f64).clamp(0.02, 1.0)),
        };
        Self { by, is_ample: false }
    }

    /// The same, where everything is as long as it may be.
    pub fn ample(self) -> Self {
        Self { is_ample: true, ..self }
    }

    /// The tokens that an endpoint will count of a prompt.
    pub fn prompt(self, prompt: Counted<'_>) -> usize {
        part(prompt.tokens, self.share(prompt))
    }

    /// The tokens that it will count of what is written to this prompt.
    pub fn reply(self, reply: Counted<'_>, prompt: Counted<'_>) -> usize {
        let share = match self.by {
            // The prompts are of another script, perhaps; what the vocabulary makes of
            // theirs tells how well it knows both.
            By::Share(share) => {
                let known = self.amply(share) / prompt.usual_share(false);
                reply.usual_share(false) * known
            }
            _ => self.share(reply),
        };
        part(reply.tokens, share.min(1.0))
    }

    fn share(self, text: Counted<'_>) -> f64 {
        match self.by {
            By::Vocabulary => self.amply(0.9),
            By::Share(share) => self.amply(share),
            By::Script => text.usual_share(self.is_ample),
        }
    }

    fn amply(self, share: f64) -> f64 {
        if self.is_ample { (share * AMPLY).min(1.0) } else { share }
    }
}

fn part(tokens: usize, share: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts of tokens are small and positive"
    )]
    let tokens = (float(tokens) * share) as usize;
    tokens
}

fn float(tokens: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts of tokens are small")]
    let tokens = tokens as f64;
    tokens
}
