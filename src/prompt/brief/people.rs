//! Everyone's cards: who gets a full one, and what stands on it.

use super::{pair, phrase, phrases};
use crate::chat::Tokenizer;
use crate::prompt::view::CardView;
use crate::story::{Calendar, Chapter, Character, Story};

/// Everyone's cards within `room` tokens: full ones of those who are in most
/// scenes of the book, short ones of the rest; and the full cards of those of
/// the rest who are in this chapter. Which are full does not depend on the
/// chapter, so the first list stays the same throughout the book.
pub(super) fn people(
    story: &Story,
    chapter: &Chapter,
    room: usize,
    tokenizer: &dyn Tokenizer,
) -> (Vec<CardView>, Vec<CardView>) {
    let weigh =
        |card: &CardView| tokenizer.text(&serde_json::to_string(card).unwrap_or_default()) * 2 / 3;
    let full: Vec<CardView> = story.characters.iter().map(|one| card(story, one)).collect();
    let mut people: Vec<CardView> =
        story.characters.iter().map(|one| short_card(story, one)).collect();
    let mut left = room.saturating_sub(people.iter().map(weigh).sum());
    for index in by_scenes(story) {
        let more = weigh(&full[index]).saturating_sub(weigh(&people[index]));
        if more > left {
            break;
        }
        left -= more;
        people[index] = full[index].clone();
    }
    let cast = chapter
        .cast()
        .into_iter()
        .map(crate::story::Id::index)
        .filter(|index| people[*index] != full[*index])
        .map(|index| full[index].clone())
        .collect();
    (people, cast)
}

/// The positions of the people, those in most scenes of the book first.
fn by_scenes(story: &Story) -> Vec<usize> {
    let mut scenes = vec![0_usize; story.characters.len()];
    for id in
        story.chapters.iter().flat_map(|chapter| &chapter.scenes).flat_map(|scene| &scene.cast)
    {
        scenes[id.index()] += 1;
    }
    let mut order: Vec<usize> = (0..scenes.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(scenes[*index]));
    order
}

/// A character's age when the story starts.
fn age(story: &Story, character: &Character) -> Option<i32> {
    match (&character.age, &character.born, story.calendar.starts) {
        (Some(age), _, _) => i32::try_from(age.value).ok(),
        (None, Some(born), Some(starts)) => {
            Some(Calendar::years_between(born.value, starts)).filter(|age| *age >= 0)
        }
        _ => None,
    }
}

fn card(story: &Story, character: &Character) -> CardView {
    CardView {
        appearance: character
            .appearance
            .iter()
            .filter_map(|(name, value)| Some(pair(name, &phrase(Some(value))?)))
            .collect(),
        goal: character.goal.clone(),
        need: character.need.clone(),
        fear: character.fear.clone(),
        secret: character.secret.clone(),
        register: phrase(character.voice.register.as_ref()),
        habits: phrases(&character.voice.habits),
        lines: character.voice.lines.clone(),
        relationships: character
            .relationships
            .iter()
            .filter_map(|one| Some(pair(&story[one.with].name, &phrase(Some(&one.is))?)))
            .collect(),
        knows: phrases(&character.knows),
        ..short_card(story, character)
    }
}

fn short_card(story: &Story, character: &Character) -> CardView {
    CardView {
        id: character.id.clone(),
        name: character.name.clone(),
        aliases: character.aliases.clone(),
        pronouns: character.pronouns.clone(),
        role: character.role.clone(),
        age: age(story, character),
        appearance: Vec::new(),
        goal: None,
        need: None,
        fear: None,
        secret: None,
        register: None,
        habits: Vec::new(),
        lines: Vec::new(),
        relationships: Vec::new(),
        knows: Vec::new(),
    }
}
