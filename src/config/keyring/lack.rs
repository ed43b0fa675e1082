//! Why a keyring gives no key, and the way out.

use super::SERVICE;
use crate::diagnostic::did_you_mean;
use crate::failure::{Exit, Failure};

/// What is not there to be had.
pub(super) enum Lack {
    /// A keyring: why none answers.
    Keyring(String),
    /// A person who unlocks it.
    Unlocking,
    /// The entry; the names that storygen has there, where the system tells.
    Entry(Vec<String>),
    /// One entry: there are as many as this.
    Single(usize),
    /// Text in the entry.
    Text,
}

impl Lack {
    /// The failure of a key that was looked for under this name.
    pub(super) fn failure(self, name: &str) -> Failure {
        let said = format!("cannot get the key: `{name}`, your `api_key_keyring`,");
        let fail = |what: &str| Failure::new(Exit::Provider, format!("{said} {what}"));
        let elsewhere =
            "or name another source: `api_key_env`, `api_key_file` or `api_key_command`";
        match self {
            Self::Keyring(why) => fail(&format!("needs a keyring, and none answers ({why})"))
                .hint(START)
                .hint(elsewhere),
            Self::Unlocking => fail("is in a keyring that is locked, and nobody unlocked it")
                .hint("unlock it in its own program or by logging in to your desktop, then run this again")
                .hint(elsewhere),
            Self::Entry(known) => {
                let failure = fail(&format!("is not in your keyring under the service `{SERVICE}`"));
                let near = did_you_mean(name, known.iter().map(String::as_str));
                near.into_iter().fold(failure, Failure::hint).hint(put_there(name))
            }
            Self::Single(count) => fail(&format!("stands for {count} entries of your keyring"))
                .hint("take all but one away in the keyring's own program"),
            Self::Text => fail("is an entry without a text").hint(put_there(name)),
        }
    }
}

/// How to have a keyring at all.
const START: &str = if cfg!(any(target_os = "macos", windows)) {
    "run storygen in your own session, where the system's keyring is"
} else {
    "run storygen in a desktop session with GNOME Keyring, KWallet or KeePassXC (Secret Service)"
};

/// The command that asks for the key and stores it where it is looked for.
fn put_there(name: &str) -> String {
    let command = if cfg!(target_os = "macos") {
        format!("security add-generic-password -s {SERVICE} -a {name} -w")
    } else if cfg!(windows) {
        format!("cmdkey /generic:{name}.{SERVICE} /user:{name} /pass")
    } else {
        format!("secret-tool store --label {SERVICE} service {SERVICE} username {name}")
    };
    format!("put it there: `{command}`")
}
