//! A promise that ends before it begins.

use super::Check;
use crate::diagnostic::Finding;
use crate::story::{Promise, Story};

pub(super) const CHECK: Check = Check {
    code: "invariant-range",
    about: "an invariant whose last chapter comes before its first",
    find,
};

fn find(story: &Story) -> Vec<Finding> {
    let empty = story.commitments.iter().filter_map(|commitment| match commitment.promise {
        Promise::Invariant { from, until } if from > until => Some((commitment, from, until)),
        _ => None,
    });
    empty
        .map(|(commitment, from, until)| {
            Finding::error(
                CHECK.code,
                commitment.bound_site.clone(),
                format!(
                    "`{}` holds from chapter {from} until chapter {until}, so in none",
                    commitment.id
                ),
            )
            .hint("`from` is the first chapter in which it holds, `until` the last")
        })
        .collect()
}
