//! `bible/characters.yaml`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::list;
use crate::project::yaml::Placed;

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
pub type Attributes = crate::project::yaml::Pairs;

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
