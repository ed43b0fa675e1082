use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::phrases::{Phrases, Place};

pub(super) const OPENING: &str = "The rain had stopped before dawn, but the gutters still ran. Ann stood at the window and counted the carts.";

pub(super) fn terms(language: &str) -> Terms {
    Terms {
        language: language.to_owned(),
        signs: Arc::new(Signs::of(language)),
        chapter: 3,
        titles: vec!["Brine Cuts".to_owned(), "Rain.".to_owned()],
        ..Terms::default()
    }
}

pub(super) fn watched(terms: Terms, text: &str) -> Option<Verdict> {
    let mut watch = Watch::new(terms);
    watch.hear(text);
    watch.end(true).cloned()
}

/// The reason and what is kept of `text`.
pub(super) fn judged(terms: Terms, text: &str) -> Option<(Reason, &str)> {
    watched(terms, text).map(|verdict| (verdict.reason, &text[..verdict.keep]))
}

#[test]
fn a_text_that_is_long_enough_ends_with_its_sentence() {
    let terms = |begun: &str, most: usize| Terms {
        begun: begun.to_owned(),
        most_words: Some(most),
        ..terms("en")
    };
    let text = "One two three. “Four five. Six seven,” said eight. Nine ten. Eleven.";
    for (begun, most, expected) in [
        ("", 2, Some("One two three.")),
        ("", 3, Some("One two three. “Four five. Six seven,” said eight.")),
        ("", 9, Some("One two three. “Four five. Six seven,” said eight. Nine ten.")),
        ("a b c d e", 8, Some("One two three. “Four five. Six seven,” said eight.")),
        ("", 11, None),
    ] {
        let verdict = judged(terms(begun, most), text);
        assert_eq!(verdict, expected.map(|kept| (Reason::Long, kept)), "{begun} {most}");
    }
    assert_eq!(
        watched(terms("", 2), "Mr. A. Smith and Mrs. B. went out. So did Tom.").unwrap().keep,
        34
    );
    // Who speaks without end is cut all the same.
    let speech: String = (0..80).map(|day| format!("On day {day} I talked. ")).collect();
    let speech = format!("“{speech}");
    assert_eq!(judged(terms("", 20), &speech).map(|(reason, _)| reason), Some(Reason::Long));
}

#[test]
fn a_circle_is_cut_where_it_turns() {
    let round = "He went to the door and looked at her. ";
    let text = format!("{OPENING} {}", round.repeat(9));
    let verdict = watched(terms("en"), &text).unwrap();
    assert_eq!(
        (verdict.reason, verdict.words.as_str()),
        (Reason::Loop, "He went to the door and looked at her")
    );
    assert_eq!(text[..verdict.keep].trim(), format!("{OPENING} {round}").trim());
    // One that goes on from what there was keeps nothing.
    let begun = Terms { begun: format!("{OPENING} {round}{round}"), ..terms("en") };
    assert_eq!(judged(begun, &round.repeat(7)), Some((Reason::Loop, "")));
    // Sentences said before, in another order.
    let colours = ["red", "blue", "green", "white", "brown", "black", "grey", "yellow", "bare"];
    let said = colours.map(|colour| format!("The {colour} cart came up from the river. "));
    let order = [3, 1, 5, 0, 2, 8, 4, 7, 6];
    let again: String = order.iter().map(|index| said[*index].as_str()).collect();
    let text = format!("{OPENING} {}{again}", said.concat());
    let verdict = watched(terms("en"), &text).unwrap();
    assert_eq!(verdict.reason, Reason::Loop);
    assert_eq!(text[..verdict.keep].trim(), format!("{OPENING} {}", said.concat()).trim());
}

#[test]
fn a_text_told_again_is_no_circle() {
    let number = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let begun = number
        .map(|number| format!("Cart number {number} came up from the river with its load. "))
        .concat();
    let rest = "Then nothing came, and Ann shut the window.";
    let terms =
        |cut: usize| Terms { begun: begun[..cut].to_owned(), most_words: Some(120), ..terms("en") };
    for lead in
        ["", "\n\n", "# Cart Number\n\n", "**Brine**\n\n", "<think>Again, then.</think>\n\n"]
    {
        for cut in [50, 200, 430, begun.len()] {
            let reply = format!("{lead}{begun}{rest}");
            assert_eq!(judged(terms(cut), &reply), None, "{lead:?} {cut}");
        }
        // Told otherwise, it is not what was asked for.
        let other = number.map(|number| format!("Then a {number}-wheeled sledge went by. "));
        let reply = format!("{lead}{}{}", &begun[..180], other.concat());
        assert_eq!(judged(terms(430), &reply), Some((Reason::Anew, "")), "{lead:?}");
    }
    // Once it is told, it may be told no more.
    let reply = format!("{begun}{begun}");
    let terms = Terms { most_words: None, ..terms(430) };
    assert_eq!(judged(terms, &reply).map(|(reason, _)| reason), Some(Reason::Loop));
}

