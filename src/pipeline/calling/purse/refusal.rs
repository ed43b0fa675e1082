//! Why a call is not made, and the ways out.

use crate::failure::{Exit, Failure};
use crate::money::{Caps, Limit, Money, Reached, Standing};
use crate::project::calls;
use crate::project::journal::CallNote;
use crate::provider::Facts;

/// Nobody knows what a call costs.
#[must_use]
pub fn unknown_price(facts: &Facts, is_capped: bool) -> Failure {
    let name = &facts.name;
    let why = match (facts.is_local, is_capped) {
        (true, _) => "so nothing can keep to the budget that is set".to_owned(),
        (false, _) => "so it is not asked".to_owned(),
    };
    let host = name.split('/').next().unwrap_or(name);
    Failure::new(Exit::Budget, format!("what `{name}` costs is not known, {why}"))
        .hint(format!(
            "write `endpoints: {{{host}: {{price: {{prompt: …, reply: …}}}}}}` into your configuration, or a row with its price into your `catalogue.yaml`: dollars for a million tokens"
        ))
        .hint("or add `--allow-unknown-price`: the calls are counted, but no budget can stop them")
}

/// The command pays for nothing.
pub(super) fn unpaid(facts: &Facts) -> Failure {
    Failure::new(
        Exit::Budget,
        format!("`{}` may have to be paid for, and this command pays for nothing", facts.name),
    )
}

/// A cap has no room for a call.
pub(super) fn reached(reached: &Reached, note: &CallNote) -> Failure {
    let chapter = note.chapter.as_ref().map(|id| format!(" of `{id}`")).unwrap_or_default();
    let stage = note.stage.name();
    let what = format!("the next call ({stage}{chapter}, {} + {} tokens)", note.prompt, note.reply);
    let failure =
        full(reached, &what).hint("nothing was sent for it, and what is finished is saved");
    raise(failure, reached.limit)
}

/// A cap has no room for this, which is no part of a book.
#[must_use]
pub fn no_room(reached: &Reached, what: &str) -> Failure {
    raise(full(reached, what).hint("nothing was sent"), reached.limit)
}

fn full(reached: &Reached, what: &str) -> Failure {
    let Reached { limit, cap, call, .. } = reached;
    let standing = reached.standing().told(*cap);
    Failure::new(
        Exit::Budget,
        format!("{} is reached: {standing}; {what} could cost {call}", limit.name()),
    )
}

/// What all that is still to be done needs of a budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Floor {
    /// With less it cannot be done.
    pub least: Money,
    /// With this much it is done, unless a reply is stopped or a call has to be repeated.
    pub enough: Money,
    /// Chapters that are to be drafted.
    pub chapters: usize,
}

/// Whether what is left of the caps is enough for what is to be done.
///
/// # Errors
///
/// The cap that is too low.
pub fn too_little(caps: &Caps, standings: &[Standing], floor: Floor) -> Result<(), Failure> {
    // What costs nothing needs no budget, however much of it is gone.
    if floor.least == Money::ZERO {
        return Ok(());
    }
    for standing in standings {
        let Standing { limit, settled, reserved } = *standing;
        let gone = standing.gone();
        let Some(cap) = caps.on(limit).filter(|cap| gone + floor.least > *cap) else { continue };
        let failure = Failure::new(
            Exit::Budget,
            format!(
                "{} is too low: {}, and what is to be done needs at least {}",
                limit.name(),
                standing.told(cap),
                floor.least.rounded_up()
            ),
        )
        .hint("nothing was sent; `storygen cost` shows what each stage costs")
        .hint(format!(
            "a budget of {} is enough as long as no reply is stopped and no call repeated: before each its worst case is put aside",
            (settled + reserved + floor.enough).rounded_up()
        ));
        let failure = raise(failure, limit).hint(
            "or draft with `--as-far-as-it-goes`: it stops before the first call that could pass the budget, and what is finished is saved",
        );
        return Err(match floor.chapters {
            0 | 1 => failure,
            many => failure.hint(format!("or draft fewer than these {many} chapters at a time")),
        });
    }
    Ok(())
}

fn raise(failure: Failure, limit: Limit) -> Failure {
    match limit {
        Limit::Run => failure
            .hint("raise `--max-cost`, or `budget: {run: …}` in your configuration; the same command goes on where this one stopped"),
        Limit::Book => failure
            .hint("raise `limits: {budget: …}` in `storygen.yaml`, and `budget: {book: …}` in your configuration where that is lower"),
        Limit::Month => failure
            .hint("raise `budget: {month: …}` in your configuration, or go on next month"),
    }
    .hint("or take a cheaper model, or a smaller `reply_tokens`")
}

/// A reply is not kept, and nobody is asked. `otherwise` is what the nearest kept
/// call asked otherwise; `cut`, the file of the reply before it, which has no end.
pub(super) fn not_kept(
    about: &str,
    note: &CallNote,
    otherwise: Option<Vec<String>>,
    cut: Option<&str>,
) -> Failure {
    let mut failure = Failure::new(
        Exit::Provider,
        format!("the reply to `{about}` is not kept, and `--offline` asks nobody"),
    );
    if let Some(path) = cut {
        failure = failure.hint(format!(
            "the reply before it, in `{path}`, has no end: the file is damaged, or its run was killed and never went on; put back a copy of it"
        ));
    }
    if let Some(otherwise) = otherwise.filter(|otherwise| !otherwise.is_empty()) {
        failure = failure.hint(format!(
            "the nearest one that is kept was asked otherwise: {}",
            otherwise.join("; ")
        ));
        failure = failure.hint("a prompt follows from the bible, the templates and the chapters before; put back what it was made from");
    }
    without_offline(failure, note)
}

/// What is kept of a reply cannot be used, and nobody is asked.
pub(in crate::pipeline::calling) fn damaged(about: &str, note: &CallNote) -> Failure {
    let path = calls::path(&note.digest);
    let failure = Failure::new(
        Exit::Provider,
        format!("the reply to `{about}` is kept in `{path}`, but that file is damaged: it does not tell how the reply ended"),
    )
    .hint("put back a copy of it");
    without_offline(failure, note)
}

fn without_offline(failure: Failure, note: &CallNote) -> Failure {
    failure.hint(format!(
        "without `--offline`, `{}` would be asked: {} tokens of prompt, up to {} of reply; what is before it is done",
        note.model, note.prompt, note.reply
    ))
}
