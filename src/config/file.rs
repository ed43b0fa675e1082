//! The shape of the user's `config.yaml`, and reading it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use schemars::JsonSchema;
use serde::Deserialize;

use super::faults::faults;
use super::misplaced::misplaced;
use crate::diagnostic;
use crate::failure::{Exit, Failure};
use crate::money::{Budget, PriceSaid};
use crate::own_file;
use crate::project::schema::ModelsShape;
use crate::project::yaml::{self, Pairs, key_shaped};

/// The shape of the user's `config.yaml`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
    /// The model that drafts where no project names one: `openrouter/NAME`, `embedded`.
    #[serde(default)]
    pub model: Option<String>,
    /// Models for some of the work, and models that stand in when one fails.
    #[serde(default)]
    pub models: Option<ModelsShape>,
    /// The address of your OpenAI-compatible endpoint, such as `http://127.0.0.1:8080/v1`: short for that of `endpoints: {openai: …}`.
    #[serde(default)]
    pub base_url: Option<String>,
    /// A file that holds the key for that address, and nothing else; from `~/`, or beside this file, where its path is not from the root.
    #[serde(default)]
    pub api_key_file: Option<String>,
    /// Tokens that the endpoint's model holds, prompt and reply together.
    #[serde(default)]
    pub window: Option<u32>,
    /// What the tokens of your OpenAI-compatible endpoint's model cost: short for that of `endpoints: {openai: …}`.
    #[serde(default)]
    pub price: Option<PriceSaid>,
    /// Threads the embedded model computes with; 0 for one a processor.
    #[serde(default)]
    pub threads: Option<u32>,
    /// The most that may be spent.
    #[serde(default)]
    pub budget: Option<Budget>,
    /// Your endpoints, by the name that stands before the `/` of a model.
    #[serde(default)]
    pub endpoints: Option<BTreeMap<String, EndpointShape>>,
}

/// One endpoint: a vendor that storygen knows, or one of your own.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndpointShape {
    /// What is spoken there, for an endpoint of your own: `openai` (the default), `mistral`, `anthropic`, `ollama`.
    #[serde(default)]
    pub dialect: Option<String>,
    /// Its address, such as `http://127.0.0.1:8080/v1`.
    #[serde(default)]
    pub base_url: Option<String>,
    /// The environment variable that holds its key.
    #[serde(default)]
    pub api_key_env: Option<String>,
    /// The file that holds its key, and nothing else; from `~/`, or beside this file, where its path is not from the root.
    #[serde(default)]
    pub api_key_file: Option<String>,
    /// The program that prints its key, and its arguments; no shell is involved.
    #[serde(default)]
    pub api_key_command: Option<Vec<String>>,
    /// The name under which its key stands in your system's keyring.
    #[serde(default)]
    pub api_key_keyring: Option<String>,
    /// Headers that each request to it carries.
    #[serde(default)]
    pub headers: Option<Pairs>,
    /// Tokens that its models hold, prompt and reply together.
    #[serde(default)]
    pub window: Option<u32>,
    /// Tokens that its models may spend on thinking in each reply, beside those of the text; 0 for none.
    #[serde(default)]
    pub thinking: Option<u32>,
    /// What its models cost, where the catalogue does not say.
    #[serde(default)]
    pub price: Option<PriceSaid>,
    /// Seconds that it may be silent before a call is given up (default 120).
    #[serde(default)]
    pub idle_seconds: Option<u32>,
    /// Tries of one request, the first included (default 4).
    #[serde(default)]
    pub tries: Option<u32>,
    /// Calls that may run at the same time (default 4; for `storygen batch`).
    #[serde(default)]
    pub concurrent: Option<u32>,
    /// Requests that may be sent in a minute.
    #[serde(default)]
    pub requests_per_minute: Option<u32>,
    /// Tokens, of prompts and replies, that may be asked for in a minute.
    #[serde(default)]
    pub tokens_per_minute: Option<u32>,
}

