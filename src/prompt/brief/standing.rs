//! How things stand: the facts about a chapter's people and places.

use std::collections::HashSet;

use crate::chat::Tokenizer;
use crate::prompt::budget::Shares;
use crate::prompt::view::{StateView, Untold};
use crate::story::canon::{Canon, Established, Kind, fold};
use crate::story::{Chapter, Story};

/// How much a chapter suffers when a fact is missing, most first.
const TIERS: usize = 3;

/// Somebody or something that facts are about.
struct Subject<'a> {
    name: &'a String,
    /// How the bible has it at the start of the story.
    start: Vec<String>,
    /// What holds, most useful first: what never changes or the author has written,
    /// the newest states, what was last learned.
    tiers: [Vec<String>; TIERS],
    /// How many of each are told.
    told: [usize; TIERS],
    /// How many of the first are told however little room there is.
    sure: usize,
}

/// What holds of the cast and the places; of those nobody has told of yet, the
/// bible's start. Also how much of it is not told.
///
/// What never changes goes first, then the newest states, then what was last
/// learned, of each subject in turn. They may take twice their share, since most
/// windows are not full; where this one is, the budget takes the rest back. What
/// never changes leaves a quarter of that to what does.
pub(super) fn states(
    story: &Story,
    chapter: &Chapter,
    canon: &Canon,
    shares: &Shares,
    tokenizer: &dyn Tokenizer,
) -> (Vec<StateView>, Untold) {
    let mut subjects = subjects(story, chapter, canon);
    let most = shares.facts * 2;
    let (mut spent, mut untold) = (0, Untold::default());
    for (tier, limit) in [most / 4 * 3, most, most].into_iter().enumerate() {
        let longest = subjects.iter().map(|one| one.tiers[tier].len()).max().unwrap_or(0);
        let mut full: HashSet<usize> = HashSet::new();
        for round in 0..longest {
            for (index, subject) in subjects.iter_mut().enumerate() {
                let Some(fact) = subject.tiers[tier].get(round) else { continue };
                let tokens = tokenizer.text(fact) + 2;
                untold.known += 1;
                untold.standing += usize::from(tier == 0);
                // One after another: what is told of a subject has no gaps.
                if full.contains(&index) || spent + tokens > limit {
                    full.insert(index);
                    untold.tokens += tokens;
                    continue;
                }
                spent += tokens;
                subject.told[tier] += 1;
                subject.sure += usize::from(tier == 0 && spent <= shares.facts);
            }
        }
    }
    (subjects.into_iter().filter_map(Subject::view).collect(), untold)
}

fn subjects<'a>(story: &'a Story, chapter: &Chapter, canon: &Canon) -> Vec<Subject<'a>> {
    let people = chapter.cast().into_iter().map(|id| {
        let character = &story[id];
        let start = character
            .starts_at
            .map(|place| story[place].name.clone())
            .into_iter()
            .chain(character.starts_as.clone())
            .collect();
        (&character.id, &character.name, start)
    });
    let places =
        chapter.places().into_iter().map(|id| (&story[id].id, &story[id].name, Vec::new()));
    people
        .chain(places)
        .map(|(id, name, start)| Subject {
            name,
            start,
            tiers: tiers(known(canon, id, name)),
            told: [0; TIERS],
            sure: 0,
        })
        .collect()
}

/// What holds of a subject, oldest first.
fn known<'a>(canon: &'a Canon, id: &str, name: &str) -> Vec<&'a Established> {
    // Some models name people instead of giving the id.
    let by_name = canon.of(name).filter(|_| name != id);
    let told_of = canon.of(id).chain(by_name).filter(|one| one.fact.kind != Kind::Event);
    let mut known: Vec<_> = told_of.collect();
    known.sort_by_key(|one| one.chapter);
    // Told of by id and by name, the same state has two values: the newest holds.
    let mut aspects = HashSet::new();
    let mut holds =
        |one: &&Established| one.fact.kind != Kind::State || aspects.insert(fold(&one.fact.about));
    let mut known: Vec<_> = known.into_iter().rev().filter(|one| holds(one)).collect();
    known.reverse();
    known
}

/// Facts by their use, most useful first.
fn tiers(known: Vec<&Established>) -> [Vec<String>; TIERS] {
    let mut tiers: [Vec<&Established>; TIERS] = Default::default();
    for one in known.into_iter().rev() {
        let tier = match one.fact.kind {
            _ if is_the_authors(one) => 0,
            Kind::Fixed => 0,
            Kind::State => 1,
            Kind::Knows | Kind::Event => 2,
        };
        tiers[tier].push(one);
    }
    tiers[0] = from_both_ends(&tiers[0]);
    tiers[0].sort_by_key(|one| !is_the_authors(one));
    tiers.map(|tier| {
        tier.iter().map(|one| format!("{}: {}", one.fact.about, one.fact.fact)).collect()
    })
}

/// Whether the author has added it by hand: a model's fact has a quote that bears
/// it, or it is dropped.
fn is_the_authors(one: &Established) -> bool {
    one.fact.quote.trim().is_empty()
}

/// The oldest, the newest, the second oldest and so on, of facts newest first: what
/// was fixed when the story began holds as much as what was fixed last.
fn from_both_ends<'a>(facts: &[&'a Established]) -> Vec<&'a Established> {
    let (newest, oldest) = (facts.iter(), facts.iter().rev());
    oldest.zip(newest).flat_map(|(old, new)| [*old, *new]).take(facts.len()).collect()
}

impl Subject<'_> {
    /// As a template sees it; none where there is nothing to tell.
    fn view(self) -> Option<StateView> {
        let told = self.tiers.iter().zip(self.told).flat_map(|(tier, told)| &tier[..told]);
        let mut facts: Vec<String> = told.cloned().collect();
        facts.reverse();
        let initial = facts.is_empty();
        let facts = if initial { self.start } else { facts };
        (!facts.is_empty()).then(|| StateView {
            name: self.name.clone(),
            initial,
            facts,
            standing: self.told[0],
            sure: self.sure,
        })
    }
}

#[cfg(test)]
mod tests;
