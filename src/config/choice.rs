//! Which model does which work, and who says so.

use super::{Config, Origin};
use crate::diagnostic::Place;
use crate::project::schema::ModelsShape;
use crate::project::wishes::{Models, Role};

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
}

impl Config {
    /// The model for a kind of work. A flag or the environment names it for the
    /// whole run; then come the project's word for this work, and for all work;
    /// then the user's. Work of which nobody has said anything is done by the model
    /// that drafts.
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
        of(flags.roles.get(&role), Origin::Flag)
            .or_else(|| of(flags.every.as_ref(), Origin::Flag))
            .or_else(|| of(self.model.as_ref(), Origin::Environment))
            .or_else(|| of_project(project.roles.get(&role)))
            .or_else(|| of_project(project.every.as_ref()))
            .or_else(|| of(user.roles.get(&role), Origin::User))
            .or_else(|| of(user.every.as_ref(), Origin::User))
    }

    /// The models that stand in, in order. Who names one model for the whole run
    /// wants that one: then only a flag adds others.
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
        if flags.every.is_some() || self.model.is_some() {
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
    use crate::config::ConfigFile;
    use crate::project::yaml;

    fn config(environment: Option<&str>, file: &str) -> Config {
        let file: ConfigFile = yaml::read("config.yaml", file, &mut Vec::new()).unwrap();
        Config {
            file,
            model: environment.map(str::to_owned),
            base_url: None,
            key: None,
            folder: "/nowhere".into(),
            data: "/nowhere".into(),
            cache: "/nowhere".into(),
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
        let table: [Case<'_>; 7] = [
            (None, "{}", &none, false, ["embedded", "embedded"], &[]),
            (None, user, &none, false, ["openai/mine", "openai/cheap"], &["embedded"]),
            (None, user, &none, true, ["openai/book", "openai/clerk"], &["openai/other"]),
            (Some("openai/env"), user, &none, true, ["openai/env", "openai/env"], &[]),
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
