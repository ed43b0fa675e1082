//! Which model does which work, and who says so.

use super::{Config, Origin};
use crate::diagnostic::Place;
use crate::project::schema::ModelsShape;
use crate::project::wishes::{Models, Role};

/// The host whose name stands for any endpoint that is like `OpenAI`'s.
const ANY: &str = "openai";

/// A model that was chosen, as `provider/name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its name, as it was written.
    pub name: String,
    /// Who named it.
    pub origin: Origin,
}

impl Choice {
    fn new(name: &str, origin: Origin) -> Self {
        Self { name: name.to_owned(), origin }
    }

    /// Who is asked for it; none for what is on this machine.
    fn into_host(self) -> Option<String> {
        let host = self.name.split('/').next().unwrap_or_default();
        (!["embedded", "scripted"].contains(&host)).then(|| host.to_owned())
    }
}

impl Config {
    /// The model for a kind of work. A flag names it for the whole run; the environment
    /// names the one that drafts, and the one for all work that no file has a word for.
    /// Then come the project's word for this work, and for all work; then the user's.
    /// Work of which nobody has said anything is done by the model that drafts.
    #[must_use]
    pub fn choose(
        &self,
        role: Role,
        flags: &Models<String>,
        project: &Models<(String, Place)>,
    ) -> Choice {
        self.named(role, flags, project)
            .or_else(|| self.named(Role::Draft, flags, project))
            .unwrap_or_else(|| Choice::new("embedded", Origin::Default))
    }

    /// The model that somebody names for a kind of work.
    fn named(
        &self,
        role: Role,
        flags: &Models<String>,
        project: &Models<(String, Place)>,
    ) -> Option<Choice> {
        let user = self.models();
        let of_project = |named: Option<&(String, Place)>| {
            named.map(|(name, _)| Choice::new(name, Origin::Project))
        };
        let of = |named: Option<&String>, origin| named.map(|name| Choice::new(name, origin));
        let environment = of(self.model.as_ref(), Origin::Environment);
        let every_of_project = project.every.as_ref().filter(|_| environment.is_none());
        of(flags.roles.get(&role), Origin::Flag)
            .or_else(|| of(flags.every.as_ref(), Origin::Flag))
            .or_else(|| environment.clone().filter(|_| role == Role::Draft))
            .or_else(|| of_project(project.roles.get(&role)))
            .or_else(|| of_project(every_of_project))
            .or_else(|| of(user.roles.get(&role), Origin::User))
            .or(environment)
            .or_else(|| of(user.every.as_ref(), Origin::User))
    }

    /// The models that stand in, in order. A flag that names one model for the whole
    /// run wants that one: then only another flag adds others.
    #[must_use]
    pub fn fallback(
        &self,
        flags: &Models<String>,
        project: &Models<(String, Place)>,
    ) -> Vec<Choice> {
        let all = |names: &[String], origin| -> Vec<Choice> {
            names.iter().map(|name| Choice::new(name, origin)).collect()
        };
        if let Some(names) = &flags.fallback {
            return all(names, Origin::Flag);
        }
        if flags.every.is_some() {
            return Vec::new();
        }
        if let Some(names) = &project.fallback {
            return names.iter().map(|(name, _)| Choice::new(name, Origin::Project)).collect();
        }
        all(&self.models().fallback.unwrap_or_default(), Origin::User)
    }

    /// The model that the user names for drafting, outside any project.
    #[must_use]
    pub fn own_choice(&self, flags: &Models<String>) -> Option<Choice> {
        let choice = self.choose(Role::Draft, flags, &Models::default());
        (choice.origin != Origin::Default).then_some(choice)
    }

