//! The catalogue as this user sees it: the built-in one with the rows of the
//! user's own `catalogue.yaml`, which count.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use etcetera::BaseStrategy;

use crate::diagnostic::{self, Finding, Place};
use crate::failure::{Exit, Failure};
use crate::project::yaml;
use crate::provider::catalogue::shape::CatalogueFile;
use crate::provider::catalogue::{Catalogue, Known, faults, merged};

/// The wires that a vendor may speak.
const DIALECTS: &[&str] = &[
    "openai",
    "mistral",
    "anthropic",
    "ollama",
    "llamacpp-completion",
    "koboldcpp-completion",
    "embedded",
];

/// The chat templates that a model may name.
const TEMPLATES: &[&str] =
    &["chatml", "llama-3", "mistral-v3", "mistral-v7-tekken", "alpaca", "metharme"];

/// Where the user's own rows stand.
pub(super) fn place() -> Result<PathBuf> {
    let folders =
        etcetera::choose_base_strategy().context("cannot tell your home folder; set `HOME`")?;
    Ok(folders.config_dir().join("storygen").join("catalogue.yaml"))
}

/// The built-in catalogue with the user's own rows.
pub(super) fn read() -> Result<Catalogue> {
    let own = own(&place()?)?;
    Ok(built_in()?.with(own))
}

/// The built-in catalogue alone.
pub(super) fn built_in() -> Result<Catalogue> {
    Catalogue::built_in().context("the built-in catalogue is not sound")
}

/// The user's own rows; none where there is no file.
pub(super) fn own(path: &Path) -> Result<CatalogueFile> {
    if !path.exists() {
        return Ok(CatalogueFile::default());
    }
    let name = path.display().to_string();
    let text = fs_err::read_to_string(path).map_err(|error| {
        Failure::new(Exit::Usage, format!("cannot read your catalogue: {error}"))
            .hint("put a text file there, or move away what stands in its place")
    })?;
    if text.trim().is_empty() {
        return Ok(CatalogueFile::default());
    }
    let mut findings = Vec::new();
    let own: Option<CatalogueFile> = yaml::read(&name, &text, &mut findings);
    if let Some(own) = &own {
        findings.extend(impossible(own, &name, &text)?);
    }
    own.filter(|_| findings.is_empty()).ok_or_else(|| {
        let shown = yaml::secret::masked(&name, &text);
        let all: Vec<String> = findings
            .iter()
            .map(|finding| diagnostic::render(finding, Some(&shown), false))
            .collect();
        Failure::new(Exit::Usage, format!("your catalogue is not sound\n{}", all.join("\n"))).into()
    })
}

/// What the user's rows say that cannot be, each at its place.
fn impossible(own: &CatalogueFile, name: &str, text: &str) -> Result<Vec<Finding>> {
    let whole = merged(own.clone(), built_in()?.into_file());
    let known = Known { whole: &whole, dialects: DIALECTS, templates: TEMPLATES };
    let findings = faults(own, known).into_iter().map(|fault| {
        let place = match yaml::spot_of(text, &fault.path) {
            Some(spot) => Place::at(name, spot),
            None => Place::file(name),
        };
        Finding::error("catalogue", place, fault.message).hint_maybe(fault.hint)
    });
    Ok(findings.collect())
}
