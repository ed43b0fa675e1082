//! Stepping back to the token that begins a banned phrase, on an endpoint that
//! goes on from any text, and that tells its tokens or takes a bias against a
//! text (llama.cpp, raw and chat: each event brings a token).
//!
//! The text is held back for as long as it may become a phrase. When it has, the
//! stream is dropped and the endpoint is asked again, from before the phrase:
//! first for a single token, with the one that began it made less likely, then
//! for the rest. The endpoint's cache knows all of it but that token. Pure.

use std::borrow::Cow;
use std::sync::Arc;

use super::Endpoint;
use crate::chat::{Message, Role};
use crate::phrases::{Bans, Found, Scan};
use crate::provider::sampling::{Parameter, Sampling};
use crate::provider::tries::Tries;
use crate::provider::{Finish, Request};

/// The bytes before a text in which a phrase may have begun.
const BEFORE: usize = 600;

/// Tokens that are no longer few: a reply that has not said a character by then
/// is at its end.
const MOST_AT_ONCE: usize = 64;

/// Whether replies of an endpoint can step back: it goes on from any text, heeds
/// a bias against what it has said, and takes nothing for what is asked again.
pub(super) fn is_possible(endpoint: &Endpoint) -> bool {
    let tells_tokens = endpoint.dialect.raw.as_ref().is_some_and(|raw| raw.tells_tokens);
    (tells_tokens || endpoint.knobs.text_bias)
        && endpoint.prefill
        && endpoint.knobs.accepts.parameters.contains(&Parameter::LogitBias)
        && endpoint.price.is_none_or(|price| price.is_free())
}

/// What a piece of a reply is, to whoever makes it less likely.
#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// Its number in the model's vocabulary.
    Number(u32),
    /// Its text, where the endpoint does not tell the number.
    Text(String),
}

/// One reply, piece by piece.
#[derive(Debug)]
pub(super) struct Stepping {
    bans: Arc<Bans>,
    /// The end of the text that the reply goes on from.
    begun: String,
    /// The most tokens of the reply.
    most: usize,
    /// What it has said so far.
    said: String,
    /// Where in `said` each piece begins, and the token that it is.
    pieces: Vec<(usize, Option<u32>)>,
    /// The pieces that have gone out.
    out: usize,
    scan: Scan,
    /// The bytes of `begun` and `said` that the scan has not heard.
    unheard: usize,
    /// Whether a piece without a token can be known by its text.
    takes_texts: bool,
    tries: Tries<Token>,
    /// The pieces that there were when it was asked last.
    asked: usize,
    /// The tokens that are asked for after a step back: usually one.
    few: usize,
    is_back: bool,
}

impl Stepping {
    /// Nothing said yet; none for a request that bans nothing.
    ///
    /// `takes_texts` says whether the endpoint takes a bias against a text.
    pub fn of(request: &Request, takes_texts: bool) -> Option<Self> {
        let bans = request.bans.as_ref().filter(|bans| !bans.is_empty())?;
        let begun = request.begun().map_or("", |message| message.text.as_str());
        let begun = tail(begun).to_owned();
        let mut scan = Scan::new(bans);
        scan.hear(&begun, &mut |_| {});
        Some(Self {
            bans: Arc::clone(bans),
            begun,
            most: request.reply_tokens,
            said: String::new(),
            pieces: Vec::new(),
            out: 0,
            scan,
            unheard: 0,
            takes_texts,
            tries: Tries::new(request.reply_tokens),
            asked: 0,
            few: 1,
            is_back: false,
        })
    }

