//! The Secret Service of Linux and the BSDs: GNOME Keyring, `KWallet`, `KeePassXC`.
//!
//! An entry is found by its attributes `service` and `username`, which are
//! those of the keyring crate and of Python's keyring, too.

use std::collections::HashMap;

use dbus_secret_service::{EncryptionType, Error, SecretService};

use super::SERVICE;
use super::lack::Lack;
use crate::config::key::PROGRAM_TIME;

/// The secret of the one entry of this name, as it is stored.
///
/// A locked keyring asks the user to unlock it, as for any program.
pub(super) fn password(name: &str) -> Result<Vec<u8>, Lack> {
    // The session's bus is a socket of this user's, each of whose programs may
    // ask for the secret as well: a cipher on it keeps it from nobody.
    let service = SecretService::connect_with_max_prompt_timeout(
        EncryptionType::Plain,
        PROGRAM_TIME.as_secs(),
    )?;
    let found = service.search_items(HashMap::from([("service", SERVICE), ("username", name)]))?;
    let items: Vec<_> = found.unlocked.into_iter().chain(found.locked).collect();
    match &items[..] {
        [] => Err(Lack::Entry(names(&service)?)),
        [item] => {
            item.ensure_unlocked()?;
            Ok(item.get_secret()?)
        }
        several => Err(Lack::Single(several.len())),
    }
}

/// The names of all entries of storygen's.
fn names(service: &SecretService) -> Result<Vec<String>, Error> {
    let found = service.search_items(HashMap::from([("service", SERVICE)]))?;
    let all = found.unlocked.iter().chain(&found.locked);
    let attributes: Vec<_> =
        all.map(dbus_secret_service::Item::get_attributes).collect::<Result<_, _>>()?;
    Ok(attributes.into_iter().filter_map(|mut item| item.remove("username")).collect())
}

impl From<Error> for Lack {
    fn from(error: Error) -> Self {
        let Error::Dbus(error) = error else {
            return match error {
                Error::Locked | Error::Prompt => Self::Unlocking,
                error => Self::Keyring(error.to_string()),
            };
        };
        // libdbus speaks of how it was compiled when it has no bus to ask.
        Self::Keyring(match (error.name(), error.message()) {
            (Some("org.freedesktop.DBus.Error.NotSupported"), _) | (_, None) => NO_BUS.to_owned(),
            (_, Some(said)) => said.to_owned(),
        })
    }
}

/// Where a bus would have been.
const NO_BUS: &str =
    "`DBUS_SESSION_BUS_ADDRESS` names no message bus, and `XDG_RUNTIME_DIR` holds none";
