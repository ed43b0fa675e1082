//! What stands above a chapter's own heading: a title, a name, an epigraph.

use super::Terms;
use super::lines::{Line, OPENING, form_of_sign, form_of_title};
use super::matter::{is_break, known};
use super::numerals::number_in;
use super::preface::heading;
use super::signs::{Kind, Signs};
use crate::story::take::wrappings::{is_asked, is_parted};

/// The bytes that may stand above the heading of a text.
pub(super) const MOST: usize = 400;

/// Whether a line may stand above the heading of a text: a title, a name, a few words.
/// One that leads on to something else does, if it says when: `From the log, 1911:`.
pub(super) fn could_stand_above(line: &Line, signs: &Signs) -> bool {
    const SHORT: usize = 80;
    let is_set_off = line.is_enclosed() || line.is_quoted() || line.is_speech;
    let is_dated = || line.form.contains('#') && !signs.speak_of_task(&line.form);
    (line.form.len() <= SHORT || is_set_off) && (line.last != Some(':') || is_dated())
}

/// Whether a line heads the very text that is written: by the number or the title of its
/// chapter, or by the number of a scene that is written by itself.
pub(super) fn heads_own(line: &Line, text: &str, terms: &Terms) -> bool {
    if line.is_quoted() || line.is_speech || line.form.len() >= OPENING {
        return false;
    }
    let is_titled = || number_in(text).is_some() && ends_with(line, &terms.title);
    is_numbered(line, text, terms) || names(line, &terms.title) || is_titled()
}

/// Whether a line says the number of the text as a heading does.
fn is_numbered(line: &Line, text: &str, terms: &Terms) -> bool {
    let number = number_in(text);
    match heading(line, &terms.signs) {
        Some(Kind::Scene) => terms.is_scene && number.is_some(),
        Some(_) => number == Some(terms.chapter),
        None => false,
    }
}

/// Whether a line is a title, and nothing else. One word is a title where it is set as
/// one.
fn names(line: &Line, title: &str) -> bool {
    let is_set = line.is_marked() || line.is_enclosed() || title.trim().contains(' ');
    let form = line.form.trim_matches(['"', '\'', ')', ']', '}', ' ']);
    !title.trim().is_empty() && is_set && form == form_of_sign(title)
}

/// Whether a line ends with a title behind a mark: `Chapter 3: The Mill`.
fn ends_with(line: &Line, title: &str) -> bool {
    let title = form_of_title(title);
    let form = line.form.trim_end_matches(['.', ' ']);
    let lead = form.strip_suffix(title.as_str()).filter(|_| !title.is_empty());
    lead.is_some_and(|lead| lead.trim_end().ends_with([':', '.', '-', '\u{2014}', '|']))
}

/// A reply, and what of the lines above its heading belongs to the chapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Front<'a> {
    /// An epigraph, a place and a date; empty where none stands there.
    pub kept: String,
    /// The reply from its heading on, or as it is.
    pub rest: &'a str,
}

impl<'a> Front<'a> {
    /// Parts a reply at the heading of its text: the title of the book, the name of a
    /// part or of an author above it are none of the chapter.
    #[must_use]
    pub fn of(reply: &'a str, terms: &Terms) -> Self {
        let mut above: Vec<(Line, &str)> = Vec::new();
        let mut from = 0;
        for text in reply.split_inclusive('\n') {
            let line = Line::of(text.trim_end());
            let is_over = from > MOST || line.form.starts_with("'''") || !text.ends_with('\n');
            if is_over || !could_stand_above(&line, &terms.signs) {
                break;
            }
            if heads_own(&line, text, terms) {
                let is_numbered = is_numbered(&line, text, terms);
                let below = reply[from + text.len()..].lines().next();
                let kept = if line.is_marked() {
                    stays(&above, terms, |_, _| true)
                } else if is_numbered {
                    stays(&above, terms, is_set_off)
                } else {
                    // The story may say the same.
                    stays(&above, terms, |_, _| false).filter(|_| is_parted(below))
                };
                if let Some(kept) = kept {
                    return Self { kept, rest: &reply[from..] };
                } else if is_numbered {
                    return Self::whole(reply);
                }
            }
            from += text.len();
            above.push((line, text.trim()));
        }
        let mut rest = reply;
        while let Some((first, after)) = rest.trim_start().split_once('\n')
            && (names_book(first, after, terms) || is_number(first, after, terms))
        {
            rest = after;
        }
        Self::whole(rest)
    }

