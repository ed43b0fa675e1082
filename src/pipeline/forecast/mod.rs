//! What is still to be drafted will take, before anything is sent.
//!
//! The rest of the book is rehearsed in memory, step by step as a run would go,
//! with the very prompts a run would send; what a model would say is stood in for
//! by texts of the lengths that are asked for. It is rehearsed twice: sparely, as
//! it goes when every reply is accepted, and amply, where everything is as long
//! as it may be: once, and with what may be asked again counted as often as it
//! may be.

use std::collections::BTreeMap;

use anyhow::Result;

use super::calling::{Line, Lines};
use super::plan::Wanted;
use super::run::Session;
use crate::money::{Money, Need, Price};
use crate::project::accounts::Call;
use crate::project::journal::Stage;

mod reckoning;
mod rehearsal;
mod script;
mod shelves;
mod standin;

use reckoning::Reckoning;
use rehearsal::{Manner, Pair, rehearse};

/// Calls, and the tokens they take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// How many calls.
    pub calls: u64,
    /// Tokens of their prompts.
    pub prompt: u64,
    /// Of these, tokens that stood alike at the beginning of the prompt before.
    pub shared: u64,
    /// Tokens of their replies.
    pub reply: u64,
}

impl Part {
    fn add(&mut self, more: Self) {
        self.calls += more.calls;
        self.prompt += more.prompt;
        self.shared += more.shared;
        self.reply += more.reply;
    }

    /// The larger figure of each kind.
    fn max(self, other: Self) -> Self {
        Self {
            calls: self.calls.max(other.calls),
            prompt: self.prompt.max(other.prompt),
            shared: self.shared,
            reply: self.reply.max(other.reply),
        }
    }
}

/// What one stage takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// When every reply is accepted.
    pub least: Part,
    /// When no call is repeated, and everything is as long as it may be.
    pub once: Part,
    /// When everything is rejected, continued and sent again as often as it may be.
    pub most: Part,
    /// What a token costs, where that is known.
    pub prices: Option<Prices>,
}

/// What a token costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
    /// Of the model that is asked first.
    pub first: Price,
    /// The dearest of all that may answer: what is set aside before a call.
    pub dearest: Price,
}

impl Prices {
    fn of(first: Option<Price>, all: Option<Price>) -> Option<Self> {
        all.map(|dearest| Self { first: first.unwrap_or(dearest), dearest })
    }
}

/// What the models cost that are asked first, where others stand in for them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Firsts {
    /// The one that drafts.
    pub draft: Option<Price>,
    /// The one that records.
    pub record: Option<Price>,
}

/// What a stage costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// When every reply is accepted, and what stood alike comes from the
    /// endpoint's cache.
    pub cached: Money,
    /// The same without a cache.
    pub uncached: Money,
    /// The same when the dearest of those that stand in does it all.
    pub stood_in: Money,
    /// When no call is repeated, and everything is as long as it may be.
    pub once: Money,
    /// The most it can cost.
    pub most: Money,
}

/// What all that is still to be drafted takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    /// How many chapters are drafted.
    pub chapters: usize,
    /// What each stage takes.
    pub stages: BTreeMap<Stage, Row>,
    /// What a budget has to hold when every reply is accepted.
    pub least: Need,
    /// The same when no call is repeated, and everything is as long as it may be.
    pub once: Need,
}

impl Row {
    /// What it costs, where a price is known.
    #[must_use]
    pub fn cost(&self) -> Option<Cost> {
        let Part { prompt, shared, reply, .. } = self.least;
        self.prices.map(|Prices { first, dearest }| Cost {
            cached: first.cost(prompt, shared, 0, reply),
            uncached: first.cost(prompt, 0, 0, reply),
            stood_in: dearest.cost(prompt, 0, 0, reply),
            once: dearest.worst(self.once.prompt, self.once.reply),
            most: dearest.worst(self.most.prompt, self.most.reply),
        })
    }
}

impl Cost {
    /// Adds what something else costs.
    pub fn add(&mut self, more: Self) {
        self.cached += more.cached;
        self.uncached += more.uncached;
        self.stood_in += more.stood_in;
        self.once += more.once;
        self.most += more.most;
    }
}

impl Forecast {
    /// The tokens of all stages together.
    #[must_use]
    pub fn all(&self) -> Row {
        let mut all = Row::default();
        for row in self.stages.values() {
            all.least.add(row.least);
            all.once.add(row.once);
            all.most.add(row.most);
        }
        all
    }

    /// What all stages cost together, those of which no price is known left out.
    #[must_use]
    pub fn cost(&self) -> Cost {
        let mut sum = Cost::default();
        for cost in self.stages.values().filter_map(Row::cost) {
            sum.add(cost);
        }
        sum
    }

    /// Whether there is a stage of which no price is known.
    #[must_use]
    pub fn is_partly_unknown(&self) -> bool {
        self.stages.values().any(|row| row.prices.is_none())
    }
}

/// What it takes to draft what is wanted. `session` gives a session over what
/// has been written, as often as it is asked for one; `calls` are those that the
/// project has made so far.
///
/// # Errors
///
/// When a prompt cannot be made, or a chapter before those that are wanted lacks
/// its text.
pub fn forecast<'a>(
    session: impl Fn() -> Session<'a> + Sync,
    wanted: &Wanted,
    lines: &Lines<'_>,
    firsts: Firsts,
    calls: &[Call],
) -> Result<Forecast> {
    let price = |line: &Line<'_>| line.provider.facts().price;
    let prices = Pair {
        draft: Prices::of(firsts.draft, price(&lines.draft)),
        record: Prices::of(firsts.record, price(&lines.record)),
    };
    let of = |manner| rehearse(&mut session(), wanted, lines, prices, manner);
    let (draft, record) = (Reckoning::of(&lines.draft, calls), Reckoning::of(&lines.record, calls));
    let usual = Pair { draft, record };
    let ample = Pair { draft: draft.ample(), record: record.ample() };
    let (least, most) = std::thread::scope(|scope| {
        let most = scope.spawn(|| of(Manner::Ample(ample)));
        let least = of(Manner::Sparing(usual));
        (least, most.join())
    });
    let (least, most) = (least?, most.map_err(|_| anyhow::anyhow!("a rehearsal broke off"))??);
    let mut stages: BTreeMap<Stage, Row> = BTreeMap::new();
    for (stage, part) in least.once {
        stages.entry(stage).or_default().least = part;
    }
    for (stage, once) in most.once {
        stages.entry(stage).or_default().once = once;
    }
    for (stage, part) in most.most {
        stages.entry(stage).or_default().most = part;
    }
    for (stage, row) in &mut stages {
        // Few and short replies can need more prompts than long ones.
        row.once = row.once.max(row.least);
        row.most = row.most.max(row.once);
        row.prices = *prices.of(*stage);
    }
    Ok(Forecast { chapters: least.chapters, stages, least: least.need, once: most.need })
}
