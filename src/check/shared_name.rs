//! A name that two characters answer to: neither the reader nor the model
//! could tell them apart.

use std::collections::HashMap;

use super::Check;
use crate::diagnostic::{Finding, Place as Site};
use crate::story::{Character, Story};

pub(super) const CHECK: Check =
    Check { code: "shared-name", about: "a name or alias that belongs to two characters", find };

fn find(story: &Story) -> Vec<Finding> {
    let mut owners = HashMap::<String, (usize, &Site)>::new();
    let mut findings = Vec::new();
    for (index, character) in story.characters.iter().enumerate() {
        for (name, site) in character.names().zip(character.name_sites()) {
            let key = name.trim().to_lowercase();
            // An empty name is found elsewhere.
            if key.is_empty() {
                continue;
            }
            match owners.get(&key) {
                Some((owner, first)) if *owner != index => {
                    let other =
                        story.characters.get(*owner).map_or("", |other: &Character| &other.id);
                    findings.push(
                        Finding::error(
                            CHECK.code,
                            site.clone(),
                            format!(
                                "`{}` and `{other}` are both called `{}`",
                                character.id,
                                name.trim()
                            ),
                        )
                        .hint(format!("the other is in {first}"))
                        .hint("give one of them another name, such as a fuller one"),
                    );
                }
                Some(_) => {}
                None => {
                    owners.insert(key, (index, site));
                }
            }
        }
    }
    findings
}
