//! What a project's calls took, as sums by stage and by model.

use std::collections::BTreeMap;

use serde::Serialize;

use super::accounts::Call;
use super::call_note::Stage;
use crate::money::Money;
use crate::provider::{Reckoning, Tally, Total};

/// The sum of some calls.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum {
    /// How many calls.
    pub calls: u64,
    /// What they were billed.
    pub total: Total,
}

impl Sum {
    /// Adds what of a call belongs here: the call itself, or only tries of it.
    fn add<'a>(&mut self, calls: u64, tallies: impl IntoIterator<Item = &'a Tally>) {
        self.calls += calls;
        self.total.extend(tallies);
    }

    /// The share of prompt tokens that came from the endpoint's cache, of 1.
    #[must_use]
    pub fn hit_rate(&self) -> Option<f64> {
        let usage = self.total.usage;
        #[expect(clippy::cast_precision_loss, reason = "a share needs no more")]
        let rate = usage.cached.min(usage.prompt) as f64 / usage.prompt as f64;
        (usage.prompt > 0).then_some(rate)
    }
}

/// All that the calls of a project took.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    /// By what they were for.
    pub stages: BTreeMap<Stage, Sum>,
    /// By the model that was asked. Each try is that of the model it was made with;
    /// a call for which others stood in counts as one of the last of them.
    pub models: BTreeMap<String, Sum>,
    /// All of them.
    pub all: Sum,
}

/// The sums of these calls.
#[must_use]
pub fn sheet(calls: &[Call]) -> Sheet {
    let mut sheet = Sheet::default();
    for call in calls {
        let Reckoning { tally, before } = &call.took;
        sheet.stages.entry(call.note.stage).or_default().add(1, call.took.tallies());
        sheet.all.add(1, call.took.tallies());
        sheet.models.entry(call.note.model.clone()).or_default().add(1, [tally]);
        for tried in before {
            sheet.models.entry(tried.model.clone()).or_default().add(0, [&tried.tally]);
        }
    }
    sheet
}

/// A sum as it stands in JSON; money in dollars.
#[derive(Debug, Serialize)]
pub struct SumShape {
    /// How many calls.
    pub calls: u64,
    /// How many times a request was sent.
    pub tries: u32,
    /// Tokens of prompts, cached ones included.
    pub prompt: u64,
    /// Tokens of prompts that came from the endpoint's cache.
    pub cached: u64,
    /// Tokens of prompts that were written to it.
    pub written: u64,
    /// Tokens of replies, reasoning included.
    pub reply: u64,
    /// Tokens of reasoning.
    pub reasoning: u64,
    /// What was billed.
    pub cost: f64,
    /// The share of prompt tokens from the cache, 0 to 1; null without prompts.
    pub hit_rate: Option<f64>,
    /// Tries with figures whose price is not known.
    pub unpriced: u32,
    /// Tries that nobody has said figures for.
    pub unsaid: u32,
    /// The most that those cost.
    pub unsaid_at_most: f64,
}

impl From<&Sum> for SumShape {
    fn from(sum: &Sum) -> Self {
        let Total { tries, unsaid, unpriced, usage, cost, worst_unsaid } = sum.total;
        let dollars = Money::dollars;
        Self {
            calls: sum.calls,
            tries,
            prompt: usage.prompt,
            cached: usage.cached,
            written: usage.written,
            reply: usage.reply,
            reasoning: usage.reasoning,
            cost: dollars(cost),
            hit_rate: sum.hit_rate(),
            unpriced,
            unsaid,
            unsaid_at_most: dollars(worst_unsaid),
        }
    }
}
