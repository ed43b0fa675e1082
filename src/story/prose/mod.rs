//! Prose as text: words, sentences, the end of a chapter, the seam of two pieces.

use unicode_segmentation::UnicodeSegmentation;

mod clean;
mod seam;

pub use clean::clean;
pub use seam::{
    Common, Retelling, Words, continued, is_begun_again, is_open, is_rule, join, spoken_on,
    vocabulary, vocabulary_of_cut,
};

/// The mark between two scenes of a chapter.
pub const SCENE_BREAK: &str = "\n\n* * *\n\n";

/// How many words a text has.
#[must_use]
pub fn words(text: &str) -> usize {
    text.unicode_words().count()
}

/// A text cut before each of its words, with what follows each; together with what
/// stands before the first word they are the text.
pub fn by_word(text: &str) -> impl Iterator<Item = &str> {
    let starts = || text.unicode_word_indices().map(|(start, _)| start);
    starts().zip(starts().skip(1).chain([text.len()])).map(|(start, end)| &text[start..end])
}

/// The sentences of a text, without the spaces around them.
#[must_use]
pub fn sentences(text: &str) -> Vec<&str> {
    text.split('\n')
        .flat_map(UnicodeSegmentation::unicode_sentences)
        .map(str::trim)
        .filter(|sentence| !sentence.is_empty())
        .collect()
}

/// The end of a text, at most `bytes` long, beginning at a paragraph if one
/// begins there, else at a sentence, else at a word.
#[must_use]
pub fn tail(text: &str, bytes: usize) -> &str {
    let text = text.trim_end();
    if text.len() <= bytes {
        return text;
    }
    let end = &text[text.ceil_char_boundary(text.len() - bytes)..];
    if let Some(at) = end.find("\n\n") {
        return end[at..].trim_start();
    }
    let mut sentences = end.split_sentence_bounds();
    let first = sentences.next().map_or(0, str::len);
    if first < end.len() {
        return end[first..].trim_start();
    }
    end.find(char::is_whitespace).map_or(end, |at| end[at..].trim_start())
}

/// Whether a text breaks off inside a sentence of prose: a name under a letter, a
/// sign, a line of verse ends in no stop either.
#[must_use]
pub fn breaks_off(text: &str) -> bool {
    /// Words behind a whole sentence of the same line, and words of a line without one.
    const BEHIND: usize = 3;
    const ALONE: usize = 14;
    /// Of whoever writes so many without a stop, none is to be expected.
    const MOST: usize = 60;
    let text = text.trim_end();
    let line = text.rsplit('\n').next().unwrap_or_default();
    let last = line.rsplit(char::is_whitespace).next().unwrap_or_default();
    let end = last_sentence_end(line);
    let least = if end > 0 { BEHIND } else { ALONE };
    let behind = words(&text[last_sentence_end(text)..]);
    is_open(text)
        && last.starts_with(char::is_lowercase)
        && words(&line[end..]) >= least
        && behind <= MOST
}

