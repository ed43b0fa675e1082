//! Places, rules and the calendar.

use super::{Files, PlaceNames};
use crate::diagnostic::{Finding, Place as Site};
use crate::project::schema::{CalendarShape, TravelShape, WorldFile};
use crate::project::yaml::Placed;
use crate::story::calendar::{Month, NoDate};
use crate::story::world::{Way, minutes};
use crate::story::{Calendar, Date, Place, Rule};

/// The calendar of whichever file declares one.
pub(super) fn calendar(files: &Files<WorldFile>, findings: &mut Vec<Finding>) -> Calendar {
    let mut declared =
        files.read.iter().filter_map(|(file, world)| Some((file, world.calendar.as_ref()?)));
    let Some((file, shape)) = declared.next() else {
        return Calendar::default();
    };
    for (other, second) in declared {
        let site =
            second.starts.as_ref().map_or(Site::file(other), |starts| Site::at(other, starts.spot));
        findings.push(Finding::error(
            "second-calendar",
            site,
            format!("the calendar is already declared in `{file}`"),
        ));
    }
    read_calendar(file, shape, findings)
}

fn read_calendar(file: &str, shape: &CalendarShape, findings: &mut Vec<Finding>) -> Calendar {
    for month in &shape.months {
        if !(1..=1_000).contains(&month.days.value) {
            findings.push(Finding::error(
                "calendar",
                Site::at(file, month.days.spot),
                format!(
                    "a month has from 1 to 1,000 days, `{}` has {}",
                    month.name, month.days.value
                ),
            ));
        }
    }
    let months = shape
        .months
        .iter()
        .map(|month| Month { name: month.name.clone(), days: month.days.value.clamp(1, 1_000) })
        .collect();
    let lifespan = shape.lifespan.as_ref().map_or(120, |years| years.value);
    let mut calendar = Calendar::new(months, shape.week.clone(), lifespan);
    calendar.starts =
        shape.starts.as_ref().and_then(|starts| date(&calendar, file, starts, findings));
    calendar
}

/// Reads a date where a file gives one.
pub(super) fn date(
    calendar: &Calendar,
    file: &str,
    text: &Placed<String>,
    findings: &mut Vec<Finding>,
) -> Option<Date> {
    let fault = match calendar.parse(&text.value) {
        Ok(date) => return Some(date),
        Err(fault) => fault,
    };
    let site = Site::at(file, text.spot);
    let finding =
        Finding::error("date", site, format!("`{}` is no day of the story's calendar", text.value));
    findings.push(finding.hint(match fault {
        NoDate::Form => "write YEAR-MONTH-DAY in numbers, such as `1887-03-02`".to_owned(),
        NoDate::Month(months) => format!("the year has {months} months"),
        NoDate::Day(days) => format!("that month has {days} days"),
    }));
    None
}

/// The ids of all places.
pub(super) fn place_names(files: &Files<WorldFile>, findings: &mut Vec<Finding>) -> PlaceNames {
    let mut names = PlaceNames::new("place", files);
    for (file, world) in &files.read {
        for place in &world.places {
            names.declare(file, &place.id, findings);
        }
    }
    names
}

/// All places, with their ways.
pub(super) fn places(
    files: &Files<WorldFile>,
    names: &PlaceNames,
    findings: &mut Vec<Finding>,
) -> Vec<Place> {
    let mut places = Vec::new();
    for (file, world) in &files.read {
        for shape in &world.places {
            places.push(Place {
                id: shape.id.value.clone(),
                site: Site::at(file, shape.id.spot),
                name: shape.name.value.clone(),
                description: shape.description.clone(),
                travel: shape
                    .travel
                    .iter()
                    .filter_map(|way| read_way(file, way, names, findings))
                    .collect(),
            });
        }
    }
    places
}

fn read_way(
    file: &str,
    shape: &TravelShape,
    names: &PlaceNames,
    findings: &mut Vec<Finding>,
) -> Option<Way> {
    let to = names.find(file, &shape.to, findings);
    let Some(minutes) = minutes(&shape.takes.value) else {
        findings.push(
            Finding::error(
                "duration",
                Site::at(file, shape.takes.spot),
                format!("`{}` is no duration", shape.takes.value),
            )
            .hint("write a number and a unit: `40 min`, `2 h`, `3 days`, `1 week`"),
        );
        return None;
    };
    Some(Way {
        to: to?,
        site: Site::at(file, shape.takes.spot),
        minutes,
        takes: shape.takes.value.clone(),
        by: shape.by.clone(),
    })
}

/// All rules of the world.
pub(super) fn rules(files: &Files<WorldFile>, findings: &mut Vec<Finding>) -> Vec<Rule> {
    let mut names = super::Names::<Rule>::new("rule", files);
    let mut rules = Vec::new();
    for (file, world) in &files.read {
        for shape in &world.rules {
            names.declare(file, &shape.id, findings);
            rules.push(Rule { id: shape.id.value.clone(), rule: shape.rule.clone() });
        }
    }
    rules
}
