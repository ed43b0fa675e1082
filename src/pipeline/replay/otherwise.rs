//! Which settings of `storygen.yaml` are others now than when calls were made: a
//! replay goes by those of then.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Conditions;
use crate::pipeline::settings::{Asked, Settings};
use crate::project::wishes::{Role, Wishes};
use crate::provider::Sampling;

/// The settings that the book asks for now, and that were others then, as they are
/// written.
#[must_use]
pub fn otherwise(wishes: &Wishes, [draft, record]: [&Conditions; 2]) -> Vec<String> {
    let mut found = Vec::new();
    for (role, conditions) in [(Role::Draft, draft), (Role::Record, record)] {
        let models = &wishes.models;
        let own = models.roles.get(&role);
        let named = own.or(models.every.as_ref()).map(|(name, _)| name.as_str());
        if named.is_some_and(|name| !is_same(name, conditions)) {
            let setting = match own {
                Some(_) => format!("`models: {{{}}}`", role.name()),
                None => "`model`".to_owned(),
            };
            if !found.contains(&setting) {
                found.push(setting);
            }
        }
    }
    found.extend(sampled(&wishes.sampling, draft));
    let asked = Asked {
        window: wishes.window,
        reply_tokens: wishes.reply_tokens,
        redraws: wishes.redraws,
        continuations: wishes.continuations,
        synopsis_words: wishes.synopsis_words,
        ..Asked::default()
    };
    // A share of the window, where nobody says more; what is said is cut to that.
    let alike = Asked { window: u32::try_from(draft.settings.window).ok(), ..asked.clone() };
    let facts = draft.facts();
    let (now, then) = (Settings::new(asked, &facts), &draft.settings);
    let reply_limit = Settings::new(alike, &facts).reply_limit;
    // Both may have been set by a flag or by the user's configuration, then as now: what
    // the book does not say of them is no word of the book.
    let (says_window, says_reply) = (wishes.window.is_some(), wishes.reply_tokens.is_some());
    let limits = [
        ("limits", "window", !says_window || now.window == then.window),
        ("limits", "reply_tokens", !says_reply || reply_limit == then.reply_limit),
        ("limits", "redraws", now.redraws == then.redraws),
        ("limits", "continuations", now.continuations == then.continuations),
        ("targets", "synopsis_words", now.synopsis_words == then.synopsis_words),
    ];
    let others = limits.into_iter().filter(|(.., is_same)| !is_same);
    found.extend(others.map(|(group, key, _)| format!("`{group}: {{{key}}}`")));
    found
}

/// Whether a name means the model of then; a host's name may stand for a longer one.
fn is_same(name: &str, conditions: &Conditions) -> bool {
    let ends = |full: &str| {
        let (host, short) = name.split_once('/').unwrap_or(("", name));
        full.split_once('/').is_some_and(|(its, rest)| {
            its == host && (rest == short || rest.ends_with(&format!("/{short}")))
        })
    };
    [&conditions.named, &conditions.model].into_iter().any(|full| full == name || ends(full))
}

/// The sampling settings that are asked for now, and were others then; also those that
/// the book asked for then, and does not now.
fn sampled(now: &Sampling, conditions: &Conditions) -> Vec<String> {
    let then = keys(&conditions.settings.prose);
    let said = keys(now);
    // What comes of it where the book is silent; that nobody knows of an old run.
    let comes = conditions.author.as_ref().map(|author| {
        let sampling = now.clone().or(author);
        keys(&Settings::new(Asked { sampling, ..Asked::default() }, &conditions.facts()).prose)
    });
    let names: BTreeSet<&String> = said.keys().chain(then.keys()).collect();
    let is_other = |key: &&String| match &comes {
        Some(comes) => comes.get(*key) != then.get(*key),
        None => said.get(*key).is_some_and(|value| then.get(*key) != Some(value)),
    };
    let told = |key: &String| {
        let no_more = if said.contains_key(key) { "" } else { " (set no more)" };
        format!("`sampling: {{{key}}}`{no_more}")
    };
    names.into_iter().filter(is_other).map(told).collect()
}

/// The settings that are set, by their names.
fn keys(sampling: &Sampling) -> Map<String, Value> {
    match serde_json::to_value(sampling) {
        Ok(Value::Object(keys)) => keys,
        _ => Map::new(),
    }
}
