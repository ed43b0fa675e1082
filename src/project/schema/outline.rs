//! `bible/outline.yaml`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::list;
use crate::project::yaml::Placed;

/// `bible/outline.yaml`, or each file in `bible/outline/`: parts, chapters, scenes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutlineFile {
    /// The parts of the book, where it has parts.
    #[serde(default, deserialize_with = "list")]
    pub parts: Vec<PartShape>,
    /// The chapters, where the book has no parts.
    #[serde(default, deserialize_with = "list")]
    pub chapters: Vec<ChapterShape>,
}

/// A part of the book.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartShape {
    /// The title of the part.
    pub title: String,
    /// Its chapters, in order.
    pub chapters: Vec<ChapterShape>,
}

/// A chapter. What stands here of pov, place, date and cast holds for those of its scenes that do not say otherwise; a chapter without scenes is one scene.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChapterShape {
    /// The short name of the chapter, which its files carry. Without it, one is made from the title.
    #[serde(default)]
    pub id: Option<Placed<String>>,
    /// The title.
    pub title: Placed<String>,
    /// What the chapter does for the story, in a sentence or two.
    #[serde(default)]
    pub summary: Option<String>,
    /// How many words it is to have.
    #[serde(default)]
    pub words: Option<Placed<u32>>,
    /// The id of the character through whom it is told.
    #[serde(default)]
    pub pov: Option<Placed<String>>,
    /// The id of the place.
    #[serde(default)]
    pub place: Option<Placed<String>>,
    /// The day, as YEAR-MONTH-DAY in the story's calendar.
    #[serde(default)]
    pub date: Option<Placed<String>>,
    /// The time of day, as `HH:MM` or in words.
    #[serde(default)]
    pub time: Option<Placed<String>>,
    /// Whether it lies before what was told earlier.
    #[serde(default)]
    pub flashback: Option<bool>,
    /// The ids of all characters who are there.
    #[serde(default, deserialize_with = "list")]
    pub cast: Vec<Placed<String>>,
    /// The ids of the arc beats that happen here.
    #[serde(default, deserialize_with = "list")]
    pub beats: Vec<Placed<String>>,
    /// What happens, step by step.
    #[serde(default, deserialize_with = "list")]
    pub happens: Vec<String>,
    /// What the point-of-view character wants here.
    #[serde(default)]
    pub goal: Option<String>,
    /// What stands in the way.
    #[serde(default)]
    pub conflict: Option<String>,
    /// How it ends, and what is different afterwards.
    #[serde(default)]
    pub outcome: Option<String>,
    /// The scenes, in order.
    #[serde(default, deserialize_with = "list")]
    pub scenes: Vec<Placed<SceneShape>>,
}

/// A scene: one place, one stretch of time.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SceneShape {
    /// The short name of the scene.
    #[serde(default)]
    pub id: Option<Placed<String>>,
    /// What the scene is about, in a sentence.
    #[serde(default)]
    pub summary: Option<String>,
    /// How many words it is to have. Without it, an even share of the chapter's.
    #[serde(default)]
    pub words: Option<Placed<u32>>,
    /// The id of the character through whom it is told.
    #[serde(default)]
    pub pov: Option<Placed<String>>,
    /// The id of the place.
    #[serde(default)]
    pub place: Option<Placed<String>>,
    /// The day, as YEAR-MONTH-DAY in the story's calendar.
    #[serde(default)]
    pub date: Option<Placed<String>>,
    /// The time of day, as `HH:MM` or in words.
    #[serde(default)]
    pub time: Option<Placed<String>>,
    /// Whether it lies before what was told earlier.
    #[serde(default)]
    pub flashback: Option<bool>,
    /// The ids of all characters who are there.
    #[serde(default, deserialize_with = "list")]
    pub cast: Vec<Placed<String>>,
    /// The ids of the arc beats that happen here.
    #[serde(default, deserialize_with = "list")]
    pub beats: Vec<Placed<String>>,
    /// What happens, step by step.
    #[serde(default, deserialize_with = "list")]
    pub happens: Vec<String>,
    /// What the point-of-view character wants here.
    #[serde(default)]
    pub goal: Option<String>,
    /// What stands in the way.
    #[serde(default)]
    pub conflict: Option<String>,
    /// How it ends, and what is different afterwards.
    #[serde(default)]
    pub outcome: Option<String>,
}
