//! Which replies become text, and how the pieces of a cut one are joined.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::common::*;

const GERMAN: &str = "Der Regen hatte vor Tagesanbruch aufgehört, aber die Rinnen liefen noch. Anna stand im Mantel am Fenster und \
    zählte die Wagen, die vom Fluss heraufkamen. Es waren weniger als gestern, und sie sagte es niemandem.";

/// Replies that are not accepted, and what is said of each.
fn bad() -> Vec<(Value, &'static str)> {
    let here = drafts(1);
    vec![
        (rule(&[&here], ""), "it was empty"),
        (rule(&[&here], "…\n\n"), "it was empty"),
        (
            rule(&[&here], "I'm sorry, but I can't help with that."),
            "the model declined: “I'm sorry, but I can't help with that.”",
        ),
        (rule(&[&here], GERMAN), "it was in another language (German)"),
        (
            rule(&[&here], &"He went to the door and looked at her. ".repeat(9)),
            "it went round in circles: “He went to the door and looked at her”",
        ),
        (
            with(rule(&[&here], "Mara held the"), json!({ "finish": "filtered" })),
            "the endpoint's filter stopped it",
        ),
    ]
}

#[test]
fn a_bad_reply_is_drawn_again_with_its_reason() {
    for (reply, reason) in bad() {
        let project = small(&[vec![reply], once(&[1])].concat());
        let output = done(&project, &["draft", "chapter", "1"]);
        assert!(
            output.stderr.contains(&format!("\n  rejected: {reason}; drawing 2 of 4\n")),
            "{output}"
        );
        assert_eq!(prose(&project, 1), PROSE[0]);
        let log = done(&project, &["log"]).stdout;
        assert!(log.contains(&format!("ledger: a reply was rejected, {reason}\n")), "{log}");
    }
}

/// A few words are no chapter, whoever says that they are.
#[test]
fn a_model_that_says_next_to_nothing_writes_no_chapter() {
    let project = small(&[always(&[""], "She waited.")]);
    let output = run(&project, &["draft", "chapter", "1"]);
    assert_eq!(output.code, 3, "{output}");
    assert!(output.stderr.contains("rejected: it ended after 2 of 60 words"), "{output}");
    assert!(!project.path().join("manuscript/01-ledger.md").exists());
}

#[test]
fn a_chapter_that_is_never_accepted_ends_the_run() {
    for (reply, reason) in bad() {
        let project = small(&[with(reply, json!({ "times": 3 }))]);
        project.write(
            "storygen.yaml",
            format!("{}limits:\n  redraws: 2\n", project.read("storygen.yaml")),
        );
        let output = run(&project, &["draft", "chapter", "1"]);
        assert_eq!(output.code, 3, "{output}");
        let expected = |help: &str| {
            format!(
                "chapter 1 of 4: The Second Hand\n  rejected: {reason}; drawing 2 of 3\n  rejected: {reason}; drawing 3 of 3\n  rejected: {reason}\n\
             error: chapter 1 was drawn 3 times and never accepted; the last time {reason}\n\
             help: {help}try another model, or `--seed` with another number\n"
            )
        };
        assert_eq!(output.stderr, expected("the rejected replies are kept; "));
        assert_eq!(done(&project, &["log"]).stdout.matches("a reply was rejected").count(), 3);
        // The same command asks nothing again and notes nothing twice.
        play(&project, &[]);
        let found = "nothing was asked: all of these replies are kept from a run before, and the same \
                     request to a model of the same name finds them, wherever it is now; ";
        assert_eq!(run(&project, &["draft", "chapter", "1"]).stderr, expected(found));
        assert_eq!(done(&project, &["log"]).stdout.matches("a reply was rejected").count(), 3);
        // Another seed is another drawing.
        play(&project, &once(&[1]));
        done(&project, &["draft", "chapter", "1", "--seed", "2"]);
    }
}

