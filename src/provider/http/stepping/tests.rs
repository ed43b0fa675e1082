use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::phrases::{Phrases, Place};

fn request(phrases: &[&str], begun: &str, reply_tokens: usize) -> Request {
    let list = Phrases::new(phrases.iter().map(|phrase| (*phrase).to_owned())).unwrap();
    let bans = Bans::default().and(Arc::new(list), BTreeSet::new(), Place::Anywhere);
    let mut messages = vec![Message::new(Role::User, "Go.")];
    if !begun.is_empty() {
        messages.push(Message::new(Role::Assistant, begun));
    }
    Request {
        messages,
        reply_tokens,
        sampling: Sampling::default(),
        seed: 1,
        schema: None,
        bans: Some(Arc::new(bans)),
        marks: Vec::new(),
    }
}

/// What a model says after `said`, in tokens: the first of these, in their
/// order, that the bias leaves likely.
type Model<'m> = &'m dyn Fn(&str) -> Vec<(u32, &'static str)>;

/// Streams a reply of this model, as an endpoint and its caller do; gives
/// the text that went out and how often it was asked.
fn streamed(model: Model<'_>, request: &Request) -> (String, usize) {
    let mut stepping = Stepping::of(request, false).unwrap();
    let begun = request.begun().map_or(0, |message| message.text.len());
    let (mut out, mut asked) = (String::new(), 0);
    'turns: loop {
        asked += 1;
        let turn = stepping.turn(request).into_owned();
        let mut said = turn.begun().map_or("", |message| &message.text[begun..]).to_owned();
        assert!(said.starts_with(&out), "what has gone out stays: {out:?} {said:?}");
        let bias = |token: &u32| turn.sampling.logit_bias.get(token).copied().unwrap_or(0.0);
        for _ in 0..turn.reply_tokens {
            let likely = model(&said);
            let by_bias = |one: &&(u32, &str)| bias(&one.0) > -1.0;
            let Some((token, text)) = likely.iter().find(by_bias).or(likely.first()) else {
                match stepping.end(&Finish::Stop) {
                    Some(rest) => return (out + &rest, asked),
                    None => continue 'turns,
                }
            };
            said += text;
            out += &stepping.hear(text, Some(*token));
            if stepping.steps_back() {
                continue 'turns;
            }
        }
        if let Some(rest) = stepping.end(&Finish::Length) {
            return (out + &rest, asked);
        }
    }
}

/// Says these words one after the other, each of which has a second choice.
fn words(
    choices: &'static [(&'static str, &'static str)],
) -> impl Fn(&str) -> Vec<(u32, &'static str)> {
    move |said| {
        let mut rest = said;
        for (index, (one, other)) in choices.iter().enumerate() {
            let Some(after) = rest.strip_prefix(one).or_else(|| rest.strip_prefix(other)) else {
                let token = u32::try_from(index * 2).unwrap();
                return vec![(token, one), (token + 1, other)];
            };
            rest = after;
        }
        Vec::new()
    }
}

#[test]
fn a_phrase_gives_way_to_what_is_next_likely() {
    let model = words(&[
        ("It", "We"),
        (" sent", " gave"),
        (" shivers", " warmth"),
        (" down", " up"),
        (" the", " a"),
        (" spine", " line"),
        (".", "!"),
    ]);
    for (phrases, begun, tokens, text, asked) in [
        (&["no such thing"][..], "", 9, "It sent shivers down the spine.", 1),
        (&["shivers down"], "", 9, "It sent warmth down the spine.", 3),
        // As the reply's first word, and as its last.
        (&["it sent"], "", 9, "We sent shivers down the spine.", 3),
        (&["the spine"], "", 9, "It sent shivers down a spine.", 3),
        (&["the spine"], "", 6, "It sent shivers down a spine", 3),
        // A phrase that began before the reply.
        (&["so it sent"], "And so ", 9, "We sent shivers down the spine.", 3),
        // One after the other.
        (&["shivers down", "the spine"], "", 9, "It sent warmth down a spine.", 5),
    ] {
        let seen = streamed(&model, &request(phrases, begun, tokens));
        assert_eq!(seen, (text.to_owned(), asked), "{phrases:?} {tokens}");
    }
}

