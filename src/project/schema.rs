//! The shapes of the author's files, exactly as they stand in YAML.
//!
//! These types say what may be written and where; [`resolve`](super::resolve)
//! turns them into a [`Story`](crate::story::Story) and never lets them out.
//! Their doc comments are what an editor shows beside the YAML, since the JSON
//! Schemas are made from them.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::yaml::Placed;

/// A list whose key may be left empty: `aliases:` with nothing after it is the
/// same as no `aliases` at all. Options take an empty key by themselves.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// `storygen.yaml`: the book and how it is to be drafted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BookFile {
    /// The title of the book.
    pub title: Placed<String>,
    /// The author's name, as it is to stand on the book.
    #[serde(default)]
    pub author: Option<String>,
    /// The language of the book, as a BCP-47 tag: `en-GB`, `de`, `pt-BR`.
    pub language: Placed<String>,
    /// The genre, in a word or two.
    #[serde(default)]
    pub genre: Option<String>,
    /// The model that drafts, as `provider/name`: `embedded`, `openai/gpt-5`. Endpoints and keys stand in your own configuration, never here.
    #[serde(default)]
    pub model: Option<Placed<String>>,
    /// How long things are to be.
    #[serde(default)]
    pub targets: Option<TargetsShape>,
    /// What one run may use.
    #[serde(default)]
    pub limits: Option<LimitsShape>,
}

/// How long things are to be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetsShape {
    /// Words of a chapter that names no target of its own (default 1,800).
    #[serde(default)]
    pub chapter_words: Option<Placed<u32>>,
    /// Words of the synopsis that is kept of each chapter (default 90).
    #[serde(default)]
    pub synopsis_words: Option<Placed<u32>>,
}

/// What one run may use.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitsShape {
    /// Tokens that prompt and reply may take together; the model's own window where it is smaller.
    #[serde(default)]
    pub window: Option<Placed<u32>>,
    /// Tokens of one reply; the model's own limit where it is smaller.
    #[serde(default)]
    pub reply_tokens: Option<Placed<u32>>,
    /// How many more times a rejected reply is drawn (default 3).
    #[serde(default)]
    pub redraws: Option<Placed<u32>>,
    /// How many times a reply that was cut, or fell short, is continued (default 8).
    #[serde(default)]
    pub continuations: Option<Placed<u32>>,
}

/// `bible/premise.yaml`: what the book is about and how it sounds.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PremiseFile {
    /// The story in a paragraph: who wants what, what stands in the way, what is at stake.
    pub premise: Placed<String>,
    /// What the book turns over in its mind, a phrase each.
    #[serde(default, deserialize_with = "list")]
    pub themes: Vec<String>,
    /// The tone, in a few words.
    #[serde(default)]
    pub tone: Option<String>,
    /// Who it is for.
    #[serde(default)]
    pub audience: Option<String>,
    /// Who tells it, and from where.
    #[serde(default)]
    pub point_of_view: Option<PointOfViewShape>,
    /// The tense of the narration.
    #[serde(default)]
    pub tense: Option<TenseShape>,
    /// How the prose is to be written.
    #[serde(default)]
    pub style: Option<StyleShape>,
}

/// Who tells the story, and from where.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PointOfViewShape {
    /// `I`, the scene's point-of-view character.
    First,
    /// `you`.
    Second,
    /// `he`, `she`, `they`, inside the scene's point-of-view character.
    ThirdLimited,
    /// `he`, `she`, `they`, seeing into everyone.
    ThirdOmniscient,
}

/// The tense of the narration.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TenseShape {
    /// She went.
    Past,
    /// She goes.
    Present,
}

/// How the prose is to be written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StyleShape {
    /// Spelling and typography: `British`, `Swiss, no ß`.
    #[serde(default)]
    pub spelling: Option<String>,
    /// Notes to the writer, one rule each.
    #[serde(default, deserialize_with = "list")]
    pub notes: Vec<String>,
    /// A paragraph that sounds as the book should.
    #[serde(default)]
    pub sample: Option<String>,
    /// Phrases that must not appear.
    #[serde(default, deserialize_with = "list")]
    pub avoid: Vec<Placed<String>>,
}

/// `bible/characters.yaml`, or each file in `bible/characters/`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CharactersFile {
    /// The people of the story.
    pub characters: Vec<CharacterShape>,
}

/// One person of the story.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CharacterShape {
    /// The short name by which the other files refer to this character: `a-z`, `0-9`, `-`.
    pub id: Placed<String>,
    /// The full name.
    pub name: Placed<String>,
    /// What else people call this character.
    #[serde(default, deserialize_with = "list")]
    pub aliases: Vec<Placed<String>>,
    /// Pronouns, in the language of the book: `she/her`.
    #[serde(default)]
    pub pronouns: Option<String>,
    /// Who this is, in a sentence.
    #[serde(default)]
    pub role: Option<String>,
    /// The date of birth, as YEAR-MONTH-DAY in the story's calendar.
    #[serde(default)]
    pub born: Option<Placed<String>>,
    /// The age in years on the first day of the story, where no date of birth is given.
    #[serde(default)]
    pub age: Option<Placed<u32>>,
    /// What can be seen: a name and a value each, such as `eyes: grey`.
    #[serde(default)]
    pub appearance: Option<Attributes>,
    /// What the character wants.
    #[serde(default)]
    pub goal: Option<String>,
    /// What the character needs, and may not know.
    #[serde(default)]
    pub need: Option<String>,
    /// What the character is afraid of.
    #[serde(default)]
    pub fear: Option<String>,
    /// What the character hides.
    #[serde(default)]
    pub secret: Option<String>,
    /// How the character speaks.
    #[serde(default)]
    pub voice: Option<VoiceShape>,
    /// How the character stands to others.
    #[serde(default, deserialize_with = "list")]
    pub relationships: Vec<RelationshipShape>,
    /// What the character knows when the story starts.
    #[serde(default, deserialize_with = "list")]
    pub knows: Vec<String>,
    /// Where and how the character is when the story starts.
    #[serde(default)]
    pub starts: Option<StartShape>,
}

/// Names and values, in the order of the file.
pub type Attributes = super::yaml::Pairs;

/// How a character speaks.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VoiceShape {
    /// Formal, blunt, bookish: the level of speech.
    #[serde(default)]
    pub register: Option<String>,
    /// Habits of speech, one each.
    #[serde(default, deserialize_with = "list")]
    pub habits: Vec<String>,
    /// Lines the character might say.
    #[serde(default, deserialize_with = "list")]
    pub lines: Vec<String>,
}

/// How a character stands to another.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RelationshipShape {
    /// The other's id.
    pub with: Placed<String>,
    /// What the other is to this character, and how it feels.
    pub is: String,
}

/// Where and how a character is when the story starts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartShape {
    /// The id of a place.
    #[serde(default)]
    pub place: Option<Placed<String>>,
    /// The state: tired, widowed, on the run.
    #[serde(default)]
    pub state: Option<String>,
}

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
