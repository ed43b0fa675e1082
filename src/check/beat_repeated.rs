//! A beat that happens in more than one scene: a turn is taken once.

use super::{Check, told};
use crate::diagnostic::Finding;
use crate::story::Story;

pub(super) const CHECK: Check =
    Check { code: "beat-repeated", about: "a beat of an arc that happens more than once", find };

fn find(story: &Story) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (beat, happenings) in story.beats.iter().zip(told::happenings(story)) {
        let Some((first, again)) = happenings.split_first() else {
            continue;
        };
        for happening in again {
            findings.push(
                Finding::warning(
                    CHECK.code,
                    happening.site.clone(),
                    format!("the beat `{}` has happened before, in {}", beat.id, first.told),
                )
                .hint("keep it where the turn is taken, or make two beats of it in the arc"),
            );
        }
    }
    findings
}
