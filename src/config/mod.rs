//! The user's own settings: which models, where their endpoints are, which keys.
//!
//! | File | What |
//! |---|---|
//! | `file` | the shape of `config.yaml` |
//! | `faults` | what of it cannot be |
//! | `misplaced` | a key that stands in it where a name belongs |
//! | `choice` | which model does which work, and who says so |
//! | `key` | where keys come from |
//! | `keyring` | a key out of the system's keyring |
//! | `trust` | which projects may say where their models are |
//!
//! A setting comes from the first of: a flag, the environment, the project
//! (names of models only), the user's configuration file. Endpoints and keys
//! come from the user alone: from the environment or from `config.yaml` in the
//! user's configuration folder. A project's endpoint counts once it is trusted.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use etcetera::BaseStrategy;
use secrecy::SecretString;

use crate::failure::{Exit, Failure};
use crate::money::Budget;

mod choice;
mod faults;
mod file;
mod key;
mod keyring;
mod misplaced;
pub mod trust;

pub use choice::Choice;
pub use file::{ConfigFile, EndpointShape};
pub use key::{KeySource, Printed};

/// Where a setting came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A flag of this command.
    Flag,
    /// An environment variable.
    Environment,
    /// `storygen.yaml`.
    Project,
    /// The user's configuration file.
    User,
    /// Nobody said anything.
    Default,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Flag => "a flag",
            Self::Environment => "the environment",
            Self::Project => "`storygen.yaml`",
            Self::User => "your configuration",
            Self::Default => "the default",
        })
    }
}

/// What the user has set, outside any project.
#[derive(Debug)]
pub struct Config {
    /// The file's content.
    file: ConfigFile,
    /// The model of `STORYGEN_MODEL`.
    model: Option<String>,
    /// The address of `STORYGEN_BASE_URL`.
    base_url: Option<String>,
    /// The key of `STORYGEN_API_KEY`.
    key: Option<SecretString>,
    /// The keys that programs have printed so far.
    printed: Printed,
    /// Where the user's configuration stands.
    pub folder: PathBuf,
    /// Where models, vocabularies and the like are kept.
    pub data: PathBuf,
    /// Where what can be made again is kept.
    pub cache: PathBuf,
}

impl Config {
    /// Reads the environment and the user's file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or holds something else than it should.
    pub fn read() -> Result<Self> {
        let folders =
            etcetera::choose_base_strategy().context("cannot tell your home folder; set `HOME`")?;
        let folder = folders.config_dir().join("storygen");
        misnamed(&folder)?;
        Ok(Self {
            file: file::read(&folder.join("config.yaml"))?,
            model: variable("STORYGEN_MODEL"),
            base_url: variable("STORYGEN_BASE_URL"),
            key: variable("STORYGEN_API_KEY").map(SecretString::from),
            printed: Printed::default(),
            folder,
            data: folders.data_dir().join("storygen"),
            cache: folders.cache_dir().join("storygen"),
        })
    }

    /// The model of `STORYGEN_MODEL`.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// The address of `STORYGEN_BASE_URL`.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.base_url.as_deref()
    }

    /// The key of `STORYGEN_API_KEY`.
    #[must_use]
    pub fn key(&self) -> Option<&SecretString> {
        self.key.as_ref()
    }

    /// The keys that programs have printed so far: who reads one adds to them.
    #[must_use]
    pub fn printed(&self) -> &Printed {
        &self.printed
    }

    /// What the file says of an endpoint; nothing where it does not name it.
    #[must_use]
    pub fn endpoint(&self, name: &str) -> EndpointShape {
        let named = self.file.endpoints.as_ref().and_then(|all| all.get(name)).cloned();
        let mut endpoint = named.unwrap_or_default();
        if name == "openai" {
            let short = &self.file.base_url;
            let is_there =
                endpoint.base_url.is_none() || short.is_none() || endpoint.base_url == *short;
            endpoint.base_url = endpoint.base_url.or_else(|| short.clone());
            // The file of the short form is for its address, and takes no other's place.
            if is_there && KeySource::of(&endpoint).is_empty() {
                endpoint.api_key_file.clone_from(&self.file.api_key_file);
            }
            endpoint.price = endpoint.price.or(self.file.price);
        }
        endpoint.window = endpoint.window.or(self.file.window);
        endpoint.api_key_file = endpoint.api_key_file.map(|path| self.place(&path));
        endpoint
    }

    /// Where a file is that the configuration names: `~/` is the user's home, and
    /// any other relative path begins beside the configuration, whatever folder
    /// the command runs in.
    fn place(&self, path: &str) -> String {
        let home = path.strip_prefix("~/").zip(etcetera::home_dir().ok());
        let whole = match home {
            Some((rest, home)) => home.join(rest),
            None => self.folder.join(path),
        };
        whole.display().to_string()
    }

    /// The names of the endpoints that the file knows.
    pub fn endpoints(&self) -> impl Iterator<Item = &str> {
        self.file.endpoints.iter().flatten().map(|(name, _)| name.as_str())
    }

    /// The most that may be spent, as far as the user has said.
    ///
    /// # Errors
    ///
    /// When it is no amount of money.
    pub fn budget(&self) -> Result<Budget, Failure> {
        let budget = self.file.budget.unwrap_or_default();
        match budget.fault() {
            Some(name) => Err(no_money(&format!("`budget: {{{name}: …}}`"))),
            None => Ok(budget),
        }
    }

    /// The threads of the embedded model, if the user has said.
    #[must_use]
    pub fn threads(&self) -> Option<NonZeroUsize> {
        self.file
            .threads
            .and_then(|threads| usize::try_from(threads).ok())
            .and_then(NonZeroUsize::new)
    }

    /// Where the permissions of projects stand.
    fn trusted(&self) -> PathBuf {
        self.data.join("trusted.json")
    }
}

fn no_money(name: &str) -> Failure {
    Failure::new(Exit::Usage, format!("{name} in your configuration is no amount of money"))
        .hint("write dollars, such as `2.50`")
}

/// What a variable of the environment says; an empty one says nothing.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Refuses a configuration that nothing would read, as its name is almost the one that
/// it should have: what it says of budgets and addresses would count for nothing.
fn misnamed(folder: &Path) -> Result<()> {
    let other = folder.join("config.yml");
    if folder.join("config.yaml").exists() || !other.is_file() {
        return Ok(());
    }
    let message = format!("nothing reads `{}`: it has to be called `config.yaml`", other.display());
    Err(Failure::new(Exit::Usage, message).hint("rename it").into())
}
