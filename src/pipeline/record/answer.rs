//! What a model answers when it is asked what a chapter tells.

use serde::Deserialize;

use crate::project::calls::{Ending, Kept};
use crate::story::canon::{Fact, Kind};
use crate::story::{Story, prose, take};

/// The shape of the model's answer.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    pub synopsis: String,
    #[serde(default)]
    pub facts: Vec<AnswerFact>,
}

#[derive(Debug, Deserialize)]
pub(super) struct AnswerFact {
    #[serde(default)]
    subject: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    about: String,
    #[serde(default)]
    fact: String,
    #[serde(default)]
    quote: String,
}

/// The JSON Schema of an answer with at most `facts` facts; with none, of an
/// answer that is only a synopsis.
#[must_use]
pub fn schema(facts: usize) -> serde_json::Value {
    let text = |limit: usize| serde_json::json!({ "type": "string", "maxLength": limit });
    if facts == 0 {
        return serde_json::json!({
            "type": "object",
            "properties": { "synopsis": text(6_000) },
            "required": ["synopsis"],
            "additionalProperties": false,
        });
    }
    serde_json::json!({
        "type": "object",
        "properties": {
            "synopsis": text(6_000),
            "facts": {
                "type": "array",
                "maxItems": facts,
                "items": {
                    "type": "object",
                    "properties": {
                        "subject": text(80),
                        "kind": { "type": "string", "enum": ["fixed", "state", "knows", "event"] },
                        "about": text(60),
                        "fact": text(240),
                        "quote": text(240),
                    },
                    "required": ["subject", "kind", "about", "fact", "quote"],
                    "additionalProperties": false,
                },
            },
        },
        "required": ["synopsis", "facts"],
        "additionalProperties": false,
    })
}

/// Reads an answer as leniently as JSON allows: without fences, with text
/// around it, and, where it was cut, up to the last whole fact.
pub(super) fn parse(kept: &Kept) -> Answer {
    if let Some(answer) = whole(&kept.text) {
        return answer;
    }
    if kept.ending == Ending::Stop {
        return Answer::default();
    }
    // The last `}` may close a fact of a list that was cut.
    let closed = object(&kept.text).map(|facts| format!("{facts}]}}"));
    closed.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// An answer that is closed.
pub(super) fn whole(text: &str) -> Option<Answer> {
    serde_json::from_str(&object(text)?).ok()
}

/// What stands from the first brace that opens to the last that closes.
fn object(text: &str) -> Option<String> {
    let text = prose::clean(take::without_thoughts(text));
    let (from, until) = (text.find('{')?, text.rfind('}')?);
    text.get(from..=until).map(str::to_owned)
}

/// A fact of the answer, with names turned into ids; none if it says nothing.
pub(super) fn read_fact(story: &Story, fact: &AnswerFact) -> Option<Fact> {
    let short = |text: &str, limit: usize| -> String {
        let text = prose::clean(text).replace('\n', " ");
        text.trim().chars().take(limit).collect()
    };
    let kind = match fact.kind.as_str() {
        "fixed" => Kind::Fixed,
        "state" => Kind::State,
        "knows" => Kind::Knows,
        "event" => Kind::Event,
        _ => return None,
    };
    let subject = short(&fact.subject, 80);
    let named = |name: &str| name.eq_ignore_ascii_case(&subject);
    let id = story
        .characters
        .iter()
        .find(|one| named(&one.id) || one.names().any(named))
        .map(|one| one.id.clone())
        .or_else(|| {
            let place = story.places.iter().find(|one| named(&one.id) || named(&one.name));
            place.map(|one| one.id.clone())
        });
    let fact = Fact {
        subject: id.unwrap_or(subject),
        kind,
        about: short(&fact.about, 60),
        fact: short(&fact.fact, 240),
        quote: short(&fact.quote, 240),
    };
    let says_something =
        !fact.subject.is_empty() && !fact.fact.is_empty() && !fact.quote.is_empty();
    says_something.then_some(fact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_leniently() {
        let fact = r#"{"subject":"ann","kind":"state","about":"place","fact":"at the mill","quote":"the mill"}"#;
        for (text, ending, synopsis, facts) in [
            (
                format!(r#"{{"synopsis":"Ann waits.","facts":[{fact}]}}"#),
                Ending::Stop,
                "Ann waits.",
                1,
            ),
            (
                format!("```json\n{{\"synopsis\":\"Ann waits.\",\"facts\":[{fact}]}}\n```"),
                Ending::Stop,
                "Ann waits.",
                1,
            ),
            (
                r#"Here: {"synopsis":"Ann waits.","facts":[]} Done."#.to_owned(),
                Ending::Stop,
                "Ann waits.",
                0,
            ),
            (
                format!(r#"{{"synopsis":"Ann waits.","facts":[{fact},{{"subject":"a"#),
                Ending::Length,
                "Ann waits.",
                1,
            ),
            (r#"{"synopsis":"Ann waits."}"#.to_owned(), Ending::Stop, "Ann waits.", 0),
            ("I cannot.".to_owned(), Ending::Stop, "", 0),
            (r#"{"synopsis":"Ann wa"#.to_owned(), Ending::Length, "", 0),
        ] {
            let answer = parse(&Kept::just_now(&text, ending));
            assert_eq!((answer.synopsis.as_str(), answer.facts.len()), (synopsis, facts), "{text}");
        }
    }
}
