//! The embedded model: which file it is, and how it is opened.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;

use super::{ModelArguments, Named, Ready};
use crate::chat::Tokenizer;
use crate::cli::ui::Ui;
use crate::config::Config;
use crate::money::Price;
use crate::pipeline::calling;
use crate::provider::Facts;
use crate::provider::embedded::store::{Places, Spec};
use crate::provider::embedded::{self, Embedded, Options};

/// Where model files are.
pub(in crate::cli) fn places(config: &Config) -> Places {
    Places::new(config.data.join("models"))
}

/// The model file that a name means.
pub(in crate::cli) fn spec(name: &str) -> Result<Spec> {
    if name.is_empty() {
        return Ok(Spec::default());
    }
    Spec::parse(name).map_err(|fault| calling::failure(&fault).into())
}

/// What is known of a model whose file may not be here yet.
pub(super) fn facts(
    name: &str,
    arguments: &ModelArguments,
    config: &Config,
) -> Result<(Facts, Option<Arc<dyn Tokenizer>>)> {
    let spec = spec(name)?;
    let window = arguments.window.and_then(|window| usize::try_from(window).ok());
    let Some(path) = places(config).find(&spec) else {
        if spec != Spec::default() {
            places(config).resolve(&spec).map_err(|fault| calling::failure(&fault))?;
        }
        let facts = Facts {
            name: "embedded/SmolLM2-135M-Instruct.Q4_1".to_owned(),
            window: window.unwrap_or(8_192).min(8_192),
            prefill: true,
            price: Some(Price::FREE),
            is_local: true,
            ..Facts::plain("", 0)
        };
        return Ok((facts, None));
    };
    let facts = embedded::facts(&path, window).map_err(|fault| calling::failure(&fault))?;
    let tokenizer = embedded::tokenizer(&path).map_err(|fault| calling::failure(&fault))?;
    Ok((facts, Some(tokenizer)))
}

/// Loads the model, fetching the default one if it has to be.
pub(super) async fn open(
    named: &Named,
    arguments: &ModelArguments,
    config: &Config,
    cache: &Path,
    ui: &Ui,
) -> Result<Ready> {
    let spec = spec(&named.name)?;
    let mut download = ui.download();
    let path = places(config)
        .pull(&spec, &mut |progress| download.tell(&progress))
        .await
        .map_err(|fault| calling::failure(&fault))?;
    download.end();
    let options = Options {
        threads: arguments.threads.or(config.threads()).map(NonZeroUsize::get),
        window: arguments.window.and_then(|window| usize::try_from(window).ok()),
        state_folder: Some(cache.to_owned()),
    };
    let model = Embedded::open(&path, options).map_err(|fault| calling::failure(&fault))?;
    Ok(Ready::Model(Box::new(model)))
}
