//! What the small call of `models test` costs, and what it is paid from.
//!
//! It belongs to no book, so it stands in the user's ledger alone: reserved
//! before it is made, settled after, as every other call.

use anyhow::Result;

use crate::cli::draft::PayArguments;
use crate::cli::open;
use crate::config::Config;
use crate::ledger::Ledger;
use crate::money::{Account, Caps, Limit, Money, Price, Verdict, may_ask};
use crate::pipeline::calling::{no_room, unknown_price};
use crate::provider::{Facts, Total};

/// What is put aside for the call.
pub(super) struct Fee {
    ledger: Ledger,
    /// When it was put aside, in seconds since 1970; none where nothing had to be.
    reserved: Option<u64>,
    id: String,
    /// What a token costs, where that is known.
    pub price: Option<Price>,
    /// The most that one try can cost.
    pub each: Money,
}

impl Fee {
    /// Puts aside the most that a call of so many tokens can cost.
    ///
    /// # Errors
    ///
    /// When a budget has no room for it, what it costs is not known and that is not
    /// allowed, or the ledger cannot be written.
    pub fn reserve(
        facts: &Facts,
        [prompt, reply]: [usize; 2],
        arguments: &PayArguments,
        config: &Config,
        place: &std::path::Path,
    ) -> Result<Self> {
        // It is no part of a book, whatever folder it is made in.
        let caps = Caps { book: None, ..Caps::of(arguments.max_cost, config.budget()?, None) };
        let at = open::seconds();
        let mut fee = Self {
            ledger: Ledger::new(open::ledger(config), place),
            reserved: None,
            id: format!("test-{at}-{}", std::process::id()),
            price: facts.price,
            each: Money::ZERO,
        };
        let unknown_is_allowed = arguments.allow_unknown_price;
        match may_ask(facts.price, facts.is_local, caps.any(), unknown_is_allowed) {
            Verdict::Free | Verdict::Unpriced => return Ok(fee),
            Verdict::Refuse => return Err(unknown_price(facts, caps.any()).into()),
            Verdict::Reserve(price) => {
                fee.each = price.worst(u64::try_from(prompt)?, u64::try_from(reply)?);
            }
        }
        let worst = fee.each.times(u64::from(facts.tries));
        let what = format!("the test ({prompt} + {reply} tokens)");
        caps.hold(Limit::Run, &Account::<u64>::default(), worst)
            .map_err(|reached| no_room(&reached, &what))?;
        if let Some(reached) = fee.ledger.reserve(at, &fee.id, worst, &caps)? {
            return Err(no_room(&reached, &what).into());
        }
        fee.reserved = Some(at);
        Ok(fee)
    }

    /// The call has ended, and was billed this.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be written.
    pub fn settle(mut self, total: Total) -> Result<()> {
        let cost = total.most();
        match self.reserved {
            Some(at) => self.ledger.settle(at, &self.id, cost),
            // What was called free, and is not.
            None if cost > Money::ZERO => self.ledger.settle(open::seconds(), &self.id, cost),
            None => Ok(()),
        }
    }
}
