use super::*;
use crate::story::canon::Fact;

fn fact(chapter: usize, kind: Kind, about: &str, quote: &str) -> Established {
    Established {
        chapter,
        fact: Fact {
            subject: "ann".to_owned(),
            kind,
            about: about.to_owned(),
            fact: chapter.to_string(),
            quote: quote.to_owned(),
        },
    }
}

#[test]
fn what_never_changes_comes_first() {
    use Kind::{Fixed, Knows, State};
    let facts = [
        fact(1, Fixed, "eyes", "q"),
        fact(2, Fixed, "hand", "q"),
        fact(2, State, "place", "q"),
        fact(3, State, "mood", ""),
        fact(4, Fixed, "kin", "q"),
        fact(5, Knows, "bell", "q"),
        fact(6, Fixed, "scar", "q"),
        fact(7, State, "coat", "q"),
        fact(8, Knows, "rope", "q"),
    ];
    let [standing, states, known] = tiers(facts.iter().collect());
    assert_eq!(standing, ["mood: 3", "eyes: 1", "scar: 6", "hand: 2", "kin: 4"]);
    assert_eq!(states, ["coat: 7", "place: 2"]);
    assert_eq!(known, ["rope: 8", "bell: 5"]);
}
