//! What stands in for the embedded model in a build without it.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;

use super::{ModelArguments, Named};
use crate::chat::Tokenizer;
use crate::cli::ui::Ui;
use crate::config::Config;
use crate::failure::{Exit, Failure};
use crate::provider::{Facts, Provider};

pub(super) fn facts(
    _: &str,
    _: &ModelArguments,
    _: &Config,
) -> Result<(Facts, Option<Arc<dyn Tokenizer>>)> {
    Err(no_engine().into())
}

#[expect(clippy::unused_async, reason = "the same shape as with the engine")]
pub(super) async fn open(
    _: &Named,
    _: &ModelArguments,
    _: &Config,
    _: &Path,
    _: &Ui,
) -> Result<Box<dyn Provider>> {
    Err(no_engine().into())
}

/// Why nothing of the embedded model can be had.
pub(in crate::cli) fn no_engine() -> Failure {
    Failure::new(Exit::Provider, "this storygen was built without the embedded model")
        .hint("set `STORYGEN_MODEL=openai/NAME` with `STORYGEN_BASE_URL` and `STORYGEN_API_KEY`")
        .hint("or build it with its default features")
}
