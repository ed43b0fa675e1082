//! Somebody who is in a scene before being born.

use super::{Check, told};
use crate::diagnostic::Finding;
use crate::story::{Calendar, Character, Date, Story};

pub(super) const CHECK: Check =
    Check { code: "not-yet-born", about: "a character who is in a scene before being born", find };

fn find(story: &Story) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (character, dates) in story.characters.iter().zip(told::dates(story)) {
        let early =
            dates.into_iter().find(|(date, _)| is_unborn(character, *date, story.calendar.starts));
        let place = character
            .born
            .as_ref()
            .map(|born| &born.site)
            .or(character.age.as_ref().map(|age| &age.site));
        if let (Some((date, told)), Some(site)) = (early, place) {
            findings.push(
                Finding::error(
                    CHECK.code,
                    site.clone(),
                    format!("`{}` is in {told} on {date}, before being born", character.id),
                )
                .hint(format!("that scene is in {}", told.scene.site))
                .hint("mend the birth or the date, or leave the character out of that cast"),
            );
        }
    }
    findings
}

/// Whether a character is surely not born yet on a day. An age leaves a year
/// open, as nobody knows the birthday.
fn is_unborn(character: &Character, date: Date, starts: Option<Date>) -> bool {
    if let Some(born) = &character.born {
        return date < born.value;
    }
    character.age.as_ref().zip(starts).is_some_and(|(age, starts)| {
        i64::from(age.value) + i64::from(Calendar::years_between(starts, date)) + 1 < 0
    })
}
