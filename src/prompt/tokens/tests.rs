//! The bounds against figures that were counted by hand, and against their own laws.

use proptest::prelude::*;

use super::*;
use crate::chat::Role;

const SEEN: Bound = Bound { seen: Some(Seen) };

#[test]
fn any_vocabulary_takes_at_most_a_token_a_byte() {
    let table: &[(&str, usize)] = &[
        ("", 1),
        ("abc", 4),
        ("“é”", 9),
        // One character of 3 bytes that NFC spells with two of 3 bytes each.
        ("\u{0fa7}", 7),
        // Two characters that NFC composes: the bytes as given count.
        ("e\u{301}", 4),
    ];
    for (text, tokens) in table {
        assert_eq!(Bound::default().text(text), *tokens, "{text:?}");
    }
}

#[test]
fn a_seen_vocabulary_takes_fewer() {
    let table: &[(&str, usize, &str)] = &[
        ("", 1, "nothing but the space in front"),
        ("a", 2, ""),
        ("st", 2, "`s` and `t` are merged wherever they meet"),
        ("str", 3, "`s` and `tr`, or `st` and `r`"),
        ("qxqx", 5, "nothing is known of `qx`"),
        ("so the lamp", 6, "` the` is a word, but the last one may go on"),
        ("so the lamp.", 5, "here both are followed by what ends words"),
        ("went out. The lamp was", 11, "words between marks"),
        ("  the end ", 7, "of two spaces the second may belong to the first"),
        ("the 'tis", 8, "letters may be cut off after an apostrophe"),
        ("日本", 7, "of what is not Latin nothing is known"),
        ("ä", 2, "an accented letter is one token"),
        ("“", 3, "a quote is one or two"),
        ("e\u{301}", 4, ""),
    ];
    let found: Vec<(&str, usize, &str)> =
        table.iter().map(|(text, _, why)| (*text, SEEN.text(text), *why)).collect();
    assert_eq!(found, table);
}

/// Three times as much prose as by bytes alone: a window of 4,096 tokens holds
/// a scene.
#[test]
fn prose_is_bounded_by_a_good_third_of_a_token_a_byte() {
    let prose = "Mara held the page to the window. The first hand was hers, round and slow; the second leaned, as if it had been written on a moving boat. “Who else has had the key?” she asked. Joss looked at the scales. “Nobody,” he said, and then, because she waited: “Nobody who can write.”";
    let tokens = SEEN.text(prose);
    assert!(tokens * 100 < prose.len() * 40, "{tokens} tokens of {} bytes", prose.len());
    // What the real vocabularies need: 66 (o200k) to 76 (Llama 2) tokens.
    assert!(tokens > 76, "{tokens} tokens are too few");
}

#[test]
fn the_list_of_words_is_in_order_and_found_whole() {
    let list: Vec<&str> = include_str!("../../../catalogue/words.txt").lines().collect();
    assert!(list.is_sorted() && list.len() > 10_000);
    for word in &list {
        assert!(word.bytes().all(|byte| byte.is_ascii_alphabetic()), "{word}");
        let text = format!("x {word}.");
        assert_eq!(SEEN.text(&text), 4, "{text}");
    }
    for other in ["lamplighterish", "zzz", "thee-", "Zzz"] {
        assert!(SEEN.text(&format!("x {other}.")) > 4, "{other}");
    }
}

#[test]
fn a_prompt_pays_for_its_marks() {
    let messages = [Message::new(Role::System, "ab"), Message::new(Role::User, "c")];
    assert_eq!(Bound::default().prompt(&messages), (3 + 8) + (2 + 8) + 4);
    assert_eq!(Bound::default().prompt(&[]), 4);
}

/// Texts of letters, words, marks and what is none of them.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z]{1,6}",
        "[ a-zA-Z'.,]{1,8}",
        Just(" the".to_owned()),
        Just(" window,".to_owned()),
        Just("“Oh".to_owned()),
        "\\PC{1,3}",
        "[ \n\t]{1,3}",
        "[äöüßéèñ’—…]{1,3}",
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn to_have_seen_a_vocabulary_never_loosens_the_bound(text in texts()) {
        prop_assert!(SEEN.text(&text) <= Bound::default().text(&text));
        prop_assert!(SEEN.text(&text) > text.chars().filter(char::is_ascii_digit).count());
    }

    /// The budget adds up what it has counted piece by piece.
    #[test]
    fn the_whole_takes_no_more_than_its_parts(first in texts(), second in texts()) {
        let whole = format!("{first}{second}");
        prop_assert!(SEEN.text(&whole) <= SEEN.text(&first) + SEEN.text(&second));
    }
}
