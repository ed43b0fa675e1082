//! The Keychain of macOS and the Credential Manager of Windows.

use keyring::{Entry, Error};

use super::SERVICE;
use super::lack::Lack;

/// The secret of the entry of this name.
pub(super) fn password(name: &str) -> Result<Vec<u8>, Lack> {
    // An entry would only say that there is no store, not why.
    if let Err(why) = Entry::store_status() {
        return Err(Lack::Keyring(why.to_string()));
    }
    let entry = Entry::new(SERVICE, name)?;
    Ok(entry.get_password()?.into_bytes())
}

impl From<Error> for Lack {
    fn from(error: Error) -> Self {
        match error {
            // Neither of the two lists names without showing more than names.
            Error::NoEntry => Self::Entry(Vec::new()),
            Error::NoStorageAccess(_) => Self::Unlocking,
            Error::Ambiguous(entries) => Self::Single(entries.len()),
            Error::BadEncoding(_) | Error::BadDataFormat(..) => Self::Text,
            error => Self::Keyring(error.to_string()),
        }
    }
}
