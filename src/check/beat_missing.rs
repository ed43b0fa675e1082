//! An arc's beat that happens nowhere: the arc would stay unfinished.

use super::{Check, told};
use crate::diagnostic::Finding;
use crate::story::Story;

pub(super) const CHECK: Check =
    Check { code: "beat-missing", about: "a beat of an arc that happens in no scene", find };

fn find(story: &Story) -> Vec<Finding> {
    if story.unresolved.beats {
        return Vec::new();
    }
    let happenings = told::happenings(story);
    let missing = story.beats.iter().zip(&happenings).filter(|(_, places)| places.is_empty());
    missing
        .map(|(beat, _)| {
            let arc = &story[beat.arc].id;
            Finding::error(
                CHECK.code,
                beat.site.clone(),
                format!("the beat `{}` of the arc `{arc}` happens in no scene", beat.id),
            )
            .hint(
                "name it under `beats` of the scene in which it happens, or take it out of the arc",
            )
        })
        .collect()
}
