//! Texts that end a reply: found across the edges of tokens, and no part of it.

/// Looks for the stops of one reply.
#[derive(Clone, Debug)]
pub struct Stops {
    texts: Vec<String>,
    longest: usize,
    /// The end of what was heard, as long as a stop may reach back.
    tail: String,
    /// Where the tail begins in what was heard.
    from: usize,
}

impl Stops {
    /// Looks for these; an empty one is none.
    #[must_use]
    pub fn new(stops: &[String]) -> Self {
        let texts: Vec<String> = stops.iter().filter(|stop| !stop.is_empty()).cloned().collect();
        let longest = texts.iter().map(String::len).max().unwrap_or(0);
        Self { texts, longest, tail: String::new(), from: 0 }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Hears more; gives where in all that was heard the first stop begins: the
    /// one that is said to its end before any other.
    pub fn hear(&mut self, text: &str) -> Option<usize> {
        self.tail.push_str(text);
        let found = self.texts.iter().filter_map(|stop| {
            let at = self.tail.find(stop.as_str())?;
            Some((at + stop.len(), at))
        });
        if let Some((_, at)) = found.min() {
            return Some(self.from + at);
        }
        let over = (self.tail.len() + 1).saturating_sub(self.longest.max(1));
        let over = self.tail.floor_char_boundary(over);
        self.tail.drain(..over);
        self.from += over;
        None
    }

    /// From where on what was heard may yet become a stop; its end, if nothing.
    #[must_use]
    pub fn open_from(&self) -> usize {
        let begins = |at: &usize| {
            let rest = &self.tail[*at..];
            self.texts.iter().any(|stop| stop.starts_with(rest))
        };
        let places = self.tail.char_indices().map(|(at, _)| at);
        self.from + places.into_iter().find(begins).unwrap_or(self.tail.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Stops;

    fn stops(stops: &[&str]) -> Stops {
        Stops::new(&stops.iter().map(|stop| (*stop).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn the_first_stop_is_found_across_pieces() {
        for (list, pieces, expected) in [
            (&["###"][..], &["a #", "#", "# b"][..], Some(2)),
            (&["b", "ab"], &["xa", "b"], Some(1)),
            (&["abb", "b"], &["ab", "b"], Some(1)),
            (&["abb", "b"], &["abb"], Some(1)),
            (&["é!"], &["ééé", "!"], Some(4)),
            (&["", "zz"], &["z", "y", "z"], None),
            (&[], &["anything"], None),
        ] {
            let mut looking = stops(list);
            let found = pieces.iter().find_map(|piece| looking.hear(piece));
            assert_eq!(found, expected, "{list:?} in {pieces:?}");
        }
        let mut looking = stops(&["</s>", "\n\n"]);
        for (piece, open) in [("a<", 1), ("/", 1), ("b", 4), ("\n", 4), ("c", 6)] {
            assert_eq!((looking.hear(piece), looking.open_from()), (None, open), "{piece:?}");
        }
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(text in "[aé]{0,20}", list in prop::collection::vec("[aé]{1,4}", 0..3), cuts in prop::collection::vec(0_usize..40, 0..5)) {
            let ends = list.iter().filter_map(|stop| {
                let at = text.find(stop.as_str())?;
                Some((at + stop.len(), at))
            });
            let expected = ends.min().map(|(_, at)| at);
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| text.floor_char_boundary(*cut)).collect();
            cuts.push(text.len());
            cuts.sort_unstable();
            let (mut looking, mut from, mut found) = (Stops::new(&list), 0, None);
            for cut in cuts {
                let open = looking.open_from();
                found = looking.hear(&text[from..cut]);
                from = cut;
                if let Some(at) = found {
                    prop_assert!(at >= open, "{} was let go at {}", at, open);
                    break;
                }
            }
            prop_assert_eq!(found, expected);
        }
    }
}
