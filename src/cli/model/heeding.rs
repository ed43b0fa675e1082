//! How the models of a team are asked to sample, and which of the settings that somebody
//! has asked for a model would not heed.

use anyhow::Result;

use super::naming::Named;
use super::{ModelArguments, Staff, Team};
use crate::cli::ui::Ui;
use crate::failure::{Exit, Failure};
use crate::pipeline::settings::{Asked, Settings};
use crate::project::wishes::Wishes;
use crate::provider::Sampling;
use crate::provider::sampling::{Parameter, Unheard, unheard};

/// How a model of a team is asked to sample: by the word of the book, then that of the
/// model's own author. A token by its number is another one in another vocabulary than
/// that of the team's first model.
pub(super) fn sampling(book: &Sampling, first: &Named, named: &Named) -> Sampling {
    let author = named.author_sampling().cloned().unwrap_or_default();
    let mut sampling = book.clone().or(&author);
    if !shares_vocabulary(first, named) {
        sampling.logit_bias.clear();
    }
    sampling
}

/// Whether two models are known to call each token by the same number.
fn shares_vocabulary(one: &Named, other: &Named) -> bool {
    let known = |named: &Named| {
        let row = &named.remote.as_ref()?.row;
        row.tokenizer.clone().or_else(|| row.model.clone())
    };
    one.facts.name == other.facts.name || known(one).is_some_and(|it| Some(it) == known(other))
}

/// Says which of the book's sampling settings a model would not heed, and whether it
/// would a seed that was asked for; refuses where they have to be heeded.
///
/// # Errors
///
/// In strict mode, when there is any.
pub(in crate::cli) fn heeded(
    arguments: &ModelArguments,
    wishes: &Wishes,
    staff: &Staff,
    ui: &Ui,
) -> Result<()> {
    let of_book = staff.draft.members.iter().flat_map(|named| {
        let said = unheard_of_book(&wishes.sampling, &staff.draft, named);
        said.into_iter().map(|one| {
            format!("`{}` of the book: `{}` {}", one.parameter.name(), named.facts.name, one.why)
        })
    });
    let of_book: Vec<String> = of_book.collect();
    let mut said = of_book.clone();
    for named in staff.teams().into_iter().flat_map(|team| &team.members) {
        let line = format!("`--seed`: `{}` does not take one", named.facts.name);
        let takes_it = named.facts.accepts.takes(Parameter::Seed);
        if arguments.seed.is_some() && !takes_it && !said.contains(&line) {
            said.push(line);
        }
    }
    if said.is_empty() {
        return Ok(());
    }
    if arguments.strict || wishes.strict {
        let mut failure = Failure::new(Exit::Usage, said.join("; "));
        if !of_book.is_empty() {
            failure = failure.hint(
                "leave the setting out of `sampling` in `storygen.yaml`, or name another model",
            );
        }
        if said.len() > of_book.len() {
            failure = failure.hint("leave `--seed` out, or name another model");
        }
        return Err(failure.hint("without `strict`, such settings are only told of").into());
    }
    for line in said {
        ui.say(&line);
    }
    Ok(())
}

/// The settings of the book that a model of a team would not heed.
fn unheard_of_book(book: &Sampling, team: &Team, named: &Named) -> Vec<Unheard> {
    let mut all = unheard(book, &named.facts.accepts, named.stops());
    let is_said = all.iter().any(|one| one.parameter == Parameter::LogitBias);
    if let Some(first) = team.members.first()
        && !is_said
        && !book.logit_bias.is_empty()
        && !shares_vocabulary(first, named)
    {
        let why = format!(
            "is not known to number its tokens as `{}` does, so it is not sent there",
            first.facts.name
        );
        all.push(Unheard { parameter: Parameter::LogitBias, why });
    }
    all
}

/// The settings of a run with this team.
pub(in crate::cli) fn settings(
    arguments: &ModelArguments,
    wishes: &Wishes,
    team: &Team,
) -> Settings {
    let asked = Asked {
        window: arguments.window.or(wishes.window),
        reply_tokens: wishes.reply_tokens,
        redraws: wishes.redraws,
        continuations: wishes.continuations,
        synopsis_words: wishes.synopsis_words,
        seed: arguments.seed,
        sampling: match team.members.first() {
            Some(first) => sampling(&wishes.sampling, first, first),
            None => wishes.sampling.clone(),
        },
    };
    Settings::new(asked, &team.facts)
}
