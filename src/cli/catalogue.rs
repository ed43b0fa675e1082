//! The catalogue as this user sees it: the built-in one, over it what vendors
//! listed when they were asked last, and over both the user's own
//! `catalogue.yaml`, which counts.
//!
//! What a gateway in a vendor's place listed is kept apart from what the vendor did,
//! with the address where it holds.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use etcetera::BaseStrategy;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

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
    let Lists { of_vendors, of_gateways } = lists()?;
    let catalogue = of_vendors.into_iter().fold(built_in()?, Catalogue::with_list);
    Ok(of_gateways.into_iter().fold(catalogue, |catalogue, kept| {
        catalogue.with_gateway(&kept.vendor, &kept.origin, kept.list)
    }))
}

/// What a vendor listed when it was asked last, or a gateway at the origin `elsewhere`
/// in its place; nothing where it never was.
pub(super) fn last(vendor: &str, elsewhere: Option<&str>) -> Result<CatalogueFile> {
    let Some(origin) = elsewhere else {
        let path = list_folder()?.join(format!("{vendor}.yaml"));
        return Ok(if path.is_file() { kept(&path)? } else { CatalogueFile::default() });
    };
    let all = lists()?.of_gateways.into_iter();
    let mut there = all.filter(|kept| kept.vendor == vendor && kept.origin == origin);
    Ok(there.next().map(|kept| kept.list).unwrap_or_default())
}

/// Where the user's own rows stand.
fn place() -> Result<PathBuf> {
    Ok(folders()?.config_dir().join("storygen").join("catalogue.yaml"))
}

fn list_folder() -> Result<PathBuf> {
    Ok(folders()?.data_dir().join("storygen").join("catalogue"))
}

fn folders() -> Result<impl BaseStrategy> {
    etcetera::choose_base_strategy().context("cannot tell your home folder; set `HOME`")
}

/// Where the lists of gateways are.
fn gateway_folder() -> Result<PathBuf> {
    Ok(list_folder()?.join("gateways"))
}

/// The lists that are kept.
struct Lists {
    of_vendors: Vec<CatalogueFile>,
    of_gateways: Vec<OfGateway>,
}

/// What a gateway in a vendor's place listed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfGateway {
    vendor: String,
    /// Scheme, host and port.
    origin: String,
    list: CatalogueFile,
}

/// The lists that are kept, in order.
fn lists() -> Result<Lists> {
    let of_vendors =
        files(&list_folder()?)?.iter().map(|path| kept(path)).collect::<Result<_>>()?;
    let of_gateways =
        files(&gateway_folder()?)?.iter().map(|path| kept(path)).collect::<Result<_>>()?;
    Ok(Lists { of_vendors, of_gateways })
}

/// The lists of a folder, in order.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
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

/// What a kept file holds. It is storygen's own writing, so it is read as quickly as
/// the built-in rows are.
fn kept<T: DeserializeOwned>(path: &Path) -> Result<T> {
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

/// Keeps what a vendor listed, or a gateway at the origin `elsewhere` in its place;
/// takes the place of the last list from there.
pub(super) fn keep(
    vendor: &str,
    elsewhere: Option<&str>,
    rows: &CatalogueFile,
    today: &str,
) -> Result<()> {
    let mut value = serde_json::to_value(rows)?;
    bare(&mut value);
    let (folder, name, who) = match elsewhere {
        None => (list_folder()?, vendor.to_owned(), format!("`{vendor}`")),
        Some(origin) => {
            value = json!({"vendor": vendor, "origin": origin, "list": value});
            let place = origin.replace("://", "_").replace(':', "_");
            let who = format!("`{origin}` in the place of `{vendor}`");
            (gateway_folder()?, format!("{vendor}_{place}"), who)
        }
    };
    let text = format!(
        "# What {who} listed on {today}, kept by `storygen models refresh`, which\n# writes this file anew. Rows of your own belong into `catalogue.yaml` beside\n# your `config.yaml`; they count.\n\n{}",
        serde_yaml::to_string(&value)?
    );
    fs_err::create_dir_all(&folder)?;
    let path = folder.join(format!("{name}.yaml"));
    let file = tempfile::NamedTempFile::new_in(&folder)?;
    fs_err::write(file.path(), text)?;
    file.persist(&path).with_context(|| format!("cannot write `{}`", path.display()))?;
    Ok(())
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
