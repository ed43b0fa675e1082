//! The catalogue as this user sees it: the built-in one, over it what vendors
//! listed when they were asked last, and over both the user's own
//! `catalogue.yaml`, which counts.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use etcetera::BaseStrategy;
use serde_json::Value;

use crate::diagnostic::{self, Finding, Place};
use crate::failure::{Exit, Failure};
use crate::own_file;
use crate::project::yaml;
use crate::provider::catalogue::shape::CatalogueFile;
use crate::provider::catalogue::{Catalogue, Known, faults, merged};
use crate::provider::completion::templates::{OWN, TEMPLATES};
use crate::provider::dialects::DIALECTS;

/// The catalogue, everything laid over everything. The user's rows may name
/// `endpoints`, those of the user's configuration, as hosts.
pub(super) fn read<'a>(endpoints: impl Iterator<Item = &'a str>) -> Result<Catalogue> {
    let own = own(&place()?, endpoints)?;
    Ok(listed()?.with(own))
}

/// The built-in catalogue alone.
pub(super) fn built_in() -> Result<Catalogue> {
    Catalogue::built_in().context("the built-in catalogue is not sound")
}

/// The built-in catalogue with what vendors listed, without the user's own rows.
pub(super) fn listed() -> Result<Catalogue> {
    lists()?.iter().try_fold(built_in()?, |catalogue, path| Ok(catalogue.with_list(list(path)?)))
}

/// Where the user's own rows stand.
fn place() -> Result<PathBuf> {
    Ok(folders()?.config_dir().join("storygen").join("catalogue.yaml"))
}

/// Where the list of a vendor is kept.
pub(super) fn list_of(vendor: &str) -> Result<PathBuf> {
    Ok(list_folder()?.join(format!("{vendor}.yaml")))
}

fn list_folder() -> Result<PathBuf> {
    Ok(folders()?.data_dir().join("storygen").join("catalogue"))
}

fn folders() -> Result<impl BaseStrategy> {
    etcetera::choose_base_strategy().context("cannot tell your home folder; set `HOME`")
}

/// The lists that are kept, in order.
fn lists() -> Result<Vec<PathBuf>> {
    let folder = list_folder()?;
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// A kept list. It is storygen's own writing, so it is read as quickly as the
/// built-in rows are.
fn list(path: &Path) -> Result<CatalogueFile> {
    let unsound = |fault: &dyn std::fmt::Display| {
        Failure::new(Exit::Usage, format!("the list `{}` is not sound: {fault}", path.display()))
            .hint("`storygen models refresh` writes it anew once it is deleted")
            .hint("rows of your own belong into `catalogue.yaml` beside your `config.yaml`")
    };
    let text = own_file::text(path, own_file::KEPT).map_err(|what| {
        let message = format!("cannot read the list `{}`, {what}", path.display());
        Failure::new(Exit::Usage, message)
            .hint("move it away; `storygen models refresh` writes it anew")
    })?;
    Ok(serde_yaml::from_str(&text.unwrap_or_default()).map_err(|fault| unsound(&fault))?)
}

/// Keeps what a vendor listed; takes the place of its last list.
pub(super) fn keep(vendor: &str, rows: &CatalogueFile, today: &str) -> Result<PathBuf> {
    let path = list_of(vendor)?;
    let folder = list_folder()?;
    let mut value = serde_json::to_value(rows)?;
    bare(&mut value);
    let text = format!(
        "# What `{vendor}` listed on {today}, kept by `storygen models refresh`, which\n# writes this file anew. Rows of your own belong into `catalogue.yaml` beside\n# your `config.yaml`; they count.\n\n{}",
        serde_yaml::to_string(&value)?
    );
    fs_err::create_dir_all(&folder)?;
    let file = tempfile::NamedTempFile::new_in(&folder)?;
    fs_err::write(file.path(), text)?;
    file.persist(&path).with_context(|| format!("cannot write `{}`", path.display()))?;
    Ok(path)
}

/// Leaves out what says nothing.
fn bare(value: &mut Value) {
    if let Value::Object(fields) = value {
        fields.values_mut().for_each(bare);
        fields.retain(|_, field| match field {
            Value::Null => false,
            Value::Object(inner) => !inner.is_empty(),
            Value::Array(_) | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        });
    }
}

/// The user's own rows; none where there is no file.
fn own<'a>(path: &Path, endpoints: impl Iterator<Item = &'a str>) -> Result<CatalogueFile> {
    let text = own_file::text(path, own_file::BY_HAND).map_err(|what| {
        let place = path.display();
        Failure::new(
            Exit::Usage,
            format!("cannot read your catalogue: it is looked for in `{place}`, {what}"),
        )
        .hint("put a text file there, or move away what stands in its place")
    })?;
    let Some(text) = text else { return Ok(CatalogueFile::default()) };
    let name = path.display().to_string();
    if text.trim().is_empty() {
        return Ok(CatalogueFile::default());
    }
    let mut findings = Vec::new();
    let own: Option<CatalogueFile> = yaml::read(&name, &text, &mut findings);
    if let Some(own) = &own {
        findings.extend(impossible(own, endpoints, &name, &text)?);
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
fn impossible<'a>(
    own: &CatalogueFile,
    endpoints: impl Iterator<Item = &'a str>,
    name: &str,
    text: &str,
) -> Result<Vec<Finding>> {
    let mut whole = merged(own.clone(), listed()?.into_file());
    for endpoint in endpoints {
        whole.vendors.entry(endpoint.to_owned()).or_default();
    }
    let dialects: Vec<&str> =
        DIALECTS.iter().map(|dialect| dialect.name).chain(["embedded"]).collect();
    let templates: Vec<&str> =
        TEMPLATES.iter().map(|template| template.name).chain([OWN]).collect();
    let known = Known { whole: &whole, dialects: &dialects, templates: &templates };
    let findings = faults(own, known).into_iter().map(|fault| {
        let place = match yaml::spot_of(text, &fault.path) {
            Some(spot) => Place::at(name, spot),
            None => Place::file(name),
        };
        Finding::error("catalogue", place, fault.message).hint_maybe(fault.hint)
    });
    Ok(findings.collect())
}