#[test]
fn another_language_is_noticed_and_foreign_speech_is_not() {
    let german = "Der Regen hatte vor Tagesanbruch aufgehört, aber die Rinnen liefen noch. Anna stand im Mantel am \
        Fenster und zählte die Wagen, die vom Fluss heraufkamen. Es waren weniger als gestern, und sie sagte es \
        niemandem. Unten ging eine Tür auf, jemand rief nach dem Hund, und der Hund kam nicht. Dann war wieder nur das \
        Wasser zu hören. Sie nahm den Brief vom Tisch und las ihn noch einmal, obwohl sie ihn auswendig kannte. Der \
        Onkel schrieb, wie er sprach, in einem fort und ohne Luft zu holen. Von der Mühle stand nichts darin, auch \
        nichts von dem Geld, das seit dem Frühjahr fehlte. Sie faltete das Blatt zusammen und schob es unter die Uhr, \
        die seit dem Begräbnis stand. Auf der Treppe waren Schritte. Tom hatte die Stiefel nicht ausgezogen, man hörte \
        es an jeder Stufe, und er blieb vor der Tür stehen, ohne zu klopfen. ";
    let text = format!("{OPENING}\n\n{german}");
    let verdict = watched(terms("en"), &text).unwrap();
    assert_eq!((verdict.reason, verdict.words.as_str()), (Reason::Language, "German"));
    assert_eq!(&text[..verdict.keep], OPENING);
    assert_eq!(judged(terms("en"), german), Some((Reason::Language, "")));
    for speech in [format!("“{german}”"), format!("— {german}")] {
        assert_eq!(judged(terms("en"), &format!("{OPENING}\n\n{speech}\n")), None, "{speech}");
    }
    assert_eq!(judged(terms("de"), german), None);
    // A paragraph at the end is as foreign as a page of it.
    let words: Vec<&str> = german.split(' ').collect();
    for count in [50, 79, 110] {
        let text = format!("{OPENING}\n\n{}.", words[..count].join(" "));
        let verdict = watched(terms("en"), &text);
        let kept = verdict.map(|verdict| text[..verdict.keep].to_owned());
        assert_eq!(kept.as_deref(), Some(OPENING), "{count}");
    }
}

#[test]
fn another_language_is_noticed_wherever_a_paragraph_turns() {
    let told = format!("{OPENING} {OPENING}");
    let first = "Er sah mich lange an und sagte nichts. Dann setzte er sich auf die Kohlenkiste und begann zu schreiben, als \
        hätte er nie etwas anderes getan. Ich goss ihm Tee ein und wartete, bis der Regen aufhörte.\n\nEs war ein langer \
        Abend, und keiner von uns wollte ihn beenden. Ich dachte an meine Mutter und an die Laterne, und an den Zug, der \
        nicht gekommen war.";
    let second = "fragte ich, aber er antwortete nicht. Er blätterte in dem Buch, eine Seite nach der anderen, und manchmal \
        nickte er, als hätte ihm jemand etwas erklärt, das er schon wusste. Dann stand er auf, ging zum Fenster und legte \
        die Hand an die Scheibe. Der Regen lief darunter weg.";
    let english = "I asked, but he did not answer. He turned the leaves of the book, one after another, and now and then \
        he nodded, as if somebody had explained to him what he had known. Then he rose and went to the window.";
    for lead in [" ", "\n\n", " He looked up and said nothing, and then "] {
        for speech in
            ["„Welcher Tag?“,", "“Welcher Tag?”", "“Welcher Tag?“", "»Welcher Tag?«,", "Den Tag,"]
        {
            let text = format!("{told}{lead}{first}\n\n{speech} {second}");
            let kept = judged(terms("en"), &text);
            assert_eq!(kept, Some((Reason::Language, told.as_str())), "{lead:?} {speech}");
        }
    }
    // What somebody says may be in any language, as long as the narrator is in theirs.
    let (one, two) = first.split_once("\n\n").expect("two paragraphs");
    for [open, close] in [["“", "”"], ["„", "“"], ["«", "»"], ["\"", "\""], ["“", "“"]]
    {
        let (one, two) = (format!("{open}{one}{close}"), format!("{open}{two}{close}"));
        let text = format!("{told}\n\n{one} he said.\n\n{two} {english}");
        assert_eq!(judged(terms("en"), &text), None, "{open} {close}");
    }
    let text = format!("{told} {english}");
    assert_eq!(judged(terms("de"), &text).map(|(reason, _)| reason), Some(Reason::Language));
    assert_eq!(judged(terms("en"), &text), None);
}

