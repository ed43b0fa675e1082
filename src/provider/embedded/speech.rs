//! What a reply has said: what may still be taken back, and what has gone out.
//!
//! A token goes out as soon as neither a banned phrase nor a stop can begin in
//! it any more. What is held back is thus as long as the start of a phrase that
//! has been made, and mostly nothing. With each held token stands what is
//! needed to go back to before it: the scan, and the logits it was chosen from.

use std::collections::VecDeque;
use std::sync::Arc;

use llama_cpp_2::token::LlamaToken;

use super::pieces::Pieces;
use super::stops::Stops;
use crate::phrases::{Bans, Found, Scan};
use crate::provider::tries::Tries;

/// The bytes before a reply in which a phrase may have begun.
const BEFORE: usize = 600;

/// One reply, token by token.
pub struct Speech {
    said: Vec<LlamaToken>,
    held: VecDeque<Held>,
    now: Now,
    tries: Tries<LlamaToken>,
    /// Rows of logits that nobody needs any more.
    spare: Vec<Vec<f32>>,
}

/// Where the reading of a reply stands.
#[derive(Clone)]
struct Now {
    pieces: Pieces,
    /// The bytes of text so far.
    heard: usize,
    scan: Option<Scan>,
    /// The bytes of the text before the reply that the scan has heard.
    before: usize,
    stops: Stops,
}

/// A token that has not gone out.
struct Held {
    text: String,
    /// Where things stood before it.
    then: Option<Now>,
    /// What it was chosen from.
    logits: Vec<f32>,
}

/// What comes of a token.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    /// This text may go out.
    Out(String),
    /// A stop was said: this text goes out, and the reply has ended.
    Stop(String),
    /// A phrase was said that must not be: the reply is to go back to its first
    /// so many tokens.
    Back(usize),
}

impl Speech {
    /// Nothing said yet. `before` is the text that the reply goes on from.
    pub fn new(bans: Option<&Arc<Bans>>, stops: &[String], before: &str, limit: usize) -> Self {
        let before = &before[before.ceil_char_boundary(before.len().saturating_sub(BEFORE))..];
        let scan = bans.filter(|bans| !bans.is_empty()).map(|bans| {
            let mut scan = Scan::new(bans);
            scan.hear(before, &mut |_| {});
            scan
        });
        let stops = Stops::new(stops);
        let pieces = Pieces::default();
        Self {
            said: Vec::new(),
            held: VecDeque::new(),
            now: Now { pieces, heard: 0, scan, before: before.len(), stops },
            tries: Tries::new(limit),
            spare: Vec::new(),
        }
    }

    /// The tokens said so far.
    pub fn tokens(&self) -> &[LlamaToken] {
        &self.said
    }

    /// The tokens that are less likely next, since they began a phrase here, and
    /// by how many logits.
    pub fn lowered(&self) -> Vec<(LlamaToken, f32)> {
        self.tries.lowered(self.said.len())
    }

    /// Whether anything may have to be held back.
    fn holds(&self) -> bool {
        self.now.scan.is_some() || !self.now.stops.is_empty()
    }

    /// Says a token of these bytes, chosen from these logits.
    pub fn say(&mut self, token: LlamaToken, bytes: &[u8], logits: &[f32]) -> Said {
        let then = self.now.scan.is_some().then(|| self.now.clone());
        self.said.push(token);
        let text = self.now.pieces.push(bytes);
        if !self.holds() {
            return Said::Out(text);
        }
        self.now.heard += text.len();
        let stop = self.now.stops.hear(&text);
        let mut found = Vec::new();
        if let Some(scan) = &mut self.now.scan {
            scan.hear(&text, &mut |one| found.push(one));
        }
        self.held.push_back(Held { text, then, logits: Vec::new() });
        if let Some(back) = self.back_from(&found) {
            return back;
        }
        if let Some(at) = stop {
            return Said::Stop(self.all_before(at));
        }
        let out = self.release();
        if self.now.scan.is_some()
            && let Some(last) = self.held.back_mut()
        {
            last.logits = self.spare.pop().unwrap_or_default();
            last.logits.clear();
            last.logits.extend_from_slice(logits);
        }
        Said::Out(out)
    }

    /// The reply ends here: what is held goes out, unless it is a phrase.
    pub fn end(&mut self) -> Said {
        let mut found = Vec::new();
        if let Some(scan) = &mut self.now.scan {
            scan.end(&mut |one| found.push(one));
        }
        self.back_from(&found).unwrap_or_else(|| {
            let out = self.held.drain(..).map(|held| held.text).collect();
            Said::Out(out)
        })
    }

