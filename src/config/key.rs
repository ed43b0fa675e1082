//! Where keys come from: the environment, a file, a program, the keyring.
//!
//! Never a flag, which every process list shows, and never a project. What is
//! read is bound to an origin at once, in [`crate::provider::http::BoundKey`].

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};
use std::time::{Duration, Instant};

use anyhow::Result;
use secrecy::SecretString;

use super::file::EndpointShape;
use super::keyring;
use crate::failure::{Exit, Failure};
use crate::own_file;

/// How long a program may take to print a key: a person may have to unlock it.
pub(super) const PROGRAM_TIME: Duration = Duration::from_mins(2);

/// The most bytes of a key.
const KEY_LIMIT: u64 = 64 * 1024;

/// One place where a key may stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// An environment variable.
    Variable(String),
    /// A file that holds it and nothing else.
    File(String),
    /// A program and its arguments.
    Program(Vec<String>),
    /// A name in the system's keyring.
    Keyring(String),
}

impl KeySource {
    /// The sources that an endpoint's settings name, in the order they are asked.
    #[must_use]
    pub fn of(endpoint: &EndpointShape) -> Vec<Self> {
        [
            endpoint.api_key_env.clone().map(Self::Variable),
            endpoint.api_key_file.clone().map(Self::File),
            endpoint.api_key_command.clone().map(Self::Program),
            endpoint.api_key_keyring.clone().map(Self::Keyring),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The source, as a message names it. It never holds the key.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Variable(name) => format!("`{name}`"),
            Self::File(path) => format!("`{path}`, your `api_key_file`"),
            Self::Program(words) => {
                let program = words.first().map(String::as_str).unwrap_or_default();
                format!("`{program}`, your `api_key_command`")
            }
            Self::Keyring(name) => format!("`{name}` in your keyring"),
        }
    }

    /// The key; none for a variable that is not set.
    ///
    /// # Errors
    ///
    /// When the source is there to be asked and does not give a key.
    pub fn read(&self) -> Result<Option<SecretString>> {
        match self {
            Self::Variable(name) => Ok(super::variable(name).map(SecretString::from)),
            Self::File(path) => file(path).map(Some),
            Self::Program(words) => program(words, PROGRAM_TIME).map(Some),
            Self::Keyring(name) => keyring::read(name).map(Some),
        }
    }
}

/// What programs have printed for an address: each is run once, whoever asks and
/// however many at the same time. A clone is the same.
#[derive(Clone, Debug, Default)]
pub struct Printed(Arc<Mutex<BTreeMap<Run, Arc<OnceLock<Outcome>>>>>);

/// An origin, and the program with its arguments.
type Run = (String, Vec<String>);

type Outcome = std::result::Result<SecretString, Failure>;

impl Printed {
    /// The key that a source has for this origin.
    ///
    /// # Errors
    ///
    /// As [`KeySource::read`]; a program that has failed is not run again.
    pub fn read(&self, origin: &str, source: &KeySource) -> Result<Option<SecretString>> {
        let KeySource::Program(words) = source else { return source.read() };
        let run = (origin.to_owned(), words.clone());
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let printed = runs.entry(run).or_default().clone();
        // Others need not wait for this one, which somebody may have to unlock.
        drop(runs);
        let failure = |error: anyhow::Error| {
            let other = |error| Failure::new(Exit::Provider, format!("{error:#}"));
            error.downcast::<Failure>().unwrap_or_else(other)
        };
        let outcome = printed.get_or_init(|| program(words, PROGRAM_TIME).map_err(failure));
        Ok(Some(outcome.clone()?))
    }
}

fn file(path: &str) -> Result<SecretString> {
    let failed = |what: &dyn std::fmt::Display| {
        Failure::new(
            Exit::Provider,
            format!(
                "cannot read the key: `api_key_file` in your configuration names `{path}`, {what}"
            ),
        )
        .hint("put the key there, and nothing else, or name the file that holds it")
    };
    let key = own_file::text(Path::new(path), KEY_LIMIT).map_err(|what| failed(&what))?;
    let key = key.ok_or_else(|| failed(&"which is not there"))?;
    // An editor may have put a mark of the byte order before it.
    let key = key.strip_prefix('\u{feff}').unwrap_or(&key).trim();
    let wrong = if key.is_empty() {
        "which is empty"
    } else if key.contains('\n') {
        "which holds more than one line"
    } else {
        return Ok(SecretString::from(key.to_owned()));
    };
    let message = format!(
        "cannot read the key: `api_key_file` in your configuration names `{path}`, {wrong}"
    );
    Err(Failure::new(Exit::Provider, message).hint("put the key there, and nothing else").into())
}

