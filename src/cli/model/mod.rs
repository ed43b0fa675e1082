//! From what flags, environment, project and configuration say to models.
//!
//! | File | What |
//! |---|---|
//! | `counting` | how a model's tokens are counted |
//! | `flags` | the flags that say which models are meant |
//! | `written` | its full name, taken apart |
//! | `vendors` | who may be asked: the catalogue's, and the user's own |
//! | `naming` | `provider/name` to one model, not yet loaded |
//! | `keyed` | whether each has the key that its endpoint wants |
//! | `route` | where its requests go |
//! | `keys` | which key may go with them |
//! | `proxied` | the proxy that its calls go through |
//! | `withdrawn` | models of a project that can be had no more |
//! | `thinking` | how much it may think |
//! | `local`, `absent` | the embedded model, or its absence |
//! | `loading` | models, ready to be asked |
//! | `pages` | a vendor's own pages, such as its list of models |

use std::sync::Arc;

use anyhow::Result;

use super::ui::Ui;
use crate::chat::Tokenizer;
use crate::config::{Choice, Origin};
use crate::failure::{Exit, Failure};
use crate::pipeline::settings::{Asked, Settings};
use crate::project::wishes::{Role, Wishes};
use crate::provider::Facts;
use crate::provider::chain::{Most, common};
use crate::provider::sampling::unheard;

#[cfg(not(feature = "embedded"))]
mod absent;
mod counting;
mod flags;
mod keyed;
mod keys;
mod loading;
#[cfg(feature = "embedded")]
mod local;
mod naming;
mod pages;
mod proxied;
mod route;
pub(super) mod thinking;
mod vendors;
mod withdrawn;
mod written;

#[cfg(not(feature = "embedded"))]
use absent as local;
#[cfg(not(feature = "embedded"))]
pub(super) use absent::no_engine;
pub(super) use flags::ModelArguments;
pub(super) use keyed::{keyed, tell_left_out};
pub(super) use loading::{Loader, Reach, Ready, raw_counting};
#[cfg(feature = "embedded")]
pub(super) use local::{places, spec};
pub(super) use naming::{Named, Scene};
pub(super) use pages::Pages;
pub(super) use proxied::proxied;
pub(super) use route::{in_reach, unsound, untrusted};
pub(super) use vendors::all;
pub(super) use withdrawn::withdrawn;
pub(super) use written::{hosts, split};

/// The models of a run, named but not loaded.
pub(super) struct Staff {
    /// Writes the prose.
    pub draft: Team,
    /// Writes synopses, facts and folds.
    pub record: Team,
}

impl Staff {
    /// The teams.
    pub fn teams(&self) -> [&Team; 2] {
        [&self.draft, &self.record]
    }
}

/// A model and those that stand in for it.
pub(super) struct Team {
    /// The model, then those that stand in, in order. Never empty.
    pub members: Vec<Named>,
    /// What all of those can do that could be asked: one whose key is missing shrinks
    /// nothing.
    pub facts: Facts,
    /// Counts tokens so that the prompt fits each of them.
    pub tokenizer: Arc<dyn Tokenizer>,
}

impl Team {
    fn new(first: Named, others: Vec<Named>) -> Self {
        let main = first.facts.clone();
        let members: Vec<Named> = std::iter::once(first).chain(others).collect();
        let able = keyed::able(&members);
        let facts = common(&main, able.iter().skip(1).map(|named| &named.facts));
        let tokenizer: Arc<dyn Tokenizer> = match &able[..] {
            [one] => one.tokenizer.clone(),
            all => {
                let each = all.iter().map(|one| (one.facts.name.clone(), one.tokenizer.clone()));
                Arc::new(Most(each.collect()))
            }
        };
        Self { members, facts, tokenizer }
    }

    /// Its models that could be asked: the first, and those that could stand in.
    pub fn able(&self) -> Vec<&Named> {
        keyed::able(&self.members)
    }

    /// Whether a model's file has to be fetched first; until then its tokens
    /// cannot be counted exactly.
    pub fn is_absent(&self) -> bool {
        self.members.iter().any(|named| named.is_absent)
    }

