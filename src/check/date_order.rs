//! A scene that lies before the one told before it, without being a flashback.

use super::Check;
use super::told::{self, Told};
use crate::diagnostic::Finding;
use crate::story::{Date, Story};

pub(super) const CHECK: Check = Check {
    code: "date-order",
    about: "a scene dated before the one told before it, and not a flashback",
    find,
};

/// The last moment of the main line that has a date.
struct Latest<'a> {
    date: Date,
    clock: Option<u32>,
    told: Told<'a>,
}

fn find(story: &Story) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut latest: Option<Latest<'_>> = None;
    for told in told::scenes(story).filter(|told| !told.scene.flashback) {
        let Some(date) = &told.scene.date else { continue };
        let clock = told.scene.clock();
        let same_day = latest.as_ref().filter(|latest| latest.date == date.value);
        let back = latest.as_ref().filter(|latest| {
            date.value < latest.date
                || (date.value == latest.date
                    && clock.zip(latest.clock).is_some_and(|(now, then)| now < then))
        });
        if let Some(latest) = back {
            findings.push(back_in_time(told, date.value, latest));
        }
        // A scene without a clock leaves the day's clock where it stood.
        let clock = clock.or(same_day.and_then(|latest| latest.clock));
        latest = Some(Latest { date: date.value, clock, told });
    }
    findings
}

fn back_in_time(told: Told<'_>, date: Date, latest: &Latest<'_>) -> Finding {
    let same_day = date == latest.date;
    let date_site = told.scene.date.as_ref().map_or(&told.scene.site, |date| &date.site);
    let site = if same_day { told.time_site() } else { date_site };
    let when = |date: Date, clock: Option<u32>| match clock {
        Some(clock) if same_day => format!("{date} at {:02}:{:02}", clock / 60, clock % 60),
        _ => date.to_string(),
    };
    Finding::error(
        CHECK.code,
        site.clone(),
        format!(
            "{told} lies on {}, before the scene told before it",
            when(date, told.scene.clock())
        ),
    )
    .hint(format!(
        "{} lies on {} ({})",
        latest.told,
        when(latest.date, latest.clock),
        latest.told.scene.site
    ))
    .hint("mend the date, or mark this scene with `flashback: true`")
}
