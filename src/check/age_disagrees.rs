//! An age and a date of birth that do not go together.

use super::Check;
use crate::diagnostic::Finding;
use crate::story::{Calendar, Story};

pub(super) const CHECK: Check = Check {
    code: "age-disagrees",
    about: "an age that is not the one the date of birth gives on the first day of the story",
    find,
};

fn find(story: &Story) -> Vec<Finding> {
    let Some(starts) = story.calendar.starts else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for character in &story.characters {
        let (Some(born), Some(age)) = (&character.born, &character.age) else {
            continue;
        };
        let years = i64::from(Calendar::years_between(born.value, starts));
        if years != i64::from(age.value) {
            let message = match years {
                0.. => format!(
                    "`{}`, born on {}, is {years} when the story starts on {starts}, not {}",
                    character.id, born.value, age.value
                ),
                _ => format!(
                    "`{}` is not born when the story starts on {starts}, so has no age then",
                    character.id
                ),
            };
            findings.push(
                Finding::error(CHECK.code, age.site.clone(), message)
                    .hint(format!("the birth is in {}", born.site))
                    .hint("keep one of `born` and `age`, the other follows"),
            );
        }
    }
    findings
}
