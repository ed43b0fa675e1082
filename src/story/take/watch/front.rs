//! What stands above a chapter's own heading: a title, a name, an epigraph.

use super::Terms;
use super::lines::{Line, OPENING, form_of_sign, form_of_title};
use super::numerals::number_in;
use super::preface::heading;
use super::signs::Kind;
use crate::story::prose;

/// The bytes that may stand above the heading of a text.
pub(super) const MOST: usize = 400;

/// Whether a line may stand above the heading of a text: a title, a name, a few words.
pub(super) fn could_stand_above(line: &Line) -> bool {
    const SHORT: usize = 80;
    let is_set_off = line.is_enclosed() || line.is_quoted() || line.is_speech;
    line.last != Some(':') && (line.form.len() <= SHORT || is_set_off)
}

/// Whether a line heads the very text that is written: by the number or the title of its
/// chapter, or by the number of a scene that is written by itself.
pub(super) fn heads_own(line: &Line, text: &str, terms: &Terms) -> bool {
    if line.is_quoted() || line.is_speech || line.form.len() >= OPENING {
        return false;
    }
    let number = number_in(text);
    let is_numbered = match heading(line, &terms.signs) {
        Some(Kind::Scene) => terms.is_scene && number.is_some(),
        Some(_) => number == Some(terms.chapter),
        None => false,
    };
    is_numbered || names(line, &terms.title) || number.is_some() && ends_with(line, &terms.title)
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
    /// The epigraph; empty where none stands there.
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
            if is_over || !could_stand_above(&line) {
                break;
            }
            if heads_own(&line, text, terms) {
                let kept = quoted(&above, line.is_marked(), terms);
                return kept.map_or(Self::whole(reply), |kept| Self { kept, rest: &reply[from..] });
            }
            from += text.len();
            above.push((line, text.trim()));
        }
        let mut rest = reply;
        while let Some((first, after)) = rest.trim_start().split_once('\n')
            && (names_book(first, terms) || is_number(first, after, terms))
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
/// Markdown's own headings are taken off elsewhere.
fn names_book(text: &str, terms: &Terms) -> bool {
    let line = Line::of(text.trim_end());
    let bare = text.trim().trim_matches(['*', '_']);
    let behind = bare
        .get(..terms.book.len())
        .filter(|book| !book.is_empty() && book.to_lowercase() == terms.book.to_lowercase());
    let chapter = behind.and_then(|book| {
        bare[book.len()..].trim_start().strip_prefix([',', ':', '-', '–', '—', '|']).map(str::trim)
    });
    let is_chapter = |text: &str| heads_own(&Line::of(text), text, terms);
    !line.is_heading() && (names(&line, &terms.book) || chapter.is_some_and(is_chapter))
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

/// The quotations among the lines above a heading; none if they may be the story's.
fn quoted(above: &[(Line, &str)], is_marked: bool, terms: &Terms) -> Option<String> {
    let mut kept: Vec<String> = Vec::new();
    for block in above.split(|(line, text)| line.is_blank() || prose::is_rule(text)) {
        let has_kept = !kept.is_empty();
        let lines: Vec<_> =
            block.iter().filter(|(line, text)| !is_title(line, text, terms)).collect();
        if !lines.iter().any(|(line, text)| is_quotation(line, text, has_kept)) {
            continue;
        }
        let is_set_off = |(line, text): &&(Line, &str)| {
            line.is_enclosed() || line.is_quoted() || names_source(text)
        };
        if !is_marked && !lines.iter().all(is_set_off) {
            return None;
        }
        kept.push(lines.iter().map(|(_, text)| *text).collect::<Vec<_>>().join("\n"));
    }
    Some(kept.join("\n\n"))
}

/// Whether a line is set as a title: of the book, of a part.
fn is_title(line: &Line, text: &str, terms: &Terms) -> bool {
    let is_loud = text.contains(char::is_uppercase) && !text.contains(char::is_lowercase);
    line.is_marked() || is_loud || names(line, &terms.book)
}

/// Whether a line is of a quotation, and no dedication or name.
fn is_quotation(line: &Line, text: &str, has_kept: bool) -> bool {
    let said = text.trim_end_matches(['*', '_', '"', '”', '“', '’', '»', '«', ')', ' ']);
    let ends = said.ends_with(['.', '!', '?', '…', ',', ';', '。', '！', '？']);
    line.is_quoted() || ends || has_kept && names_source(text)
}

/// Whether a line says whose words stand above it: `— Anna Voss`.
fn names_source(text: &str) -> bool {
    text.trim_start_matches(['*', '_', '(', ' ']).starts_with(['—', '–', '―', '-'])
}

#[cfg(test)]
mod tests {
    use super::*;
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
        ] {
            for heading in ["## Chapter 3: The Rope", "**Chapter 3**"] {
                let reply = format!("{above}\n\n{heading}\n\n{TEXT}");
                let Front { kept, rest } = Front::of(&reply, &own("en"));
                assert_eq!((kept.as_str(), rest.starts_with(heading)), (expected, true), "{reply}");
                assert_eq!(judged(own("en"), &reply), None, "{reply}");
            }
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
