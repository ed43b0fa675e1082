//! `bible/arcs.yaml` and `bible/threads.yaml`: what the book has to make good on.

use schemars::JsonSchema;
use serde::Deserialize;

use super::list;
use crate::project::yaml::Placed;

/// `bible/arcs.yaml`, or each file in `bible/arcs/`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArcsFile {
    /// The lines of change that run through the book.
    pub arcs: Vec<ArcShape>,
}

/// A line of change: of a character, a bond, a plot.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArcShape {
    /// The short name of the arc.
    pub id: Placed<String>,
    /// What it is called.
    pub name: String,
    /// The id of the character whose arc it is, if it is one character's.
    #[serde(default)]
    pub character: Option<Placed<String>>,
    /// From what to what.
    #[serde(default)]
    pub description: Option<String>,
    /// The turns of the arc, in the order in which they are to happen.
    pub beats: Vec<BeatShape>,
}

/// A turn of an arc. Scenes and chapters of the outline say, by its id, where it happens.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BeatShape {
    /// The short name of the beat, unique in the whole bible.
    pub id: Placed<String>,
    /// What happens.
    pub beat: String,
    /// The planned tension after it, from 0 (calm) to 10.
    #[serde(default)]
    pub tension: Option<Placed<u32>>,
}

/// `bible/threads.yaml`, or each file in `bible/threads/`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThreadsFile {
    /// What is planted and has to be paid off.
    #[serde(default, deserialize_with = "list")]
    pub threads: Vec<ThreadShape>,
    /// What the book has promised to keep.
    #[serde(default, deserialize_with = "list")]
    pub commitments: Vec<CommitmentShape>,
}

/// Something planted that has to be paid off.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThreadShape {
    /// The short name of the thread.
    pub id: Placed<String>,
    /// The question it leaves with the reader.
    pub thread: String,
    /// The chapter (its number or id) in which it is planted.
    pub planted: Placed<ChapterReference>,
    /// The chapter (its number or id) by which it is paid off.
    pub paid_off_by: Placed<ChapterReference>,
    /// How it is paid off.
    #[serde(default)]
    pub payoff: Option<String>,
}

/// A chapter's number (from 1) or its id.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct ChapterReference(pub String);

impl JsonSchema for ChapterReference {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ChapterReference".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": ["string", "integer"] })
    }
}

/// What kind of promise a commitment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CommitmentKindShape {
    /// Holds in every chapter of its range.
    Invariant,
    /// One beat comes before another.
    Ordering,
    /// Has come about by a chapter.
    Achievement,
}

/// A promise the book keeps.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommitmentShape {
    /// The short name of the commitment.
    pub id: Placed<String>,
    /// `invariant`: holds throughout; `ordering`: one beat before another; `achievement`: done by a chapter.
    pub kind: Placed<CommitmentKindShape>,
    /// The promise, in a sentence.
    pub statement: String,
    /// Ordering: the id of the beat that comes first.
    #[serde(default)]
    pub first: Option<Placed<String>>,
    /// Ordering: the id of the beat that comes later.
    #[serde(default)]
    pub then: Option<Placed<String>>,
    /// Invariant: the first chapter in which it holds (default: the first).
    #[serde(default)]
    pub from: Option<Placed<ChapterReference>>,
    /// Invariant: the last chapter in which it holds (default: the last).
    #[serde(default)]
    pub until: Option<Placed<ChapterReference>>,
    /// Achievement: the chapter by which it has come about.
    #[serde(default)]
    pub by: Option<Placed<ChapterReference>>,
}
