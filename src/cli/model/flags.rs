//! The flags that say which models are meant, and how they are used.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::str::FromStr;

use clap::Args;

use crate::project::wishes::{Models, Role};

/// Which models, and how they are used.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct ModelArguments {
    /// The model: `embedded`, `openrouter/NAME`, `openai/NAME`, … (see `storygen models`).
    /// `record=NAME` names one for synopses only, `fallback=NAME` one that stands in
    #[arg(long = "model", global = true, value_name = "[ROLE=]PROVIDER/NAME")]
    models: Vec<Assigned>,
    /// Threads the embedded model computes with
    #[arg(long, global = true, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Tokens that prompt and reply may take together
    #[arg(long, global = true, value_name = "TOKENS", value_parser = clap::value_parser!(u32).range(1..))]
    pub window: Option<u32>,
    /// Another number gives other texts
    #[arg(long, global = true, value_name = "N")]
    pub seed: Option<u64>,
    /// Refuse where a model would not heed a sampling setting of the book, or a seed
    #[arg(long, global = true)]
    pub strict: bool,
}

/// What a `--model` names, and for what.
#[derive(Clone, Debug)]
struct Assigned {
    to: To,
    name: String,
}

#[derive(Clone, Copy, Debug)]
enum To {
    All,
    Role(Role),
    Fallback,
}

impl FromStr for Assigned {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = |name: &str| Self { to: To::All, name: name.to_owned() };
        let Some((word, name)) = text.split_once('=') else { return Ok(all(text)) };
        // The name of a model may hold the sign, too.
        let to = match Role::ALL.into_iter().find(|role| role.name() == word) {
            Some(role) => To::Role(role),
            None if word == "fallback" => To::Fallback,
            None => return Ok(all(text)),
        };
        Ok(Self { to, name: name.to_owned() })
    }
}

impl ModelArguments {
    /// The flags that say something of the model and how it is asked, as written.
    pub fn said(&self) -> Vec<&'static str> {
        let flags = [
            ("--model", !self.models.is_empty()),
            ("--window", self.window.is_some()),
            ("--seed", self.seed.is_some()),
            ("--strict", self.strict),
        ];
        flags.into_iter().filter(|(_, is_said)| *is_said).map(|(flag, _)| flag).collect()
    }

    /// Flags that say nothing.
    pub fn none() -> Self {
        Self { models: Vec::new(), threads: None, window: None, seed: None, strict: false }
    }

    /// The same flags, for this model alone.
    pub fn meaning(self, name: &str) -> Self {
        Self { models: vec![Assigned { to: To::All, name: name.to_owned() }], ..self }
    }

    /// The models that the flags name; of several for the same work, the last.
    pub fn models(&self) -> Models<String> {
        let mut models = Models { every: None, roles: BTreeMap::new(), fallback: None };
        for Assigned { to, name } in &self.models {
            match to {
                To::All => models.every = Some(name.clone()),
                To::Role(role) => {
                    models.roles.insert(*role, name.clone());
                }
                To::Fallback => models.fallback.get_or_insert_default().push(name.clone()),
            }
        }
        models
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_names_a_model_for_all_work_or_for_some() {
        let models: Vec<Assigned> =
            ["openai/a", "record=openai/b", "fallback=embedded", "fallback=openai/c", "openai/x=y"]
                .into_iter()
                .map(|text| text.parse().unwrap())
                .collect();
        let arguments =
            ModelArguments { models, threads: None, window: None, seed: None, strict: false };
        let models = arguments.models();
        assert_eq!(models.every.as_deref(), Some("openai/x=y"));
        assert_eq!(models.roles[&Role::Record], "openai/b");
        assert_eq!(models.fallback.unwrap(), ["embedded", "openai/c"]);
    }
}
