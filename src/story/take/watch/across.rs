//! What stands where two pieces of a text meet, and whole in neither of them.

use super::{Reason, Terms, Verdict, Watch};

/// The verdict on a text at its seam, the byte from which on it is new: a phrase
/// that begins before the seam and ends behind it, or a line that leaves the
/// story. What stands before the seam alone has been let stand; what stands behind
/// it is the care of whoever hears the new piece.
///
/// The verdict keeps bytes of the text, and fewer than stand before the seam.
/// `by_itself` says that the new piece ended because its writer had no more.
#[must_use]
pub fn across(text: &str, seam: usize, terms: Terms, by_itself: bool) -> Option<Verdict> {
    // Longer than any phrase or line that is judged by its opening.
    const REACH: usize = 600;
    let seam = text.floor_char_boundary(seam);
    let near = text.floor_char_boundary(seam.saturating_sub(REACH));
    let from = text[..near].rfind('\n').map_or(0, |at| at + 1);
    let until = text.floor_char_boundary(seam.saturating_add(REACH));
    let begun = text[..from].to_owned();
    let mut watch = Watch::new(Terms { begun, most_words: None, ..terms });
    if watch.hear(&text[from..seam]).is_some() {
        // It has been let stand.
        return None;
    }
    watch.hear(&text[seam..until]);
    let verdict = watch.end(by_itself && until == text.len())?;
    let keep = from + verdict.keep;
    let is_across =
        keep < seam && matches!(verdict.reason, Reason::Phrase | Reason::Left | Reason::Stray);
    is_across.then(|| Verdict { keep, ..verdict.clone() })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use super::*;
    use crate::phrases::{Bans, Phrases, Place};
    use crate::story::take::watch::Signs;

    fn terms() -> Terms {
        let phrases = Phrases::new(["a mirror of the sky".to_owned()]).unwrap();
        let bans = Bans::default().and(Arc::new(phrases), BTreeSet::new(), Place::Anywhere);
        Terms {
            language: "en".to_owned(),
            signs: Arc::new(Signs::of("en")),
            chapter: 2,
            titles: vec!["The Long Water".to_owned()],
            bans: Some(Arc::new(bans)),
            ..Terms::default()
        }
    }

    #[test]
    fn what_stands_across_a_seam_is_seen_from_both_sides() {
        let told = "She rowed out. The lake was still.";
        for (head, tail, expected) in [
            (" It was a mirror of", " the sky, he said.", Some((Reason::Phrase, told.len()))),
            (" It was a mirror of the sk", "y, he said.", Some((Reason::Phrase, told.len()))),
            // Let stand, or none at all.
            (" It was a mirror of the sky,", " he said.", None),
            (" It was a mirror of", " the skylight, he said.", None),
            ("\n\nAs an AI", " language model, I cannot go on.", Some((Reason::Stray, told.len()))),
            ("\n\nChap", "ter 3\n\nHe woke.", Some((Reason::Left, told.len()))),
            ("\n\n**The Lo", "ng Water**\n\nHe woke.", Some((Reason::Left, told.len()))),
            ("\n\nChap", "s came down to the shore.\n\nHe woke.", None),
            ("\n\n“As an AI", " I am a failure,” she said.", None),
        ] {
            let text = format!("{told}{head}{tail}");
            let verdict = across(&text, told.len() + head.len(), terms(), true);
            let found = verdict.map(|verdict| (verdict.reason, verdict.keep));
            assert_eq!(found, expected, "{head}|{tail}");
        }
    }

    #[test]
    fn a_phrase_that_may_stand_does() {
        let text = "It was a mirror of the sky, he said.";
        let stands = vec!["a mirror of the sky".to_owned()];
        assert_eq!(across(text, 18, Terms { stands, ..terms() }, true), None);
        assert!(across(text, 18, terms(), true).is_some());
        assert_eq!(across("", 0, terms(), true), None);
    }
}