#[test]
fn wrappings_do_not_reach_the_manuscript() {
    for (before, after) in [
        ("Sure! Here is chapter 1:\n\n# The Second Hand\n\n", "\n\n(To be continued…)"),
        ("Here's chapter 1 of your novella: *The Second Hand*\n\n", "\n\n---\n*End of Chapter 1*"),
        ("<chapter>\n# Chapter 1: The Second Hand\n\n", "\n</chapter>\n\nReady for Chapter 2…?"),
        ("<answer>", "</answer>"),
        ("1\n\n", "\n\n**Word count:** 94"),
        ("", "\n\n*I aimed for about 90 words, as you asked.*"),
        ("", "\n\n---\n\n(94 words)\n\nLet me know if you'd like any changes to the pacing!"),
        ("", "\n\nNote: I have kept the tension for the next chapter."),
    ] {
        let wrapped = format!("{before}{}{after}", PROSE[0]);
        let project = small(&[rule(&[&drafts(1)], &wrapped), rule(&[&records(1)], &record(1))]);
        done(&project, &["draft", "chapter", "1"]);
        assert_eq!(prose(&project, 1), PROSE[0], "{before:?} {after:?}");
    }
}

/// What a story holds may look like what a model says about it.
#[test]
fn a_letter_a_sign_and_a_song_stay_in_the_story() {
    let song = "Row, row, row your boat,\nGently down the stream.\n".repeat(4);
    let text = format!(
        "{}\n\nNote: Keep off the grass.\n\nTitle: The Drowned Bell\n\nChapter 9\n\n{song}\nLet me \
         know if the river rises.",
        PROSE[0]
    );
    let project = small(&[rule(&[&drafts(1)], &text), rule(&[&records(1)], &record(1))]);
    done(&project, &["draft", "chapter", "1"]);
    assert_eq!(prose(&project, 1), text);
}

/// A script whose first reply is cut; the others go on, each cut but the last.
fn cut(pieces: &[&str]) -> Vec<Value> {
    let mut script: Vec<Value> = pieces
        .iter()
        .map(|piece| with(rule(&[&drafts(1)], piece), json!({ "finish": "length" })))
        .collect();
    if let Some(last) = script.last_mut() {
        *last = with(last.clone(), json!({ "finish": "stop" }));
    }
    script.push(rule(&[&records(1)], &record(1)));
    script
}