    /// The host that the address of the environment is for: that of the model which the
    /// environment names, or the user's file. Where neither names one that has a host,
    /// it is that of the model that drafts; but none to which the file gives an address
    /// of its own, save for `openai`, which is any endpoint.
    #[must_use]
    pub fn host_of_address(
        &self,
        flags: &Models<String>,
        project: &Models<(String, Place)>,
    ) -> Option<String> {
        if let Some(host) = self.own_choice(&Models::default()).and_then(Choice::into_host) {
            return Some(host);
        }
        let host = self.named(Role::Draft, flags, project).and_then(Choice::into_host)?;
        let endpoint = self.file.endpoints.as_ref().and_then(|all| all.get(&host));
        let has_own = endpoint.is_some_and(|endpoint| endpoint.base_url.is_some());
        (!has_own || host == ANY).then_some(host)
    }

    /// The host that the key of the environment is for: that of its address; where it
    /// has none, that of the model which the user, not a project, has named.
    #[must_use]
    pub fn host_of_key(&self, flags: &Models<String>, project: &Models<(String, Place)>) -> String {
        let none = Models::default();
        let project = if self.base_url.is_some() { project } else { &none };
        self.host_of_address(flags, project).unwrap_or_else(|| ANY.to_owned())
    }

    /// The models of the user's file.
    fn models(&self) -> Models<String> {
        let shape = self.file.models.as_ref();
        let role = |pick: fn(&ModelsShape) -> Option<&str>| shape.and_then(pick).map(str::to_owned);
        let roles = [
            (Role::Draft, role(|shape| shape.draft.as_ref().map(|named| named.value.as_str()))),
            (Role::Record, role(|shape| shape.record.as_ref().map(|named| named.value.as_str()))),
            (Role::Review, role(|shape| shape.review.as_ref().map(|named| named.value.as_str()))),
            (Role::Talk, role(|shape| shape.talk.as_ref().map(|named| named.value.as_str()))),
        ];
        Models {
            every: self.file.model.clone(),
            roles: roles
                .into_iter()
                .filter_map(|(role, name)| name.map(|name| (role, name)))
                .collect(),
            fallback: shape
                .filter(|shape| !shape.fallback.is_empty())
                .map(|shape| shape.fallback.iter().map(|named| named.value.clone()).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::{ConfigFile, Printed};
    use crate::project::yaml;

    fn config(environment: Option<&str>, file: &str) -> Config {
        let file: ConfigFile = yaml::read("config.yaml", file, &mut Vec::new()).unwrap();
        Config {
            file,
            model: environment.map(str::to_owned),
            base_url: None,
            key: None,
            printed: Printed::default(),
            folder: "/nowhere".into(),
            data: "/nowhere".into(),
            cache: "/nowhere".into(),
        }
    }

    /// The environment's model, the file, the flag, the project's model; the host of
    /// the address, the host of the key with an address and without.
    type OfHost<'a> =
        (Option<&'a str>, String, Option<&'a str>, Option<&'a str>, [Option<&'a str>; 3]);

    #[test]
    fn address_and_key_of_the_environment_are_for_one_host() {
        let own = "endpoints: {attic: {base_url: 'http://127.0.0.1:1/v1'}, barn: {tries: 1}}\n";
        let with = |model: &str| format!("{own}model: {model}\n");
        let here = |host| [Some(host); 3];
        let table: [OfHost<'_>; 14] = [
            (Some("openai/x"), own.to_owned(), None, None, here("openai")),
            (Some("openai/x"), own.to_owned(), Some("openrouter/y"), None, here("openai")),
            (Some("openai/x"), own.to_owned(), Some("attic/y"), Some("barn/z"), here("openai")),
            (Some("attic/x"), own.to_owned(), Some("openai/y"), None, here("attic")),
            (Some("mistral/x"), with("barn/y"), None, None, here("mistral")),
            (None, with("barn/y"), Some("openai/y"), None, here("barn")),
            (None, with("attic/y"), None, Some("openai/z"), here("attic")),
            (None, with("embedded"), Some("openrouter/y"), None, here("openrouter")),
            (Some("scripted/f"), own.to_owned(), Some("barn/y"), None, here("barn")),
            (None, own.to_owned(), Some("openrouter/y"), None, here("openrouter")),
            (None, own.to_owned(), Some("attic/y"), None, [None, Some("openai"), Some("openai")]),
            (
                None,
                "base_url: 'http://127.0.0.1:1/v1'".to_owned(),
                Some("openai/y"),
                None,
                here("openai"),
            ),
            (
                None,
                own.to_owned(),
                None,
                Some("mistral/z"),
                [Some("mistral"), Some("mistral"), Some("openai")],
            ),
            (None, own.to_owned(), None, None, [None, Some("openai"), Some("openai")]),
        ];
        for (environment, file, flag, project, expected) in table {
            let mut config = config(environment, &file);
            let flags = Models { every: flag.map(str::to_owned), ..Models::default() };
            let place = Place::file("storygen.yaml");
            let project = project.map(|name| (name.to_owned(), place));
            let project = Models { every: project, ..Models::default() };
            let address = config.host_of_address(&flags, &project);
            let without = config.host_of_key(&flags, &project);
            config.base_url = Some("http://127.0.0.1:2/v1".to_owned());
            let with = config.host_of_key(&flags, &project);
            let hosts = [address, Some(with), Some(without)];
            let hosts = hosts.each_ref().map(Option::as_deref);
            assert_eq!(hosts, expected, "{environment:?} {file} {flags:?} {project:?}");
        }
    }

    /// Environment, file, flags, project; what drafts, what records, what stands in.
    type Case<'a> =
        (Option<&'a str>, &'a str, &'a Models<String>, bool, [&'a str; 2], &'a [&'a str]);

