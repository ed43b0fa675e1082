//! `bible/world.yaml`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::list;
use crate::project::yaml::Placed;

/// `bible/world.yaml`, or each file in `bible/world/`: places, rules, calendar.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorldFile {
    /// Where the story happens.
    #[serde(default, deserialize_with = "list")]
    pub places: Vec<PlaceShape>,
    /// What holds in this world, whatever happens.
    #[serde(default, deserialize_with = "list")]
    pub rules: Vec<RuleShape>,
    /// How time is counted. Without it, the Gregorian calendar.
    #[serde(default)]
    pub calendar: Option<CalendarShape>,
}

/// A place.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceShape {
    /// The short name by which the other files refer to this place.
    pub id: Placed<String>,
    /// The name.
    pub name: Placed<String>,
    /// What one sees, hears and smells there.
    #[serde(default)]
    pub description: Option<String>,
    /// How long it takes from here to other places, either way.
    #[serde(default, deserialize_with = "list")]
    pub travel: Vec<TravelShape>,
}

/// A way from a place to another.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TravelShape {
    /// The id of the other place.
    pub to: Placed<String>,
    /// How long it takes: `40 min`, `2 h`, `3 days`.
    pub takes: Placed<String>,
    /// By what: `on foot`, `by mail coach`.
    #[serde(default)]
    pub by: Option<String>,
}

/// A rule of the world.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleShape {
    /// The short name of the rule.
    pub id: Placed<String>,
    /// The rule, in a sentence.
    pub rule: String,
}

/// How time is counted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarShape {
    /// The first day of the story, as YEAR-MONTH-DAY. Ages are counted on it.
    #[serde(default)]
    pub starts: Option<Placed<String>>,
    /// The most years a person lives (default 120).
    #[serde(default)]
    pub lifespan: Option<Placed<u32>>,
    /// The months of an invented year, in order. Without them, the Gregorian calendar.
    #[serde(default, deserialize_with = "list")]
    pub months: Vec<MonthShape>,
    /// The names of the days of an invented week; day 1 of year 1 is the first of them.
    #[serde(default, deserialize_with = "list")]
    pub week: Vec<String>,
}

/// A month of an invented year.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MonthShape {
    /// The name.
    pub name: String,
    /// How many days it has.
    pub days: Placed<u32>,
}