    /// Goes back to the first so many tokens; gives the logits from which the
    /// next one is to be chosen anew.
    pub fn back(&mut self, to: usize) -> Vec<f32> {
        let first = self.said.len() - self.held.len();
        let mut gone = self.held.split_off(to - first);
        self.said.truncate(to);
        let Some(held) = gone.pop_front() else { return Vec::new() };
        self.spare.extend(gone.into_iter().map(|held| held.logits).filter(|row| !row.is_empty()));
        if let Some(then) = held.then {
            self.now = then;
        }
        held.logits
    }

    /// Takes a row back that `back` has given.
    pub fn spare(&mut self, row: Vec<f32>) {
        self.spare.push(row);
    }

    /// From here on every phrase stands; gives what goes out for it, which is
    /// all where nothing follows.
    pub fn stand(&mut self, is_over: bool) -> String {
        self.now.scan = None;
        if is_over {
            return self.held.drain(..).map(|held| held.text).collect();
        }
        self.release()
    }

    /// Where to go back to for the first of these that may not stand.
    fn back_from(&mut self, found: &[Found]) -> Option<Said> {
        for one in found {
            let from = one.from.saturating_sub(self.now.before);
            if self.tries.stands(from) {
                continue;
            }
            let to = self.token_at(from);
            if self.tries.again(to, self.said[to], from) {
                return Some(Said::Back(to));
            }
        }
        None
    }

    /// The held token in which this byte of the reply stands, or the first one.
    fn token_at(&self, from: usize) -> usize {
        let first = self.said.len() - self.held.len();
        let mut end = self.now.heard - self.held.iter().map(|held| held.text.len()).sum::<usize>();
        let mut at = 0;
        for (index, held) in self.held.iter().enumerate() {
            end += held.text.len();
            at = index;
            if end > from {
                break;
            }
        }
        // A character may have begun in tokens that are no text by themselves.
        while at > 0 && self.held[at - 1].text.is_empty() {
            at -= 1;
        }
        first + at
    }

    /// What can go out: whole tokens before the first byte that is open.
    fn release(&mut self) -> String {
        let scanned = self.now.scan.as_ref().map_or(usize::MAX, Scan::open_from);
        let open = scanned.saturating_sub(self.now.before).min(self.now.stops.open_from());
        let mut end = self.now.heard - self.held.iter().map(|held| held.text.len()).sum::<usize>();
        let mut count = 0;
        for (index, held) in self.held.iter().enumerate() {
            end += held.text.len();
            if end > open {
                break;
            }
            if !held.text.is_empty() {
                count = index + 1;
            }
        }
        let mut out = String::new();
        for held in self.held.drain(..count) {
            out.push_str(&held.text);
            if !held.logits.is_empty() {
                self.spare.push(held.logits);
            }
        }
        out
    }

