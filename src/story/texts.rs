//! Everything the author has written about the story.

use super::{Character, Scene, Story};

/// The texts of a story, in no order that matters: what its prose may well
/// repeat. Without what the author says of the prose itself, which may name
/// what it is not to say.
#[must_use]
pub fn texts(story: &Story) -> Vec<&str> {
    let (book, premise) = (&story.book, &story.premise);
    let mut texts = vec![book.title.as_str(), premise.premise.as_str()];
    texts.extend(premise.sample.as_deref());
    texts.extend(premise.themes.iter().map(String::as_str));
    texts.extend(story.characters.iter().flat_map(of_character));
    for place in &story.places {
        texts.push(&place.name);
        texts.extend(place.description.as_deref());
    }
    texts.extend(story.rules.iter().map(|rule| rule.rule.as_str()));
    texts.extend(
        story
            .arcs
            .iter()
            .flat_map(|arc| [Some(arc.name.as_str()), arc.description.as_deref()])
            .flatten(),
    );
    texts.extend(story.beats.iter().map(|beat| beat.beat.as_str()));
    for thread in &story.threads {
        texts.push(&thread.thread);
        texts.extend(thread.payoff.as_deref());
    }
    texts.extend(story.commitments.iter().map(|one| one.statement.as_str()));
    texts.extend(story.parts.iter().map(|part| part.title.as_str()));
    for chapter in &story.chapters {
        texts.push(&chapter.title);
        texts.extend(chapter.summary.as_deref());
        texts.extend(chapter.scenes.iter().flat_map(of_scene));
    }
    texts
}

fn of_character(character: &Character) -> Vec<&str> {
    let mut texts: Vec<&str> = character.names().collect();
    let one = [
        &character.role,
        &character.goal,
        &character.need,
        &character.fear,
        &character.secret,
        &character.starts_as,
    ];
    texts.extend(one.into_iter().filter_map(|text| text.as_deref()));
    texts.extend(character.appearance.iter().map(|(_, value)| value.as_str()));
    texts.extend(character.voice.habits.iter().chain(&character.voice.lines).map(String::as_str));
    texts.extend(character.relationships.iter().map(|one| one.is.as_str()));
    texts.extend(character.knows.iter().map(String::as_str));
    texts
}

fn of_scene(scene: &Scene) -> Vec<&str> {
    let one = [&scene.summary, &scene.goal, &scene.conflict, &scene.outcome];
    let mut texts: Vec<&str> = one.into_iter().filter_map(|text| text.as_deref()).collect();
    texts.extend(scene.happens.iter().map(String::as_str));
    texts
}
