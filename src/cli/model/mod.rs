//! From what flags, environment, project and configuration say to a model.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use clap::Args;

use super::ui::Ui;
use crate::chat::Tokenizer;
use crate::config::{Config, Origin};
use crate::failure::{Exit, Failure};
use crate::money::Price;
use crate::pipeline::calling;
use crate::pipeline::settings::{Asked, Settings};
use crate::project::load::Wishes;
use crate::prompt::tokens::Bound;
use crate::provider::http::{Base, BoundKey, Endpoint, Patience, Remote};
use crate::provider::openai::OPENAI;
use crate::provider::scripted::Scripted;
use crate::provider::{Facts, Provider};

#[cfg(not(feature = "embedded"))]
mod absent;
#[cfg(feature = "embedded")]
mod local;

#[cfg(not(feature = "embedded"))]
use absent as local;
#[cfg(not(feature = "embedded"))]
pub(super) use absent::no_engine;
#[cfg(feature = "embedded")]
pub(super) use local::{places, spec};

/// Which model, and how it is used.
#[derive(Clone, Debug, Args)]
pub(super) struct ModelArguments {
    /// The model: `embedded`, `embedded/FILE.gguf`, `openai/NAME`, `scripted/FILE`
    #[arg(long, global = true, value_name = "PROVIDER/NAME")]
    pub model: Option<String>,
    /// Threads the embedded model computes with
    #[arg(long, global = true, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Tokens that prompt and reply may take together
    #[arg(long, global = true, value_name = "TOKENS", value_parser = clap::value_parser!(u32).range(1..))]
    pub window: Option<u32>,
    /// Another number gives other texts
    #[arg(long, global = true, value_name = "N")]
    pub seed: Option<u64>,
}

/// Tokens assumed of an endpoint's model where nobody has said.
const ASSUMED_WINDOW: usize = 32_768;

/// A model that is named, but not loaded.
pub(super) struct Named {
    /// Its provider: `embedded`, `openai`, `scripted`.
    pub provider: String,
    /// The rest of its name.
    pub name: String,
    /// What can be known of it without loading it.
    pub facts: Facts,
    /// How it counts tokens.
    pub tokenizer: Arc<dyn Tokenizer>,
    /// Whether the window was assumed.
    pub window_assumed: bool,
    /// Whether its file has to be fetched first; until then its tokens cannot
    /// be counted exactly.
    pub is_absent: bool,
}

/// The model that is meant, without loading or reaching it.
pub(super) fn name(arguments: &ModelArguments, wishes: &Wishes, config: &Config) -> Result<Named> {
    let project = wishes.model.as_ref().map(|(model, _)| model.as_str());
    let (model, origin) = config.model(arguments.model.as_deref(), project);
    let (provider, name) = split(&model, origin)?;
    let asked = arguments.window.or(wishes.window).or(config.window());
    let (mut window_assumed, mut is_absent) = (false, false);
    let (facts, tokenizer): (Facts, Arc<dyn Tokenizer>) = if provider == "embedded" {
        let (facts, tokenizer) = local::facts(name, arguments, config)?;
        is_absent = tokenizer.is_none();
        (facts, tokenizer.unwrap_or_else(|| Arc::new(Bound::new(None))))
    } else {
        window_assumed = asked.is_none() && provider == "openai";
        let window =
            asked.and_then(|window| usize::try_from(window).ok()).unwrap_or(ASSUMED_WINDOW);
        let mut facts = Facts::plain(model.clone(), window);
        (facts.price, facts.is_local) = if provider == "scripted" {
            (Some(Price::FREE), true)
        } else {
            let is_local = Base::parse(config.base_url().0).is_ok_and(|base| base.is_local());
            (config.price()?, is_local)
        };
        facts.tries = u32::try_from(Patience::default().tries).unwrap_or(u32::MAX).max(1);
        (facts, Arc::new(Bound::new(None)))
    };
    Ok(Named {
        provider: provider.to_owned(),
        name: name.to_owned(),
        facts,
        tokenizer,
        window_assumed,
        is_absent,
    })
}

