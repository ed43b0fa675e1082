//! The shapes of the author's files, exactly as they stand in YAML.
//!
//! These types say what may be written and where; [`resolve`](super::resolve)
//! turns them into a [`Story`](crate::story::Story) and never lets them out.
//! Their doc comments are what an editor shows beside the YAML, since the JSON
//! Schemas are made from them. One file a section of the bible, as in `resolve`.

use serde::{Deserialize, Deserializer};

mod book;
mod model;
mod outline;
mod people;
mod premise;
mod promises;
mod world;

pub use book::{BookFile, LimitsShape, TargetsShape};
pub use model::{EndpointShape, ModelsShape, SamplingShape};
pub use outline::{ChapterShape, OutlineFile, PartShape, SceneShape};
pub use people::{
    Attributes, CharacterShape, CharactersFile, RelationshipShape, StartShape, VoiceShape,
};
pub use premise::{PointOfViewShape, PremiseFile, StyleShape, TenseShape};
pub use promises::{
    ArcShape, ArcsFile, BeatShape, ChapterReference, CommitmentKindShape, CommitmentShape,
    ThreadShape, ThreadsFile,
};
pub use world::{CalendarShape, MonthShape, PlaceShape, RuleShape, TravelShape, WorldFile};

/// A list whose key may be left empty: `aliases:` with nothing after it is the
/// same as no `aliases` at all. Options take an empty key by themselves.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