    fn whole(rest: &'a str) -> Self {
        Self { kept: String::new(), rest }
    }
}

/// Whether a line says the title of the book, and no more than the chapter's behind it.
/// Markdown's own headings are taken off elsewhere, and a poem may begin with it.
fn names_book(text: &str, after: &str, terms: &Terms) -> bool {
    let line = Line::of(text.trim_end());
    let bare = text.trim().trim_matches(['*', '_']);
    let behind = bare
        .get(..terms.book.len())
        .filter(|book| !book.is_empty() && book.to_lowercase() == terms.book.to_lowercase());
    let chapter = behind.and_then(|book| {
        bare[book.len()..].trim_start().strip_prefix([',', ':', '-', '–', '—', '|']).map(str::trim)
    });
    let is_chapter = |text: &str| heads_own(&Line::of(text), text, terms);
    let is_alone = line.is_marked() || is_parted(after.lines().next());
    let is_book = is_alone && !is_asked(text.trim()) && names(&line, &terms.book);
    !line.is_heading() && (is_book || chapter.is_some_and(is_chapter))
}

/// Whether a line is the number of the chapter, or of a scene that is written by itself,
/// and the only such number: else it is of the text.
fn is_number(text: &str, after: &str, terms: &Terms) -> bool {
    const SCENES: usize = 30;
    let number = |text: &str| {
        let bare = text.trim().trim_matches(['*', '_', '#', ' ']);
        let bare = bare.strip_suffix('.').unwrap_or(bare);
        // `Vi` is a name.
        let is_of = |marks: &str| bare.chars().all(|c| marks.contains(c));
        let is_numeral = ["0123456789", "IVXL", "ivxl"].into_iter().any(is_of);
        number_in(bare).filter(|_| is_numeral)
    };
    number(text).is_some_and(|one| terms.is_scene && one <= SCENES || one == terms.chapter)
        && after.lines().next().is_some_and(|line| line.trim().is_empty())
        && !after.lines().any(|line| number(line).is_some())
}

/// What of the lines above a heading belongs to the chapter; none if one of them may not
/// stand there, so that it is no heading. `may` is asked of a line, and whether it is
/// the first.
fn stays(
    above: &[(Line, &str)],
    terms: &Terms,
    may: impl Fn(&Line, bool) -> bool,
) -> Option<String> {
    let mut kept = String::new();
    let mut is_parted = false;
    for ((line, text), is_known) in above.iter().zip(known(above, terms)) {
        if is_break(line, text) {
            is_parted = true;
        } else if !is_known {
            if !may(line, kept.is_empty()) {
                return None;
            }
            if !kept.is_empty() {
                kept.push_str(if is_parted { "\n\n" } else { "\n" });
            }
            kept.push_str(text);
            is_parted = false;
        }
    }
    Some(kept)
}