    /// The names of its models, to tell one team from another.
    fn names(&self) -> Vec<&str> {
        self.members.iter().map(|named| named.facts.name.as_str()).collect()
    }
}

/// The models that are meant, without loading or reaching any.
///
/// # Errors
///
/// For a name that means no model, and for a project that sets what it may not.
pub(super) fn staff(scene: &Scene<'_>) -> Result<Staff> {
    let Scene { config, wishes, .. } = *scene;
    let flags = scene.arguments.models();
    let fallback = config.fallback(&flags, &wishes.models);
    let main = config.choose(Role::Draft, &flags, &wishes.models);
    let record = config.choose(Role::Record, &flags, &wishes.models);
    if let Some(wish) = &wishes.endpoint
        && let Some(failure) = unsound(wish)
    {
        let message = format!("{}: {}", wish.place, failure.message);
        return Err(Failure { message, ..failure }.into());
    }
    // Who is at a project's address is of no matter where its model is not the one.
    let is_project = |choice: &Choice| choice.origin == Origin::Project;
    if [&main, &record].into_iter().chain(&fallback).any(is_project) {
        route::settle(scene.project, wishes, config)?;
    }
    let meant = scene.meant(&flags);
    let team = |choice: &Choice| -> Result<Team> {
        let others = fallback.iter().filter(|other| other.name != choice.name);
        let others: Result<Vec<Named>> = others.map(|other| scene.name(other, &meant)).collect();
        Ok(Team::new(scene.name(choice, &meant)?, others?))
    };
    let staff = Staff { draft: team(&main)?, record: team(&record)? };
    let mut told: Vec<&String> = Vec::new();
    for note in [&staff.draft, &staff.record]
        .into_iter()
        .flat_map(|team| team.members.iter().flat_map(|named| &named.notes))
    {
        if !told.contains(&note) {
            told.push(note);
            scene.ui.say(note);
        }
    }
    Ok(staff)
}

/// Says which of the book's sampling settings a model would not heed; refuses
/// where they have to be heeded.
///
/// # Errors
///
/// In strict mode, when there is any.
pub(super) fn heeded(
    arguments: &ModelArguments,
    wishes: &Wishes,
    team: &Team,
    ui: &Ui,
) -> Result<()> {
    let said: Vec<String> = team
        .members
        .iter()
        .flat_map(|named| {
            let of_book = unheard(&wishes.sampling, &named.facts.accepts, named.stops());
            of_book.into_iter().map(|one| {
                format!(
                    "`{}` of the book: `{}` {}",
                    one.parameter.name(),
                    named.facts.name,
                    one.why
                )
            })
        })
        .collect();
    if said.is_empty() {
        return Ok(());
    }
    if arguments.strict || wishes.strict {
        return Err(Failure::new(Exit::Usage, said.join("; "))
            .hint("leave the setting out of `sampling` in `storygen.yaml`, or name another model")
            .hint("without `strict`, such settings are only told of")
            .into());
    }
    for line in said {
        ui.say(&line);
    }
    Ok(())
}

/// Fails for a model whose tokens cannot be counted yet.
pub(super) fn must_be_here(team: &Team) -> Result<()> {
    if team.is_absent() {
        return Err(Failure::new(
            Exit::Provider,
            "the embedded model is not on this machine yet, so its tokens cannot be counted",
        )
        .hint("`storygen models pull` fetches it (98 MB, once)")
        .into());
    }
    Ok(())
}

/// The settings of a run with this team.
pub(super) fn settings(arguments: &ModelArguments, wishes: &Wishes, team: &Team) -> Settings {
    let author = team.members.first().and_then(Named::author_sampling).cloned();
    let asked = Asked {
        window: arguments.window.or(wishes.window),
        reply_tokens: wishes.reply_tokens,
        redraws: wishes.redraws,
        continuations: wishes.continuations,
        synopsis_words: wishes.synopsis_words,
        seed: arguments.seed,
        sampling: wishes.sampling.clone().or(&author.unwrap_or_default()),
    };
    Settings::new(asked, &team.facts)
}