#[test]
fn a_model_that_insists_is_let_be() {
    let model = |said: &str| if said.len() < 12 { vec![(7, "no ")] } else { Vec::new() };
    let (text, asked) = streamed(&model, &request(&["no no"], "", 20));
    assert_eq!(text, "no no no no ");
    assert!(asked < 40, "{asked}");
}

#[test]
fn a_token_that_is_not_told_is_known_by_its_text() {
    let request = request(&["shivers down"], "", 20);
    let mut stepping = Stepping::of(&request, true).unwrap();
    for text in ["It", " sent", " shivers", " down", " it"] {
        assert!(!stepping.steps_back());
        stepping.hear(text, None);
    }
    assert!(stepping.steps_back());
    let turn = stepping.turn(&request).into_owned();
    assert_eq!(turn.begun().unwrap().text, "It sent");
    let (text, by) = turn.sampling.text_bias.iter().next().unwrap();
    assert!(text == " shivers" && *by < -4.0 && turn.sampling.logit_bias.is_empty());
    assert_eq!(turn.reply_tokens, 1);
    // What came was no whole character: a few more are asked for.
    assert_eq!(stepping.end(&Finish::Length), None);
    assert_eq!(stepping.turn(&request).reply_tokens, 4);
    assert_eq!(stepping.hear(" 🦊", None) + &stepping.hear(" up", None), " 🦊 up");
    assert_eq!(stepping.end(&Finish::Length), None);
    let turn = stepping.turn(&request).into_owned();
    assert_eq!((turn.reply_tokens, &turn.sampling), (16, &request.sampling));
    assert_eq!(turn.begun().unwrap().text, "It sent 🦊 up");
}

#[test]
fn what_cannot_become_a_phrase_goes_out_at_once() {
    let request = request(&["shivers down"], "", 20);
    let mut stepping = Stepping::of(&request, false).unwrap();
    let pieces = ["It", " sent", " shiv", "ers", " of", " joy"];
    let out: Vec<String> =
        (0..).zip(pieces).map(|(token, text)| stepping.hear(text, Some(token))).collect();
    assert_eq!(out.concat() + &stepping.end(&Finish::Stop).unwrap(), pieces.concat());
    assert!(out[3].is_empty(), "held back: {out:?}");
    assert!(out[..3].concat().starts_with("It"), "{out:?}");
    // Without its token nothing can be done about a phrase.
    let mut blind = Stepping::of(&request, false).unwrap();
    let out = blind.hear("shivers down it", None);
    assert_eq!(out + &blind.end(&Finish::Stop).unwrap(), "shivers down it");
    // What broke off before any text is asked for anew.
    let mut again = Stepping::of(&request, false).unwrap();
    assert_eq!(again.hear("shivers", Some(1)), "");
    again.again();
    assert_eq!(again.turn(&request).messages, request.messages);
}

proptest! {
    #[test]
    fn what_goes_out_is_what_was_said_and_no_phrase_but_one_that_insists(
        drawn in proptest::collection::vec(0..6_usize, 1..60),
        most in 1..60_usize,
    ) {
        const WORDS: [&str; 6] = [" a", " b", " c", " d", ".", "\n\n"];
        let phrases = ["a b", "b c a", "d", "c c"];
        let request = request(&phrases, "", most);
        let model = |said: &str| {
            let count = said.chars().filter(|one| !one.is_whitespace()).count()
                + said.matches("\n\n").count();
            match drawn.get(count) {
                Some(first) => (0..6)
                    .map(|step| (first + step) % 6)
                    .map(|word| (u32::try_from(word).unwrap(), WORDS[word]))
                    .collect(),
                None => Vec::new(),
            }
        };
        let (text, asked) = streamed(&model, &request);
        let list = request.bans.clone().unwrap();
        // There is always another word, so nothing has to stand while steps last.
        prop_assert_eq!(list.within(&text).len(), 0, "{}", text);
        prop_assert!(asked <= 2 * (64 + most / 4) + 1);
    }
}
