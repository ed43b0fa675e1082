//! A scene told through somebody who is not there.

use super::{Check, told};
use crate::diagnostic::Finding;
use crate::story::Story;

pub(super) const CHECK: Check = Check {
    code: "pov-not-in-cast",
    about: "a scene whose point-of-view character is not in its cast",
    find,
};

fn find(story: &Story) -> Vec<Finding> {
    let mut findings = Vec::new();
    for told in told::scenes(story) {
        let Some(pov) = &told.scene.pov else { continue };
        if told.scene.cast.contains(&pov.value) {
            continue;
        }
        let id = &story[pov.value].id;
        let cast: Vec<&str> = std::iter::once(id.as_str())
            .chain(told.scene.cast.iter().map(|one| story[*one].id.as_str()))
            .collect();
        let finding = Finding::error(
            CHECK.code,
            pov.site.clone(),
            format!("{told} is told through `{id}`, who is not in its cast"),
        )
        .hint(format!("write `cast: [{}]`, or tell it through another", cast.join(", ")));
        // A chapter's `pov` serves all its scenes, and is one slip.
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }
    findings
}
