//! `provider/name` to one model, not yet loaded.

use std::sync::Arc;

use anyhow::Result;

use super::route::{self, Route, Vendor};
use super::{ModelArguments, local};
use crate::chat::Tokenizer;
use crate::config::{Choice, Config, Origin};
use crate::failure::{Exit, Failure};
use crate::project::wishes::Wishes;
use crate::prompt::tokens::Bound;
use crate::provider::Facts;
use crate::provider::http::BoundKey;

/// Tokens assumed of an endpoint's model where nobody has said.
pub(super) const ASSUMED_WINDOW: usize = 32_768;

/// A model that is named, but not loaded.
pub(in crate::cli) struct Named {
    /// Its provider: `embedded`, `scripted`, or an endpoint's name.
    pub provider: String,
    /// The rest of its name.
    pub name: String,
    /// What can be known of it without loading it.
    pub facts: Facts,
    /// How it counts tokens.
    pub tokenizer: Arc<dyn Tokenizer>,
    /// Whether the window was assumed.
    pub window_assumed: bool,
    /// Whether its file has to be fetched first.
    pub is_absent: bool,
    /// Where its requests go, and the key that may go with them.
    pub(super) at: Option<(Route, Option<BoundKey>)>,
}

/// What names are understood by.
pub(super) struct Scene<'a> {
    pub arguments: &'a ModelArguments,
    pub wishes: &'a Wishes,
    pub config: &'a Config,
    /// The vendor of the model that drafts.
    pub main: &'a str,
    /// The vendor that the user, not a project, has named.
    pub own: Option<&'a str>,
}

impl Scene<'_> {
    /// The model that a choice means.
    pub fn name(&self, choice: &Choice) -> Result<Named> {
        let vendors = vendors(self.config);
        let (provider, name) = split(&choice.name, choice.origin, &vendors)?;
        match provider {
            "embedded" => self.embedded(name),
            "scripted" => Ok(self.plain(choice, provider, name, None)),
            _ => {
                let vendor = vendors.iter().find(|vendor| vendor.name == provider);
                let vendor = vendor.cloned().unwrap_or_default();
                let asked =
                    route::Asked { config: self.config, wishes: self.wishes, main: self.main };
                let route = route::route(&vendor, choice, asked)?;
                let key = route::key(&route.base, &vendors, self.own, self.config)?;
                Ok(self.plain(choice, provider, name, Some((route, key))))
            }
        }
    }

    fn embedded(&self, name: &str) -> Result<Named> {
        let (facts, tokenizer) = local::facts(name, self.arguments, self.config)?;
        Ok(Named {
            provider: "embedded".to_owned(),
            name: name.to_owned(),
            facts,
            is_absent: tokenizer.is_none(),
            tokenizer: tokenizer.unwrap_or_else(|| Arc::new(Bound::new(None))),
            window_assumed: false,
            at: None,
        })
    }

    fn plain(
        &self,
        choice: &Choice,
        provider: &str,
        name: &str,
        at: Option<(Route, Option<BoundKey>)>,
    ) -> Named {
        let of_endpoint = at.as_ref().and_then(|(route, _)| route.endpoint.window);
        let asked = self.arguments.window.or(self.wishes.window).or(of_endpoint);
        let window =
            asked.and_then(|window| usize::try_from(window).ok()).unwrap_or(ASSUMED_WINDOW);
        Named {
            provider: provider.to_owned(),
            name: name.to_owned(),
            facts: Facts::plain(choice.name.clone(), window),
            tokenizer: Arc::new(Bound::new(None)),
            window_assumed: asked.is_none() && at.is_some(),
            is_absent: false,
            at,
        }
    }
}

/// The vendors that can be named: those that storygen knows, and the user's own.
pub(in crate::cli) fn vendors(config: &Config) -> Vec<Vendor> {
    let known = Vendor {
        name: "openai".to_owned(),
        dialect: "openai".to_owned(),
        base_url: Some("https://api.openai.com/v1".to_owned()),
        key: Some("OPENAI_API_KEY".to_owned()),
    };
    let own = config.endpoints().filter(|name| *name != "openai").map(|name| Vendor {
        name: name.to_owned(),
        dialect: "openai".to_owned(),
        base_url: None,
        key: None,
    });
    std::iter::once(known).chain(own).collect()
}

/// The provider and the name that a model's full name is made of.
///
/// # Errors
///
/// For a provider that nobody knows, a model without a name, and a project that
/// asks for a script.
pub(in crate::cli) fn split<'a>(
    model: &'a str,
    origin: Origin,
    vendors: &[Vendor],
) -> Result<(&'a str, &'a str), Failure> {
    let (provider, name) = model.split_once('/').unwrap_or((model, ""));
    if provider == "embedded" {
        return Ok((provider, name));
    }
    let is_known = provider == "scripted" || vendors.iter().any(|one| one.name == provider);
    if !is_known {
        return Err(unknown(provider, origin, vendors));
    }
    if name.is_empty() {
        return Err(Failure::new(Exit::Usage, format!("`{model}` lacks a name"))
            .hint(format!("write `{provider}/NAME`")));
    }
    if origin == Origin::Project && provider == "scripted" {
        return Err(Failure::new(Exit::Untrusted, "a project cannot ask for a scripted model")
            .hint("use `--model scripted/FILE`"));
    }
    Ok((provider, name))
}

fn unknown(provider: &str, origin: Origin, vendors: &[Vendor]) -> Failure {
    let known = ["embedded", "scripted"].into_iter();
    let known = known.chain(vendors.iter().map(|vendor| vendor.name.as_str()));
    let failure = Failure::new(
        Exit::Usage,
        format!("no provider is called `{provider}` ({origin} names it)"),
    );
    match crate::diagnostic::did_you_mean(provider, known) {
        Some(hint) => failure.hint(hint),
        None => {
            failure.hint("write `embedded`, or `openai/NAME` for any OpenAI-compatible endpoint")
        }
    }
}
