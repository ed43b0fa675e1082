//! Beats told in another order than their arc's. A flashback may do so.

use super::{Check, told};
use crate::diagnostic::Finding;
use crate::story::Story;

pub(super) const CHECK: Check = Check {
    code: "beat-order",
    about: "an arc's beats that are told out of the arc's order, and not in a flashback",
    find,
};

fn find(story: &Story) -> Vec<Finding> {
    let happenings = told::happenings(story);
    let mut findings = Vec::new();
    for arc in &story.arcs {
        for pair in arc.beats.windows(2) {
            let [before, after] = *pair else { continue };
            let (Some(first), Some(then)) =
                (told::first(&happenings, before), told::first(&happenings, after))
            else {
                continue;
            };
            // What the arc has first is told later: told as a memory, it is in order.
            if first.order <= then.order || first.told.scene.flashback {
                continue;
            }
            let (before, after) = (&story[before].id, &story[after].id);
            findings.push(
                Finding::warning(
                    CHECK.code,
                    first.site.clone(),
                    format!("`{before}` happens after `{after}`, which follows it in the arc `{}`", arc.id),
                )
                .hint(format!("`{after}` happens in {} ({})", then.told, then.site))
                .hint("change the order of the arc or of the scenes, or mark this scene with `flashback: true`"),
            );
        }
    }
    findings
}
