//! Somebody who is in two places at once.

use super::{Check, told};
use crate::diagnostic::Finding;
use crate::story::Story;

pub(super) const CHECK: Check =
    Check { code: "two-places", about: "a character who is in two places at the same time", find };

fn find(story: &Story) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (character, journey) in story.characters.iter().zip(told::journeys(story)) {
        for pair in journey.windows(2) {
            let [(one, here), (other, there)] = pair else { continue };
            let (Some(here_place), Some(there_place)) = (here.scene.place, there.scene.place)
            else {
                continue;
            };
            if one != other || here_place == there_place {
                continue;
            }
            findings.push(
                Finding::error(
                    CHECK.code,
                    there.time_site().clone(),
                    format!(
                        "`{}` is in `{}` and in `{}` at the same time",
                        character.id, story[here_place].id, story[there_place].id
                    ),
                )
                .hint(format!("the other place is that of {here} ({})", here.scene.site))
                .hint("give the scenes different times, or leave the character out of one of them"),
            );
        }
    }
    findings
}