/// Whether a line is set off from a story: an epigraph and, below it, its source; or a
/// few words that are no sentence.
fn is_set_off(line: &Line, is_first: bool) -> bool {
    let is_source = line.form.starts_with(['\u{2014}', '-']) && !is_first;
    let is_name = !line.is_speech && line.last != Some(':') && line.could_head();
    line.is_enclosed() || line.is_quoted() || is_source || is_name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::take::strip;
    use crate::story::take::watch::tests::{OPENING as TEXT, judged, terms};

    fn own(language: &str) -> Terms {
        let (title, book) = ("The Rope".to_owned(), "The Ferry Bell".to_owned());
        Terms { title, book, ..terms(language) }
    }

    #[test]
    fn what_stands_above_a_heading_is_no_text_and_no_departure() {
        for (language, above) in [
            ("en", "**The Ferry Bell**"),
            ("en", "*The Ferry Bell*"),
            ("en", "The Ferry Bell"),
            ("en", "“The Ferry Bell”"),
            ("en", "THE FERRY BELL\n\nA Novel"),
            ("en", "# The Ferry Bell\n\nby Storygen"),
            ("en", "**The Ferry Bell**\n*by Storygen*\n\n---"),
            ("en", "**PART ONE**"),
            ("en", "PART ONE."),
            ("en", "Part One: The Bell"),
            ("en", "*For Anna*"),
            ("en", "**Genre:** sea story"),
            ("en", "The Ferry Bell by Anna Voss\n\nPart Two. The Bell"),
            ("fr", "**The Ferry Bell: roman**\n\nPremière partie"),
            ("es", "*The Ferry Bell*\nde Anna Voss\n\nSegunda parte"),
            ("de", "**Die Fährglocke**\n\n*Erster Teil*"),
        ] {
            for (marks, heading) in [
                (language, "## Chapter 3: The Rope"),
                ("en", "**Chapter Three**"),
                ("en", "Chapter 3: The Rope"),
                ("en", "CHAPTER III."),
                ("en", "## The Rope"),
                ("en", "**Scene 2**"),
                ("de", "**Drittes Kapitel**"),
                // One that miscounts is known by its title, and so is another language.
                ("en", "# Chapter 1: The Rope"),
                ("it", "**Capitolo 3: The Rope**"),
            ] {
                let reply = format!("{above}\n\n{heading}\n\n{TEXT}");
                let terms = Terms { is_scene: heading.contains("Scene"), ..own(marks) };
                let from = reply.find(heading).unwrap();
                let parted = Front { kept: String::new(), rest: &reply[from..] };
                assert_eq!(Front::of(&reply, &terms), parted, "{reply}");
                assert_eq!(judged(terms, &reply), None, "{reply}");
            }
        }
    }

    /// What belongs to a chapter though it stands above its heading.
    const ABOVE: &[&str] = &[
        "*The river keeps no accounts*",
        "*The river keeps no accounts*\n*it takes the hat and leaves the man*",
        "*The river keeps no accounts*\n\n— Anna Voss",
        "*The river keeps no accounts.*\n\nAnna Voss, *Water*",
        "“The river keeps no accounts”\n— Anna Voss",
        "the rope\nis the one with the bell on it",
        "Quarry, 3 March 1911",
        "*Quarry, 3 March 1911*",
        "*Six days before the flood*",
        "Six days before the flood",
        "**MARTHA**",
        "From the ledger of the Harbour Board, 1911:",
        "— Tu as entendu ?",
    ];

    #[test]
    fn an_epigraph_stays_and_its_heading_does_not() {
        for (above, expected) in [
            ("*The river keeps no accounts.*", "*The river keeps no accounts.*"),
            ("> The river keeps\n> no accounts", "> The river keeps\n> no accounts"),
            (
                "**The Ferry Bell**\n\n*The river keeps\nno accounts.*\n\n— Anna Voss",
                "*The river keeps\nno accounts.*\n\n— Anna Voss",
            ),
            ("“The river keeps no accounts.”\n— Voss", "“The river keeps no accounts.”\n— Voss"),
            ("The river keeps no accounts.", "The river keeps no accounts."),
            ("# The Ferry Bell\n\nAnna Voss\n\n*The bell*", "*The bell*"),
            ("The Ferry Bell\nby Anna Voss\n\nWinter, 1911", "Winter, 1911"),
            ("*For Anna*\n\n*For whom the bell tolls*", "*For whom the bell tolls*"),
            ("PART ONE\n\n**MARTHA**", "**MARTHA**"),
        ]
        .into_iter()
        .chain(ABOVE.iter().map(|above| (*above, *above)))
        {
            for heading in ["## Chapter 3: The Rope", "**Chapter 3**", "# The Rope"] {
                let reply = format!("{above}\n\n{heading}\n\n{TEXT}");
                let Front { kept, rest } = Front::of(&reply, &own("en"));
                assert_eq!((kept.as_str(), rest.starts_with(heading)), (expected, true), "{reply}");
                assert_eq!(judged(own("en"), &reply), None, "{reply}");
            }
        }
    }

    #[test]
    fn a_line_that_says_a_title_may_be_the_storys() {
        for text in [
            "— Tu as entendu ?\n\nThe Rope\n\n— Dors, dit-il.",
            "“Listen!”\n\nThe Rope\n\nThat was what the sign said.",
            "*Get up.*\n\nThe Rope\n\nShe got up.",
            "Night\n\nThe Rope\n\nShe got up.",
            "The rope\nis the one with the bell on it\n\nShe got up.",
            "She counted\nthe rope\n\nThe rope\nthat never came\n\nShe got up.",
            "My mother folds the sheets\n\nThe rope\n\nMy mother counts",
            "Quarry\n\nMill End\n\nThe Rope\n\nThat was the board.",
            "1 – Quarry\n\n3 – The Rope\n\nThat was the board.",
            "**Tom:** what 4\n\nThe rope\n\nI typed it.",
            "The ferry bell\nis the one with the rope in it\n\nShe got up.",
            "The Ferry Bell\nis the one.\n\nThe Ferry Bell\nis the other.",
        ] {
            assert_eq!(Front::of(text, &own("en")), Front::whole(text));
            assert_eq!(strip(text, "The Rope"), text);
        }
        let asked = Terms { book: "Who Rang?".to_owned(), ..own("en") };
        let text = "“Who rang?”\n\nNobody had.";
        assert_eq!(Front::of(text, &asked).rest, text);
        assert_eq!(strip(text, "Who Rang?"), text);
        for (above, heading) in [
            ("", "The Rope"),
            ("The Ferry Bell\nby Anna Voss\n", "The Rope"),
            ("**The Ferry Bell**\n\n*Part One*\n\n", "The Rope"),
            ("# A Bell\n\n", "The Rope\n========"),
            ("The Rope\n", "Chapter 3"),
        ] {
            let reply = format!("{above}{heading}\n\n{TEXT}");
            let Front { kept, rest } = Front::of(&reply, &own("en"));
            assert_eq!((kept.as_str(), strip(rest, "The Rope").as_str()), ("", TEXT), "{reply}");
        }
    }

    #[test]
    fn the_title_of_the_book_alone_comes_off() {
        for (first, is_title) in [
            ("*The Ferry Bell*", true),
            ("**The Ferry Bell**", true),
            ("The Ferry Bell", true),
            ("The Ferry Bell.", false),
            ("The Ferry Bell rang.", false),
            ("*For Anna*", false),
        ] {
            let reply = format!("{first}\n\n{TEXT}");
            let is_off = Front::of(&reply, &own("en")).rest.trim_start() == TEXT;
            assert_eq!(is_off, is_title, "{first}");
        }
        for line in ["The Ferry Bell, Chapter 3", "**The Ferry Bell – Chapter 3: The Rope**"] {
            assert_eq!(Front::of(&format!("{line}\n\n{TEXT}"), &own("en")).rest.trim(), TEXT);
        }
        // One word may be the story's.
        let rain = Terms { book: "Rain".to_owned(), ..own("en") };
        assert_eq!(Front::of("Rain\n\nAnn went.", &rain).rest, "Rain\n\nAnn went.");
        assert_eq!(Front::of("*Rain*\n\nAnn went.", &rain).rest.trim(), "Ann went.");
    }

    #[test]
    fn the_number_of_a_scene_comes_off_if_it_is_the_only_one() {
        let scene = || Terms { is_scene: true, ..own("en") };
        for number in ["II", "2.", "*iii*", "**4**"] {
            let reply = format!("{number}\n\n{TEXT}");
            assert_eq!(Front::of(&reply, &scene()).rest.trim(), TEXT, "{number}");
            assert_eq!(Front::of(&reply, &own("en")).rest.trim() == TEXT, number == "*iii*");
            let reply = format!("{reply}\n\nIX\n\n{TEXT}");
            assert_eq!(Front::of(&reply, &scene()).rest, reply, "{number}");
        }
        for text in ["1984\n\nAnn went.", "II.\nAnn went.", "Vi\n\nAnn went.", "I went.\n\nNo."] {
            assert_eq!(Front::of(text, &scene()).rest, text);
        }
    }

    #[test]
    fn a_heading_in_the_story_is_the_storys() {
        for reply in [
            format!("She opened the book.\n\nChapter 3\n\n{TEXT}"),
            format!("“Read me the third,” she said.\n\nChapter 3\n\n{TEXT}"),
            format!("The board at the gate said:\n\nCHAPTER 3\n\n{TEXT}"),
            format!("*For Anna*\n\nChapter 3 of the rule book was about hair.\n\n{TEXT}"),
            format!("From the ledger, 1911:\n\nChapter 3\n\n{TEXT}"),
            format!("— Lis-moi le troisième.\n\nChapter 3\n\n{TEXT}"),
            format!("ACT ONE\n\nSCENE ONE. *A kitchen.*\n\n{TEXT}"),
            format!("{TEXT}\n\n**Chapter 3**\n\n{TEXT}"),
            format!("{TEXT}\n\nThe Rope\n\n{TEXT}"),
        ] {
            assert_eq!(Front::of(&reply, &own("en")), Front::whole(&reply));
        }
        // Another's number heads another chapter, and one in mid-text the next.
        for text in [
            format!("*For Anna*\n\n## Chapter 4\n\n{TEXT}"),
            format!("{TEXT}\n\n## Chapter 3\n\n{TEXT}"),
        ] {
            assert!(judged(own("en"), &text).is_some(), "{text}");
        }
        let begun = Terms { begun: TEXT.to_owned(), ..own("en") };
        assert!(judged(begun, "She rose.\n\n## Chapter 3\n\nTom went.").is_some());
    }
}
