use super::*;
use crate::story::take::watch::after_opening;

const TEXT: &str =
    "The rain had stopped before dawn, but the gutters still ran.\n\nAnn counted the carts.";

/// What comes off the front of a reply, in the order in which it does.
fn opened(reply: &str, language: &str) -> String {
    strip(after_opening(without_thoughts(reply), &Signs::of(language), false), "The Mill")
}

#[test]
fn what_a_chapter_opens_with_is_kept() {
    for (language, line) in [
        ("en", "Chapter 3 of the rule book was about hair."),
        ("en", "Chapter 12 was the one about ropes."),
        ("en", "```\nALL CARTS STOP HERE\n```"),
        ("en", "“Title: cook,” she said."),
        ("de", "Kapitel 3 der Hausordnung handelte vom Haar."),
        ("de", "Titel: Köchin. Beruf: keiner. So stand es im Meldezettel."),
        ("fr", "Résumé : tout le monde meurt, et personne ne s’en plaint."),
    ] {
        let reply = format!("{line}\n\n{TEXT}");
        assert_eq!(opened(&reply, language), reply, "{line}");
    }
}

#[test]
fn a_heading_over_the_text_comes_off_whatever_marks_it() {
    for (language, heading) in [
        ("en", "CHAPTER ONE"),
        ("en", "Chapter Two"),
        ("en", "Chapter Three: The Night Ferry"),
        ("en", "[Chapter 6]"),
        ("en", "CHAPTER IV."),
        ("en", "CHAPTER ONE\n\nTHE NIGHT FERRY"),
        ("en", "**Chapter One**\n\n*The Night Ferry*"),
        ("en", "Chapter One\n*(approx. 320 words)*"),
        ("de", "ERSTES KAPITEL"),
        ("de", "**Erstes Kapitel**"),
        ("fr", "CHAPITRE I"),
        ("fr", "**Scène 1 : La maison du bac**"),
        ("es", "CAPÍTULO I"),
        ("es", "**Escena 1: La casa de la barca**"),
    ] {
        assert_eq!(opened(&format!("{heading}\n\n{TEXT}"), language), TEXT, "{heading}");
    }
    for (language, line) in [
        ("en", "Chapter two was the one about ropes."),
        ("en", "Chapter One had been torn out, and Two with it, and nobody asked."),
        ("en", "*Edinburgh, 1811*"),
        ("en", "THE NIGHT FERRY"),
        ("de", "Erstes Kapitel, erster Vers."),
    ] {
        let reply = format!("{line}\n\n{TEXT}");
        assert_eq!(opened(&reply, language), reply, "{line}");
    }
    let dated = format!("*Edinburgh, 1811*\n\n{TEXT}");
    assert_eq!(opened(&format!("Chapter One\n\n{dated}"), "en"), dated);
}

#[test]
fn what_a_model_says_before_its_text_comes_off() {
    for (language, said) in [
        ("en", "Absolutely! Let's dive into the story."),
        ("en", "What a wonderful premise! Here's the chapter:"),
        ("en", "As requested, this chapter follows Edda closely and ends on an open image.\n\n---"),
        ("en", "Understood. I will begin directly with the prose."),
        (
            "en",
            "Let me think about how to approach this chapter. The key beats are the bell and the rope.",
        ),
        ("en", "**Outline:**\n\n1. The ferry comes in.\n2. Ruth visits.\n\n**Chapter:**"),
        ("en", "The user wants me to write chapter 1."),
        ("en", "The user wants chapter 1 of the book. I need to keep her point of view.\n\nDraft:"),
        ("en", "We need to write chapter 1, about 1500 words, POV Edda."),
        ("de", "Okay, I need to write chapter 1 of the book in about 1500 words."),
        ("en", "assistant"),
        ("en", "<|start_header_id|>assistant<|end_header_id|>"),
        ("de", "Verstanden. Ich beginne direkt mit der Prosa."),
        ("de", "Selbstverständlich. Im Folgenden findest du das Kapitel."),
        ("fr", "Avec plaisir ! Voici une proposition d’environ 330 mots :"),
        ("fr", "Très bien, je commence directement par la prose."),
        ("es", "Entendido. Empiezo directamente con la prosa."),
    ] {
        assert_eq!(opened(&format!("{said}\n\n{TEXT}"), language), TEXT, "{said}");
    }
    for (language, line) in [
        ("en", "What a wonderful premise it was, she thought."),
        ("en", "As requested, the boat lay at the steps."),
        ("en", "Let me think about my mother for once."),
        ("en", "1. The ferry comes in."),
        ("en", "The user wants more rope."),
        ("en", "I need to write chapter nine before the boat comes."),
        ("en", "Draft: 14 feet"),
        ("de", "Verstanden. Ich beginne mit dem Boot."),
        ("fr", "Très bien, je commence par le bateau."),
        ("es", "Entendido. Empiezo con la barca."),
    ] {
        let reply = format!("{line}\n\n{TEXT}");
        assert_eq!(opened(&reply, language), reply, "{line}");
    }
}

