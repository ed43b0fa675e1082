//! A project that is read and sound, with the models that are to draft it.

use anyhow::Result;
use tokio_util::sync::CancellationToken;

use super::paying::PayArguments;
use crate::cli::model::{self, ModelArguments, Reach, Staff};
use crate::cli::open;
use crate::cli::ui::Ui;
use crate::config::Config;
use crate::pipeline::calling::Allowance;
use crate::project::folder::Folder;
use crate::project::wishes::Wishes;
use crate::prompt::templates::Templates;
use crate::provider::catalogue::Catalogue;
use crate::story::Story;

/// What all books of a command share.
pub(in crate::cli) struct Run<'a> {
    /// The flags about models.
    pub model: &'a ModelArguments,
    /// How calls are paid for.
    pub paying: PayArguments,
    /// Whether it begins also where a budget is too low for all that is to be done.
    pub goes_as_far: bool,
    /// What all books together have cost.
    pub allowance: Allowance,
    /// The user's settings.
    pub config: &'a Config,
    /// What is known of models.
    pub catalogue: &'a Catalogue,
    /// Connections and gates.
    pub reach: &'a Reach,
    /// Set when the user wants to stop.
    pub cancel: CancellationToken,
    /// The command line, for the journal.
    pub command: String,
}

/// A project, ready to be drafted.
pub(in crate::cli) struct Book {
    /// Its folder.
    pub folder: Folder,
    /// Its story.
    pub story: Story,
    /// What it says of the run.
    pub wishes: Wishes,
    /// Its templates.
    pub templates: Templates,
    /// Its models, named but not loaded.
    pub staff: Staff,
}

impl Book {
    /// Reads a project, prints its errors, and names its models.
    ///
    /// # Errors
    ///
    /// When the project is not sound, or names a model that is none.
    pub fn open(folder: Folder, run: &Run<'_>, ui: &Ui) -> Result<Self> {
        let (story, loaded) = open::sound(&folder, ui)?;
        let scene = model::Scene {
            arguments: run.model,
            project: folder.path(),
            wishes: &loaded.wishes,
            config: run.config,
            catalogue: run.catalogue,
            ui,
        };
        let staff = model::staff(&scene)?;
        let templates = open::templates(&folder, &story)?;
        Ok(Self { story, wishes: loaded.wishes, templates, staff, folder })
    }
}
