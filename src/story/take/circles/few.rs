//! Long runs of the same few words in ever another order, as small models fall into:
//! `Monday Monday on Monday Tuesday`.

use std::collections::{HashMap, VecDeque};

use super::{Circle, WORD};

/// So many words in a row have to have different ones among them that weigh as much. A
/// page of the plainest prose has 80 words of 200; a nursery rhyme that is told to its end
/// has 20 of 300. Of 800 signs of kana, the plainest tale has 390 different pairs, which
/// weigh 780; twenty short words in any order have 200.
const LEAST: [(usize, usize); 2] = [(300, 20 * WORD), (800, 110 * WORD)];

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
    /// Where each begins, its digest and its weight.
    last: VecDeque<(usize, u64, usize)>,
    /// How often each stands among them.
    counts: HashMap<u64, usize>,
    /// What the different ones weigh.
    weight: usize,
}

impl Default for Few {
    fn default() -> Self {
        let span = |(words, least)| Span {
            words,
            least,
            last: VecDeque::new(),
            counts: HashMap::new(),
            weight: 0,
        };
        Self { spans: LEAST.map(span) }
    }
}

impl Few {
    /// A word of this digest and weight stands from one place to another; gives the
    /// circle that it closes.
    pub fn word(
        &mut self,
        from: usize,
        until: usize,
        digest: u64,
        weight: usize,
    ) -> Option<Circle> {
        let closed = self.spans.iter_mut().map(|span| span.word(from, until, digest, weight));
        // All of them have to hear it.
        closed.fold(None, Option::or)
    }
}

impl Span {
    fn word(&mut self, from: usize, until: usize, digest: u64, weight: usize) -> Option<Circle> {
        self.last.push_back((from, digest, weight));
        let count = self.counts.entry(digest).or_default();
        *count += 1;
        if *count == 1 {
            self.weight += weight;
        }
        if self.last.len() > self.words
            && let Some((_, gone, weight)) = self.last.pop_front()
            && let Some(count) = self.counts.get_mut(&gone)
        {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&gone);
                self.weight -= weight;
            }
        }
        if self.last.len() < self.words || self.weight >= self.least {
            return None;
        }
        let (first, ..) = self.last.front()?;
        let (shown, ..) = self.last.get(self.last.len() - SHOWN)?;
        Some(Circle { from: *first, round: *shown..until })
    }
}
