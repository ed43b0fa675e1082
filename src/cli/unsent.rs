//! Sessions that render prompts and send none.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use tokio_util::sync::CancellationToken;

use super::model::{self, ModelArguments, Team};
use crate::chat::Tokenizer;
use crate::pipeline::calling::{Line, Purse};
use crate::pipeline::run::Session;
use crate::project::archive::Archive;
use crate::project::folder::Folder;
use crate::project::wishes::Wishes;
use crate::prompt::templates::Templates;
use crate::prompt::tokens::Bound;
use crate::provider::{Ear, Facts, Fault, Pass, Provider, Request, Streaming};
use crate::story::Story;
use crate::story::canon::Record;

/// Stands in for a model that is not loaded: it can count, not speak.
pub(super) struct Unloaded<'a>(pub &'a Facts);

impl Provider for Unloaded<'_> {
    fn facts(&self) -> &Facts {
        self.0
    }
    fn tokenizer(&self) -> Arc<dyn Tokenizer> {
        Arc::new(Bound::new(None))
    }
    fn stream<'a>(
        &'a self,
        _: &'a Request,
        _: Option<Pass>,
        _: &'a mut dyn Ear,
        _: &'a CancellationToken,
    ) -> Streaming<'a> {
        Box::pin(async { Err(Fault::Model("this model is not loaded".to_owned())) })
    }
}

/// A session that can render prompts and send none.
#[expect(clippy::too_many_arguments, reason = "a session needs what a run needs")]
pub(super) fn with_session<T>(
    arguments: &ModelArguments,
    wishes: &Wishes,
    folder: &Folder,
    story: &Story,
    templates: &Templates,
    team: &Team,
    parts: (Archive, BTreeMap<usize, Record>),
    work: impl FnOnce(&mut Session<'_>, &Line<'_>) -> Result<T>,
) -> Result<T> {
    let settings = model::settings(arguments, wishes, team);
    let unloaded = Unloaded(&team.facts);
    let line = Line {
        tokenizer: team.tokenizer.clone(),
        ..Line::new(&unloaded, folder, &settings, Purse::default())
    };
    let mut session = Session::new(story, templates, parts.0, parts.1, &line);
    work(&mut session, &line)
}