/// Runs a program of the user's and takes what it prints. It runs in the root
/// folder, so that a project cannot put itself in its place.
fn program(words: &[String], limit: Duration) -> Result<SecretString> {
    let Some((name, arguments)) = words.split_first() else {
        return Err(failed("", "names no program").into());
    };
    let is_found_anywhere = Path::new(name).is_absolute() || !name.contains(['/', '\\']);
    if !is_found_anywhere {
        return Err(failed(name, "is a relative path; write it from the root").into());
    }
    let mut child = Command::new(name)
        .args(arguments)
        .current_dir(if cfg!(windows) { "C:\\" } else { "/" })
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(|error| failed(name, &format!("cannot be run ({error})")))?;
    let Some(pipe) = child.stdout.take() else {
        return Err(failed(name, "has no output").into());
    };
    let (done, printed) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        let outcome = pipe.take(KEY_LIMIT).read_to_string(&mut text).map(|_| text);
        // Nobody listens any more once the time is up.
        let _ = done.send(outcome);
    });
    let begun = Instant::now();
    let Ok(printed) = printed.recv_timeout(limit) else {
        let _ = child.kill();
        let waited = limit.as_secs();
        let what = format!("did not end; it was given up after {waited} seconds");
        return Err(failed(name, &what)
            .hint("run it by itself: does it wait for somebody to unlock something?")
            .into());
    };
    let text = printed.map_err(|_| failed(name, "printed something else than text"))?;
    let status =
        child.wait().map_err(|error| failed(name, &format!("cannot be awaited ({error})")))?;
    if !status.success() {
        return Err(failed(name, &format!("failed ({status})")).into());
    }
    let key = text.lines().next().unwrap_or_default().trim();
    if key.is_empty() {
        let waited = begun.elapsed().as_secs();
        let after = if waited > 1 {
            format!("; it was waited for {waited} seconds")
        } else {
            String::new()
        };
        return Err(failed(name, &format!("printed no key{after}")).into());
    }
    Ok(SecretString::from(key.to_owned()))
}

fn failed(name: &str, what: &str) -> Failure {
    Failure::new(
        Exit::Provider,
        format!("cannot get the key: `{name}`, your `api_key_command`, {what}"),
    )
    .hint("it has to print the key in its first line: `api_key_command: [pass, show, writing]`")
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn said(source: &KeySource) -> String {
        match source.read() {
            Ok(key) => key.map(|key| key.expose_secret().to_owned()).unwrap_or_default(),
            Err(error) => error.downcast::<Failure>().unwrap().message,
        }
    }

    #[test]
    fn a_program_that_hangs_is_given_up_and_that_is_said() {
        let words = ["sleep", "600"].map(str::to_owned);
        let error = program(&words, Duration::ZERO).unwrap_err();
        let failure = error.downcast::<Failure>().unwrap();
        assert_eq!(
            failure.message,
            "cannot get the key: `sleep`, your `api_key_command`, did not end; it was given up after 0 seconds"
        );
        assert!(failure.hints.iter().any(|hint| hint.contains("unlock")), "{:?}", failure.hints);
    }

    #[test]
    fn each_source_gives_its_key_or_says_why_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key").display().to_string();
        fs_err::write(&path, "sk-file\n").unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs_err::write(&path, text).unwrap();
            path.display().to_string()
        };
        let marked = file("marked", "\u{feff}sk-marked\r\n");
        let twice = file("twice", "sk-1\nsk-2\n");
        let empty = file("empty", "\u{feff} \n");
        let large = file("large", &"a".repeat(64 * 1024 + 1));
        let in_file = |path: &str, what: &str| {
            format!(
                "cannot read the key: `api_key_file` in your configuration names `{path}`, {what}"
            )
        };
        let root = folder.path().display().to_string();
        let program = |words: &[&str]| {
            KeySource::Program(words.iter().map(|word| (*word).to_owned()).collect())
        };
        let table = [
            (KeySource::File(path), "sk-file"),
            (
                KeySource::File("/nonexistent/key".into()),
                "cannot read the key: `api_key_file` in your configuration names `/nonexistent/key`, which is not there",
            ),
            (KeySource::Variable("STORYGEN_NOT_SET_ANYWHERE".into()), ""),
            (KeySource::File(marked), "sk-marked"),
            (
                KeySource::File(twice.clone()),
                &format!(
                    "cannot read the key: `api_key_file` in your configuration names `{twice}`, which holds more than one line"
                ),
            ),
            (
                KeySource::File(empty.clone()),
                &format!(
                    "cannot read the key: `api_key_file` in your configuration names `{empty}`, which is empty"
                ),
            ),
            (
                KeySource::File(large.clone()),
                &in_file(
                    &large,
                    "which is larger than 64 KiB, the most storygen reads of such a file",
                ),
            ),
            (KeySource::File(root.clone()), &in_file(&root, "which is a folder")),
            #[cfg(unix)]
            (
                KeySource::File("/dev/zero".to_owned()),
                &in_file("/dev/zero", "which is not a regular file"),
            ),
            (program(&["echo", " sk-program "]), "sk-program"),
            (program(&["sh", "-c", "printf 'sk-1\\nsk-2\\n'"]), "sk-1"),
            (
                program(&["false"]),
                "cannot get the key: `false`, your `api_key_command`, failed (exit status: 1)",
            ),
            (
                program(&["true"]),
                "cannot get the key: `true`, your `api_key_command`, printed no key",
            ),
            (program(&[]), "cannot get the key: ``, your `api_key_command`, names no program"),
            (
                program(&["./key"]),
                "cannot get the key: `./key`, your `api_key_command`, is a relative path; write it from the root",
            ),
        ];
        for (source, expected) in table {
            assert_eq!(said(&source), expected, "{source:?}");
        }
    }
}