/// The provider and the name that a model's full name is made of.
pub(super) fn split(model: &str, origin: Origin) -> Result<(&str, &str), Failure> {
    let (provider, name) = model.split_once('/').unwrap_or((model, ""));
    match provider {
        "embedded" => {}
        "openai" | "scripted" => {
            if name.is_empty() {
                return Err(Failure::new(Exit::Usage, format!("`{model}` lacks a name"))
                    .hint(format!("write `{provider}/NAME`")));
            }
            if origin == Origin::Project && provider == "scripted" {
                return Err(Failure::new(
                    Exit::Untrusted,
                    "a project cannot ask for a scripted model",
                )
                .hint("use `--model scripted/FILE`"));
            }
        }
        _ => return Err(unknown(provider, origin)),
    }
    Ok((provider, name))
}

fn unknown(provider: &str, origin: Origin) -> Failure {
    let known = ["embedded", "openai", "scripted"];
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

/// Fails for a model whose tokens cannot be counted yet.
pub(super) fn must_be_here(named: &Named) -> Result<()> {
    if named.is_absent {
        return Err(Failure::new(
            Exit::Provider,
            "the embedded model is not on this machine yet, so its tokens cannot be counted",
        )
        .hint("`storygen models pull` fetches it (98 MB, once)")
        .into());
    }
    Ok(())
}

/// The settings of a run with this model.
pub(super) fn settings(arguments: &ModelArguments, wishes: &Wishes, facts: &Facts) -> Settings {
    let asked = Asked {
        window: arguments.window.or(wishes.window),
        reply_tokens: wishes.reply_tokens,
        redraws: wishes.redraws,
        continuations: wishes.continuations,
        synopsis_words: wishes.synopsis_words,
        seed: arguments.seed,
    };
    Settings::new(asked, facts)
}

/// The model, ready to be asked, and whether its script has entries left over.
pub(super) enum Ready {
    /// A model.
    Model(Box<dyn Provider>),
    /// A script, which must be used up.
    Script(Scripted),
}

impl Ready {
    /// The model as the pipeline sees it.
    pub fn provider(&self) -> &dyn Provider {
        match self {
            Self::Model(model) => &**model,
            Self::Script(script) => script,
        }
    }
}

/// Loads the model, fetching the default one if it has to be; says so.
pub(super) async fn ready(
    named: &Named,
    arguments: &ModelArguments,
    config: &Config,
    cache: &Path,
    ui: &Ui,
) -> Result<Ready> {
    match named.provider.as_str() {
        "embedded" => local::open(named, arguments, config, cache, ui).await,
        "scripted" => {
            let script = fs_err::read_to_string(&named.name)?;
            let script = Scripted::new(&script, named.facts.clone())
                .map_err(|fault| calling::failure(&fault))?;
            Ok(Ready::Script(script))
        }
        _ => {
            if named.window_assumed {
                ui.say(&format!(
                    "how much `{}` holds is not known; {ASSUMED_WINDOW} tokens are assumed (set `limits: {{window: …}}` in storygen.yaml)",
                    named.name
                ));
            }
            Ok(Ready::Model(Box::new(remote(named, config, ui)?)))
        }
    }
}

fn remote(named: &Named, config: &Config, ui: &Ui) -> Result<Remote> {
    let bad = |error: &dyn std::fmt::Display| Failure::new(Exit::Usage, error.to_string());
    let (url, _) = config.base_url();
    let base = Base::parse(url).map_err(|error| bad(&error))?;
    let mut endpoint = Endpoint::new(&OPENAI, base.clone(), named.name.clone(), named.facts.window);
    endpoint.price = config.price()?;
    if let Some((key, given_for, set_in)) = config.key()? {
        let home = Base::parse(given_for).map_err(|error| bad(&error))?;
        // A key goes to the address it was given for and nowhere else.
        if home.origin() == base.origin() {
            let key = BoundKey::new(&base, &key).map_err(|error| bad(&error))?;
            endpoint.key = Some(key.set_in(set_in));
        }
    }
    let remote = Remote::new(endpoint).map_err(|error| bad(&error))?;
    let ui = ui.clone();
    Ok(remote.telling_pauses(Box::new(move |pause, fault| ui.pausing(pause, fault))))
}
