//! What a run may spend.

use anyhow::Result;
use clap::Args;

use super::{Book, Run, Work};
use crate::cli::cost::{self, Ground};
use crate::cli::open;
use crate::config::Config;
use crate::ledger::Ledger;
use crate::money::{Caps, Money};
use crate::pipeline::calling::{Floor, Purse, Terms};
use crate::pipeline::plan::Wanted;
use crate::pipeline::settings::Settings;
use crate::project::accounts::Accounts;
use crate::project::archive::Archive;
use crate::project::store::Store;
use crate::project::wishes::Wishes;

/// How calls are paid for.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(in crate::cli) struct PayArguments {
    /// The most that this run may cost; it stops before a call that could pass that
    #[arg(long, global = true, value_name = "DOLLARS", value_parser = dollars)]
    pub max_cost: Option<Money>,
    /// Also ask a model of which nobody knows what it costs
    #[arg(long, global = true)]
    pub allow_unknown_price: bool,
}

fn dollars(text: &str) -> Result<Money, String> {
    let figure = text.trim().trim_start_matches('$');
    let amount = figure.parse().ok().and_then(Money::of_dollars);
    amount.ok_or_else(|| "write dollars, such as `2.50`".to_owned())
}

/// The caps that apply.
pub(in crate::cli) fn caps(
    arguments: &PayArguments,
    wishes: &Wishes,
    config: &Config,
) -> Result<Caps> {
    Ok(Caps::of(arguments.max_cost, config.budget()?, wishes.budget))
}

/// Refuses what could not be paid for by any budget; tells what the run will cost, where it
/// costs anything or a budget cannot stop it; gives what a budget has to hold, where the run does not go as far as it goes.
pub(super) fn foretell(
    work: &Work<'_>,
    archive: &Archive,
    [draft, record]: [&Settings; 2],
    wanted: &Wanted,
) -> Result<Option<Floor>> {
    let Work { book, run, ui, .. } = work;
    let caps = caps(&run.paying, &book.wishes, run.config)?;
    let ground = Ground { book, archive, draft, record };
    let forecast = || ground.forecast(wanted, ui);
    cost::all_may_be_asked(forecast, &book.staff, &caps, run.paying.allow_unknown_price)?;
    let is_paid = cost::is_paid(&book.staff);
    // Who sets a budget is told where it can stop nothing.
    let is_at_large = caps.any() && run.paying.allow_unknown_price && cost::is_unknown(&book.staff);
    if !is_paid && !is_at_large {
        return Ok(None);
    }
    let sum = match &work.foretold {
        Some(foretold) if foretold.ground == ground.digest(wanted)? => foretold.sum.clone(),
        _ => cost::Sum::of(&[(&forecast()?, &book.staff)]),
    };
    let standings = cost::standings(run.config, &book.folder, archive)?;
    ui.say(&sum.foretold(&caps, &standings));
    Ok((is_paid && !run.goes_as_far).then_some(sum.floor))
}

/// What the run pays from; what is to be done needs `floor`.
pub(super) fn purse<'a>(
    run: &Run<'_>,
    book: &Book,
    store: &Store<'a>,
    accounts: Accounts,
    floor: Option<Floor>,
) -> Result<Purse<'a>> {
    let terms = Terms {
        caps: caps(&run.paying, &book.wishes, run.config)?,
        unknown_is_allowed: run.paying.allow_unknown_price,
    };
    let ledger = Ledger::new(open::ledger(run.config), book.folder.path());
    let purse =
        Purse::new(store.pen(), ledger, accounts, terms).of_allowance(run.allowance.clone());
    Ok(match floor {
        Some(floor) => purse.with_floor(floor),
        None => purse,
    })
}

/// The arguments without those that only say how calls are paid for.
pub(super) fn without(arguments: impl Iterator<Item = String>) -> Vec<String> {
    let mut kept = Vec::new();
    let mut is_value = false;
    for argument in arguments {
        let is_ours = std::mem::take(&mut is_value)
            || argument == "--allow-unknown-price"
            || argument == "--as-far-as-it-goes"
            || argument.starts_with("--max-cost=");
        is_value = argument == "--max-cost" && !is_ours;
        if !is_ours && !is_value {
            kept.push(argument);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_with_more_money_is_the_same_command() {
        for line in [
            "draft --redo",
            "draft --redo --max-cost 2",
            "draft --max-cost=2 --redo --allow-unknown-price",
            "draft --max-cost --max-cost --redo",
            "draft --as-far-as-it-goes --redo --max-cost 1",
        ] {
            let words = line.split(' ').map(str::to_owned);
            assert_eq!(without(words).join(" "), "draft --redo", "{line}");
        }
    }

    #[test]
    fn dollars_are_amounts() {
        for (text, expected) in [("2", Some(2.0)), ("$0.5", Some(0.5)), ("x", None), ("-1", None)] {
            assert_eq!(dollars(text).ok(), expected.and_then(Money::of_dollars), "{text}");
        }
    }
}
