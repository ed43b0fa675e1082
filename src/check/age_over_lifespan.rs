//! Somebody older than people get in this world.

use super::Check;
use super::told::{self, Told};
use crate::diagnostic::{Finding, Place as Site};
use crate::story::{Calendar, Character, Date, Story};

pub(super) const CHECK: Check = Check {
    code: "age-over-lifespan",
    about: "a character older than the calendar's lifespan when the story starts or in a scene",
    find,
};

fn find(story: &Story) -> Vec<Finding> {
    story
        .characters
        .iter()
        .zip(told::dates(story))
        .filter_map(|(character, dates)| too_old(story, character, &dates))
        .collect()
}

fn too_old(story: &Story, character: &Character, dates: &[(Date, Told<'_>)]) -> Option<Finding> {
    let lifespan = i64::from(story.calendar.lifespan);
    let starts = story.calendar.starts;
    let (site, at_start) = stated(character, starts)?;
    let at_start =
        at_start.filter(|age| *age > lifespan).map(|age| (age, "when the story starts".to_owned()));
    let in_a_scene = || {
        dates.iter().find_map(|(date, told)| {
            let age = age_on(character, *date, starts)?;
            (age > lifespan).then(|| (age, format!("in {told}")))
        })
    };
    let (age, when) = at_start.or_else(in_a_scene)?;
    Some(
        Finding::error(
            CHECK.code,
            site.clone(),
            format!("`{}` is {age} {when}, and nobody lives longer than {lifespan} years", character.id),
        )
        .hint("mend the age, or let people live longer: `lifespan` under `calendar` in `bible/world.yaml`"),
    )
}

/// Where the author says how old a character is, and the age when the story
/// starts, as far as it can be known.
fn stated(character: &Character, starts: Option<Date>) -> Option<(&Site, Option<i64>)> {
    match (&character.born, &character.age) {
        (Some(born), _) => {
            let age = starts.map(|starts| i64::from(Calendar::years_between(born.value, starts)));
            Some((&born.site, age))
        }
        (None, Some(age)) => Some((&age.site, Some(i64::from(age.value)))),
        (None, None) => None,
    }
}

/// The least age a character can have on a day.
fn age_on(character: &Character, date: Date, starts: Option<Date>) -> Option<i64> {
    if let Some(born) = &character.born {
        return Some(i64::from(Calendar::years_between(born.value, date)));
    }
    let (age, starts) = (character.age.as_ref()?, starts?);
    Some(i64::from(age.value) + i64::from(Calendar::years_between(starts, date)))
}
