//! A way that both its ends declare, each with another duration.

use super::Check;
use crate::diagnostic::Finding;
use crate::story::world::Way;
use crate::story::{Id, Place, Story};

pub(super) const CHECK: Check = Check {
    code: "way-differs",
    about: "a way declared at both its ends with different durations",
    find,
};

fn find(story: &Story) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, place) in story.places.iter().enumerate() {
        for way in &place.travel {
            // Each pair of ends is looked at once, from the later one.
            let other = &story[way.to];
            if way.to.index() >= index {
                continue;
            }
            let back = other.travel.iter().filter(|back| back.to == Id::<Place>::new(index));
            for back in back.filter(|back| same_means(way, back) && back.minutes != way.minutes) {
                findings.push(
                    Finding::warning(
                        CHECK.code,
                        way.site.clone(),
                        format!(
                            "the way from `{}` to `{}` takes {} here and {} from the other end",
                            place.id, other.id, way.takes, back.takes
                        ),
                    )
                    .hint(format!("the other end is in {}", back.site))
                    .hint("a way holds in both directions: declare it once, or give each its own `by`"),
                );
            }
        }
    }
    findings
}

/// On foot and by coach are two ways.
fn same_means(one: &Way, other: &Way) -> bool {
    one.by == other.by || one.by.is_none() || other.by.is_none()
}