#[test]
fn a_letter_in_other_letters_is_read_and_a_text_that_turns_to_them_is_not() {
    let letter = "Милая моя Марфа, пишу тебе с парома, потому что больше писать неоткуда. Колокол звонил всю ночь, и \
        никто не вышел. Я видел твой свет в окне и не посмел постучать. Прости меня, если сможешь, а если не сможешь, то \
        хоть сохрани шляпу: она была куплена для тебя. Твой Фома.";
    let verse = "锦瑟无端五十弦，一弦一柱思华年。\n庄生晓梦迷蝴蝶，望帝春心托杜鹃。\n沧海月明珠有泪，蓝田日暖玉生烟。\n\
        此情可待成追忆，只是当时已惘然。";
    let prayer = "יתגדל ויתקדש שמיה רבא בעלמא די ברא כרעותיה וימליך מלכותיה בחייכון וביומיכון ובחיי דכל בית ישראל בעגלא \
        ובזמן קריב ואמרו אמן. יהא שמיה רבא מברך לעלם ולעלמי עלמיא. יתברך וישתבח ויתפאר ויתרומם ויתנשא ויתהדר ויתעלה \
        ויתהלל שמיה דקודשא בריך הוא.";
    let told = format!("{OPENING} {OPENING}");
    for read in [letter, verse, prayer] {
        let text = format!("{told}\n\n{read}\n\n{told}");
        assert_eq!(judged(terms("en"), &text), None, "{read}");
        let text = format!("{told}\n\n{read}");
        assert_eq!(judged(terms("en"), &text), Some((Reason::Language, told.as_str())), "{read}");
    }
    let chinese = "他什么也没说。她把面包、刀和一张折成四折的纸放在桌上，开始慢慢地切面包，切得那么慢，几乎像是一种侮辱。".repeat(5);
    let text = format!("{told}\n\n{chinese}\n\n{told}");
    assert_eq!(judged(terms("en"), &text), Some((Reason::Language, told.as_str())));
}

#[test]
fn a_letter_may_open_a_chapter_in_another_language() {
    let letter = "Ma chère Edda,\n\nJe vous écris de Lyon, où il pleut depuis trois jours. La maison est froide et les \
        enfants toussent, mais nous avons du bois et le boulanger nous fait encore crédit. Votre oncle est parti lundi sans \
        dire un mot ; il a laissé sa montre sur la table et la porte ouverte. Je ne sais pas ce qu’il faut en penser. On dit \
        ici que la cloche a sonné, et que personne ne l’a touchée. Vous, qui savez ces choses, dites-moi s’il faut avoir \
        peur.\n\nJe ne dors plus guère. La nuit j’écoute la rivière, et je compte les heures, et quand le jour vient je \
        n’ai plus la force de me lever. Écrivez-moi bientôt, je vous en prie, et ne dites rien à Ruth.\n\nVotre \
        cousine,\n\nAdèle";
    let told = format!("{OPENING} {OPENING} {OPENING} {OPENING}");
    assert_eq!(judged(terms("en"), &format!("{letter}\n\n{told}")), None);
    let page = "La pluie avait cessé avant l’aube, et de la gouttière l’eau continuait de couler dans le seau que quelqu’un \
        avait laissé là depuis l’été. Marthe ouvrit la fenêtre de la cuisine et regarda la cour. Il n’y avait personne. Sur \
        le muret, près du puits, se trouvait encore le chapeau de son père, et elle pensa qu’il fallait le rentrer, parce \
        qu’un chapeau mouillé ne sèche jamais tout à fait. Alors il poussa la feuille vers elle d’un doigt, comme on pousse \
        une assiette vers un hôte que l’on ne connaît pas, et sortit dans la cour sans prendre son chapeau. Marthe attendit \
        que ses pas se fussent éloignés au-delà de la grille ; puis elle lut les trois lignes, l’une après \
        l’autre, et quand elle eut fini elle les relut depuis le début. Au bas de la feuille, il y avait un nom que personne, \
        dans cette maison, n’avait plus prononcé depuis longtemps, et dans le coin le vieux poêle cliquetait comme si rien ne \
        pressait.";
    let all = format!("{letter}\n\n{page}\n\n{told}");
    assert_eq!(judged(terms("en"), &all), Some((Reason::Language, "")));
    assert_eq!(judged(terms("en"), letter), Some((Reason::Language, "")));
    // Once the chapter has begun, it turns.
    let begun = Terms { begun: told.clone(), ..terms("en") };
    assert_eq!(judged(begun, letter), Some((Reason::Language, "")));
    assert_eq!(
        judged(terms("en"), &format!("{told}\n\n{letter}")),
        Some((Reason::Language, told.as_str()))
    );
}

