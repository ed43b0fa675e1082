//! The user's own settings: which model, where its endpoint is, which key.
//!
//! A setting comes from the first of: a flag, the environment, the project
//! (only the model's name), the user's configuration file. Endpoints and keys
//! come from the user alone: from the environment or from `config.yaml` in the
//! user's configuration folder, never from a project.

use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use etcetera::BaseStrategy;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

use crate::diagnostic;
use crate::failure::{Exit, Failure};
use crate::money::{Budget, Price, PriceSaid};
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
    /// Threads the embedded model computes with; 0 for one a processor.
    #[serde(default)]
    pub threads: Option<u32>,
    /// What the tokens of your endpoint's model cost.
    #[serde(default)]
    pub price: Option<PriceSaid>,
    /// The most that may be spent.
    #[serde(default)]
    pub budget: Option<Budget>,
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
        let key = fs_err::read_to_string(file).map_err(|error| {
            Failure::new(
                Exit::Usage,
                format!(
                    "cannot read the key: `api_key_file` in your configuration names `{file}`, {}",
                    trouble(&error)
                ),
            )
            .hint("put the key there, and nothing else, or name the file that holds it")
            .hint("or set `STORYGEN_API_KEY`")
        })?;
        let address = self.file.base_url.as_deref().unwrap_or(OPENAI);
        let set_in = format!("`{file}`, your `api_key_file`");
        Ok(Some((SecretString::from(key.trim().to_owned()), address, set_in)))
    }

    /// The window of the endpoint's model, if the user has said.
    #[must_use]
    pub fn window(&self) -> Option<u32> {
        self.file.window
    }

    /// The price of the endpoint's model, if the user has said.
    ///
    /// # Errors
    ///
    /// When it is no price.
    pub fn price(&self) -> Result<Option<Price>, Failure> {
        let Some(said) = self.file.price else { return Ok(None) };
        let price = said.price().ok_or_else(|| no_money("`price`"))?;
        Ok(Some(price))
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
}

fn no_money(name: &str) -> Failure {
    Failure::new(Exit::Usage, format!("{name} in your configuration is no amount of money"))
        .hint("write dollars, such as `2.50`")
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Why a file of the user's could not be read, as a clause about that file.
fn trouble(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "which is not there".to_owned(),
        ErrorKind::IsADirectory => "which is a folder".to_owned(),
        ErrorKind::PermissionDenied => "which you have no right to read".to_owned(),
        ErrorKind::InvalidData => "which is not UTF-8 text".to_owned(),
        _ => format!("which cannot be read ({error})"),
    }
}

fn read_file(path: &Path) -> Result<ConfigFile> {
    if !path.exists() {
        return Ok(ConfigFile::default());
    }
    let text = fs_err::read_to_string(path).map_err(|error| {
        let what = trouble(&error);
        Failure::new(
            Exit::Usage,
            format!(
                "cannot read your configuration: it is looked for in `{}`, {what}",
                path.display()
            ),
        )
        .hint("put a text file there, or move away what stands in its place")
    })?;
    if text.trim().is_empty() {
        return Ok(ConfigFile::default());
    }
    let name = path.display().to_string();
    let mut findings = Vec::new();
    let shown = yaml::secret::masked(&name, &text);
    yaml::read(&name, &text, &mut findings).ok_or_else(|| {
        let faults: Vec<String> = findings
            .iter()
            .map(|finding| diagnostic::render(finding, Some(&shown), false))
            .collect();
        Failure::new(Exit::Usage, format!("your configuration is not sound\n{}", faults.join("\n")))
            .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said when the configuration is `text`, or a folder for none.
    fn fault(text: Option<&str>) -> (Exit, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.yaml");
        match text {
            Some(text) => fs_err::write(&path, text).unwrap(),
            None => fs_err::create_dir(&path).unwrap(),
        }
        let failure = read_file(&path).unwrap_err().downcast::<Failure>().unwrap();
        assert!(!failure.message.contains("sk-1"), "{}", failure.message);
        (failure.exit, failure.message)
    }

    #[test]
    fn faults_of_the_file_are_of_one_kind() {
        let (exit, said) = fault(None);
        assert_eq!(exit, Exit::Usage);
        assert!(said.ends_with("config.yaml`, which is a folder"), "{said}");
        let (exit, said) = fault(Some("api_key: sk-1\n"));
        assert_eq!(exit, Exit::Usage);
        assert!(
            said.contains("unknown key `api_key`") && said.contains("`STORYGEN_API_KEY`"),
            "{said}"
        );
    }

    #[test]
    fn a_key_that_is_not_there_names_its_setting() {
        let file = ConfigFile {
            api_key_file: Some("/nonexistent/key".to_owned()),
            ..ConfigFile::default()
        };
        let (data, cache) = (PathBuf::new(), PathBuf::new());
        let config = Config { file, model: None, base_url: None, key: None, data, cache };
        let failure = config.key().unwrap_err().downcast::<Failure>().unwrap();
        assert_eq!(
            failure.message,
            "cannot read the key: `api_key_file` in your configuration names `/nonexistent/key`, which is not there"
        );
        assert_eq!((failure.exit, failure.hints.len()), (Exit::Usage, 2));
    }
}
