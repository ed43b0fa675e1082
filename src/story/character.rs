//! The people of the story.

use super::{Date, Id, Place, Sited};
use crate::diagnostic::Place as Site;

/// A person of the story, from `bible/characters`.
#[derive(Clone, Debug)]
pub struct Character {
    /// The short name used in files.
    pub id: String,
    /// Where the author declared it.
    pub site: Site,
    /// The full name.
    pub name: String,
    /// Where the author wrote the name.
    pub name_site: Site,
    /// What else people call this character.
    pub aliases: Vec<String>,
    /// Where the author wrote each of `aliases`.
    pub alias_sites: Vec<Site>,
    /// Pronouns.
    pub pronouns: Option<String>,
    /// Who this is, in a sentence.
    pub role: Option<String>,
    /// The date of birth.
    pub born: Option<Sited<Date>>,
    /// The age in years on the first day of the story.
    pub age: Option<Sited<u32>>,
    /// What can be seen: names and values.
    pub appearance: Vec<(String, String)>,
    /// What the character wants.
    pub goal: Option<String>,
    /// What the character needs.
    pub need: Option<String>,
    /// What the character is afraid of.
    pub fear: Option<String>,
    /// What the character hides.
    pub secret: Option<String>,
    /// How the character speaks.
    pub voice: Voice,
    /// How the character stands to others.
    pub relationships: Vec<Relationship>,
    /// What the character knows when the story starts.
    pub knows: Vec<String>,
    /// Where the character is when the story starts.
    pub starts_at: Option<Id<Place>>,
    /// How the character is when the story starts.
    pub starts_as: Option<String>,
}

/// How a character speaks.
#[derive(Clone, Debug, Default)]
pub struct Voice {
    /// The level of speech.
    pub register: Option<String>,
    /// Habits of speech.
    pub habits: Vec<String>,
    /// Lines the character might say.
    pub lines: Vec<String>,
}

/// How a character stands to another.
#[derive(Clone, Debug)]
pub struct Relationship {
    /// The other.
    pub with: Id<Character>,
    /// What the other is to this character.
    pub is: String,
}

impl Character {
    /// Every name people use for this character, the full one first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name.as_str()).chain(self.aliases.iter().map(String::as_str))
    }

    /// Where the author wrote each of [`names`](Self::names).
    pub fn name_sites(&self) -> impl Iterator<Item = &Site> {
        std::iter::once(&self.name_site).chain(&self.alias_sites)
    }

    /// Whether `text` names this character: by a full name, an alias, or a
    /// part of the full name that is a name by itself (at least three letters,
    /// capitalised).
    #[must_use]
    pub fn is_named_in(&self, text: &str) -> bool {
        self.names().any(|name| contains_word(text, name))
            || self
                .name
                .split_whitespace()
                .filter(|part| is_name_part(part))
                .any(|part| contains_word(text, part))
    }
}

/// Whether a part of a name stands for the whole: not a title, not a particle.
fn is_name_part(part: &str) -> bool {
    let mut letters = part.chars();
    letters.next().is_some_and(|first| !first.is_lowercase())
        && part.chars().count() >= 3
        && !part.ends_with('.')
}

/// Whether `word` stands in `text` with no letter on either side. Scripts that
/// do not part their words are matched anywhere.
#[must_use]
pub fn contains_word(text: &str, word: &str) -> bool {
    if word.is_empty() {
        return false;
    }
    let apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() || is_unparted(c));
    text.match_indices(word).any(|(start, found)| {
        apart(text[..start].chars().next_back())
            && apart(text[start + found.len()..].chars().next())
            || found.chars().any(is_unparted)
    })
}

/// Letters of scripts written without spaces between words.
fn is_unparted(c: char) -> bool {
    matches!(u32::from(c), 0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3040..=0x30FF | 0x3400..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_text() {
        for (text, word, expected) in [
            ("Ann went.", "Ann", true),
            ("Annabel went.", "Ann", false),
            ("said Ann, quietly", "Ann", true),
            ("„Ann“", "Ann", true),
            ("Ann's coat", "Ann", true),
            ("小林は言った", "小林", true),
            ("", "Ann", false),
            ("Ann", "", false),
        ] {
            assert_eq!(contains_word(text, word), expected, "{text} / {word}");
        }
    }
}