    /// What is to be sent now.
    pub fn turn<'r>(&mut self, request: &'r Request) -> Cow<'r, Request> {
        self.asked = self.pieces.len();
        let lowered = self.tries.lowered(self.asked);
        if self.said.is_empty() && lowered.is_empty() {
            return Cow::Borrowed(request);
        }
        let mut turn = request.clone();
        match turn.messages.last_mut().filter(|last| last.role == Role::Assistant) {
            Some(last) => last.text.push_str(&self.said),
            // A message without a word is none: some templates would close it.
            None if self.said.is_empty() => {}
            None => turn.messages.push(Message::new(Role::Assistant, self.said.clone())),
        }
        let few = if lowered.is_empty() { usize::MAX } else { self.few };
        turn.reply_tokens = few.min(self.left());
        for (token, by) in lowered {
            let Sampling { logit_bias, text_bias, .. } = &mut turn.sampling;
            let bias = match token {
                Token::Number(number) => logit_bias.entry(number).or_default(),
                Token::Text(text) => text_bias.entry(text).or_default(),
            };
            *bias -= by;
        }
        Cow::Owned(turn)
    }

    fn left(&self) -> usize {
        self.most.saturating_sub(self.pieces.len())
    }

    /// Whether what came last was a phrase, and has been taken back.
    pub fn steps_back(&self) -> bool {
        self.is_back
    }

    /// Hears a piece; gives what may go out by now.
    pub fn hear(&mut self, text: &str, token: Option<u32>) -> String {
        self.is_back = false;
        if text.is_empty() && token.is_none() {
            return String::new();
        }
        self.pieces.push((self.said.len(), token));
        self.said.push_str(text);
        let mut found = Vec::new();
        self.scan.hear(text, &mut |one| found.push(one));
        if self.back_from(&found) {
            return String::new();
        }
        let open = self.place(self.scan.open_from());
        self.release(open)
    }

    /// The reply has ended in this way; gives what was still held, or nothing
    /// where more is to be asked for.
    pub fn end(&mut self, finish: &Finish) -> Option<String> {
        self.is_back = false;
        // The few tokens after a step back end by their limit.
        let is_few = self.few < MOST_AT_ONCE && !self.tries.lowered(self.asked).is_empty();
        if is_few && *finish == Finish::Length && self.left() > 0 {
            // A part of a character is no text yet.
            let is_text = self.pieces.len() > self.asked;
            self.few = if is_text { 1 } else { self.few * 4 };
            return None;
        }
        let mut found = Vec::new();
        self.scan.end(&mut |one| found.push(one));
        if self.back_from(&found) {
            return None;
        }
        Some(self.release(usize::MAX))
    }

    /// Nothing of it has gone out, and it is asked for from the beginning.
    pub fn again(&mut self) {
        self.out = 0;
        self.truncate(0);
    }

    /// Goes back for the first of these that may not stand.
    fn back_from(&mut self, found: &[Found]) -> bool {
        for one in found {
            let from = self.place(one.from);
            if self.tries.stands(from) {
                continue;
            }
            let held = &self.pieces[self.out..];
            let after = held.partition_point(|(at, _)| *at <= from);
            let index = self.out + after.saturating_sub(1);
            let Some(token) = self.token(index) else { continue };
            if self.tries.again(index, token, from) {
                self.truncate(index);
                self.is_back = true;
                return true;
            }
        }
        false
    }

    /// What the piece at this place is to the endpoint.
    fn token(&self, index: usize) -> Option<Token> {
        let (at, token) = *self.pieces.get(index)?;
        let to = self.pieces.get(index + 1).map_or(self.said.len(), |(at, _)| *at);
        let text = || Token::Text(self.said[at..to].to_owned());
        token.map(Token::Number).or_else(|| self.takes_texts.then(text))
    }

    /// Where in `said` a place of the scan is.
    fn place(&self, heard: usize) -> usize {
        heard.saturating_add(self.unheard).saturating_sub(self.begun.len())
    }

    /// Takes back all pieces from this one on.
    fn truncate(&mut self, index: usize) {
        let to = self.pieces.get(index).map_or(self.said.len(), |(at, _)| *at);
        self.said.truncate(to);
        self.pieces.truncate(index);
        let whole = [self.begun.as_str(), &self.said].concat();
        let heard = tail(&whole);
        self.unheard = whole.len() - heard.len();
        self.scan = Scan::new(&self.bans);
        self.scan.hear(heard, &mut |_| {});
    }

    /// What goes out: whole pieces before this byte.
    fn release(&mut self, open: usize) -> String {
        let ends = self.pieces.iter().skip(1).map(|(at, _)| *at).chain([self.said.len()]);
        let count = ends.take_while(|end| *end <= open).count().max(self.out);
        let at = |index: usize| self.pieces.get(index).map_or(self.said.len(), |(at, _)| *at);
        let out = self.said[at(self.out)..at(count)].to_owned();
        self.out = count;
        out
    }
}

/// The end of a text in which a phrase may have begun.
fn tail(text: &str) -> &str {
    &text[text.ceil_char_boundary(text.len().saturating_sub(BEFORE))..]
}

#[cfg(test)]
mod tests {
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
                let Some(after) = rest.strip_prefix(one).or_else(|| rest.strip_prefix(other))
                else {
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
}
