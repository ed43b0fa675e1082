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
//! | `heeding` | how they are asked to sample, and what of it they would not heed |
//! | `thinking` | how much it may think |
//! | `local`, `absent` | the embedded model, or its absence |
//! | `loading` | models, ready to be asked |
//! | `pages` | a vendor's own pages, such as its list of models |

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use anyhow::Result;

use crate::chat::Tokenizer;
use crate::config::{Choice, Origin, trust};
use crate::diagnostic::Place;
use crate::failure::{Exit, Failure};
use crate::project::wishes::{Models, Role};
use crate::provider::Facts;
use crate::provider::chain::{Most, common};

#[cfg(not(feature = "embedded"))]
mod absent;
mod counting;
mod flags;
mod heeding;
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
pub(super) use heeding::{heeded, settings};
pub(super) use keyed::{keyed, tell_left_out};
pub(super) use loading::{Loader, Reach, Ready, raw_counting};
#[cfg(feature = "embedded")]
pub(super) use local::{places, spec};
pub(super) use naming::{Named, Scene};
pub(super) use pages::Pages;
pub(super) use proxied::proxied;
pub(super) use route::{in_reach, price_of_endpoint, unsound, untrusted};
pub(super) use vendors::all;
pub(super) use withdrawn::{withdrawn, withdrawn_besides};
pub(super) use written::{hosts, may_be_defined, split};

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

    /// Whether the model's file has to be fetched first; until then its tokens
    /// cannot be counted exactly. One that stands in is here, or left out.
    pub fn is_absent(&self) -> bool {
        self.members.first().is_some_and(|named| named.is_absent)
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
    let models = allowed(scene, &flags)?;
    let fallback = config.fallback(&flags, &models);
    let main = config.choose(Role::Draft, &flags, &models);
    let record = config.choose(Role::Record, &flags, &models);
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
    let lost = RefCell::new(Vec::new());
    let team = |choice: &Choice| -> Result<Team> {
        let others = fallback.iter().filter(|other| other.name != choice.name);
        let mut members = Vec::new();
        for other in others {
            members.extend(stand_in(scene.name(other, &meant), &lost)?);
        }
        Ok(Team::new(scene.name(choice, &meant)?, members))
    };
    let staff = Staff { draft: team(&main)?, record: team(&record)? };
    let lost = lost.into_inner();
    let members = staff.teams().into_iter().flat_map(|team| &team.members);
    let mut told: Vec<&String> = Vec::new();
    for note in members.flat_map(|named| &named.notes).chain(&lost) {
        if !told.contains(&note) {
            told.push(note);
            scene.ui.say(note);
        }
    }
    Ok(staff)
}

/// The models of the project, as far as they count. Beside one that the environment
/// names, a project whose address nobody has allowed names none: the run is not refused,
/// and nothing goes there.
///
/// # Errors
///
/// When the list of permissions cannot be read.
fn allowed<'a>(
    scene: &Scene<'a>,
    flags: &Models<String>,
) -> Result<Cow<'a, Models<(String, Place)>>> {
    let Scene { config, wishes, project, .. } = *scene;
    let models = &wishes.models;
    let is_beside = config.model().is_some() && flags.every.is_none();
    let is_heard = is_beside && models.are_beside();
    let Some(wish) = wishes.endpoint.as_ref().filter(|_| is_heard) else {
        return Ok(Cow::Borrowed(models));
    };
    if trust::is_trusted(config, project, Some(wish))? {
        return Ok(Cow::Borrowed(models));
    }
    scene.ui.say(&format!(
        "the `models` of `storygen.yaml` are left out beside `STORYGEN_MODEL`: its `endpoint` is `{}`, which you have not allowed",
        wish.base_url
    ));
    Ok(Cow::Owned(Models::default()))
}

/// A model that is to stand in; none where it cannot be had, which `lost` is told.
fn stand_in(named: Result<Named>, lost: &RefCell<Vec<String>>) -> Result<Option<Named>> {
    let failure = match named {
        // Nobody has asked for a large file to be fetched for what may never be needed.
        Ok(named) if named.is_absent => not_here("the embedded model is not on this machine yet"),
        Ok(named) => return Ok(Some(named)),
        Err(error) => error.downcast::<Failure>()?,
    };
    if failure.exit != Exit::Provider {
        return Err(failure.into());
    }
    let Failure { message, hints, .. } = failure;
    let hint = hints.first().map(|hint| format!(" ({hint})")).unwrap_or_default();
    lost.borrow_mut().push(format!("{message}; it cannot stand in, and is left out{hint}"));
    Ok(None)
}

/// Fails for a model whose tokens cannot be counted yet.
pub(super) fn must_be_here(team: &Team) -> Result<()> {
    if team.is_absent() {
        let what = "the embedded model is not on this machine yet, so its tokens cannot be counted";
        return Err(not_here(what).into());
    }
    Ok(())
}

fn not_here(what: &str) -> Failure {
    Failure::new(Exit::Provider, what).hint("`storygen models pull` fetches it (98 MB, once)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompt::tokens::Bound;

    #[test]
    fn a_stand_in_that_has_to_be_fetched_is_left_out() {
        for is_absent in [false, true] {
            let named = Named {
                provider: "embedded".to_owned(),
                name: String::new(),
                facts: Facts::plain("embedded/x", 8_192),
                tokenizer: Arc::new(Bound::new(None)),
                window_assumed: false,
                is_absent,
                notes: Vec::new(),
                remote: None,
            };
            let lost = RefCell::new(Vec::new());
            assert_eq!(stand_in(Ok(named), &lost).unwrap().is_none(), is_absent);
            let line = "the embedded model is not on this machine yet; it cannot stand in, and is left out (`storygen models pull` fetches it (98 MB, once))";
            assert_eq!(lost.into_inner(), if is_absent { vec![line] } else { Vec::new() });
        }
    }
}
