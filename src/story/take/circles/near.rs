//! Paragraphs told again with a few words changed, as small models do.

use std::collections::{HashSet, VecDeque};

use super::surplus::Surplus;
use super::{Circle, WORD, mixed};

/// The least weight of a paragraph that is compared: what is shorter is a line of a
/// song, of a list, of a dialogue, which may well be like another.
const PARAGRAPH: usize = 25 * WORD;
/// How many of the last of them it is compared with.
const KEPT: usize = 8;
/// How many may be like another, and what they may weigh more than half of what was new
/// between them.
const REPEATED: usize = 2;
const WEIGHT: usize = 60 * WORD;

/// Reads a text line by line and finds out when its paragraphs become alike.
#[derive(Clone, Debug, Default)]
pub(super) struct Near {
    /// Where the line begins, the digests of its words, and what they weigh.
    line: Option<(usize, Vec<u64>, usize)>,
    /// The last paragraphs, the digests of each in order of size.
    last: VecDeque<Vec<u64>>,
    /// The short lines that were said.
    said: HashSet<u64>,
    /// The paragraphs that are like another.
    alike: Surplus,
}

impl Near {
    /// A word of this digest and weight stands here.
    pub fn word(&mut self, from: usize, digest: u64, weight: usize) {
        let line = self.line.get_or_insert_with(|| (from, Vec::new(), 0));
        line.1.push(digest);
        line.2 += weight;
    }

    /// The line ends here; gives the circle that it closes.
    pub fn end_line(&mut self, at: usize) -> Option<Circle> {
        let (from, mut words, weight) = self.line.take()?;
        if weight < PARAGRAPH {
            let digest = words.iter().fold(0, |sum, word| mixed(sum, *word));
            if self.said.insert(digest) {
                self.alike.is_new(weight);
            }
            return None;
        }
        words.sort_unstable();
        let is_again = self.last.iter().any(|other| are_alike(other, &words));
        if self.last.len() == KEPT {
            self.last.pop_front();
        }
        self.last.push_back(words);
        if !is_again {
            self.alike.is_new(weight);
            return None;
        }
        self.alike.is_again(from..at, weight, REPEATED, WEIGHT)
    }
}

/// Whether two paragraphs have the same words but for one in seven, whatever their order.
fn are_alike(one: &[u64], other: &[u64]) -> bool {
    let longer = one.len().max(other.len());
    if one.len().min(other.len()) * 7 < longer * 6 {
        return false;
    }
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    let mut same = 0;
    while let (Some(left), Some(right)) = (one.peek(), other.peek()) {
        let order = left.cmp(right);
        same += usize::from(order.is_eq());
        if order.is_le() {
            one.next();
        }
        if order.is_ge() {
            other.next();
        }
    }
    same * 7 >= longer * 6
}