    #[test]
    fn the_nearest_word_counts() {
        let place = || Place::file("storygen.yaml");
        let project = Models {
            every: Some(("openai/book".to_owned(), place())),
            roles: BTreeMap::from([(Role::Record, ("openai/clerk".to_owned(), place()))]),
            fallback: Some(vec![("openai/other".to_owned(), place())]),
        };
        let none = Models::default();
        let flag = Models { every: Some("openai/flag".to_owned()), ..Models::default() };
        let role = Models {
            roles: BTreeMap::from([(Role::Record, "openai/hand".to_owned())]),
            ..Models::default()
        };
        let user = "model: openai/mine\nmodels: {record: openai/cheap, fallback: [embedded]}\n";
        let drafts = "models: {draft: openai/mine, talk: openai/voice}\n";
        let table: [Case<'_>; 10] = [
            (None, "{}", &none, false, ["embedded", "embedded"], &[]),
            (None, user, &none, false, ["openai/mine", "openai/cheap"], &["embedded"]),
            (None, user, &none, true, ["openai/book", "openai/clerk"], &["openai/other"]),
            // The environment's is the word for `model`, and for nothing else.
            (
                Some("openai/env"),
                user,
                &none,
                true,
                ["openai/env", "openai/clerk"],
                &["openai/other"],
            ),
            (Some("openai/env"), user, &none, false, ["openai/env", "openai/cheap"], &["embedded"]),
            (Some("openai/env"), drafts, &none, false, ["openai/env", "openai/env"], &[]),
            (Some("openai/env"), "{}", &none, false, ["openai/env", "openai/env"], &[]),
            (Some("openai/env"), user, &flag, true, ["openai/flag", "openai/flag"], &[]),
            (None, user, &role, true, ["openai/book", "openai/hand"], &["openai/other"]),
            (Some("openai/env"), "{}", &role, false, ["openai/env", "openai/hand"], &[]),
        ];
        for (environment, file, flags, has_project, names, fallback) in table {
            let config = config(environment, file);
            let project = if has_project { project.clone() } else { Models::default() };
            let name = |role| config.choose(role, flags, &project).name;
            assert_eq!([name(Role::Draft), name(Role::Record)], names);
            let names: Vec<String> =
                config.fallback(flags, &project).into_iter().map(|choice| choice.name).collect();
            assert_eq!(names, fallback);
        }
    }
}
