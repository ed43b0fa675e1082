//! A character who never appears.

use std::collections::HashSet;

use super::{Check, told};
use crate::diagnostic::Finding;
use crate::story::{Id, Story};

pub(super) const CHECK: Check =
    Check { code: "unused-character", about: "a character who is in the cast of no scene", find };

fn find(story: &Story) -> Vec<Finding> {
    if story.unresolved.characters {
        return Vec::new();
    }
    let seen: HashSet<_> = told::scenes(story)
        .flat_map(|told| {
            told.scene.cast.iter().copied().chain(told.scene.pov.as_ref().map(|pov| pov.value))
        })
        .collect();
    let unseen =
        story.characters.iter().enumerate().filter(|(index, _)| !seen.contains(&Id::new(*index)));
    unseen
        .map(|(_, character)| {
            Finding::warning(
                CHECK.code,
                character.site.clone(),
                format!("`{}` is in the cast of no scene", character.id),
            )
            .hint("name the character under `cast` where they are, or take them out of the bible")
        })
        .collect()
}
