//! The canon: what accepted chapters have established. A planned event is not a fact.
//!
//! Each chapter has one [`Record`]: its synopsis, frozen, and its facts, each
//! with the quote that bears it. Merging the records of chapters in order gives
//! the state of everyone and everything, and what contradicts what.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::prose;

/// Who wrote a synopsis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Maker {
    /// The model, and it passed the check.
    Model,
    /// Sentences of the chapter itself, since the model's did not pass.
    Extract,
}

/// What kind of fact it is, and so how it ages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Never changes: the colour of eyes, a date of birth, a kinship.
    Fixed,
    /// Holds until a later fact says otherwise: where, how, with what.
    State,
    /// Someone has come to know something.
    Knows,
    /// Something happened.
    Event,
}

/// Something a chapter established.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// The id of the character or place it is about, or a name.
    pub subject: String,
    /// How it ages.
    pub kind: Kind,
    /// What aspect of the subject it is about: `eyes`, `place`, `injury`.
    pub about: String,
    /// The fact, in a few words.
    pub fact: String,
    /// The words of the chapter that bear it.
    pub quote: String,
}

/// What one chapter established.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The number of the chapter.
    pub chapter: usize,
    /// What happened, in a short passage.
    pub synopsis: String,
    /// Who wrote it.
    pub maker: Maker,
    /// The facts.
    pub facts: Vec<Fact>,
}

/// A fact and the chapter it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Established {
    /// The number of the chapter.
    pub chapter: usize,
    /// The fact.
    pub fact: Fact,
}

/// Two facts that cannot both hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// What an earlier chapter established.
    pub earlier: Established,
    /// What a later one says against it.
    pub later: Established,
}

/// What has been established up to some chapter.
#[derive(Clone, Debug, Default)]
pub struct Canon {
    /// Every fact, in the order in which it was established; none in place of
    /// one that a later fact has replaced.
    facts: Vec<Option<Established>>,
    /// Where the facts about a subject stand.
    by_subject: HashMap<String, Vec<usize>>,
    /// Where a subject's aspect stands, for the kinds that have one value.
    holds: HashMap<(String, String), usize>,
    /// What contradicts what.
    pub contradictions: Vec<Contradiction>,
}

impl Canon {
    /// Adds what the next chapter established: a later state replaces an earlier
    /// one of the same subject and aspect; a fixed fact stands, and another
    /// value contradicts it.
    pub fn add(&mut self, record: &Record) {
        for fact in &record.facts {
            self.add_fact(Established { chapter: record.chapter, fact: fact.clone() });
        }
    }

    fn add_fact(&mut self, established: Established) {
        let fact = &established.fact;
        let key = (fold(&fact.subject), fold(&fact.about));
        let position = self.facts.len();
        if matches!(fact.kind, Kind::Fixed | Kind::State) {
            let earlier = self.holds.get(&key).copied();
            if let Some((at, before)) =
                earlier.and_then(|at| Some((at, self.facts.get(at)?.as_ref()?)))
            {
                if fold(&before.fact.fact) == fold(&fact.fact) {
                    return;
                }
                if before.fact.kind == Kind::Fixed {
                    self.contradictions
                        .push(Contradiction { earlier: before.clone(), later: established });
                    return;
                }
                self.facts[at] = None;
            }
            self.holds.insert(key.clone(), position);
        }
        self.by_subject.entry(key.0).or_default().push(position);
        self.facts.push(Some(established));
    }

    /// Everything that holds, in the order in which it was established.
    pub fn facts(&self) -> impl Iterator<Item = &Established> {
        self.facts.iter().flatten()
    }

    /// What holds of a subject, oldest first.
    #[must_use = "an iterator does nothing by itself"]
    pub fn of(&self, subject: &str) -> impl DoubleEndedIterator<Item = &Established> {
        self.by_subject
            .get(&fold(subject))
            .into_iter()
            .flatten()
            .filter_map(|at| self.facts.get(*at)?.as_ref())
    }
}

