//! The characters.

use super::{CharacterNames, Files, PlaceNames, world};
use crate::diagnostic::{Finding, Place as Site};
use crate::project::schema::{CharacterShape, CharactersFile};
use crate::story::character::{Relationship, Voice};
use crate::story::{Calendar, Character, Sited};

/// What a character's card may refer to.
pub(super) struct Lookup<'a> {
    pub calendar: &'a Calendar,
    pub places: &'a PlaceNames,
    pub characters: &'a CharacterNames,
}

/// The ids of all characters.
pub(super) fn names(files: &Files<CharactersFile>, findings: &mut Vec<Finding>) -> CharacterNames {
    let mut names = CharacterNames::new("character", files);
    for (file, shape) in &files.read {
        for character in &shape.characters {
            names.declare(file, &character.id, findings);
        }
    }
    names
}

/// All characters.
pub(super) fn characters(
    files: Files<CharactersFile>,
    lookup: &Lookup<'_>,
    findings: &mut Vec<Finding>,
) -> Vec<Character> {
    let mut characters = Vec::new();
    for (file, shape) in files.read {
        for character in shape.characters {
            characters.push(read(&file, character, lookup, findings));
        }
    }
    characters
}

fn read(
    file: &str,
    shape: CharacterShape,
    lookup: &Lookup<'_>,
    findings: &mut Vec<Finding>,
) -> Character {
    let born = shape.born.as_ref().and_then(|born| {
        Some(Sited {
            value: world::date(lookup.calendar, file, born, findings)?,
            site: Site::at(file, born.spot),
        })
    });
    let relationships = shape
        .relationships
        .into_iter()
        .filter_map(|relationship| {
            Some(Relationship {
                with: lookup.characters.find(file, &relationship.with, findings)?,
                is: relationship.is,
            })
        })
        .collect();
    let (start, state) = match shape.starts {
        Some(starts) => (
            starts.place.and_then(|place| lookup.places.find(file, &place, findings)),
            starts.state,
        ),
        None => (None, None),
    };
    if shape.name.value.trim().is_empty() {
        findings.push(Finding::error(
            "empty-name",
            Site::at(file, shape.name.spot),
            format!("the character `{}` needs a name", shape.id.value),
        ));
    }
    Character {
        site: Site::at(file, shape.id.spot),
        id: shape.id.value,
        name_site: Site::at(file, shape.name.spot),
        name: shape.name.value,
        alias_sites: shape.aliases.iter().map(|alias| Site::at(file, alias.spot)).collect(),
        aliases: shape.aliases.into_iter().map(|alias| alias.value).collect(),
        pronouns: shape.pronouns,
        role: shape.role,
        born,
        age: shape.age.map(|age| Sited { value: age.value, site: Site::at(file, age.spot) }),
        appearance: shape.appearance.unwrap_or_default().0,
        goal: shape.goal,
        need: shape.need,
        fear: shape.fear,
        secret: shape.secret,
        voice: shape.voice.map_or_else(Voice::default, |voice| Voice {
            register: voice.register,
            habits: voice.habits,
            lines: voice.lines,
        }),
        relationships,
        knows: shape.knows,
        starts_at: start,
        starts_as: state,
    }
}
