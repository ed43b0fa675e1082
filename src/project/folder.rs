//! The project's folder: the one door to its files.
//!
//! Every path is relative to the folder and cannot leave it; links are not
//! followed; only regular files are read, up to a size. Each error names the
//! path once, so callers just use `?`. What is written is on the disk, file
//! and folder entry, before a call returns.

mod writing;

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

use crate::failure::{Exit, Failure};
use crate::own_file::size_in_words;

/// A folder that paths cannot leave.
#[derive(Debug)]
pub struct Folder {
    dir: Dir,
    path: PathBuf,
}

impl Folder {
    /// Opens a folder that exists.
    ///
    /// # Errors
    ///
    /// When there is no such folder, or it cannot be read.
    pub fn open(path: &Path) -> Result<Self> {
        let dir = Dir::open_ambient_dir(path, ambient_authority())
            .with_context(|| format!("cannot open the folder `{}`", path.display()))?;
        Ok(Self { dir, path: path.to_owned() })
    }

    /// Opens a folder, making it first where it is missing.
    ///
    /// # Errors
    ///
    /// When it cannot be made or opened.
    pub fn create(path: &Path) -> Result<Self> {
        let stands = |above: &&Path| above.symlink_metadata().is_ok();
        if let Some(other) = path.ancestors().find(stands).filter(|found| !found.is_dir()) {
            return Err(in_the_way(path, other).into());
        }
        Dir::create_ambient_dir_all(path, ambient_authority())
            .with_context(|| format!("cannot make the folder `{}`", path.display()))?;
        Self::open(path)
    }

    /// The folder's own path, for messages.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How a path in the folder is named in messages.
    fn name(&self, path: &str) -> String {
        self.path.join(path).display().to_string()
    }

    /// Whether anything stands at `path`, a dangling link included.
    #[must_use]
    pub fn exists(&self, path: &str) -> bool {
        self.dir.symlink_metadata(path).is_ok()
    }

    /// Whether a folder stands at `path`.
    #[must_use]
    pub fn is_folder(&self, path: &str) -> bool {
        self.dir.symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
    }