#[test]
fn what_stands_round_a_text_comes_off() {
    for reply in [
        format!("<|channel|>final<|message|>{TEXT}<|return|>"),
        format!(
            "<|channel|>analysis<|message|>I plan.<|end|><|start|>assistant<|channel|>final<|message|>{TEXT}"
        ),
        format!("{TEXT}<|end|>"),
        format!("{TEXT}<|eot|>"),
        format!("{TEXT}<｜end▁of▁sentence｜>"),
        format!("{TEXT}[TOOL_CALLS][{{\"name\":\"save\"}}]"),
        format!("<scratchpad>plan</scratchpad>\n\n<chapter>\n{TEXT}\n</chapter>"),
        format!("<seed:think>plan</seed:think>\n\n{TEXT}"),
        format!("◁think▷plan◁/think▷{TEXT}"),
        format!("<manuscript>\n{TEXT}\n</manuscript>"),
        format!("\"\"\"\n{TEXT}\n\"\"\""),
        format!("```\n{TEXT}\n```"),
        format!("The Mill\n========\n\n{TEXT}"),
        format!("# The Mill\n*(approx. 320 words)*\n\n{TEXT}"),
        format!("# Some Book\n\n## Chapter 3: The Mill\n\n{TEXT}"),
        format!("Chapter 3: The Mill\n\n{TEXT}"),
        format!("CHAPTER 3.\n\n{TEXT}"),
        format!("{TEXT}\n\n---END---"),
        format!("{TEXT}\n\n[END]"),
    ] {
        assert_eq!(opened(&reply, "en"), TEXT, "{reply}");
    }
}

#[test]
fn headings_in_a_story_stay() {
    for (heading, stays) in [
        ("### Rules of the Slip", true),
        ("## Stores", true),
        ("# The Mill", false),
        ("## Chapter 3: The Mill", false),
        ("### Scene 2", false),
        ("### The Mill (continued)", false),
    ] {
        let text = format!("{TEXT}\n\n{heading}\n\nNo shouting.");
        let expected = if stays { text.clone() } else { format!("{TEXT}\n\nNo shouting.") };
        assert_eq!(without_headings(&text, "The Mill"), expected);
        assert_eq!(strip(&text, "The Mill"), expected);
    }
    // A continuation may begin with one.
    let rest = "\n\n### Stores\n\n- 6 herring";
    assert_eq!(strip_continuation(rest, "The Mill", false), rest);
    let rest = "\n\n### The Mill (continued)\n\nAnn rose.";
    assert_eq!(strip_continuation(rest, "The Mill", false).trim(), "Ann rose.");
}

#[test]
fn the_first_of_several_headings_stays_with_them() {
    for [first, second] in [
        ["## I", "## II"],
        ["## 1", "## 2"],
        ["### Monday", "### Tuesday"],
        ["#### 16.20", "#### 17.05"],
        ["### EDDA", "### CORIN"],
        ["## The Door", "## The Book"],
        ["1", "2"],
        ["I", "II"],
        ["i.", "ii."],
        ["**1**", "**2**"],
    ] {
        let parts = format!("{first}\n\n{TEXT}\n\n{second}\n\n{TEXT}");
        for lead in [
            "",
            "# The Mill\n\n",
            "# Some Book\n\n",
            "## Chapter 3: The Mill\n\n",
            "## A Ferry\n\n",
        ] {
            let reply = format!("{lead}{parts}");
            assert_eq!(opened(&reply, "en"), parts, "{lead:?}");
            // The second comes with what it goes on with.
            let cut = &reply[..lead.len() + first.len() + 2 + TEXT.len()];
            let text = strip_cut(cut, "The Mill");
            assert_eq!(text, TEXT, "{lead:?}");
            assert_eq!(first_heading(cut, &text, "The Mill"), Some(first.to_owned()), "{lead:?}");
            let whole = format!("{text}\n\n{second}\n\n{TEXT}");
            assert_eq!(with_heading(&whole, first, "The Mill"), parts);
        }
        // Alone, it heads the chapter.
        let reply = format!("{first}\n\n{TEXT}");
        assert_eq!(opened(&reply, "en"), TEXT, "{first}");
        assert_eq!(with_heading(TEXT, first, "The Mill"), TEXT);
    }
    for (first, second) in [
        ("# The Mill", "# Stores"),
        ("## A Mill", "### Stores"),
        ("## A Mill", "## Scene 2"),
        ("## A Mill", "“## No”"),
    ] {
        let reply = format!("{first}\n\n{TEXT}\n\n{second}\n\n{TEXT}");
        assert!(opened(&reply, "en").starts_with(TEXT), "{first} {second}");
        assert_eq!(first_heading(TEXT, TEXT, "The Mill"), None);
    }
}
