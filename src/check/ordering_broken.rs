//! A promised order of two beats that the outline does not keep.

use super::{Check, told};
use crate::diagnostic::Finding;
use crate::story::{Promise, Story};

pub(super) const CHECK: Check = Check {
    code: "ordering-broken",
    about: "a commitment that one beat comes before another, where the outline tells it otherwise",
    find,
};

fn find(story: &Story) -> Vec<Finding> {
    let happenings = told::happenings(story);
    let mut findings = Vec::new();
    for commitment in &story.commitments {
        let Promise::Ordering { first, then } = commitment.promise else {
            continue;
        };
        let (Some(earlier), Some(later)) =
            (told::first(&happenings, first), told::first(&happenings, then))
        else {
            continue;
        };
        if earlier.order < later.order {
            continue;
        }
        let (first, then) = (&story[first].id, &story[then].id);
        let finding = Finding::error(
            CHECK.code,
            commitment.bound_site.clone(),
            format!(
                "`{}` promises `{first}` before `{then}`, the outline tells it otherwise",
                commitment.id
            ),
        );
        findings.push(if first == then {
            finding.hint("`first` and `then` name two different beats")
        } else {
            finding
                .hint(format!("`{first}` happens in {} ({})", earlier.told, earlier.site))
                .hint(format!("`{then}` happens in {} ({})", later.told, later.site))
        });
    }
    findings
}