/// Merges the records of chapters, in their order.
#[must_use]
pub fn merge<'a>(records: impl IntoIterator<Item = &'a Record>) -> Canon {
    let mut canon = Canon::default();
    for record in records {
        canon.add(record);
    }
    canon
}

/// Whether a quote stands in a text, whatever its spaces, quotation marks and case.
#[must_use]
pub fn quoted_in(quote: &str, text: &str) -> bool {
    let quote = fold(quote);
    let quote = quote.trim_matches(|c: char| !c.is_alphanumeric());
    !quote.is_empty() && fold(text).contains(quote)
}

/// The facts whose quote stands in `text`, each once, and how many were dropped
/// because theirs does not.
#[must_use]
pub fn borne_out(facts: Vec<Fact>, text: &str) -> (Vec<Fact>, usize) {
    let folded = fold(text);
    let before = facts.len();
    let kept: Vec<Fact> = facts
        .into_iter()
        .filter(|fact| {
            let quote = fold(&fact.quote);
            let quote = quote.trim_matches(|c: char| !c.is_alphanumeric());
            prose::words(quote) >= 1 && folded.contains(quote)
        })
        .collect();
    let dropped = before - kept.len();
    let mut seen = HashSet::new();
    let once = kept
        .into_iter()
        .filter(|fact| seen.insert((fold(&fact.subject), fold(&fact.about), fold(&fact.fact))))
        .collect();
    (once, dropped)
}

/// Lower case, single spaces, plain quotation marks, no emphasis marks.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            '“' | '”' | '„' | '«' | '»' | '‟' | '"' => folded.push('"'),
            '‘' | '’' | '‚' | '\'' => folded.push('\''),
            '*' | '_' => {}
            c if c.is_whitespace() => {
                if !folded.ends_with(' ') && !folded.is_empty() {
                    folded.push(' ');
                }
            }
            c => folded.push(c),
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(subject: &str, kind: Kind, about: &str, fact: &str) -> Fact {
        Fact {
            subject: subject.to_owned(),
            kind,
            about: about.to_owned(),
            fact: fact.to_owned(),
            quote: fact.to_owned(),
        }
    }

    fn record(chapter: usize, facts: Vec<Fact>) -> Record {
        Record { chapter, synopsis: String::new(), maker: Maker::Model, facts }
    }

    #[test]
    fn states_replace_and_fixed_facts_stand() {
        let records = [
            record(
                1,
                vec![
                    fact("ann", Kind::Fixed, "eyes", "grey"),
                    fact("ann", Kind::State, "place", "the mill"),
                    fact("ann", Kind::Event, "fire", "saw the fire"),
                ],
            ),
            record(
                2,
                vec![
                    fact("ann", Kind::Fixed, "Eyes", "brown"),
                    fact("ann", Kind::State, "place", "the harbour"),
                    fact("ann", Kind::Event, "fire", "told of the fire"),
                    fact("ann", Kind::Fixed, "eyes", "Grey"),
                ],
            ),
        ];
        let canon = merge(&records);
        let holds: Vec<(usize, &str)> =
            canon.facts().map(|one| (one.chapter, one.fact.fact.as_str())).collect();
        assert_eq!(
            holds,
            [(1, "grey"), (1, "saw the fire"), (2, "the harbour"), (2, "told of the fire")]
        );
        assert_eq!(canon.contradictions.len(), 1);
        assert_eq!(canon.contradictions[0].later.fact.fact, "brown");
    }

    #[test]
    fn quotes_are_found() {
        let text = "“I never  saw\nhim,” said *Ann*.";
        for (quote, expected) in [
            ("I never saw him", true),
            ("\"I never saw him,\" said Ann", true),
            ("I NEVER", true),
            ("I saw him", false),
            ("", false),
            ("…", false),
        ] {
            assert_eq!(quoted_in(quote, text), expected, "{quote}");
        }
    }
}
