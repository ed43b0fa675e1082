//! Turns the bytes of tokens into text: a character split over tokens waits until it is whole.
//!
//! A reply that is cut inside a character ends before it.

/// Bytes that do not make a whole character yet.
#[derive(Clone, Debug, Default)]
pub struct Pieces {
    held: Vec<u8>,
}

impl Pieces {
    /// Adds the bytes of a token and gives the text that is whole now.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        self.held.extend_from_slice(bytes);
        let mut text = String::new();
        loop {
            match std::str::from_utf8(&self.held) {
                Ok(whole) => {
                    text.push_str(whole);
                    self.held.clear();
                    return text;
                }
                Err(error) => {
                    let (whole, rest) = self.held.split_at(error.valid_up_to());
                    text.push_str(&String::from_utf8_lossy(whole));
                    let Some(wrong) = error.error_len() else {
                        // The start of a character: more may come.
                        self.held = rest.to_vec();
                        return text;
                    };
                    text.push(char::REPLACEMENT_CHARACTER);
                    self.held = rest[wrong..].to_vec();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Pieces;

    proptest! {
        #[test]
        fn any_cut_gives_the_same_text(text in "\\PC{0,40}", cuts in proptest::collection::vec(0_usize..200, 0..8)) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % (bytes.len() + 1)).collect();
            cuts.sort_unstable();
            cuts.push(bytes.len());
            let (mut pieces, mut got, mut from) = (Pieces::default(), String::new(), 0);
            for cut in cuts {
                let piece = pieces.push(&bytes[from..cut]);
                got.push_str(&piece);
                prop_assert!(text.starts_with(&got));
                from = cut;
            }
            prop_assert_eq!(got, text);
        }
    }

    #[test]
    fn wrong_bytes_become_one_mark_each_and_never_hold_back_what_follows() {
        let mut pieces = Pieces::default();
        assert_eq!(pieces.push(b"a\xffb\xe2\x82"), "a\u{fffd}b");
        assert_eq!(pieces.push(b"\xac!"), "\u{20ac}!");
    }
}
