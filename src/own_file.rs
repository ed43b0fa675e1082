//! Files of the user's own, outside any project: read whole, up to a size, and only
//! where they are regular. What is not may have no end, or never begin (a FIFO that
//! nobody writes to), so it is not even opened.

use std::fmt;
use std::fs::{File, metadata};
use std::io::{Error, ErrorKind, Read};
use std::path::Path;

/// The most bytes of a file that people write by hand.
pub const BY_HAND: u64 = 4 * 1024 * 1024;

/// The most bytes of a file that storygen keeps: a vendor's list, the permissions.
pub const KEPT: u64 = 64 * 1024 * 1024;

/// The most bytes of a vocabulary; the largest known takes 20 MB.
pub const VOCABULARY: u64 = 256 * 1024 * 1024;

/// Why a file could not be read, as a clause about that file: `which is a folder`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread(String);

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Unread {
    fn of(error: &Error) -> Self {
        Self(match error.kind() {
            ErrorKind::NotFound => "which is not there".to_owned(),
            ErrorKind::IsADirectory => "which is a folder".to_owned(),
            ErrorKind::NotADirectory => "which cannot be there: a file stands above it".to_owned(),
            ErrorKind::PermissionDenied => "which you have no right to read".to_owned(),
            ErrorKind::InvalidData => "which is not UTF-8 text".to_owned(),
            _ => format!("which cannot be read ({error})"),
        })
    }
}

/// Opens a regular file; none where there is none.
///
/// # Errors
///
/// [`Unread`], for what is not a regular file too.
pub fn open(path: &Path) -> Result<Option<File>, Unread> {
    let found = match metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Unread::of(&error)),
    };
    if found.is_dir() {
        return Err(Unread("which is a folder".to_owned()));
    }
    if !found.is_file() {
        return Err(Unread("which is not a regular file".to_owned()));
    }
    File::open(path).map(Some).map_err(|error| Unread::of(&error))
}

/// The bytes of a file of at most `limit` bytes; none where there is none.
///
/// # Errors
///
/// [`Unread`].
pub fn bytes(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, Unread> {
    let Some(file) = open(path)? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| Unread::of(&error))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        let most = size_in_words(limit);
        return Err(Unread(format!(
            "which is larger than {most}, the most storygen reads of such a file"
        )));
    }
    Ok(Some(bytes))
}

/// The text of a file of at most `limit` bytes; none where there is none.
///
/// # Errors
///
/// [`Unread`], for what is no UTF-8 too.
pub fn text(path: &Path, limit: u64) -> Result<Option<String>, Unread> {
    let Some(bytes) = bytes(path, limit)? else { return Ok(None) };
    let text = String::from_utf8(bytes);
    text.map(Some).map_err(|_| Unread::of(&Error::from(ErrorKind::InvalidData)))
}

/// A size as people write it.
#[must_use]
pub fn size_in_words(bytes: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    if bytes >= MIB { format!("{} MiB", bytes / MIB) } else { format!("{} KiB", bytes / 1024) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_or_said_why_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("good"), "abc").unwrap();
        std::fs::write(path("latin"), b"caf\xe9").unwrap();
        std::fs::write(path("large"), "x".repeat(5)).unwrap();
        std::fs::File::create(path("sparse")).unwrap().set_len(1 << 40).unwrap();
        let larger = "which is larger than 0 KiB, the most storygen reads of such a file";
        for (path, expected) in [
            (path("good"), Ok(Some("abc"))),
            (path("none"), Ok(None)),
            (path("good/under"), Err("which cannot be there: a file stands above it")),
            (folder.path().to_owned(), Err("which is a folder")),
            (path("latin"), Err("which is not UTF-8 text")),
            (path("large"), Err(larger)),
            (path("sparse"), Err(larger)),
            #[cfg(unix)]
            ("/dev/zero".into(), Err("which is not a regular file")),
            #[cfg(unix)]
            ("/dev/null".into(), Err("which is not a regular file")),
        ] {
            let read = text(&path, 4).map_err(|why| why.to_string());
            let expected = expected.map(|text| text.map(str::to_owned)).map_err(str::to_owned);
            assert_eq!(read, expected, "{}", path.display());
        }
    }
}