/// Where the last whole sentence of a text ends, in bytes; 0 if none does.
#[must_use]
pub fn last_sentence_end(text: &str) -> usize {
    let trimmed = text.trim_end();
    let closing = |c: char| {
        matches!(
            c,
            '"' | '\''
                | '”'
                | '’'
                | '»'
                | '«'
                | '“'
                | '‘'
                | '›'
                | '‹'
                | ')'
                | ']'
                | '`'
                | '」'
                | '』'
                | '）'
                | '】'
                | '*'
                | '_'
        )
    };
    let ending = |c: char| matches!(c, '.' | '!' | '?' | '…' | '。' | '！' | '？');
    // French sets a blank before the quote that closes.
    let parted = |rest: &str| {
        let quote = rest.strip_prefix([' ', '\u{a0}', '\u{202f}'])?;
        let blank = rest.len() - quote.len();
        quote.starts_with('»').then_some(blank + '»'.len_utf8())
    };
    let mut ends = 0;
    let mut characters = trimmed.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        // What is said in Japanese ends with its quote, and its line.
        let is_said =
            matches!(c, '」' | '』') && characters.peek().is_none_or(|(_, next)| *next == '\n');
        if !ending(c) && !is_said {
            continue;
        }
        let mut end = at + c.len_utf8();
        while let Some((at, c)) = characters.next_if(|(_, c)| closing(*c) || ending(*c)) {
            end = at + c.len_utf8();
        }
        if let Some(more) = parted(&trimmed[end..]) {
            end += more;
            while characters.next_if(|(at, _)| *at < end).is_some() {}
        }
        if characters.peek().is_none_or(|(_, c)| c.is_whitespace() || !c.is_ascii()) {
            ends = end;
        }
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ends_of_texts() {
        for (text, bytes, expected) in [
            ("One. Two. Three.", 100, "One. Two. Three."),
            ("One one.\n\nTwo two.\n\nThree.", 18, "Two two.\n\nThree."),
            ("One one.\n\nTwo two.\n\nThree.", 17, "Three."),
            ("One one one. Two two. Three.", 18, "Two two. Three."),
            ("abcdefghij klm", 6, "klm"),
            ("ééééé", 3, "é"),
        ] {
            assert_eq!(tail(text, bytes), expected, "{text:?}");
        }
    }

    #[test]
    fn sentence_ends() {
        for (text, expected) in [
            ("He sat. She ro", "He sat."),
            ("“Go!” he said", "“Go!”"),
            ("nothing ends", ""),
            ("It cost 3.5 pounds", ""),
            ("終わり。始ま", "終わり。"),
            ("« Vous viendrez ? »", "« Vous viendrez ? »"),
            ("« Vous viendrez ?\u{202f}» dit", "« Vous viendrez ?\u{202f}»"),
            ("„Er sagte: ‚Geh.‘“ Da", "„Er sagte: ‚Geh.‘“"),
            ("寒い。\n「行くよ」", "寒い。\n「行くよ」"),
            ("寒い。「行く」と言", "寒い。"),
            ("[He stayed.] Th", "[He stayed.]"),
        ] {
            assert_eq!(&text[..last_sentence_end(text)], expected, "{text}");
        }
    }

    #[test]
    fn prose_breaks_off_inside_a_sentence_and_a_letter_ends_with_a_name() {
        for (text, breaks) in [
            ("He sat. She rose and went to the", true),
            (
                "He sat.\n\nShe rose and went down to the water and looked at the boats that lay there and",
                true,
            ),
            ("He sat. “I would never,” she said, and", true),
            ("He sat. She rose.", false),
            ("He sat.\n\nYour loving brother, Tom", false),
            ("He sat.\n\nyours in haste", false),
            ("He sat.\n\nThe river ran on\nand the boats ran with it", false),
            ("He sat. She read: CLOSED", false),
            ("He sat. — The End", false),
            ("他坐着。她走", false),
            ("", false),
        ] {
            assert_eq!(breaks_off(text), breaks, "{text}");
        }
        let stream =
            format!("He sat. And {}then it rained", "she went down and she saw it ".repeat(9));
        assert!(!breaks_off(&stream));
    }

    #[test]
    fn a_word_goes_with_what_follows_it() {
        for (text, expected) in [
            ("“Who?” she asked.", &["Who?” ", "she ", "asked."][..]),
            ("守闸人，1.5米。", &["守", "闸", "人，", "1.5", "米。"]),
            (" … ", &[]),
        ] {
            assert_eq!(by_word(text).collect::<Vec<_>>(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_text_is_its_words(text in "\\PC*") {
            let cut: Vec<&str> = by_word(&text).collect();
            prop_assert_eq!(cut.len(), words(&text));
            prop_assert!(text.ends_with(&cut.concat()));
        }

        #[test]
        fn nothing_panics(head in "\\PC*", tail in "\\PC*", bytes in 0usize..50) {
            let known = vocabulary_of_cut(&head);
            let _ = join(&head, &tail, &Words::new(known, Common::Asked(|_| false)));
            let _ = super::tail(&head, bytes);
            let _ = clean(&head);
            let _ = last_sentence_end(&tail);
        }
    }
}
