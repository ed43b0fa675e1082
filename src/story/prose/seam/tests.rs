use std::collections::BTreeSet;

use super::*;
use proptest::prelude::*;

/// What was written, what came, and the two as one.
const SEAMS: &[(&str, &str, &str)] = &[
    // No blank, and words of which one is new to the book.
    ("She sat in the", "rainstorm.", "She sat in the rainstorm."),
    ("She harbour", "ing sat.", "She harbouring sat."),
    // Speech that begins.
    ("She sat.", "“Now,” he said.", "She sat. “Now,” he said."),
    ("She sat.\n\n---", "He rose.", "She sat.\n\n---\n\nHe rose."),
    ("She sat.\n\n* * *", "\nHe rose.", "She sat.\n\n* * *\n\nHe rose."),
    ("She sat.\n\n---", "\n\n---\n\nHe rose.", "She sat.\n\n---\n\nHe rose."),
    ("She sat.\n\n* * *", " * *\n\nHe rose.", "She sat.\n\n* * * * *\n\nHe rose."),
    ("She sat. —", "He rose.", "She sat. — He rose."),
    ("She sat—", "he rose.", "She sat—he rose."),
    ("Sie fuhr um –", "sie leckte.", "Sie fuhr um – sie leckte."),
    ("She sat.\n\n—", "Hola.", "She sat.\n\n—Hola."),
    ("half-", "past four", "half-past four"),
    ("“His what?”", "---\n\nThe kettle sang.", "“His what?”\n\n---\n\nThe kettle sang."),
    ("She sat.", "* * *\n\nHe rose.", "She sat.\n\n* * *\n\nHe rose."),
    ("She sat.\n\n⁂", "He rose.", "She sat.\n\n⁂\n\nHe rose."),
    // The next sentence begins like the last.
    ("She waited.", "She waited until dark.", "She waited. She waited until dark."),
    ("Rain.", "Rain on the roof.", "Rain. Rain on the roof."),
    (
        "“You said tomorrow.”",
        "“You said tomorrow?” He laughed.",
        "“You said tomorrow.”\n\n“You said tomorrow?” He laughed.",
    ),
    (
        "It rained. She walked to the harbour.",
        "She walked to the harbour and sat.",
        "It rained. She walked to the harbour and sat.",
    ),
    // Marks that close.
    ("„Mit seinem was?“", "Der Kessel sang.", "„Mit seinem was?“ Der Kessel sang."),
    ("»Mit seinem was?«", "Der Kessel sang.", "»Mit seinem was?« Der Kessel sang."),
    ("‘Yes.’", "He turned.", "‘Yes.’ He turned."),
    ("the boys’", "boat", "the boys’ boat"),
    ("She didn’", "t sit.", "She didn’t sit."),
    ("l’", "eau", "l’eau"),
    ("at five o’", "clock", "at five o’clock"),
    ("— l’écope –", "elle", "— l’écope – elle"),
    // Numbers.
    ("At 5:03", "the boat came.", "At 5:03 the boat came."),
    ("He paid her", "12 pence.", "He paid her 12 pence."),
    ("There were 40", "carts.", "There were 40 carts."),
    ("It was the 3", "rd of May.", "It was the 3rd of May."),
    ("It was 18", "90.", "It was 1890."),
    // Where no blanks are.
    ("紙は湿っていた。", "冬の間", "紙は湿っていた。冬の間"),
    ("しな", "い。", "しない。"),
    ("纸是潮的。", "整个冬天", "纸是潮的。整个冬天"),
    ("“Come.”", "“Now?” he said.", "“Come.”\n\n“Now?” he said."),
    ("„Komm.“", "„Jetzt?“, sagte er.", "„Komm.“\n\n„Jetzt?“, sagte er."),
    ("“Come,”", "“and now,” he said.", "“Come,” “and now,” he said."),
    ("„Komm“, sagte sie. „Nun", "“, sagte er.", "„Komm“, sagte sie. „Nun“, sagte er."),
    ("“Come,” she said, ‘", "“Now.”", "“Come,” she said, ‘“Now.”"),
    // The last word, or a beginning, said again.
    ("She sat in silence", "silence.", "She sat in silence."),
    ("She sat in a", "She sat in an armchair.", "She sat in an armchair."),
    ("She sat. “Twel", "“Twelve,” she said.", "She sat. “Twelve,” she said."),
    ("She sat. There were £", "There were £5,000.", "She sat. There were £5,000."),
    ("She sat. The kettle ", "The kettle sang.", "She sat. The kettle sang."),
    // Exactly where it stopped.
    ("She walked to the har", "bour and sat.", "She walked to the harbour and sat."),
    ("She walked to the", " harbour and sat.", "She walked to the harbour and sat."),
    ("She walked to the ", "harbour and sat.", "She walked to the harbour and sat."),
    ("She walked to the ", " harbour and sat.", "She walked to the harbour and sat."),
    ("She gave him a h", "and and sat.", "She gave him a hand and sat."),
    ("She walk", "ed to the boat.", "She walked to the boat."),
    // No space, whole words.
    ("She walked to the", "door.", "She walked to the door."),
    ("She sat.", "Then she rose.", "She sat. Then she rose."),
    ("“Come,” she said. “", "Now.”", "“Come,” she said. “Now.”"),
    // The cut word written anew.
    ("She walked to the har", "harbour and sat.", "She walked to the harbour and sat."),
    // The sentence begun anew.
    (
        "It rained. She walked to the har",
        "She walked to the harbour and sat.",
        "It rained. She walked to the harbour and sat.",
    ),
    // The last words repeated.
    (
        "She walked to the harbour and",
        "to the harbour and sat down.",
        "She walked to the harbour and sat down.",
    ),
    (
        "She walked to the harbour.",
        "She walked to the harbour. A boat lay there.",
        "She walked to the harbour. A boat lay there.",
    ),
    ("She walked to the ", "She walked to the boat.", "She walked to the boat."),
    (
        "She sat in a boat.\n\n",
        "She sat in a boat.\n\nThe door shut.",
        "She sat in a boat.\n\nThe door shut.",
    ),
    // A new paragraph.
    ("She sat.", "\n\nThe boat came.", "She sat.\n\nThe boat came."),
    ("She sat.\n\n", "The boat came.", "She sat.\n\nThe boat came."),
    ("She sat.", "\n\n", "She sat.\n\n"),
    ("She sat.\n", "\nThe boat came.", "She sat.\n\nThe boat came."),
    ("She sat. ", "\n\nThe boat came.", "She sat.\n\nThe boat came."),
    ("She sat.\n\n", "\n\nThe boat came.", "She sat.\n\nThe boat came."),
    ("She sat.\n", "The boat came.", "She sat.\nThe boat came."),
    // Marks that cling to what follows, or do not.
    ("She *", "sat* there.", "She *sat* there."),
    ("She *sat*", "there.", "She *sat* there."),
    ("“*", "Now*”", "“*Now*”"),
    ("She said, \"", "Now.\"", "She said, \"Now.\""),
    ("\"Now.\"", "She sat.", "\"Now.\" She sat."),
    ("It was 10:", "30 and £", "It was 10:30 and £"),
    ("It was 10:", "the boat came.", "It was 10: the boat came."),
    // Punctuation first.
    ("She sat", ", and the boat came.", "She sat, and the boat came."),
    // One equal word is a coincidence, not an overlap.
    ("and on and on", "on she went", "and on and on on she went"),
    ("", "The boat.", "The boat."),
    ("The boat.", "", "The boat."),
];

