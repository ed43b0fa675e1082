//! Which projects may say where their models are.
//!
//! A project comes from anywhere; where its text goes, and which key is shown
//! there, is the user's to say. What the user has allowed stands outside the
//! project, by its path and by a digest of what it asks for: any change of that
//! takes the permission back, and for good once a command has seen it: what is
//! changed back has to be allowed anew.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::Config;
use crate::failure::{Exit, Failure};
use crate::own_file;
use crate::project::wishes::EndpointWish;

/// A permission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permission {
    /// The project's folder, as the file system has it.
    pub project: PathBuf,
    /// The digest of what it asks for.
    pub digest: String,
    /// The address it asks for, to be shown.
    pub base_url: String,
}

/// The digest of everything in a project's wish that decides where text goes.
#[must_use]
pub fn digest(wish: &EndpointWish) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in [wish.base_url.as_str(), wish.dialect.as_str()] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// All permissions, in the order they were given.
///
/// # Errors
///
/// When the list is there and cannot be read.
pub fn all(config: &Config) -> Result<Vec<Permission>> {
    let path = config.trusted();
    let text = own_file::text(&path, own_file::KEPT).map_err(|what| {
        Failure::new(
            Exit::Failed,
            format!(
                "cannot read the permissions of your projects: they are looked for in `{}`, {what}",
                path.display()
            ),
        )
        .hint("move away what stands in its place, and trust anew")
    })?;
    let Some(text) = text else { return Ok(Vec::new()) };
    serde_json::from_str(&text)
        .with_context(|| format!("`{}` is damaged; remove it to trust anew", path.display()))
}

/// Whether the user has allowed a project anything.
///
/// # Errors
///
/// When the list cannot be read.
pub fn has_permission(config: &Config, project: &Path) -> Result<bool> {
    let permissions = all(config)?;
    if permissions.is_empty() {
        return Ok(false);
    }
    let project = fs_err::canonicalize(project)?;
    Ok(permissions.iter().any(|one| one.project == project))
}

/// Whether the user has allowed just this; a permission for anything else that
/// the project asked for, or for what it asks for no more, ends here.
///
/// # Errors
///
/// When the list cannot be read, or a permission in it cannot be ended.
pub fn is_trusted(config: &Config, project: &Path, wish: Option<&EndpointWish>) -> Result<bool> {
    let project = fs_err::canonicalize(project)?;
    let digest = wish.map(digest);
    let permissions = all(config)?;
    let Some(given) = permissions.iter().find(|one| one.project == project) else {
        return Ok(false);
    };
    if digest.as_ref() == Some(&given.digest) {
        return Ok(true);
    }
    take_back(config, &project)?;
    Ok(false)
}

/// Allows a project what it asks for now, in place of what it was allowed before;
/// `address` is where that is, to be shown.
///
/// # Errors
///
/// When the list cannot be written.
pub fn allow(config: &Config, project: &Path, wish: &EndpointWish, address: &str) -> Result<()> {
    let project = fs_err::canonicalize(project)?;
    let mut permissions = all(config)?;
    permissions.retain(|one| one.project != project);
    permissions.push(Permission { project, digest: digest(wish), base_url: address.to_owned() });
    write(config, &permissions)
}

/// Takes a project's permission back; whether it had one.
///
/// # Errors
///
/// When the list cannot be read or written.
pub fn take_back(config: &Config, project: &Path) -> Result<bool> {
    // A folder that is gone is known by the path it had.
    let project = fs_err::canonicalize(project).unwrap_or_else(|_| project.to_owned());
    let mut permissions = all(config)?;
    let before = permissions.len();
    permissions.retain(|one| one.project != project);
    if permissions.len() == before {
        return Ok(false);
    }
    write(config, &permissions)?;
    Ok(true)
}

fn write(config: &Config, permissions: &[Permission]) -> Result<()> {
    let path = config.trusted();
    let folder = path.parent().unwrap_or(Path::new("."));
    fs_err::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer_pretty(&mut file, permissions)?;
    file.persist(&path).with_context(|| format!("cannot write `{}`", path.display()))?;
    Ok(())
}