    /// What is held before this byte of the reply.
    fn all_before(&mut self, at: usize) -> String {
        let held: String = self.held.drain(..).map(|held| held.text).collect();
        let from = self.now.heard - held.len();
        held[..held.floor_char_boundary(at.saturating_sub(from))].to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::phrases::{Phrases, Place};

    fn bans(phrases: &[&str]) -> Arc<Bans> {
        let list = Phrases::new(phrases.iter().map(|phrase| (*phrase).to_owned())).unwrap();
        Arc::new(Bans::default().and(Arc::new(list), BTreeSet::new(), Place::Anywhere))
    }

    /// Says the words, one a token, and never obeys; gives what goes out with
    /// each, and where it was to go back.
    fn spoken(speech: &mut Speech, words: &[&str]) -> Vec<Said> {
        let mut all = Vec::new();
        for (number, word) in (0..).zip(words) {
            all.push(speech.say(LlamaToken(number), word.as_bytes(), &[0.0]));
        }
        all.push(speech.end());
        all
    }

    fn out(text: &str) -> Said {
        Said::Out(text.to_owned())
    }

    #[test]
    fn only_what_may_become_a_phrase_is_held() {
        let mut speech = Speech::new(Some(&bans(&["a test of"])), &[], "", 9);
        let said = spoken(&mut speech, &["It", " is", " a", " te", "nt", " of", " a", " test"]);
        assert_eq!(
            said,
            [
                out("It"),
                out(" is"),
                out(""),
                out(""),
                out(" a tent"),
                out(" of"),
                out(""),
                out(""),
                out(" a test")
            ]
        );
    }

    #[test]
    fn it_goes_back_to_the_token_that_begins_the_phrase() {
        let bans = bans(&["a test of"]);
        for (before, words, back) in [
            ("", &["It is", " a", " te", "st", " of", "."][..], Said::Back(1)),
            ("", &["It is a", " test", " of", " "], Said::Back(0)),
            // What had begun before the reply can be left at its first token.
            ("It is a te", &["st", " of", "."], Said::Back(0)),
            ("It is a", &[" test", " of", "."], Said::Back(0)),
        ] {
            let mut speech = Speech::new(Some(&bans), &[], before, 9);
            let said = spoken(&mut speech, words);
            let first = said.iter().find(|one| matches!(one, Said::Back(_)));
            assert_eq!(first, Some(&back), "{words:?}");
        }
    }

    #[test]
    fn a_token_that_insists_is_let_be() {
        let mut speech = Speech::new(Some(&bans(&["no way"])), &[], "", 100);
        let tokens = [(1, "So "), (2, "no"), (3, " way"), (4, "!")];
        let logit = |at: usize| f32::from(u8::try_from(at).unwrap());
        let (mut at, mut backs, mut text) = (0, Vec::new(), String::new());
        while at < tokens.len() {
            let (token, word) = tokens[at];
            match speech.say(LlamaToken(token), word.as_bytes(), &[logit(at)]) {
                Said::Back(to) => {
                    assert_eq!(speech.back(to), [logit(to)]);
                    backs.push((to, speech.lowered()));
                    at = to;
                }
                Said::Out(piece) | Said::Stop(piece) => {
                    text += &piece;
                    at += 1;
                }
            }
        }
        assert_eq!((text.as_str(), speech.end()), ("So no way!", out("")));
        let lowered: Vec<f32> = backs.iter().map(|(_, lowered)| lowered[0].1).collect();
        assert!(backs.iter().all(|(to, lowered)| *to == 1 && lowered[0].0 == LlamaToken(2)));
        assert!(lowered.len() > 1 && lowered.is_sorted(), "{lowered:?}");
    }

    #[test]
    fn stops_are_no_part_of_the_reply() {
        let stops = ["\n\n#".to_owned()];
        let mut speech = Speech::new(None, &stops, "", 9);
        let said = spoken(&mut speech, &["One.", "\n", "\n", "Two.\n\n", "# Three"]);
        assert_eq!(
            said[..5],
            [out("One."), out(""), out(""), out("\n\n"), Said::Stop("Two.".to_owned())]
        );
        let mut speech = Speech::new(Some(&bans(&["two three"])), &stops, "", 9);
        let said = spoken(&mut speech, &["One two", "\n", "\n#"]);
        assert_eq!(said[2], Said::Stop("One two".to_owned()));
    }

    #[test]
    fn characters_in_pieces_are_stepped_over() {
        let mut speech = Speech::new(Some(&bans(&["é a"])), &[], "", 9);
        let tokens: [&[u8]; 4] = [b"x ", b"\xc3", b"\xa9 a", b"."];
        let said: Vec<Said> = (0..)
            .zip(tokens)
            .map(|(number, bytes)| speech.say(LlamaToken(number), bytes, &[]))
            .collect();
        assert_eq!(said, [out("x "), out(""), out(""), Said::Back(1)]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_doubled(
            words in prop::collection::vec("[ab .]{0,3}", 0..40),
            phrases in prop::collection::vec("[ab]{1,2} [ab]{1,2}", 0..4),
            turns in prop::collection::vec("[ab .]{0,3}", 40),
        ) {
            let phrases: Vec<&str> = phrases.iter().map(String::as_str).collect();
            let bans = bans(&phrases);
            let mut speech = Speech::new(Some(&bans), &[], "", words.len());
            // A model that says another word where it was sent back to.
            let mut plan = words.clone();
            let (mut turns, mut text, mut at) = (turns.into_iter(), String::new(), 0);
            loop {
                let said = match plan.get(at) {
                    Some(word) => speech.say(LlamaToken(0), word.as_bytes(), &[1.0]),
                    None => speech.end(),
                };
                match said {
                    Said::Out(piece) | Said::Stop(piece) => {
                        text += &piece;
                        at += 1;
                    }
                    Said::Back(to) => {
                        speech.back(to);
                        plan[to] = turns.next().unwrap_or_default();
                        at = to;
                    }
                }
                prop_assert!(plan.concat().starts_with(&text));
                if at > plan.len() {
                    break;
                }
            }
            prop_assert_eq!(text, plan.concat());
        }
    }
}
