//! Long runs of the same few words in ever another order, as small models fall into:
//! `Monday Monday on Monday Tuesday`.

use std::collections::{HashMap, VecDeque};

use super::Circle;

/// So many words in a row have to have more different ones among them. A page of the
/// plainest prose has 80 of 200; a nursery rhyme that is told to its end has 20 of 300.
const LEAST: [(usize, usize); 2] = [(300, 20), (800, 110)];

/// How many of the last words show what they are.
const SHOWN: usize = 12;

/// Reads a text word by word and finds out when it has no more than a few.
#[derive(Clone, Debug)]
pub(super) struct Few {
    spans: [Span; LEAST.len()],
}

/// The last words, as many as are looked at together.
#[derive(Clone, Debug)]
struct Span {
    words: usize,
    least: usize,
    /// Where each begins, and its digest.
    last: VecDeque<(usize, u64)>,
    /// How often each stands among them.
    counts: HashMap<u64, usize>,
}

impl Default for Few {
    fn default() -> Self {
        let span =
            |(words, least)| Span { words, least, last: VecDeque::new(), counts: HashMap::new() };
        Self { spans: LEAST.map(span) }
    }
}

impl Few {
    /// A word of this digest stands from one place to another; gives the circle that
    /// it closes.
    pub fn word(&mut self, from: usize, until: usize, digest: u64) -> Option<Circle> {
        let closed = self.spans.iter_mut().map(|span| span.word(from, until, digest));
        // All of them have to hear it.
        closed.fold(None, Option::or)
    }
}

impl Span {
    fn word(&mut self, from: usize, until: usize, digest: u64) -> Option<Circle> {
        self.last.push_back((from, digest));
        *self.counts.entry(digest).or_default() += 1;
        if self.last.len() > self.words
            && let Some((_, gone)) = self.last.pop_front()
            && let Some(count) = self.counts.get_mut(&gone)
        {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&gone);
            }
        }
        if self.last.len() < self.words || self.counts.len() >= self.least {
            return None;
        }
        let (first, _) = self.last.front()?;
        let (shown, _) = self.last.get(self.last.len() - SHOWN)?;
        Some(Circle { from: *first, round: *shown..until })
    }
}
