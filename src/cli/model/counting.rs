//! How a model's tokens are counted: by its vocabulary, where the user has put
//! it there, else by the smallest bound that is proven of it.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;

use super::naming::Named;
use crate::chat::Tokenizer;
use crate::config::Config;
use crate::failure::{Exit, Failure};
use crate::own_file;
use crate::prompt::tokens::{Bound, Vocabulary};
use crate::provider::catalogue::Row;

const FIX: &str =
    "put the `tokenizer.json` or `tekken.json` of the model there, or take the file away";

/// Who counts the tokens of a model: `tokenizers/NAME.json` in the user's data
/// folder for a model whose row names its tokenizer, if there is such a file.
///
/// # Errors
///
/// When that file cannot be read, or is no vocabulary.
pub(super) fn of(row: &Row, config: &Config) -> Result<Arc<dyn Tokenizer>> {
    let bound = || Arc::new(Bound::new(row.seen));
    let Some(path) = place(row, config) else { return Ok(bound()) };
    let bytes = own_file::bytes(&path, own_file::VOCABULARY).map_err(|what| {
        Failure::new(
            Exit::Usage,
            format!("cannot read the vocabulary `{}`, {what}", path.display()),
        )
        .hint(FIX)
    })?;
    let Some(bytes) = bytes else { return Ok(bound()) };
    let vocabulary = Vocabulary::read(&bytes, row.seen).map_err(|why| {
        Failure::new(Exit::Usage, format!("`{}` is no vocabulary: {why}", path.display())).hint(FIX)
    })?;
    Ok(Arc::new(vocabulary))
}

/// Where the vocabulary of a row's model is looked for.
fn place(row: &Row, config: &Config) -> Option<PathBuf> {
    let name = row.tokenizer.as_ref()?;
    Some(config.data.join("tokenizers").join(format!("{name}.json")))
}

impl Named {
    /// Where its vocabulary is looked for, where that is a file of the user's own.
    pub fn vocabulary(&self, config: &Config) -> Option<PathBuf> {
        place(&self.remote.as_ref()?.row, config)
    }
}