#[test]
#[expect(clippy::many_single_char_names, reason = "halves of one text, side by side")]
fn the_seams_of_a_cut_reply_do_not_show() {
    let text = PROSE[0];
    let at = |words: &str| text.find(words).expect("words of the text") + words.len();
    let split = |words: &str| (&text[..at(words)], &text[at(words)..]);
    let (a, b) = split("as if it had been wri");
    let (c, d) = split("had been written on a");
    let (e, f) = split("The first hand was hers, round and slow;");
    let (g, h) = split("had the key?” she asked.");
    let cases: Vec<(&str, Vec<String>)> = vec![
        ("mid-word", vec![a.into(), b.into()]),
        ("at a word's end, with the space", vec![c.into(), d.into()]),
        ("at a word's end, the space lost", vec![c.into(), d.trim_start().into()]),
        ("the space twice", vec![format!("{c} "), d.into()]),
        ("the cut word anew", vec![a.into(), format!("wri{b}")]),
        ("the last words again", vec![c.into(), format!("as if it had been written on a{d}")]),
        (
            "the sentence anew",
            vec![
                a.into(),
                format!(
                    "The first hand was hers, round and slow; the second leaned, as if it had been wri{b}"
                ),
            ],
        ),
        ("after a semicolon", vec![e.into(), f.trim_start().into()]),
        ("at a paragraph", vec![g.into(), h.into()]),
        ("at a paragraph, its break first", vec![format!("{g}\n\n"), h.trim_start().into()]),
        (
            "a word to the reader first",
            vec![c.into(), format!("Sure, here is the rest:\n\n{}", d.trim_start())],
        ),
        (
            "thrice",
            vec![
                e.into(),
                text[at("round and slow;")..at("had been written on a")].into(),
                d.into(),
            ],
        ),
        ("the whole text anew", vec![e.into(), text.into()]),
        (
            "the last words in quotes",
            vec![c.into(), format!("\"as if it had been written on a\"{d}")],
        ),
        ("dots that mark that it goes on", vec![c.into(), format!("…{}", d.trim_start())]),
        ("tags and a count", vec![a.into(), format!("{b}\n</chapter>\n\n(Word count: 94)")]),
        (
            "the end again, marks and all",
            vec![g.into(), format!("“Who else has had the key?” she asked.{h}")],
        ),
    ];
    let mut faults = Vec::new();
    for (name, pieces) in cases {
        let project = small(&cut(&pieces.iter().map(String::as_str).collect::<Vec<_>>()));
        let output = run(&project, &["draft", "chapter", "1"]);
        if output.code != 0 {
            faults.push(format!("{name}: {output}"));
        } else if prose(&project, 1) != text {
            faults.push(format!("{name}:\n{}", prose(&project, 1)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn what_must_not_stand_is_seen_across_a_seam() {
    let text = PROSE[0];
    let (told, rest) = text.split_once("\n\n").expect("two paragraphs");
    for (name, first, second, said) in [
        ("a phrase", " Little did she", " know who had leaned.", "it said “little did she know”"),
        (
            "a word of it",
            " Little did she kn",
            "ow who had leaned.",
            "it said “little did she know”",
        ),
        ("no blank", " Little did she", "know who had leaned.", "it said “little did she know”"),
        (
            "a paragraph's first words",
            "\n\nLittle did she",
            " know who had leaned.",
            "it said “little did she know”",
        ),
        (
            "a model that speaks of itself",
            "\n\nAs an AI",
            " language model, I must stop before what she found.",
            "it left the story: “As an AI language model, I must stop before what she found.”",
        ),
        (
            "the next chapter",
            "\n\nChapter Tw",
            "o: The Pans\n\nMara asked at the pans.",
            "it left the story: “Chapter Two: The Pans”",
        ),
    ] {
        let mut script = cut(&[&format!("{told}{first}"), second]);
        // What was cut off with its line break gives it to what comes.
        let lead = if first.starts_with('\n') { "" } else { "\n\n" };
        let goes_on = [if said.starts_with("it said") { "breaks off here" } else { "too short" }];
        script.insert(
            2,
            with(
                rule(&goes_on, &format!("{lead}{rest}")),
                json!({ "expect": ["had the key?” she asked."] }),
            ),
        );
        let project = small(&script);
        let output = done(&project, &["draft", "chapter", "1"]);
        assert!(output.stderr.contains(&format!("  stopped: {said}")), "{name}: {output}");
        assert_eq!(prose(&project, 1), text, "{name}");
    }
}

#[test]
fn every_cut_of_a_text_comes_out_whole() {
    let text = PROSE[0];
    // Where either half of a cut word is a word of its own (`as-ked`, `where-upon`),
    // nobody can tell the cut from a lost space.
    let is_word = |half: &str| {
        text.split(|c: char| !c.is_alphanumeric()).any(|word| word.eq_ignore_ascii_case(half))
    };
    let is_clear = |at: &usize| {
        let (head, tail) = text.split_at(*at);
        let first = head.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        let second = tail.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        let (known_first, known_second) = (is_word(first), is_word(second));
        let inside = !first.is_empty() && !second.is_empty();
        !inside
            || !known_first && (!known_second || first.len() < 3)
            || !known_second && second.len() < 3
    };
    let bounds: Vec<usize> = text.char_indices().map(|(at, _)| at).filter(is_clear).collect();
    // Six apart, so that every place is a seam once; and six close together, where
    // a reply may bring no more than a blank, a letter or a mark.
    let apart = bounds.len().div_ceil(6);
    let spread = (1..=apart).map(|start| (start, apart));
    let spot = |words: &str| {
        let at = text.find(words).expect("words of the text");
        bounds.iter().position(|bound| *bound >= at).expect("a place")
    };
    let close = [spot("asked.\n"), spot(".\n\nJoss"), spot("\nJoss"), bounds.len() - 6];
    for (start, step) in spread.chain(close.map(|start| (start, 1))) {
        let cuts: BTreeSet<usize> =
            (0..6).filter_map(|cut| bounds.get(start + cut * step)).copied().collect();
        let mut pieces = Vec::new();
        let mut from = 0;
        for cut in cuts {
            pieces.push(&text[from..cut]);
            from = cut;
        }
        pieces.push(&text[from..]);
        let project = small(&cut(&pieces));
        let output = run(&project, &["draft", "chapter", "1"]);
        assert_eq!(output.code, 0, "{pieces:?}: {output}");
        assert_eq!(prose(&project, 1), text, "{pieces:?}");
    }
}

#[test]
fn a_text_that_cannot_be_finished_ends_at_a_whole_sentence() {
    let (start, _) = PROSE[0].split_at(PROSE[0].find(" Below them").unwrap() + 13);
    let whole = &PROSE[0][..PROSE[0].find(" Below them").unwrap()];
    let limit = |project: &crate::support::Project, continuations: u32| {
        let book = project.read("storygen.yaml");
        project
            .write("storygen.yaml", format!("{book}limits:\n  continuations: {continuations}\n"));
    };
    let cut_reply = |text: &str| with(rule(&[&drafts(1)], text), json!({ "finish": "length" }));
    let recorded = rule(&[&records(1)], &record(1));
    // No continuation is allowed; one comes that is cut as well; one is empty.
    for (continuations, replies) in [
        (0, vec![cut_reply(start)]),
        (1, vec![cut_reply(&start[..200]), cut_reply(&start[200..])]),
        (8, vec![cut_reply(start), rule(&[&drafts(1)], "")]),
        (8, vec![cut_reply(start), rule(&[&drafts(1)], "…")]),
    ] {
        let project = small(&[replies, vec![recorded.clone()]].concat());
        limit(&project, continuations);
        done(&project, &["draft", "chapter", "1"]);
        assert_eq!(prose(&project, 1), whole);
    }
}

#[test]
fn a_model_that_declines_to_go_on_does_not_get_into_the_book() {
    let behind_sentence = PROSE[0].find("she asked.").expect("a sentence") + 10;
    for at in [200, behind_sentence] {
        for remark in [
            "I'm sorry, but I can't continue this story.",
            "I'm not able to continue with this scene.",
            "It looks like the text was cut off. Could you share the rest?",
            "The chapter is complete.",
        ] {
            let (start, rest) = PROSE[0].split_at(at);
            let cut_reply = with(rule(&[&drafts(1)], start), json!({ "finish": "length" }));
            let refusal = rule(&["breaks off here"], remark);
            // It is asked once more, and after that drawn anew.
            let goes_on = rule(&["breaks off here"], rest);
            let replies = vec![cut_reply.clone(), refusal.clone(), goes_on, rule(&[], &record(1))];
            let project = small(&replies);
            let output = done(&project, &["draft", "chapter", "1"]);
            assert!(!output.stderr.contains("  rejected: "), "{at} {remark}: {output}");
            assert_eq!(prose(&project, 1), PROSE[0], "{at} {remark}");
            let replies = [vec![cut_reply, refusal.clone(), refusal], once(&[1])].concat();
            let project = small(&replies);
            let output = done(&project, &["draft", "chapter", "1"]);
            assert!(output.stderr.contains("  rejected: "), "{at} {remark}: {output}");
            assert_eq!(prose(&project, 1), PROSE[0], "{at} {remark}");
        }
    }
}

#[test]
fn a_word_before_the_rest_is_taken_off() {
    let at = PROSE[0].find("\n\n").expect("a paragraph");
    let (start, rest) = PROSE[0].split_at(at);
    let cut_reply = with(rule(&[&drafts(1)], start), json!({ "finish": "length" }));
    for word in ["Continuing from where I left off:", "Understood.", "[Continuing from the text]"] {
        let goes_on = rule(&["breaks off here"], &format!("{word}{rest}"));
        let project = small(&[cut_reply.clone(), goes_on, rule(&[], &record(1))]);
        done(&project, &["draft", "chapter", "1"]);
        assert_eq!(prose(&project, 1), PROSE[0], "{word}");
    }
}

#[test]
fn no_reply_ends_inside_a_sentence_whatever_its_endpoint_says() {
    let at = PROSE[0].find(" Below them").expect("words") + 13;
    let (start, rest) = PROSE[0].split_at(at);
    let whole = &PROSE[0][..at - 13];
    for (goes_on, expected) in [(rest, PROSE[0]), ("", whole)] {
        let replies = [
            rule(&[&drafts(1)], start),
            rule(&["breaks off here"], goes_on),
            rule(&[], &record(1)),
        ];
        let project = small(&replies);
        done(&project, &["draft", "chapter", "1"]);
        assert_eq!(prose(&project, 1), expected);
    }
}

#[test]
fn a_continuation_in_another_language_is_asked_for_again_and_foreign_speech_is_not() {
    let (start, rest) = PROSE[0].split_at(200);
    let cut_reply = with(rule(&[&drafts(1)], start), json!({ "finish": "length" }));
    let goes_on = |reply: &str| rule(&["breaks off here"], reply);
    let recorded = rule(&[&records(1)], &record(1));
    let project = small(&[cut_reply.clone(), goes_on(GERMAN), goes_on(rest), recorded.clone()]);
    let output = done(&project, &["draft", "chapter", "1"]);
    let said = "  stopped: it turned to another language (German)\n";
    assert!(output.stderr.contains(said), "{output}");
    assert_eq!(prose(&project, 1), PROSE[0]);
    let letter = format!("{rest}\n\n“{GERMAN}” she read.");
    let project = small(&[cut_reply, goes_on(&letter), recorded]);
    done(&project, &["draft", "chapter", "1"]);
    assert_eq!(prose(&project, 1), format!("{start}{letter}"));
}

/// A model that will have its foreign letter at the end of a chapter gets a chapter
/// without it, the last time that it is drawn.
#[test]
fn a_turn_at_the_end_refuses_no_chapter_of_which_most_has_come() {
    let letter = "Ma chère Mara,\n\nJe vous écris de Lyon, où il pleut depuis trois jours. La maison est froide et les \
                  enfants toussent, mais nous avons du bois et le boulanger nous fait encore crédit. Votre oncle est parti \
                  lundi sans dire un mot ; il a laissé sa montre sur la table et la porte ouverte. Je ne sais pas ce qu’il \
                  faut en penser. Vous, qui savez ces choses, dites-moi s’il faut avoir peur.";
    let reply = format!("{}\n\n{letter}", PROSE[0]);
    let script = [always(&[&records(1)], &record(1)), always(&[&drafts(1)], &reply)];
    for (words, code) in [("words: 120", 0), ("words: 300", 3)] {
        let project = small(&script);
        let book = project.read("storygen.yaml").replace("words: 60", words);
        project.write("storygen.yaml", book);
        let output = run(&project, &["draft", "chapter", "1"]);
        assert_eq!(output.code, code, "{output}");
        assert!(output.stderr.contains("drawing 4 of 4"), "{output}");
        if code == 0 {
            assert_eq!(prose(&project, 1), PROSE[0]);
        }
    }
}

#[test]
fn a_short_reply_is_asked_for_more_three_times_at_most() {
    let pieces = [
        "The first cart came up from the quay with its load of wet salt and its lantern out. Nobody on the stairs looked at it for longer than a horse takes to pass.",
        "Mara wrote the weight in the second column, where her father had always written it. Then she blew on the ink, though the room was warm and it had long been dry.",
        "Below the window two boys fought over a rope until a gull took the bread that they had forgotten. She laughed once, alone, and was ashamed of how loud that was.",
        "When the bell rang for the tide she put the ledger under her arm and went down by the back way. The door had been mended since; it no longer knew her shoulder.",
    ];
    let mut script: Vec<Value> = pieces.iter().map(|piece| rule(&[&drafts(1)], piece)).collect();
    script.push(rule(&[&records(1)], &record(1)));
    let project = small(&script);
    let outline =
        project.read("bible/outline.yaml").replacen("    cast:", "    words: 300\n    cast:", 1);
    project.write("bible/outline.yaml", outline);
    let output = done(&project, &["draft", "chapter", "1"]);
    assert_eq!(prose(&project, 1), pieces.join("\n\n"), "{output}");
}

#[test]
fn scenes_are_drawn_one_by_one_where_a_reply_cannot_hold_them() {
    let (first, second) = PROSE[1].split_once("\n\n* * *\n\n").unwrap();
    let mut script = once(&[1]);
    script.push(with(rule(&["Write scene 1 of this chapter"], first), json!({ "finish": "stop" })));
    script.push(with(
        rule(&["Write scene 2 of this chapter"], second),
        json!({ "expect": ["The rake stopped, and went on."] }),
    ));
    script.push(rule(&[&records(2)], &record(2)));
    let project = small(&script);
    project.write(
        "storygen.yaml",
        format!("{}limits:\n  reply_tokens: 240\n", project.read("storygen.yaml")),
    );
    done(&project, &["draft", "chapters", "1-2"]);
    assert_eq!(prose(&project, 2), PROSE[1]);
}

#[test]
fn a_stream_that_breaks_is_continued() {
    let broken = with(
        rule(&[&drafts(1)], PROSE[0]),
        json!({ "break": { "after": 150, "with": "interrupted" } }),
    );
    let rest: String = PROSE[0].chars().skip(150).collect();
    let script =
        [broken, rule(&[&drafts(1), "breaks off here"], &rest), rule(&[&records(1)], &record(1))];
    let project = small(&script);
    let output = done(&project, &["draft", "chapter", "1"]);
    assert_eq!(prose(&project, 1), PROSE[0], "{output}");
    assert!(
        output.stderr.contains(
            "  the stream from the script broke off: entry 1 says so; going on from there\n"
        ),
        "{output}"
    );
}

#[test]
fn a_record_without_worth_gives_way_to_the_chapters_own_sentences() {
    for answer in [
        "I cannot.",
        "{}",
        "{\"synopsis\": \"Things happen to people in a place by the sea, as ever.\"}",
        "{\"synopsis\": \"Mara and Joss: what happens, in plain prose. Name everyone who acts, by name. Say what was decided.\"}",
        "",
    ] {
        let project = small(&[
            rule(&[&drafts(1)], PROSE[0]),
            with(rule(&[&records(1)], answer), json!({ "times": 2 })),
        ]);
        let output = done(&project, &["draft", "chapter", "1"]);
        assert!(
            output.stderr.contains("chapter 1: synopsis of its own sentences, 0 facts\n"),
            "{output}"
        );
        assert!(
            project.read("canon/01-ledger.yaml").contains("synopsis_by: extract\n"),
            "{answer}"
        );
    }
}

#[test]
fn facts_without_a_quote_in_the_text_are_dropped() {
    let mut answer: Value = serde_json::from_str(&record(1)).unwrap();
    let invented = json!({ "subject": "joss", "kind": "fixed", "about": "eyes", "fact": "blue", "quote": "his blue eyes" });
    answer["facts"].as_array_mut().unwrap().push(invented);
    let project =
        small(&[rule(&[&drafts(1)], PROSE[0]), rule(&[&records(1)], &answer.to_string())]);
    let output = done(&project, &["draft", "chapter", "1"]);
    assert!(
        output.stderr.contains("synopsis, 1 fact, 1 dropped that the text does not bear out\n"),
        "{output}"
    );
    assert!(!project.read("canon/01-ledger.yaml").contains("blue"));
}

#[test]
fn a_second_try_asks_for_the_synopsis_alone_where_facts_are_there() {
    let whole = record(1);
    let mut poor: Value = serde_json::from_str(&whole).unwrap();
    poor["synopsis"] = json!("It rains.");
    let mut rich: Value = serde_json::from_str(&whole).unwrap();
    rich.as_object_mut().unwrap().remove("facts");
    let project = small(&[
        rule(&[&drafts(1)], PROSE[0]),
        rule(&[&records(1), "a JSON object of two keys", "at most 12 things"], &poor.to_string()),
        rule(
            &[&records(1), "a JSON object of one key", "Your last answer was not accepted"],
            &rich.to_string(),
        ),
    ]);
    let output = done(&project, &["draft", "chapter", "1"]);
    assert!(output.stderr.contains("chapter 1: synopsis, 1 fact\n"), "{output}");
    assert!(project.read("canon/01-ledger.yaml").contains("the second leaned"));
}

#[test]
fn a_stream_that_never_ends_well_is_no_chapter() {
    let broken = with(
        rule(&[&drafts(1)], "Mara held the page to the window. Then the line"),
        json!({ "break": { "after": 47, "with": "interrupted" } }),
    );
    let project = small(&vec![broken; 3]);
    let book = project.read("storygen.yaml").replace("words: 60", "words: 300");
    project.write("storygen.yaml", format!("{book}limits:\n  continuations: 2\n"));
    let output = run(&project, &["draft", "chapter", "1"]);
    assert_eq!(output.code, 6, "{output}");
    assert!(
        output.stderr.ends_with(
            "error: chapter 1: the stream broke off 3 times; 10 of 300 words have come\n\
             help: they are kept; the same command goes on where this one stopped\n"
        ),
        "{output}"
    );
    assert!(texts(&project, &["manuscript", "canon"]).is_empty());
    // What had come is neither asked for nor paid for again.
    let rest = format!(" drew tight. {}", PROSE.join("\n\n"));
    let script = [
        with(rule(&[&drafts(1)], &rest), json!({ "expect": ["Then the line"] })),
        rule(&[&records(1)], &record(1)),
    ];
    play(&project, &script);
    done(&project, &["draft", "chapter", "1"]);
    assert_eq!(
        prose(&project, 1),
        format!("Mara held the page to the window. Then the line{rest}")
    );
}

#[test]
fn what_stays_cut_short_is_rejected() {
    let cut = with(
        rule(&[&drafts(1)], "Mara held the page to the window. Then the"),
        json!({ "finish": "length", "always": true }),
    );
    let project = small(&[cut]);
    let book = project.read("storygen.yaml").replace("words: 60", "words: 600");
    project.write("storygen.yaml", book);
    let output = run(&project, &["draft", "chapter", "1"]);
    assert_eq!(output.code, 3, "{output}");
    assert!(output.stderr.contains("it stayed cut short, at "), "{output}");
    assert!(texts(&project, &["manuscript", "canon"]).is_empty());
}

#[test]
fn the_shortest_reply_is_asked_for_more_too() {
    let project = small(&[
        rule(&[&drafts(1)], "She read it."),
        with(rule(&[&drafts(1)], PROSE[0]), json!({ "expect": ["She read it."] })),
        rule(&[&records(1)], &record(1)),
    ]);
    done(&project, &["draft", "chapter", "1"]);
    assert_eq!(prose(&project, 1), format!("She read it.\n\n{}", PROSE[0]));
}

/// One and a half times the plan comes to its own end; what comes to none says so.
#[test]
fn a_chapter_that_is_too_long_is_marked() {
    let told = |words: usize| -> String {
        (0..words / 10)
            .map(|day| format!("On day {day} the miller’s cart number {day} came home. "))
            .collect()
    };
    for (words, is_cut) in [(300, false), (600, true)] {
        let mut script = once(&[1]);
        script[0] = rule(&[&drafts(1)], &told(words));
        script[1] = always(&[&records(1)], &record(1));
        let project = small(&script);
        let book = project.read("storygen.yaml").replace("words: 60", "words: 200");
        project.write("storygen.yaml", book);
        done(&project, &["draft", "chapter", "1"]);
        let state = states(&project).remove(0);
        assert_eq!(state.contains("may lack its end"), is_cut, "{state}");
        let last = format!("day {} ", words / 10 - 1);
        assert_eq!(prose(&project, 1).contains(&last), !is_cut);
    }
}

#[test]
fn a_chapter_that_stays_short_is_marked() {
    let mut script = once(&[1]);
    script.insert(1, rule(&[&drafts(1), "Mara held"], "She read it again, aloud."));
    let project = small(&script);
    let book = project.read("storygen.yaml").replace("words: 60", "words: 200");
    project.write("storygen.yaml", book);
    done(&project, &["draft", "chapter", "1"]);
    assert!(states(&project)[0].ends_with(" much shorter than planned"), "{:?}", states(&project));
}
