//! A key that stands where a name belongs: `api_key_env: sk-…`.
//!
//! It is found before anything is made of the name, since whatever is said of a
//! name repeats it.

use std::borrow::Cow;

use super::file::{ConfigFile, EndpointShape};
use crate::project::yaml::key_shaped;

/// A key in a wrong place of the user's configuration.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misplaced {
    /// The keys that lead to it.
    pub path: Vec<String>,
    /// What stands there. It is never shown.
    pub value: String,
    /// What it is taken for there.
    pub wanted: &'static str,
}

/// Every key of `file` that stands where a name belongs.
pub(super) fn misplaced(file: &ConfigFile) -> Vec<Misplaced> {
    let mut all = Vec::new();
    let mut look = |path: &[&str], value: Option<&str>, wanted, is_key: fn(&str) -> bool| {
        if let Some(value) = value.filter(|value| is_key(value)) {
            let path = path.iter().map(|&key| key.to_owned()).collect();
            all.push(Misplaced { path, value: value.to_owned(), wanted });
        }
    };
    look(&["model"], file.model.as_deref(), MODEL, is_key);
    look(&["api_key_file"], file.api_key_file.as_deref(), FILE, key_shaped::has_vendors);
    for (name, endpoint) in file.endpoints.iter().flatten() {
        let EndpointShape {
            dialect,
            api_key_env,
            api_key_file,
            api_key_command,
            api_key_keyring,
            ..
        } = endpoint;
        let program = api_key_command.as_ref().and_then(|words| words.first());
        look(&["endpoints", name], Some(name), "the name of an endpoint", is_key);
        for (key, value, wanted, is_key) in [
            ("dialect", dialect.as_ref(), "the name of a dialect", is_key as fn(&str) -> bool),
            ("api_key_env", api_key_env.as_ref(), "the name of its variable", is_no_variable),
            // The words of a path may be as long as a key, and as odd.
            ("api_key_file", api_key_file.as_ref(), FILE, key_shaped::has_vendors),
            ("api_key_command", program, "the program that prints it", key_shaped::has_vendors),
            ("api_key_keyring", api_key_keyring.as_ref(), "its name in your keyring", is_key),
        ] {
            look(&["endpoints", name, key], value.map(String::as_str), wanted, is_key);
        }
    }
    all
}

/// What `model` wants.
pub(super) const MODEL: &str = "the name of a model";
const FILE: &str = "the path of its file";

/// Whether this has the shape of a key.
pub(super) fn is_key(value: &str) -> bool {
    // Part by part: what follows a `/` in a text may be of an address.
    let is_shaped = |part| matches!(key_shaped::blotted_strictly(part), Cow::Owned(_));
    value.split('/').any(is_shaped)
}

/// Whether no variable of an environment is called so: it has the shape of a key, or
/// signs that no such name has.
fn is_no_variable(value: &str) -> bool {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    is_key(value)
        || !value.chars().all(is_of_name)
        || value.starts_with(|c: char| c.is_ascii_digit())
        || is_drawn(value)
}

/// Whether 32 and more digits of base 16 stand here.
fn is_drawn(value: &str) -> bool {
    value.len() >= 32 && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}