    /// The text of a file, without a byte-order mark and with `\n` line ends;
    /// none where there is no file.
    ///
    /// # Errors
    ///
    /// When it is no regular file, larger than `limit` bytes, not UTF-8, or
    /// cannot be read.
    pub fn read(&self, path: &str, limit: usize) -> Result<Option<String>> {
        let Some(bytes) = self.read_bytes(path, limit)? else {
            return Ok(None);
        };
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..valid].split(|b| *b == b'\n').count();
            Failure::new(
                Exit::Failed,
                format!("`{}` is not UTF-8 text (line {line})", self.name(path)),
            )
            .hint("save it as UTF-8 in your editor")
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        Ok(Some(if text.contains('\r') {
            text.replace("\r\n", "\n").replace('\r', "\n")
        } else {
            text.to_owned()
        }))
    }

    /// The bytes of a file as they are; none where there is no file.
    ///
    /// # Errors
    ///
    /// When it is no regular file, larger than `limit` bytes, or cannot be read.
    pub fn read_bytes(&self, path: &str, limit: usize) -> Result<Option<Vec<u8>>> {
        let metadata = match self.dir.symlink_metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(error).with_context(|| self.cannot("read", path)),
        };
        if metadata.is_symlink() {
            bail!("`{}` is a link; storygen follows none inside a project", self.name(path));
        }
        if !metadata.is_file() {
            bail!("`{}` is not a regular file", self.name(path));
        }
        let file = self.dir.open(path).with_context(|| self.cannot("read", path))?;
        // One read takes the whole file; growing step by step takes a dozen.
        let size = usize::try_from(metadata.len()).unwrap_or(limit).min(limit);
        let mut bytes = Vec::with_capacity(size.saturating_add(1));
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        file.take(limit.saturating_add(1))
            .read_to_end(&mut bytes)
            .with_context(|| self.cannot("read", path))?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
            let message = format!(
                "`{}` is larger than {}, the most storygen reads of such a file",
                self.name(path),
                size_in_words(limit)
            );
            return Err(Failure::new(Exit::Failed, message)
                .hint("make it shorter, or split it if it is one of several of its kind")
                .into());
        }
        Ok(Some(bytes))
    }

    /// The bytes of a file; 0 where there is none.
    ///
    /// # Errors
    ///
    /// When it cannot be looked at.
    pub fn size(&self, path: &str) -> Result<u64> {
        match self.dir.symlink_metadata(path) {
            Ok(metadata) => Ok(metadata.len()),
            Err(error) if is_absent(&error) => Ok(0),
            Err(error) => Err(error).with_context(|| self.cannot("read", path)),
        }
    }

    /// The names of what a folder holds, sorted; empty where there is none.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read.
    pub fn list(&self, path: &str) -> Result<Vec<String>> {
        let entries = match self.dir.read_dir(path) {
            Ok(entries) => entries,
            Err(error) if is_absent(&error) => return Ok(Vec::new()),
            Err(error) => return Err(error).with_context(|| self.cannot("list", path)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.with_context(|| self.cannot("list", path))?;
            names.extend(entry.file_name().into_string());
        }
        names.sort();
        Ok(names)
    }

    /// Makes a folder where there is none, and sees that it can be written to.
    ///
    /// # Errors
    ///
    /// When something else stands there, it cannot be made, or not be written to.
    pub fn make(&self, path: &str) -> Result<()> {
        self.make_folder(path)?;
        let probe = format!("{path}/probe.{}.tmp", std::process::id());
        let removed = |_| match self.dir.remove_file(&probe) {
            // A run that has begun since has swept it away with all that is unfinished.
            Err(error) if is_absent(&error) => Ok(()),
            removed => removed,
        };
        self.dir.create(&probe).and_then(removed).with_context(|| self.cannot("write to", path))
    }

    fn make_folder(&self, path: &str) -> Result<()> {
        match self.dir.symlink_metadata(path) {
            Ok(metadata) if metadata.is_dir() => Ok(()),
            Ok(metadata) => {
                let what = if metadata.is_symlink() { "a link" } else { "a file" };
                Err(Failure::new(
                    Exit::Failed,
                    format!("`{}` is {what}; storygen needs a folder there", self.name(path)),
                )
                .hint("move it away and run the same command again")
                .into())
            }
            Err(_) => self
                .dir
                .create_dir_all(path)
                .and_then(|()| self.sync_folder("."))
                .with_context(|| self.cannot("make the folder", path)),
        }
    }

    /// Whether a name is that of a file that [`Folder::write`] did not finish.
    #[must_use]
    pub fn is_unfinished(name: &str) -> bool {
        let process = name.strip_suffix(".tmp").and_then(|name| name.rsplit_once('.'));
        process.is_some_and(|(_, id)| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()))
    }

    /// Removes a file, if it is there.
    ///
    /// # Errors
    ///
    /// When it cannot be removed.
    pub fn remove(&self, path: &str) -> Result<()> {
        match self.dir.remove_file(path) {
            Err(error) if !is_absent(&error) => {
                Err(error).with_context(|| self.cannot("remove", path))
            }
            _ => Ok(()),
        }
    }

    /// Opens a file to read it; none where there is none.
    ///
    /// # Errors
    ///
    /// When it is no regular file, or cannot be opened.
    pub fn open_there(&self, path: &str) -> Result<Option<std::fs::File>> {
        self.refuse_other(path)?;
        match self.dir.open(path) {
            Ok(file) => Ok(Some(file.into_std())),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error).with_context(|| self.cannot("read", path)),
        }
    }

    /// Opens the file that a run holds locked.
    ///
    /// # Errors
    ///
    /// When it cannot be opened.
    pub fn lock_file(&self, path: &str) -> Result<std::fs::File> {
        self.refuse_other(path)?;
        self.make_parent(path)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = self.dir.open_with(path, &options).with_context(|| self.cannot("lock", path))?;
        Ok(file.into_std())
    }

    fn make_parent(&self, path: &str) -> Result<String> {
        let parent = path.rsplit_once('/').map_or(".", |(parent, _)| parent);
        let mut so_far = String::new();
        for part in parent.split('/') {
            if !so_far.is_empty() {
                so_far.push('/');
            }
            so_far.push_str(part);
            self.refuse_link(&so_far)?;
        }
        self.dir.create_dir_all(parent).with_context(|| self.cannot("make the folder of", path))?;
        Ok(parent.to_owned())
    }

    fn refuse_link(&self, path: &str) -> Result<()> {
        match self.dir.symlink_metadata(path) {
            Ok(metadata) if metadata.is_symlink() => {
                bail!("`{}` is a link; storygen follows none inside a project", self.name(path))
            }
            _ => Ok(()),
        }
    }

    /// Refuses what no file can be opened at: to open a FIFO may never end.
    fn refuse_other(&self, path: &str) -> Result<()> {
        self.refuse_link(path)?;
        match self.dir.symlink_metadata(path) {
            Ok(found) if !found.is_file() => Err(Failure::new(
                Exit::Failed,
                format!("`{}` is not a regular file", self.name(path)),
            )
            .hint("move it away and run the same command again")
            .into()),
            _ => Ok(()),
        }
    }

    /// Makes the entries of a folder durable.
    fn sync_folder(&self, path: &str) -> std::io::Result<()> {
        // Opened as a file: a handle from `open_dir` is for paths only and cannot be synced.
        if cfg!(unix) { self.dir.open(path)?.sync_all() } else { Ok(()) }
    }

    fn cannot(&self, verb: &str, path: &str) -> String {
        format!("cannot {verb} `{}`", self.name(path))
    }
}

/// Something else where a folder has to be made, or above it.
fn in_the_way(path: &Path, other: &Path) -> Failure {
    let (path, other) = (path.display(), other.display());
    let message = format!("cannot make the folder `{path}`: `{other}` stands there, and is none");
    Failure::new(Exit::Failed, message).hint("name another folder, or move that away")
}

fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}
