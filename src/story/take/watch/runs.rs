//! When a text says the same few signs again and again: `!!!!`, `haha`, `* * *`,
//! line ends without end.

use std::ops::Range;

/// The most signs that come again.
const LONGEST: usize = 8;

/// How many signs in a row have to be what they were a round before. No rule, no
/// cry and no pause of a story is as long.
const MANY: usize = 160;

/// Follows the last signs of a text.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    /// The last signs and where they began, the newest first.
    last: [(char, usize); LONGEST],
    /// For rounds of one sign, two, and so on: how many signs in a row were what
    /// they had been a round before.
    same: [usize; LONGEST],
    /// The first round of that run, in bytes: it ends where the second begins.
    first: [(usize, usize); LONGEST],
}

impl Runs {
    /// Reads the character at this place. Once a run is too long, gives its first
    /// round.
    pub fn read(&mut self, c: char, at: usize) -> Option<Range<usize>> {
        for round in 0..LONGEST {
            let (before, place) = self.last[round];
            if before != c {
                self.same[round] = 0;
                continue;
            }
            if self.same[round] == 0 {
                self.first[round] = (place, at);
            }
            self.same[round] += 1;
        }
        self.last.rotate_right(1);
        self.last[0] = (c, at);
        let round = self.same.iter().position(|same| *same >= MANY)?;
        let (from, until) = self.first[round];
        Some(from..until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<usize> {
        let mut runs = Runs::default();
        text.char_indices().find_map(|(at, c)| runs.read(c, at)).map(|run| run.start)
    }

    #[test]
    fn what_comes_again_and_again_is_found() {
        for round in ["!", ".", "—", " 🙂", "ha", "* ", "\n", "\u{200b}", "no, no. "] {
            let text = format!("She sat?{}", round.repeat(400));
            assert_eq!(found(&text), Some(8), "{round:?}");
        }
        for text in [
            "She sat. ".repeat(40).as_str(),
            &"-".repeat(120),
            &format!("She sat.{}", "\n* * *\n\nShe rose. ".repeat(30)),
            &format!("“No{}!” she cried.", "o".repeat(100)),
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