#[test]
fn seams() {
    let known =
        vocabulary(["the harbour and the old woman sat in a boat she walked to then door on"]);
    for (head, tail, expected) in SEAMS {
        assert_eq!(join(head, tail, &known, |_| false), *expected, "{head:?} + {tail:?}");
    }
}

#[test]
fn common_words_are_known_from_the_first_chapter() {
    let is_common = |word: &str| {
        ["all", "winter", "was", "damp", "is", "into", "some", "thing", "something", "cart"]
            .contains(&word)
    };
    for (head, tail, expected) in [
        ("It had hung all", "winter there.", "It had hung all winter there."),
        ("The paper was", "damp.", "The paper was damp."),
        ("It is", "damp.", "It is damp."),
        ("The company’s", "cart.", "The company’s cart."),
        ("There was some", "thing.", "There was something."),
        ("The theodo", "lite was.", "The theodolite was."),
    ] {
        assert_eq!(join(head, tail, &HashSet::new(), is_common), expected);
    }
}

/// Written with whatever stands at a seam.
const TEXT: &str = "She walked to the harbour, where the old boat lay, and sat down on a coil of wet rope. “You *came*,” \
    said the woman; “at half-past four—or 4:30?”\n\nNothing moved on the water but the light of the lamp.\n\n* * *\n\n\
    By £5,000 she was the poorer, or 3.5 stone of silver. \"Never,\" he said, \"not _ever_.\"\nIt didn’t rain.";

proptest! {
    // A text cut anywhere, however often, and continued exactly there comes
    // out whole, to the last blank.
    #[test]
    fn exact_continuations_are_whole(cuts in prop::collection::btree_set(1..TEXT.len(), 1..6)) {
        let bounds: BTreeSet<usize> =
            cuts.into_iter().map(|cut| TEXT.floor_char_boundary(cut)).collect();
        let known = vocabulary([TEXT]);
        let (mut joined, mut from) = (String::new(), 0);
        for until in bounds.into_iter().chain([TEXT.len()]) {
            joined = if from == 0 {
                TEXT[..until].to_owned()
            } else {
                join(&joined, &TEXT[from..until], &known, |_| false)
            };
            from = until;
        }
        prop_assert_eq!(joined, TEXT);
    }

    // Token by token there is nothing to guess.
    #[test]
    fn what_goes_on_token_by_token_is_whole(cut in 1..TEXT.len()) {
        let cut = TEXT.floor_char_boundary(cut);
        prop_assert_eq!(continued(&TEXT[..cut], &TEXT[cut..]), TEXT);
    }
}

#[test]
fn a_server_that_heeds_no_beginning_makes_a_model_say_it_again() {
    for (head, tail, expected) in [
        (
            "It rained. He turned the bai",
            "He turned the bailer over.",
            "It rained. He turned the bailer over.",
        ),
        (
            "It rained. He turned the",
            "He turned the bailer over.",
            "It rained. He turned the bailer over.",
        ),
        (
            "It rained. He turned the ",
            "He turned the bailer over.",
            "It rained. He turned the bailer over.",
        ),
        ("It rained. “Twel", "“Twelve,” he said.", "It rained. “Twelve,” he said."),
        (
            "up, and the river narrows a",
            "and the river narrows at the bend.",
            "up, and the river narrows at the bend.",
        ),
        // What a model may well say.
        ("on and on and", " on and on and on", "on and on and on and on and on"),
        ("“Ha", "ha,” he said.", "“Haha,” he said."),
        ("He sat. ", "He sat. He rose.", "He sat. He sat. He rose."),
        ("It was a bo", "a of feathers.", "It was a boa of feathers."),
        ("She had been ", "been and gone.", "She had been been and gone."),
        ("It rained. ", " Then it cleared.", "It rained. Then it cleared."),
        ("", "It rained.", "It rained."),
    ] {
        assert_eq!(continued(head, tail), expected, "{head:?} + {tail:?}");
    }
}
