//! A key out of the system's keyring, under the service `storygen`.

#[cfg(all(feature = "keyring", any(target_os = "macos", windows)))]
mod credentials;
#[cfg(feature = "keyring")]
mod lack;
#[cfg(all(feature = "keyring", unix, not(target_vendor = "apple")))]
mod secret_service;

use anyhow::Result;
use secrecy::SecretString;

#[cfg(all(feature = "keyring", any(target_os = "macos", windows)))]
use credentials::password;
#[cfg(all(feature = "keyring", unix, not(target_vendor = "apple")))]
use secret_service::password;

/// The service under which all keys of storygen's stand.
#[cfg(feature = "keyring")]
const SERVICE: &str = "storygen";

/// The key that the keyring holds for this name.
///
/// # Errors
///
/// When no keyring answers, it stays locked, or does not hold exactly one key
/// of this name.
#[cfg(feature = "keyring")]
pub(super) fn read(name: &str) -> Result<SecretString> {
    let bytes = password(name).map_err(|lack| lack.failure(name))?;
    let text = String::from_utf8(bytes).map_err(|_| lack::Lack::Text.failure(name))?;
    // A program that stores what it is piped keeps the end of the line, too.
    let key = text.trim();
    if key.is_empty() {
        return Err(lack::Lack::Text.failure(name).into());
    }
    Ok(SecretString::from(key.to_owned()))
}

/// There is no keyring in this build.
///
/// # Errors
///
/// Always.
#[cfg(not(feature = "keyring"))]
pub(super) fn read(name: &str) -> Result<SecretString> {
    use crate::failure::{Exit, Failure};

    let what = "this storygen was built without the keyring";
    Err(Failure::new(Exit::Provider, format!("cannot get the key `{name}`: {what}"))
        .hint("build it with `--features keyring`")
        .hint("or let your keyring's own program print it: `api_key_command: [secret-tool, lookup, service, storygen]`")
        .into())
}
