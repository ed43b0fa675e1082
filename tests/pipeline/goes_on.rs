//! What a model does that is asked to go on, and does something else.

use serde_json::{Value, json};

use crate::common::*;

/// A script of a first reply that is cut, of what comes when it is asked to go on,
/// and of the record.
fn script(first: &str, goes_on: &[&str]) -> Vec<Value> {
    let mut script = vec![with(rule(&[&drafts(1)], first), json!({ "finish": "length" }))];
    script.extend(goes_on.iter().map(|reply| rule(&["breaks off here"], reply)));
    script.push(rule(&[&records(1)], &record(1)));
    script
}

/// The text, cut behind these words.
fn cut(words: &str) -> (&'static str, &'static str) {
    let text = PROSE[0];
    text.split_at(text.find(words).expect("words of the text") + words.len())
}

#[test]
fn a_chapter_begun_anew_is_taken_once() {
    let text = PROSE[0];
    for lead in
        ["", "# The Second Hand\n\n", "**The Second Hand**\n\n", "<think>Again.</think>\n\n"]
    {
        for words in ["round and slow;", "had the key?” she asked."] {
            let (first, _) = cut(words);
            let project = small(&script(first, &[&format!("{lead}{text}")]));
            done(&project, &["draft", "chapter", "1"]);
            assert_eq!(prose(&project, 1), text, "{lead:?} {words}");
        }
    }
}

#[test]
fn another_drawing_of_a_chapter_does_not_go_on_from_it() {
    let (first, rest) = cut("had the key?” she asked.");
    let mut other = first.chars().take(120).collect::<String>();
    other.push_str(
        " of somebody else, whom nobody had named to her in all the years at the works, though \
         she had asked the pans, the clerk, the master and his wife, each on a Sunday, and each \
         more than once, until they shut the door when they saw her come up the hill.",
    );
    let project = small(&script(first, &[&other, rest]));
    let output = done(&project, &["draft", "chapter", "1"]);
    assert!(output.stderr.contains("  stopped: it began anew: “"), "{output}");
    assert_eq!(prose(&project, 1), PROSE[0]);
}

#[test]
fn a_remark_in_place_of_the_rest_does_not_end_a_sentence() {
    let (first, _) = cut("Below them");
    let whole = &first[..first.len() - " Below them".len()];
    for remark in [
        "Sorry, I can't help with that.",
        "I'm sorry, but I can't continue this.",
        "The chapter is complete.",
        "It looks like your message was cut off. Could you clarify what you'd like me to continue?",
        "Understood. Continuing from where I left off:",
        "<END>",
        "Done.",
    ] {
        let project = small(&script(first, &[remark]));
        done(&project, &["draft", "chapter", "1"]);
        assert_eq!(prose(&project, 1), whole, "{remark}");
    }
}

#[test]
fn a_sentence_that_nobody_ends_is_taken_off() {
    let (first, _) = cut("“Nobody,” he said, and");
    let whole = &first[..first.len() - " “Nobody,” he said, and".len()];
    let circle = "He said no. ".repeat(60);
    let project = small(&script(first, &[&circle, &circle]));
    let output = done(&project, &["draft", "chapter", "1"]);
    assert!(output.stderr.contains("  stopped: it went round in circles"), "{output}");
    assert_eq!(prose(&project, 1), whole);
    // What a model insists on is a sentence of its own.
    let (first, _) = cut("Below them");
    let whole = &first[..first.len() - " Below them".len()];
    let phrase = "Little did she know who it was.";
    let project = small(&script(first, &[phrase, phrase, phrase]));
    done(&project, &["draft", "chapter", "1"]);
    assert_eq!(prose(&project, 1), format!("{whole} {phrase}"));
}

#[test]
fn a_break_outlives_what_was_taken_off_before_it() {
    let (first, rest) = cut("had the key?” she asked.");
    for lead in [
        "\n\n### The Second Hand (continued)\n\n",
        "**The Second Hand**\n\n",
        "Here is the rest of the chapter:\n\n",
        "<think>I go on.</think>\n\n",
    ] {
        let project = small(&script(first, &[&format!("{lead}{}", rest.trim_start())]));
        done(&project, &["draft", "chapter", "1"]);
        assert_eq!(prose(&project, 1), PROSE[0], "{lead:?}");
    }
}

#[test]
fn a_text_that_turns_to_another_language_in_mid_paragraph_goes_on_where_it_did() {
    let (first, rest) = cut("had the key?” she asked.");
    let german = "Joss sah sie lange an und sagte nichts. Dann setzte er sich auf die Kiste und begann zu schreiben, als \
                  hätte er nie etwas anderes getan. Sie goss ihm Tee ein und wartete, bis der Regen aufhörte.\n\n„Welcher \
                  Tag?“, fragte sie, aber er antwortete nicht. Er blätterte in dem Buch, eine Seite nach der anderen, und \
                  manchmal nickte er, als hätte ihm jemand etwas erklärt, das er schon wusste.";
    for lead in [" ", " Joss looked up, and then "] {
        let mut script = script(first, &[rest]);
        script[0] = rule(&[&drafts(1)], &format!("{first}{lead}{german}"));
        let project = small(&script);
        let output = done(&project, &["draft", "chapter", "1"]);
        let stopped = "  stopped: it turned to another language (German)";
        assert!(output.stderr.contains(stopped), "{lead:?} {output}");
        assert_eq!(prose(&project, 1), PROSE[0], "{lead:?}");
    }
}

