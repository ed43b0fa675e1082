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
mod tests;
