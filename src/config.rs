//! The user's own settings: which model, where its endpoint is, which key.
//!
//! A setting comes from the first of: a flag, the environment, the project
//! (only the model's name), the user's configuration file. Endpoints and keys
//! come from the user alone: from the environment or from `config.yaml` in the
//! user's configuration folder, never from a project.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use etcetera::BaseStrategy;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

use crate::diagnostic;
use crate::failure::{Exit, Failure};
use crate::project::yaml;

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

/// The shape of the user's `config.yaml`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
    /// The model that drafts where no project names one: `openai/NAME`, `embedded`.
    #[serde(default)]
    pub model: Option<String>,
    /// The address of your OpenAI-compatible endpoint, such as `http://127.0.0.1:8080/v1`.
    #[serde(default)]
    pub base_url: Option<String>,
    /// A file that holds the key for that address, and nothing else.
    #[serde(default)]
    pub api_key_file: Option<String>,
    /// Tokens that the endpoint's model holds, prompt and reply together.
    #[serde(default)]
    pub window: Option<u32>,
    /// Threads the embedded model computes with.
    #[serde(default)]
    pub threads: Option<u32>,
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
    /// Where models, vocabularies and the like are kept.
    pub data: PathBuf,
    /// Where what can be made again is kept.
    pub cache: PathBuf,
}

/// The address that the models of `OpenAI` itself have.
const OPENAI: &str = "https://api.openai.com/v1";

impl Config {
    /// Reads the environment and the user's file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or holds something else than it should.
    pub fn read() -> Result<Self> {
        let folders =
            etcetera::choose_base_strategy().context("cannot tell your home folder; set `HOME`")?;
        let path = folders.config_dir().join("storygen").join("config.yaml");
        Ok(Self {
            file: read_file(&path)?,
            model: variable("STORYGEN_MODEL"),
            base_url: variable("STORYGEN_BASE_URL"),
            key: variable("STORYGEN_API_KEY").map(SecretString::from),
            data: folders.data_dir().join("storygen"),
            cache: folders.cache_dir().join("storygen"),
        })
    }

    /// The model to draft with, and who says so.
    #[must_use]
    pub fn model(&self, flag: Option<&str>, project: Option<&str>) -> (String, Origin) {
        [
            (flag, Origin::Flag),
            (self.model.as_deref(), Origin::Environment),
            (project, Origin::Project),
            (self.file.model.as_deref(), Origin::User),
        ]
        .into_iter()
        .find_map(|(model, origin)| model.map(|model| (model.to_owned(), origin)))
        .unwrap_or_else(|| ("embedded".to_owned(), Origin::Default))
    }

    /// The address of the OpenAI-compatible endpoint.
    #[must_use]
    pub fn base_url(&self) -> (&str, Origin) {
        match (&self.base_url, &self.file.base_url) {
            (Some(url), _) => (url, Origin::Environment),
            (None, Some(url)) => (url, Origin::User),
            (None, None) => (OPENAI, Origin::Default),
        }
    }

    /// The key, the address it was given for, and where it was set. A key of the
    /// configuration file belongs to the address of that file, whatever the
    /// environment says.
    ///
    /// # Errors
    ///
    /// When the key's file cannot be read.
    pub fn key(&self) -> Result<Option<(SecretString, &str, String)>> {
        if let Some(key) = &self.key {
            return Ok(Some((key.clone(), self.base_url().0, "`STORYGEN_API_KEY`".to_owned())));
        }
        let Some(file) = &self.file.api_key_file else { return Ok(None) };
        let key = fs_err::read_to_string(file)?;
        let address = self.file.base_url.as_deref().unwrap_or(OPENAI);
        let set_in = format!("`{file}`, your `api_key_file`");
        Ok(Some((SecretString::from(key.trim().to_owned()), address, set_in)))
    }

    /// The window of the endpoint's model, if the user has said.
    #[must_use]
    pub fn window(&self) -> Option<u32> {
        self.file.window
    }

    /// The threads of the embedded model, if the user has said.
    #[must_use]
    pub fn threads(&self) -> Option<usize> {
        self.file.threads.and_then(|threads| usize::try_from(threads).ok())
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn read_file(path: &Path) -> Result<ConfigFile> {
    if !path.exists() {
        return Ok(ConfigFile::default());
    }
    let text = fs_err::read_to_string(path)?;
    if text.trim().is_empty() {
        return Ok(ConfigFile::default());
    }
    let name = path.display().to_string();
    let mut findings = Vec::new();
    yaml::read(&name, &text, &mut findings).ok_or_else(|| {
        let shown: Vec<String> = findings
            .iter()
            .map(|finding| diagnostic::render(finding, Some(&text), false))
            .collect();
        Failure::new(Exit::Usage, format!("your configuration is not sound\n{}", shown.join("\n")))
            .into()
    })
}
