//! How the words of a book are spelt: which letters begin, go on and end them.

use std::collections::HashMap;

/// What stands before and behind a word.
const EDGE: char = ' ';

/// How often each letter follows each two, each one, and any.
#[derive(Default)]
pub(super) struct Spelling {
    counts: HashMap<Vec<char>, u32>,
    totals: HashMap<Vec<char>, u32>,
}

impl Spelling {
    /// The spelling of words.
    pub fn of<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        let mut spelling = Self::default();
        for word in words {
            let letters: Vec<char> =
                [EDGE, EDGE].into_iter().chain(word.chars()).chain([EDGE]).collect();
            for at in 2..letters.len() {
                for from in at - 2..=at {
                    *spelling.counts.entry(letters[from..=at].to_vec()).or_default() += 1;
                    *spelling.totals.entry(letters[from..at].to_vec()).or_default() += 1;
                }
            }
        }
        spelling
    }

    /// How much likelier two pieces of letters are as two words than as one: the
    /// logarithm of the ratio.
    pub fn parts(&self, first: &str, second: &str) -> f64 {
        let before: Vec<char> = [EDGE, EDGE].into_iter().chain(first.chars()).collect();
        let after: Vec<char> = second.chars().chain([EDGE]).take(2).collect();
        let apart = self.likely(&before, &[EDGE]) + self.likely(&[EDGE, EDGE], &after);
        apart - self.likely(&before, &after)
    }

    /// The logarithm of how likely letters are behind others.
    fn likely(&self, before: &[char], letters: &[char]) -> f64 {
        let mut before = before.to_vec();
        let mut sum = 0.0;
        for letter in letters {
            sum += self.chance(&before, *letter).ln();
            before.push(*letter);
        }
        sum
    }

    /// How likely a letter is behind at least two others: as often as it was seen
    /// there, and where little was seen, as behind fewer.
    fn chance(&self, before: &[char], letter: char) -> f64 {
        const ALPHABET: f64 = 40.0;
        const WEIGHTS: [(usize, f64); 3] = [(0, 20.0), (1, 3.0), (2, 3.0)];
        WEIGHTS.iter().fold(1.0 / ALPHABET, |chance, (letters, weight)| {
            let behind = &before[before.len() - letters..];
            let all: Vec<char> = behind.iter().copied().chain([letter]).collect();
            let seen = |map: &HashMap<Vec<char>, u32>, key: &[char]| {
                f64::from(map.get(key).copied().unwrap_or_default())
            };
            (seen(&self.counts, &all) + weight * chance) / (seen(&self.totals, behind) + weight)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_by_how_they_begin_and_end() {
        let words = "walking talking sitting the there then harbour barrel barge bar sing king";
        let spelling = Spelling::of(words.split(' '));
        assert!(spelling.parts("resting", "they") > 0.0);
        assert!(spelling.parts("tal", "kers") < 0.0);
        assert!(spelling.parts("ba", "rter") < 0.0);
        // Of nothing, nothing is said.
        assert!(Spelling::default().parts("a", "b").abs() < 4.0);
    }
}