#[test]
fn half_a_word_to_the_reader_is_no_part_of_a_chapter() {
    let text = PROSE[0];
    for half in ["Sure! Here is the c", "**The Second", "<thi", "```mark", "The"] {
        let mut script = script(half, &[]);
        script.insert(1, rule(&[&drafts(1)], text));
        let project = small(&script);
        done(&project, &["draft", "chapter", "1"]);
        assert_eq!(prose(&project, 1), text, "{half}");
    }
    // Asked to go on, it begins with half a tag.
    let (first, rest) = cut("had the key?” she asked.");
    let mut script = script(first, &["<thi", rest]);
    script[1] = with(script[1].clone(), json!({ "finish": "length" }));
    let project = small(&script);
    done(&project, &["draft", "chapter", "1"]);
    assert_eq!(prose(&project, 1), text);
}

#[test]
fn what_is_said_again_at_a_cut_is_said_once_however_short() {
    let spoken =
        "\n\n— I did — said Joss. — It was me.\n\n— Me? — he asked, and looked at the scales.";
    let text = PROSE[0].replace("\n\nJoss looked at the scales.", spoken).replace(
        "“Nobody,” he said, and then, because she waited:",
        "He waited. “Nobody,” he said:",
    );
    for (head, again) in [
        (" He", "He"),
        (" He ", "He "),
        ("— It was me.\n\n", "— It was me.\n\n"),
        ("— It was me.\n\n—", "—"),
        ("\n\n— Me", "— Me"),
    ] {
        let at = text.find(head).expect("words of the text") + head.len();
        let (first, rest) = text.split_at(at);
        let project = small(&script(first, &[&format!("{again}{rest}")]));
        done(&project, &["draft", "chapter", "1"]);
        assert_eq!(prose(&project, 1), text, "{head:?}");
    }
}

#[test]
fn a_chapter_may_be_cut_before_the_dash_that_ends_it() {
    let first = format!("{} She turned to say so, and", PROSE[0]);
    for dash in ["—", "—\n", "–"] {
        let project = small(&script(&first, &[dash]));
        done(&project, &["draft", "chapter", "1"]);
        assert_eq!(prose(&project, 1), format!("{first}{}", dash.trim()), "{dash:?}");
    }
}

#[test]
fn the_first_of_several_headings_stays_though_the_others_come_later() {
    let (first, rest) = cut("had the key?” she asked.");
    for [one, two] in [
        ["## I", "## II"],
        ["### Monday", "### Tuesday"],
        ["1", "2"],
        ["I", "II"],
        ["i.", "ii."],
        ["**1**", "**2**"],
    ] {
        let (first, rest) = (format!("{one}\n\n{first}"), format!("\n\n{two}{rest}"));
        let text = format!("{first}{rest}");
        let mut whole = script(&text, &[]);
        whole[0] = rule(&[&drafts(1)], &text);
        let beyond = format!("# The Second Hand\n\n{first}");
        // Who ends too early, or has a word for the author there, is asked for the rest.
        let early = |first: &str| {
            let first = rule(&[&drafts(1)], first);
            vec![first, rule(&["The text is too short"], &rest), rule(&[&records(1)], &record(1))]
        };
        let noted = format!("{first}\n\n---\n\n*This chapter explores what stands between them.*");
        for (case, script) in [
            ("whole", whole),
            ("cut", script(&first, &[&rest])),
            ("beyond", script(&beyond, &[&rest])),
            ("early", early(&first)),
            ("noted", early(&noted)),
        ] {
            let project = small(&script);
            done(&project, &["draft", "chapter", "1"]);
            assert_eq!(prose(&project, 1), text, "{one} {case}");
        }
    }
    // Below what stands above all of it, too.
    let above = "*Whoever winds a clock owes it an hour.*\n\n— Edda Vance, *Ledgers*";
    let text = format!("{above}\n\n1\n\n{first}\n\n2{rest}");
    let (first_part, second) = text.split_at(text.find("\n\n2").expect("the second"));
    for script in [script(&text, &[]), script(first_part, &[second])] {
        let mut script = script;
        if script.len() == 2 {
            script[0] = rule(&[&drafts(1)], &text);
        }
        let project = small(&script);
        done(&project, &["draft", "chapter", "1"]);
        assert_eq!(prose(&project, 1), text);
    }
    // One alone heads the chapter.
    for one in ["## I", "1"] {
        let project = small(&script(&format!("{one}\n\n{first}"), &[rest]));
        done(&project, &["draft", "chapter", "1"]);
        assert_eq!(prose(&project, 1), PROSE[0]);
    }
}
