use std::collections::BTreeSet;

use super::*;
use proptest::prelude::*;

/// A book of which these words are known, in a language of which none are.
fn book(known: HashSet<String>) -> Words {
    Words::new(known, Common::Asked(|_| false))
}

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
    // A sentence begun again behind a mark inside a word.
    ("It rained. She didn’", "She didn’t sit.", "It rained. She didn’t sit."),
    ("It rained. So deep that I’", "So deep that I’ll stay.", "It rained. So deep that I’ll stay."),
    ("Il pleut. On dit que l’", "On dit que l’homme dort.", "Il pleut. On dit que l’homme dort."),
    ("It rained. She paid 1,", "She paid 1,200 then.", "It rained. She paid 1,200 then."),
    // A word that nobody says twice.
    ("It was late, and he", "he walked on.", "It was late, and he walked on."),
    ("It was late and", "and he walked.", "It was late and he walked."),
    ("Es war spät, und er", "er ging.", "Es war spät, und er ging."),
    ("She knew that he had", " had it.", "She knew that he had had it."),
    // No paragraph begins inside a sentence, be there a blank or not.
    ("He looked", "\n\none last time.", "He looked one last time."),
    ("He looked ", "\n\none last time.", "He looked one last time."),
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

/// What real models do when they are asked to go on: the whole begun anew, other
/// marks, other blanks, other letters for the same word.
const HABITS: &[(&str, &str, &str)] = &[
    // The whole text anew, the last paragraph, the last sentence.
    (
        "It rained all night, and nobody slept.\n\nAnn sat in the old boat and",
        "It rained all night, and nobody slept.\n\nAnn sat in the old boat and waited.",
        "It rained all night, and nobody slept.\n\nAnn sat in the old boat and waited.",
    ),
    (
        "It rained all night, and nobody slept but Tom, who always did.\n\nAnn sat in the boat and",
        "It rained all night, and nobody slept but Tom, who always di",
        "It rained all night, and nobody slept but Tom, who always did.\n\nAnn sat in the boat and",
    ),
    (
        "It rained.\n\nAnn sat in the old boat, where the nets lay.",
        "Ann sat in the old boat, where the nets lay.\n\nTom came.",
        "It rained.\n\nAnn sat in the old boat, where the nets lay.\n\nTom came.",
    ),
    (
        "It rained.\n\nAnn sat in the old boat where the nets lay",
        "\n\nAnn sat in the old boat where the nets lay, and waited.",
        "It rained.\n\nAnn sat in the old boat where the nets lay, and waited.",
    ),
    // The last word or two.
    ("She walked to the", "the harbour.", "She walked to the harbour."),
    ("She walked to the", "to the harbour.", "She walked to the harbour."),
    ("She walked, and sat", "And sat down.", "She walked, and sat down."),
    ("She had had", "had enough.", "She had had had enough."),
    ("on and on", "and on she went", "on and on and on she went"),
    ("She told her", "her mother.", "She told her her mother."),
    ("It was half-", "half-past four.", "It was half-past four."),
    // Other quotes.
    ("She sat. “I waited", "\"I waited all night.", "She sat. “I waited all night."),
    ("She sat. “I", "“I waited.”", "She sat. “I waited.”"),
    ("She sat. “Twel", "\"Twelve,\" he said.", "She sat. “Twelve,\" he said."),
    ("Sie saß da. „Ich", "»Ich kam spät", "Sie saß da. „Ich kam spät"),
    (
        "It rained, and the old boat lay",
        "\"and the old boat lay\" on the sand.",
        "It rained, and the old boat lay on the sand.",
    ),
    (
        "It rained, and the old boat lay",
        "“…and the old boat lay on the sand.”",
        "It rained, and the old boat lay on the sand.",
    ),
    (
        "“Come,” he said. “The old boat",
        "“The old boat,” she said.",
        "“Come,” he said. “The old boat,” she said.",
    ),
    // Emphasis.
    (
        "It rained, and the old boat lay",
        "*and the old boat lay* on the sand.",
        "It rained, and the old boat lay on the sand.",
    ),
    (
        "It rained, and the old boat lay",
        "**and the old boat lay** on the sand, *still*.",
        "It rained, and the old boat lay on the sand, *still*.",
    ),
    ("She *never* said it", "She *never* said it again.", "She *never* said it again."),
    ("She *never* said it", "She _never_ said it again.", "She *never* said it again."),
    ("It rained. *She never said", "*She never said it.*", "It rained. *She never said it.*"),
    (
        "They closed their eyes.",
        "*Breathe,* they thought.",
        "They closed their eyes. *Breathe,* they thought.",
    ),
    ("*They sat.", "*He rose.", "*They sat.*He rose."),
    // Dashes, hyphens, blanks.
    (
        "She sat—all day long, and",
        "She sat – all day long, and waited.",
        "She sat—all day long, and waited.",
    ),
    ("a well\u{2011}known man of", "a well-known man of parts", "a well\u{2011}known man of parts"),
    (
        "She walked to  the\nold harbour",
        "to the old\u{a0}harbour, and sat",
        "She walked to  the\nold harbour, and sat",
    ),
    (
        "She walked to the har\u{ad}bour",
        "to the harbour and sat",
        "She walked to the har\u{ad}bour and sat",
    ),
    ("She walked", "\u{a0}on.", "She walked\u{a0}on."),
    ("She sat.\u{200b}", "\u{200b}He rose.", "She sat. He rose."),
    ("She walked to the\n\n", "\u{feff}harbour.", "She walked to the\n\nharbour."),
    ("She walked to the old", "\n\nharbour and sat.", "She walked to the old harbour and sat."),
    ("She walked to the old,", "\n\nold harbour.", "She walked to the old, old harbour."),
    // Dots that only mark that it goes on.
    ("He went …", "…to the door.", "He went … to the door."),
    ("He went...", "...to the door.", "He went... to the door."),
    ("He went to", "…the door.", "He went to the door."),
    ("He went to", "...the door.", "He went to the door."),
    ("He went to the old", "…to the old door.", "He went to the old door."),
    ("He waited", "… and waited.", "He waited and waited."),
    ("He sat and waited", "… And then he went.", "He sat and waited… And then he went."),
    ("He turned to", "…Martha, and", "He turned to Martha, and"),
    ("He said, and", "... I said,", "He said, and I said,"),
    ("Er ging in das", "…Haus am See.", "Er ging in das Haus am See."),
    ("“Go,” said Tom.", "…He looked up.", "“Go,” said Tom. He looked up."),
    ("“Then who did?”", "… she asked.", "“Then who did?” she asked."),
    ("One thing:", "…whether he came.", "One thing: whether he came."),
    ("The wall;", "...nobody came.", "The wall; nobody came."),
    ("The hedge (it grew)", "…and she.", "The hedge (it grew) and she."),
    ("His hands – he saw –", "… they shook.", "His hands – he saw – they shook."),
    ("“I never touched", "…it,” he said.", "“I never touched it,” he said."),
    ("He rose.", "\n\n…By noon she sat.", "He rose.\n\nBy noon she sat."),
    ("He rose.\n\n", "…By noon she sat.", "He rose.\n\nBy noon she sat."),
    ("He rose.", "…\n\nBy noon she sat.", "He rose.\n\nBy noon she sat."),
    // The text's own: who speaks hesitates or begins, and where a line trails off.
    ("“I… I never", "… never touched it.”", "“I… I never… never touched it.”"),
    ("“I never—", "…no, never.”", "“I never—…no, never.”"),
    ("He said, “", "…and then?”", "He said, “…and then?”"),
    ("He waited", "…\n\nBy noon she sat.", "He waited…\n\nBy noon she sat."),
    ("“He waited", "…” she said.", "“He waited…” she said."),
    ("Well…no. He waited", "…no more.", "Well…no. He waited…no more."),
    ("He sat.", "…", "He sat.…"),
    // Accents, composed and decomposed, and apostrophes.
    ("They sat in the café", "in the cafe\u{301} and ate", "They sat in the café and ate"),
    ("They sat in the cafe\u{301}", "in the café and ate", "They sat in the cafe\u{301} and ate"),
    ("They sat in the cafe", "\u{301} and ate", "They sat in the cafe\u{301} and ate"),
    ("She didn't want to", "She didn’t want to go.", "She didn't want to go."),
    ("Elle dit qu’il n’était pas", "qu'il n'était pas là", "Elle dit qu’il n’était pas là"),
    // Other writings.
    ("она пошла к двери и", "пошла к двери и ждала", "она пошла к двери и ждала"),
    ("היא הלכה אל הנמל", "הלכה אל הנמל וישבה", "היא הלכה אל הנמל וישבה"),
    ("ذهبت إلى الميناء", "ذهبت إلى الميناء وجلست", "ذهبت إلى الميناء وجلست"),
    ("เธอเดินไปที่", "ประตู", "เธอเดินไปที่ประตู"),
    ("มันดีมาก", "มากกว่าเดิม", "มันดีมากมากกว่าเดิม"),
    ("她走到门口，看了看", "她走到门口，看了看水面。", "她走到门口，看了看水面。"),
    ("他笑了，哈哈哈", "哈哈哈，他说。", "他笑了，哈哈哈哈哈哈，他说。"),
    ("ははは", "ははは", "はははははは"),
    ("彼女は戸口に", "行った。", "彼女は戸口に行った。"),
    // Signs that are no letters.
    ("She smiled 🙂", "and left.", "She smiled 🙂 and left."),
    ("She sent 👩\u{200d}", "🚀 and left.", "She sent 👩\u{200d}🚀 and left."),
    ("It cost £", "£5 and more", "It cost ££5 and more"),
];

