//! How often a reply steps back from the same place, and when a phrase stands.
//!
//! A token that began a banned phrase becomes less likely where it did, and more
//! so each time it does it again. Whoever insists is let be: some sentences can
//! only go on one way, and a soft ban keeps them whole.

use std::collections::BTreeMap;

/// What a token loses each time it begins a phrase, in logits: about a
/// hundredfold.
const STEP: f32 = 4.6;
/// How often the same token may begin one in the same place.
const TOKEN_TRIES: u32 = 3;
/// How often one may begin in the same place, whatever it begins with.
const PLACE_TRIES: u32 = 8;

/// The steps back of one reply, which names tokens by `T`.
#[derive(Debug)]
pub struct Tries<T> {
    /// Per place, in tokens of the reply: which tokens began a phrase, how often.
    places: BTreeMap<usize, Vec<(T, u32)>>,
    /// Where phrases begin that stand, in bytes of the reply.
    stand: Vec<usize>,
    /// Steps that may yet be made.
    left: usize,
}

impl<T: Clone + PartialEq> Tries<T> {
    /// No step yet, in a reply of at most so many tokens.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { places: BTreeMap::new(), stand: Vec::new(), left: 64 + limit / 4 }
    }

    /// Whether the phrase that begins at this byte stands.
    #[must_use]
    pub fn stands(&self, from: usize) -> bool {
        self.stand.contains(&from)
    }

    /// A phrase that begins at byte `from` was begun by `token` at this place.
    /// Says whether to step back; if not, the phrase stands.
    pub fn again(&mut self, place: usize, token: T, from: usize) -> bool {
        // What came after this place has not been said.
        self.places.split_off(&(place + 1));
        let tried = self.places.entry(place).or_default();
        let all: u32 = tried.iter().map(|(_, times)| times).sum();
        let index = tried.iter().position(|(one, _)| *one == token).unwrap_or_else(|| {
            tried.push((token, 0));
            tried.len() - 1
        });
        let times = &mut tried[index].1;
        if *times >= TOKEN_TRIES || all >= PLACE_TRIES || self.left == 0 {
            self.stand.push(from);
            return false;
        }
        *times += 1;
        self.left -= 1;
        self.stand.retain(|stood| *stood < from);
        true
    }

    /// The tokens that are less likely at a place, and by how many logits.
    #[must_use]
    pub fn lowered(&self, place: usize) -> Vec<(T, f32)> {
        let tried = self.places.get(&place).into_iter().flatten();
        #[expect(clippy::cast_precision_loss, reason = "a handful of tries")]
        tried.map(|(token, times)| (token.clone(), STEP * *times as f32)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_insists_is_let_be() {
        let mut tries = Tries::new(1000);
        let (one, other) = (1_u32, 2_u32);
        let steps: Vec<bool> = (0..5).map(|_| tries.again(7, one, 30)).collect();
        assert_eq!(steps, [true, true, true, false, false]);
        assert!(tries.stands(30) && !tries.stands(31));
        assert_eq!(tries.lowered(7), [(one, STEP * 3.0)]);
        assert!(tries.again(7, other, 30), "another token has its own tries");
        assert!(!tries.stands(30));
        // What came after a place is forgotten with it.
        assert!(tries.again(9, one, 40) && tries.again(8, one, 35));
        assert_eq!((tries.lowered(9), tries.lowered(7).len()), (Vec::new(), 2));
    }

    #[test]
    fn steps_come_to_an_end() {
        let mut tries = Tries::new(0);
        let mut places = 0..;
        let steps = places.by_ref().take_while(|place| tries.again(*place, 0_u32, *place));
        assert_eq!(steps.count(), 64);
        let mut tries = Tries::new(1000);
        let steps = (0_u32..100).take_while(|token| tries.again(5, *token, 9)).count();
        assert_eq!(steps, 8);
    }
}