/// Reads the file at `path`; one that is not there says nothing.
///
/// # Errors
///
/// When it cannot be read, or holds something else than it should.
pub(super) fn read(path: &Path) -> Result<ConfigFile> {
    let text = own_file::text(path, own_file::BY_HAND).map_err(|what| {
        Failure::new(
            Exit::Usage,
            format!(
                "cannot read your configuration: it is looked for in `{}`, {what}",
                path.display()
            ),
        )
        .hint("put a text file there, or move away what stands in its place")
    })?;
    let Some(text) = text else { return Ok(ConfigFile::default()) };
    if text.trim().is_empty() {
        return Ok(ConfigFile::default());
    }
    let name = path.display().to_string();
    let mut findings = Vec::new();
    let mut shown = yaml::secret::masked(&name, &text);
    let file: Option<ConfigFile> = yaml::read(&name, &text, &mut findings);
    if let Some(file) = &file {
        findings.extend(faults(file, &name, &text));
        // Those that have no shape to be known by are known by their place.
        for key in misplaced(file) {
            shown = shown.replace(&key.value, &"…".repeat(key.value.chars().count()));
        }
    }
    file.filter(|_| findings.is_empty()).ok_or_else(|| {
        // As wide as they were: places in a line stay where they are.
        let shown = key_shaped::blotted_strictly(&shown);
        let faults: Vec<String> = findings
            .iter()
            .map(|finding| diagnostic::render(finding, Some(&shown), false))
            .map(|fault| key_shaped::blotted_strictly(&fault).into_owned())
            .collect();
        Failure::new(Exit::Usage, format!("your configuration is not sound\n{}", faults.join("\n")))
            .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said when the configuration is `text`, or a folder for none.
    fn fault(text: Option<&str>) -> (Exit, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.yaml");
        match text {
            Some(text) => fs_err::write(&path, text).unwrap(),
            None => fs_err::create_dir(&path).unwrap(),
        }
        let failure = read(&path).unwrap_err().downcast::<Failure>().unwrap();
        for secret in ["sk-1", "hunter2"] {
            assert!(!failure.message.contains(secret), "{}", failure.message);
        }
        (failure.exit, failure.message)
    }

    #[test]
    fn faults_of_the_file_are_of_one_kind() {
        let (exit, said) = fault(None);
        assert_eq!(exit, Exit::Usage);
        assert!(said.ends_with("config.yaml`, which is a folder"), "{said}");
        let (exit, said) = fault(Some("api_key: sk-1\n"));
        assert_eq!(exit, Exit::Usage);
        assert!(
            said.contains("unknown key `api_key`") && said.contains("`STORYGEN_API_KEY`"),
            "{said}"
        );
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_place() {
        let table = [
            ("window: 0", "`window` is 0, and so nothing", "1:9"),
            ("endpoints: {a: {window: 0}}", "`window` is 0, and so nothing", "1:25"),
            ("endpoints: {a: {idle_seconds: 0}}", "`idle_seconds` is 0, and so nothing", "1:31"),
            ("endpoints: {a: {tries: 0}}", "`tries` is 0, and so nothing", "1:24"),
            ("endpoints: {a: {concurrent: 0}}", "`concurrent` is 0, and so nothing", "1:29"),
            (
                "endpoints: {a: {requests_per_minute: 0}}",
                "`requests_per_minute` is 0, and so nothing",
                "1:38",
            ),
            (
                "endpoints: {a: {tokens_per_minute: 0}}",
                "`tokens_per_minute` is 0, and so nothing",
                "1:36",
            ),
            ("endpoints: {a/b: {tries: 1}}", "no endpoint can be called `a/b`", "1:18"),
            ("price: {prompt: -1, reply: 2}", "`-1` is no amount of money", "1:17"),
            (
                "endpoints:\n  a:\n    price: {prompt: 1, reply: 2, cached: -3}",
                "`-3` is no amount of money",
                "3:42",
            ),
            ("base_url: http://evil.example/v1", "`base_url` is plain http", "1:11"),
            (
                "endpoints: {a: {base_url: 'https://u:hunter2@h/v1?key=sk-1'}}",
                "holds a user name",
                "1:27",
            ),
            ("endpoints: {a: {dialect: opnai}}", "no dialect is called `opnai`", "1:26"),
            (
                "endpoints: {a: {headers: {X-Team: attic, Host: sk-1}}}",
                "the header `Host` of your configuration is set by the program itself",
                "1:48",
            ),
            (
                "endpoints:\n  a:\n    headers:\n      two words: sk-1\n",
                "the header `two words` of your configuration has a name that no header can have",
                "4:18",
            ),
            (
                "endpoints: {a: {headers: {X-Team: \"sk-1\\nfeed\"}}}",
                "the header `X-Team` of your configuration has a value that no header can have",
                "1:35",
            ),
            ("budget: {run: -2}", "`-2` is no amount of money", "1:15"),
            ("budget: {month: 1e300}", "`1e300` is no amount of money", "1:17"),
            ("price: {prompt: 0, reply: 1e300}", "`1e300` is no amount of money", "1:27"),
            (
                "endpoints: {a: {price: {prompt: 10001, reply: 2}}}",
                "`10001` dollars for a million tokens is more than any model costs; the most is 10000",
                "1:33",
            ),
            ("model: \"a/b\\nc\"", "the name of a model is not one line of plain text", "1:8"),
            (
                "models:\n  record: \"a/b\\ec\"",
                "the name of a model is not one line of plain text",
                "2:11",
            ),
        ];
        for (text, words, place) in table {
            let (exit, said) = fault(Some(text));
            assert_eq!(exit, Exit::Usage, "{text}");
            assert!(said.contains(words), "{text}: {said}");
            assert!(said.contains(&format!("config.yaml:{place}\n")), "{text}: {said}");
        }
    }

    /// A key in the wrong field is found there, and shown nowhere.
    #[test]
    fn a_key_where_a_name_belongs_is_refused_with_its_place() {
        const NAMED: &str = "sk-or-v1-0123456789abcdef0123456789abcdef";
        const SUM: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        const SHORT: &str = "hunter2-of.the.attic";
        let table = [
            ("endpoints: {a: {api_key_env: KEY}}", NAMED, "the name of its variable", "1:30"),
            ("endpoints: {a: {api_key_env: KEY}}", SUM, "the name of its variable", "1:30"),
            ("endpoints: {a: {api_key_env: KEY}}", SHORT, "the name of its variable", "1:30"),
            ("endpoints: {a: {api_key_file: KEY}}", NAMED, "the path of its file", "1:31"),
            ("endpoints: {a: {api_key_command: [KEY]}}", NAMED, "the program that", "1:34"),
            ("endpoints: {a: {api_key_keyring: KEY}}", NAMED, "its name in your", "1:34"),
            ("endpoints: {a: {dialect: KEY}}", NAMED, "the name of a dialect", "1:26"),
            ("endpoints: {KEY: {window: 1}}", SUM, "the name of an endpoint", "1:79"),
            ("api_key_file: KEY", NAMED, "the path of its file", "1:15"),
            ("model: KEY", NAMED, "the name of a model", "1:8"),
            ("model: openai/KEY", SUM, "the name of a model", "1:8"),
            ("models:\n  record: KEY", NAMED, "the name of a model", "2:11"),
            ("models: {fallback: [embedded, KEY]}", NAMED, "the name of a model", "1:31"),
        ];
        for (text, key, words, place) in table {
            let text = text.replace("KEY", key);
            let (exit, said) = fault(Some(&text));
            assert_eq!(exit, Exit::Usage, "{text}");
            let message = format!("a key stands where {words}");
            let first =
                said.find(&message).is_some_and(|at| said[..at].matches("error[").count() == 1);
            assert!(first, "{text}: {said}");
            assert!(said.contains(&format!("config.yaml:{place}\n")), "{text}: {said}");
            assert!(said.contains("api_key_file"), "{text}: {said}");
            assert!(!said.contains(&key[4..]), "{text}: {said}");
        }
        for text in [
            "endpoints: {a: {api_key_env: My_Key_2, api_key_file: ~/keys/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c}}",
            "endpoints: {a: {api_key_command: [pass, show, writing/openrouter]}}",
            "endpoints: {a: {api_key_keyring: storygen-openrouter}}",
            "model: openai/ft:gpt-4.1-2025-04-14:my-org:lighthouse:BxYz12Ab",
        ] {
            let file: ConfigFile = yaml::read("config.yaml", text, &mut Vec::new()).unwrap();
            assert_eq!(misplaced(&file), [], "{text}");
        }
        // What nobody knows is not shown either.
        for key in [NAMED, SUM] {
            for text in ["KEY: 1", "endpoints: {a: {KEY: x}}", "base_url: KEY", "window: KEY"] {
                let (_, said) = fault(Some(&text.replace("KEY", key)));
                assert!(!said.contains(&key[4..]), "{text}: {said}");
            }
        }
    }

    #[test]
    fn endpoints_are_read() {
        let mut findings = Vec::new();
        let file: ConfigFile = yaml::read(
            "config.yaml",
            "endpoints:\n  attic:\n    base_url: http://127.0.0.1:5001/v1\n    api_key_command: [pass, show, attic]\n    price: {prompt: 0, reply: 0.5}\n  openrouter:\n    concurrent: 8\n",
            &mut findings,
        )
        .unwrap_or_else(|| panic!("{findings:?}"));
        let endpoints = file.endpoints.unwrap();
        assert_eq!(endpoints["attic"].api_key_command.as_ref().unwrap().len(), 3);
        assert!((endpoints["attic"].price.as_ref().unwrap().reply - 0.5).abs() < 1e-9);
        assert_eq!(endpoints["openrouter"].concurrent, Some(8));
    }
}