#[test]
fn habits_of_models() {
    let known = book(vocabulary([
        "he she went to the old harbour and door sat walked lay boat waited it rained in a of her had told on",
    ]));
    let faults: Vec<String> = HABITS
        .iter()
        .map(|(head, tail, expected)| (join(head, tail, &known), head, tail, expected))
        .filter(|(joined, _, _, expected)| joined != *expected)
        .map(|(joined, head, tail, expected)| {
            format!("{head:?} + {tail:?}\n  is {joined:?}\n not {expected:?}")
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn seams() {
    let known = book(vocabulary([
        "the harbour and the old woman sat in a boat she walked to then door on",
    ]));
    for (head, tail, expected) in SEAMS {
        assert_eq!(join(head, tail, &known), *expected, "{head:?} + {tail:?}");
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
        let words = Words::new(HashSet::new(), Common::Asked(is_common));
        assert_eq!(join(head, tail, &words), expected);
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
        let known = book(vocabulary([TEXT]));
        let (mut joined, mut from) = (String::new(), 0);
        for until in bounds.into_iter().chain([TEXT.len()]) {
            joined = if from == 0 {
                TEXT[..until].to_owned()
            } else {
                join(&joined, &TEXT[from..until], &known)
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
        (
            "And that was something they couldn’t",
            " And that was something they couldn’t quite say.",
            "And that was something they couldn’t quite say.",
        ),
        // What a model may well say.
        ("It rained. She knew", " she knew it.", "It rained. She knew she knew it."),
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

/// A chapter cut late, and told again from its beginning.
const TOLD: &str = "Marit read the tide table aloud, because the printed figures swam when she read them \
    in silence.\n\n“Four fifty-one,” she said, and put her thumb on the column.\n\nJoss said nothing. He looked at \
    the old brown water, and at the chain that went down into it, and he counted the links.";

#[test]
fn a_text_told_again_from_its_beginning_is_taken_once() {
    let known = book(vocabulary([TOLD]));
    let rest = " Nobody had told him how many there were.\n\nThe kettle sang.";
    let whole = format!("{TOLD}{rest}");
    for cut in [60, 120, 200, 231, TOLD.len() - 3, TOLD.len()] {
        let cut = TOLD.floor_char_boundary(cut);
        for lead in ["", "\n\n", "\n"] {
            let tail = format!("{lead}{whole}");
            assert_eq!(join(&whole[..cut], &tail, &known), whole, "{cut} {lead:?}");
            if cut > 60 {
                assert_eq!(continued(&whole[..cut], &tail), whole, "{cut} {lead:?}");
            }
        }
        // It did not come as far, or was told otherwise.
        let until = whole.floor_char_boundary(cut - 50);
        if until >= 100 {
            let head = &whole[..cut];
            assert_eq!(continued(head, &whole[..until]), head, "{cut}");
            let other = format!("{}, or so they say; nobody asks.", &whole[..90]);
            assert_eq!(join(head, &other, &known), head, "{cut}");
        }
    }
    // It begins with a short line.
    let short = format!("“Now,” she said.\n\n{whole}");
    for cut in [90, 160, short.len() - rest.len()] {
        let cut = short.floor_char_boundary(cut);
        assert_eq!(continued(&short[..cut], &short), short, "{cut}");
        let mut retelling = Retelling::of(&short[..cut]);
        short.char_indices().for_each(|(at, c)| retelling.read(c, at));
        assert!(retelling.new_from().is_some_and(|from| from > 60), "{cut}");
    }
    // A word is another.
    let tail = whole.replace("old brown", "brown old").replace("thumb", "finger");
    assert_eq!(join(TOLD, &tail, &known), whole);
    assert_eq!(continued(TOLD, &tail), whole);
    // The last sentence is.
    let tail = whole.replace("he counted the links", "he let them be");
    assert_eq!(join(TOLD, &tail, &known), tail);
}

#[test]
fn a_short_paragraph_said_again_is_said_once() {
    let known = book(vocabulary(["it rained"]));
    for (head, tail, expected) in [
        ("Ich las.\n\n*Deine Resi", "*Deine Resi*\n\nIch", "Ich las.\n\n*Deine Resi*\n\nIch"),
        (
            "Ich las.\n\n*Küche. Nacht.*",
            "*Küche. Nacht.*\n\nIch",
            "Ich las.\n\n*Küche. Nacht.*\n\nIch",
        ),
        ("Ich las:\n\n1. Mehl", "1. Mehl\n2. Salz", "Ich las:\n\n1. Mehl\n2. Salz"),
        ("Ich las:\n\n6.40", "6.40 Uhr", "Ich las:\n\n6.40 Uhr"),
        (
            "I read:\n\n*Oh, the tin is full,*\n*and we go,*",
            "*Oh, the tin is full,*\n*and we go,*\n*to the line.*",
            "I read:\n\n*Oh, the tin is full,*\n*and we go,*\n*to the line.*",
        ),
    ] {
        assert_eq!(join(head, tail, &known), expected, "{head:?} + {tail:?}");
        assert_eq!(continued(head, tail), expected, "{head:?} + {tail:?}");
    }
    // Its next line begins with words of this.
    let song = "I read:\n\n*out there, outside the door,*";
    let rest = "\n*outside the door, the door.*";
    assert_eq!(join(song, rest, &known), format!("{song}{rest}"));
    let curtain = "I read.\n\n*(Curtain.)*";
    assert_eq!(continued(curtain, "*(Curtain.)*\n\nI sat."), format!("{curtain}\n\nI sat."));
    let left = "I read.\n\n(I have left ";
    assert_eq!(continued(left, "(I have left it.)"), format!("{left}it.)"));
    // From within the line in italics.
    let head = "I read:\n\n*Oh, the tin is full,*\n*and we all go down to the line,*";
    let tail = "all go down to the line,*\n*down to the line.*";
    let expected = format!("{head}\n*down to the line.*");
    assert_eq!(join(head, tail, &known), expected);
}

/// What chat models go on with, without the blank before it, in books of each language.
#[test]
fn words_are_parted_in_every_language() {
    for (language, so_far, head, tail, expected) in [
        ("de", "", "an seinen", "Platz", "an seinen Platz"),
        ("de", "", "Ich setzte", "mich auf", "Ich setzte mich auf"),
        ("de", "", "Wenn", "du willst", "Wenn du willst"),
        ("de", "", "fing es an", "zu regnen", "fing es an zu regnen"),
        ("de", "Der Kessel sang in der Küche", "Der Kes", "sel sang", "Der Kessel sang"),
        ("de", "", "Sie ging in die Kü", "che.", "Sie ging in die Küche."),
        ("fr", "", "avec", "une lampe", "avec une lampe"),
        ("fr", "", "l’", "eau", "l’eau"),
        ("fr", "La lampe fumait", "La lam", "pe fumait", "La lampe fumait"),
        ("ru", "", "рыбу, которую", "жалко съесть", "рыбу, которую жалко съесть"),
        ("ru", "Телеграф молчал, станция спала", "Теле", "граф", "Телеграф"),
        ("ru", "", "стоял свет", "— ровный", "стоял свет — ровный"),
        ("ru", "— Да.\n\n— Нет.\n\n", "— Кому?", "— Тому.", "— Кому?\n\n— Тому."),
        ("ru", "— Да.\n\n— Нет.\n\n", "— Да, — сказал он.", "— Иду.", "— Да, — сказал он. — Иду."),
        ("ru", "— Да.\n\n— Нет.\n\n", "—", "Иду.", "— Иду."),
        ("es", "—Sí.\n\n", "—", "Hola.", "—Hola."),
        ("it", "", "nella", "casa", "nella casa"),
        ("pl", "", "i", "wtedy", "i wtedy"),
        ("sv", "", "och", "sedan", "och sedan"),
        ("nl", "", "maar", "toen", "maar toen"),
        ("pt", "", "para", "dentro", "para dentro"),
        ("en", "Oona rowed.", "letters from O", "ona Garrity", "letters from Oona Garrity"),
        ("en", "Old McGregor rowed.", "He saw Mc", "Gregor", "He saw McGregor"),
    ] {
        let known = vocabulary([so_far]);
        let words = Words::new(known, Common::Listed(crate::phrases::common_words(language)));
        let joined = join(&format!("{so_far}{head}"), tail, &words);
        assert_eq!(joined, format!("{so_far}{expected}"), "{head:?} + {tail:?}");
    }
}

/// What stands before a word with its apostrophe, whose blank was dropped, and what the
/// limit has cut inside one.
#[test]
fn elided_words_are_parted_from_what_stands_before() {
    for (language, head, tail, expected) in [
        ("fr", "il vit que", "c’est lui", "il vit que c’est lui"),
        ("fr", "alors il", "l’épousa", "alors il l’épousa"),
        ("fr", "beaucoup de", "l'or", "beaucoup de l'or"),
        ("fr", "elle crut", "qu’il dormait", "elle crut qu’il dormait"),
        ("fr", "qu’il", "l’aimait", "qu’il l’aimait"),
        ("fr", "quel", "qu’il soit", "quel qu’il soit"),
        ("fr", "quel", "qu’un vint", "quelqu’un vint"),
        ("fr", "il est aujour", "d’hui là", "il est aujourd’hui là"),
        ("fr", "il alla jus", "qu’au bout", "il alla jusqu’au bout"),
        ("fr", "et lors", "qu’il vint", "et lorsqu’il vint"),
        ("fr", "mais puis", "qu’", "mais puisqu’"),
        ("it", "sopra", "l’acqua", "sopra l’acqua"),
        ("it", "e vide", "un’altra", "e vide un’altra"),
        ("it", "era del", "l’altro", "era dell’altro"),
        ("it", "il colore", "dell’acqua", "il colore dell’acqua"),
        ("it", "nessu", "n’altra", "nessun’altra"),
        ("ca", "va veure", "l’home", "va veure l’home"),
        ("ca", "la vora de", "l’aigua", "la vora de l’aigua"),
        ("de", "wie es geh", "t’s dir", "wie es geht’s dir"),
    ] {
        let listed = Common::Listed(crate::phrases::common_words(language));
        let so_far = "wie geht es ";
        let words = Words::new(vocabulary([so_far]), listed).of_language(language);
        assert_eq!(join(head, tail, &words), expected, "{head:?} + {tail:?}");
    }
}

#[test]
fn a_beginning_that_breaks_off_says_nothing_new() {
    let head = "The yard was dry. Martha set the basket on the wall, and nobody asked her. When the \
                carts had been loaded and the last of the sacks was tied";
    for (tail, expected) in [
        ("When the carts had been", true),
        ("When the car", true),
        ("When", true),
        ("…and nobody asked her. When", true),
        ("“The last of the", true),
        ("the last of the sacks was ti", true),
        ("When the carts had been full", false),
        ("she went to the gate", false),
        ("the last", false),
        ("The gate", false),
        ("…", false),
        ("", false),
    ] {
        assert_eq!(is_begun_again(head, tail), expected, "{tail:?}");
    }
    let over = "Martha set the basket on the wall. Nobody asked.";
    for (tail, expected) in
        [("Nobody", false), ("Nobody asked", false), ("set the basket on", true)]
    {
        assert_eq!(is_begun_again(over, tail), expected, "{tail:?}");
    }
    let solid = "彼女は戸口に立って、水面を見た。彼は何も言わずに歩き";
    for (tail, expected) in [("彼は何も言わず", true), ("彼は", false), ("出した", false)]
    {
        assert_eq!(is_begun_again(solid, tail), expected, "{tail:?}");
    }
}

#[test]
fn lines_that_are_lines_by_themselves_stay_so() {
    for (head, tail, expected) in [
        ("| 1911 | 14 |", "| 1912 | 3 |", "| 1911 | 14 |\n| 1912 | 3 |"),
        ("| a | b |", "|---|---|", "| a | b |\n|---|---|"),
        ("| 1911", "| 14 |", "| 1911| 14 |"),
        ("1. Mehl", "2. Zucker", "1. Mehl\n2. Zucker"),
        ("- 4 dag Mehl", "- 1/8 l Essig", "- 4 dag Mehl\n- 1/8 l Essig"),
        ("- 4 dag Mehl\n-", "1/8 l Essig", "- 4 dag Mehl\n- 1/8 l Essig"),
        ("**Kren**", "- 4 dag Mehl", "**Kren**\n\n- 4 dag Mehl"),
        ("**a:** you there", "**ledger:** I am.", "**a:** you there\n**ledger:** I am."),
        ("He rose.", "**ledger:** I am.", "He rose.\n\n**ledger:** I am."),
        ("*the brine is fine,*", "*and we’ll go.*", "*the brine is fine,*\n*and we’ll go.*"),
        (
            "*Row the boat and mind the line,*",
            "\n*mind the line, mind the line,*",
            "*Row the boat and mind the line,*\n*mind the line, mind the line,*",
        ),
        (
            "*Row the boat and mind the line,*",
            "*mind the line, mind the line,*",
            "*Row the boat and mind the line,*\n*mind the line, mind the line,*",
        ),
        ("*No.*", "He rose.", "*No.* He rose."),
        ("He sat.", "> Keep off.", "He sat.\n\n> Keep off."),
        ("> Keep off", "> the grass.", "> Keep off\n> the grass."),
        ("He sat", "(as ever).", "He sat (as ever)."),
        ("« Ça ! » dit-il. Vous ici", "? dit-elle.", "« Ça ! » dit-il. Vous ici ? dit-elle."),
        ("« Trop tôt. »", "« Qui est là ? »", "« Trop tôt. »\n\n« Qui est là ? »"),
        ("« Trop tôt. »", "Il sortit.", "« Trop tôt. » Il sortit."),
        ("« Trop tôt", "» dit-il.", "« Trop tôt» dit-il."),
        ("ZWEITER AKT", "*Küche. Nacht.*", "ZWEITER AKT *Küche. Nacht.*"),
        ("Вас нет.", "*(Занавес.)*", "Вас нет. *(Занавес.)*"),
        ("„Ja.“\n\nHe sat.", "“Now,” he said.", "„Ja.“\n\nHe sat. “Now,” he said."),
    ] {
        assert_eq!(join(head, tail, &book(HashSet::new())), expected, "{head:?} + {tail:?}");
    }
}

#[test]
fn a_beginning_that_is_said_again_is_said_once_however_short() {
    let known = book(vocabulary(["he did not answer that she gave him her hand"]));
    for (head, tail, expected) in [
        // A dash, and what stands behind it.
        ("Nikt nie słucha.\n\n—", "— I wyjechali?", "Nikt nie słucha.\n\n— I wyjechali?"),
        ("Nikt nie słucha.\n\n— ", "— I wyjechali?", "Nikt nie słucha.\n\n— I wyjechali?"),
        ("Nikt.\n\n— Żart ", "— Żart nie wie.", "Nikt.\n\n— Żart nie wie."),
        ("Nikt.\n\n— Żar", "— Żart nie wie.", "Nikt.\n\n— Żart nie wie."),
        ("— Tak — powiedziała. — Że", "— Że wyjechali.", "— Tak — powiedziała. — Że wyjechali."),
        ("— Tak —", "— powiedziała.", "— Tak — powiedziała."),
        ("—Sí —", "—dijo.", "—Sí —dijo."),
        // Another speaks, or the same goes on.
        ("— Tak.", "— Tak.", "— Tak. — Tak."),
        ("“I—", "I don’t know.”", "“I—I don’t know.”"),
        // The last sentence on a line by itself.
        (
            "— Mówią — rzekła. — Że wyjechali.\n\n",
            "— Że wyjechali.\n\nZrobiło się cicho.",
            "— Mówią — rzekła. — Że wyjechali.\n\nZrobiło się cicho.",
        ),
        ("She sat. It rained.", "It rained.\n\nHe rose.", "She sat. It rained.\n\nHe rose."),
        ("She sat. Yes.", "Yes.\n\nHe rose.", "She sat. Yes. Yes.\n\nHe rose."),
        ("It rained.", "It rained again.\n\nHe", "It rained. It rained again.\n\nHe"),
        (
            "“No,” he said. “I did.”",
            "“I did not.”\n\nHe",
            "“No,” he said. “I did.”\n\n“I did not.”\n\nHe",
        ),
        // The first word of a sentence.
        ("“Who?”\n\nHe", "He did not answer.", "“Who?”\n\nHe did not answer."),
        ("“Who?”\n\nHe ", "He did not answer.", "“Who?”\n\nHe did not answer."),
        ("It rained. I do", "I do not know.", "It rained. I do not know."),
        ("She gave him her", "her hand.", "She gave him her her hand."),
        ("“Ha", "ha,” he said.", "“Haha,” he said."),
        ("He saw that he", "He rose.", "He saw that he He rose."),
        // A dash that clings to what is said behind it, and one that does not.
        ("—Sí.\n\n—No hacía falta —", "dijo Inés.", "—Sí.\n\n—No hacía falta —dijo Inés."),
        ("— Tak.\n\n— Nie —", "rzekła.", "— Tak.\n\n— Nie — rzekła."),
    ] {
        assert_eq!(join(head, tail, &known), expected, "{head:?} + {tail:?}");
    }
}

#[test]
fn half_a_break_is_a_whole_one_where_the_text_has_no_other() {
    let known = book(vocabulary(["she sat"]));
    let told = "It rained.\n\n“Go.”\n\nHe rose.\n\nShe sat.\n\n";
    for (head, tail, expected) in [
        ("He sat.\n", "He rose.", "He sat.\n\nHe rose."),
        ("“Go.”\n", "“Now?” he said.", "“Go.”\n\n“Now?” he said."),
        ("He sat.\n\n", "He rose.", "He sat.\n\nHe rose."),
        // A song, a list, an address.
        ("Row, row,\n", "Row the boat.", "Row, row,\nRow the boat."),
        ("Row.\nRow.\n", "Row the boat.", "Row.\nRow.\nRow the boat."),
        ("1. Salt.\n", "Oil.", "1. Salt.\nOil."),
        ("Yours,\n", "Tom", "Yours,\nTom"),
    ] {
        let joined = join(&format!("{told}{head}"), tail, &known);
        assert_eq!(joined, format!("{told}{expected}"), "{head:?} + {tail:?}");
    }
    let joined = join("I read:\n\nRow.\n", "Row the boat.", &known);
    assert_eq!(joined, "I read:\n\nRow.\nRow the boat.");
}