#[test]
fn a_run_of_signs_is_cut_where_it_begins_whatever_its_signs() {
    for round in ["!", "—", " 🙂", "ha", "\u{200b}", "語", "\u{0}", "\n", "* "] {
        for before in ["", OPENING] {
            let text = format!("{before}{}", round.repeat(900));
            let verdict = watched(terms("en"), &text).expect("a verdict");
            assert_eq!(verdict.reason, Reason::Loop, "{round:?}");
            assert!(verdict.keep <= before.len(), "{round:?}");
            let shown = |c: char| !c.is_whitespace() && !c.is_control() && c != '\u{200b}';
            assert!(verdict.words.contains(shown), "{round:?}: {verdict}");
        }
    }
}

#[test]
fn banned_phrases_are_cut_with_their_sentence() {
    let list = ["sent shivers", "in the air."].map(str::to_owned);
    let list = Arc::new(Phrases::new(list).unwrap());
    let bans = Arc::new(Bans::default().and(list, BTreeSet::new(), Place::Anywhere));
    let terms = |stands: &[&str]| Terms {
        bans: Some(Arc::clone(&bans)),
        stands: stands.iter().map(|phrase| (*phrase).to_owned()).collect(),
        ..terms("en")
    };
    let long: String = (0..50).map(|cart| format!("the cart {cart} went, ")).collect();
    for (text, expected) in [
        ("She sat. It sent Shivers down.", Some("She sat.")),
        ("It sent shivers", Some("")),
        ("He went out. Salt hung in the air. Tom came.", Some("He went out.")),
        ("He went out. Salt hung in the airs.", None),
        (
            &format!("She sat. And {long}and it sent shivers."),
            Some(&format!("She sat. And {}", long.trim_end())),
        ),
        (
            "<think>It sent shivers.</think>\nShe sat. It sent shivers.",
            Some("<think>It sent shivers.</think>\nShe sat."),
        ),
    ] {
        let verdict = judged(terms(&[]), text);
        assert_eq!(verdict, expected.map(|kept| (Reason::Phrase, kept)), "{text}");
    }
    assert_eq!(judged(terms(&["sent shivers"]), "It sent shivers."), None);
}

/// A text of lines that may or may not be of the story.
fn lines() -> impl Strategy<Value = String> {
    let line = prop::sample::select(vec![
        "The rain had stopped.",
        "“As an AI,” she said. “No.”",
        "",
        "* * *",
        "Chapter 4",
        "The end",
        "Note: no.",
        "He went to the door and looked at her. He went to the door.",
        "Es regnete den ganzen Tag, und niemand kam die Straße herauf.",
        "It sent shivers",
        "Mr. Brown",
        "<think>",
        "</think>",
        "```",
        "Sure! Here is",
        "*For Anna*",
        "## Chapter 3",
        "I'm sorry, but I can't assist with that.",
    ]);
    prop::collection::vec((line, prop::sample::select(vec!["\n", " ", "\n\n"])), 0..30)
        .prop_map(|lines| lines.into_iter().map(|(line, end)| format!("{line}{end}")).collect())
}

proptest! {
    #[test]
    fn pieces_do_not_matter(text in lines(), cuts in prop::collection::vec(0_usize..400, 0..12), by_itself: bool, has_machines: bool) {
        let list = Arc::new(Phrases::new(["sent shivers".to_owned()]).unwrap());
        let bans = Some(Arc::new(Bans::default().and(list, BTreeSet::new(), Place::Anywhere)));
        let terms = Terms { bans, most_words: Some(60), has_machines, ..terms("en") };
        let mut whole = Watch::new(terms.clone());
        whole.hear(&text);
        let expected = whole.end(by_itself).cloned();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| text.floor_char_boundary(*cut)).collect();
        cuts.sort_unstable();
        let (mut watch, mut from) = (Watch::new(terms), 0);
        for cut in cuts.into_iter().chain([text.len()]) {
            watch.hear(&text[from..cut]);
            from = cut;
        }
        prop_assert_eq!(watch.end(by_itself).cloned(), expected.clone());
        if let Some(verdict) = expected {
            prop_assert!(text.is_char_boundary(verdict.keep));
            let kept = text[..verdict.keep].trim_end();
            prop_assert_eq!(kept.len(), verdict.keep);
        }
    }

    #[test]
    fn nothing_panics(text in "\\PC{0,200}", begun in "\\PC{0,60}") {
        let _ = watched(Terms { begun, most_words: Some(3), ..terms("fr") }, &text);
    }
}
