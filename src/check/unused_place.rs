//! A place where nothing happens.

use std::collections::HashSet;

use super::{Check, told};
use crate::diagnostic::Finding;
use crate::story::{Id, Story};

pub(super) const CHECK: Check =
    Check { code: "unused-place", about: "a place where no scene happens and nobody starts", find };

fn find(story: &Story) -> Vec<Finding> {
    if story.unresolved.places {
        return Vec::new();
    }
    let used: HashSet<_> = told::scenes(story)
        .filter_map(|told| told.scene.place)
        .chain(story.characters.iter().filter_map(|character| character.starts_at))
        .collect();
    let unused =
        story.places.iter().enumerate().filter(|(index, _)| !used.contains(&Id::new(*index)));
    unused
        .map(|(_, place)| {
            Finding::warning(
                CHECK.code,
                place.site.clone(),
                format!("no scene happens in `{}`", place.id),
            )
            .hint("name it as the `place` of a scene, or take it out of the bible")
        })
        .collect()
}
