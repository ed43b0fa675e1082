//! Lines that meet: of a list, a table, a song, a talk.

/// The blanks that part the end of a text from what goes on from it, where marks
/// show that this is a line of its own; none where nothing shows it.
pub(super) fn parted(head: &str, tail: &str) -> Option<&'static str> {
    let line = head.rsplit('\n').next().unwrap_or_default();
    let next = tail.lines().next().unwrap_or_default();
    if line.trim().is_empty() || tail.starts_with(char::is_whitespace) {
        return None;
    }
    row(head, line, next)
        .or_else(|| quoted(line, next))
        .or_else(|| item(line, next))
        .or_else(|| labelled(head, line, next))
        .or_else(|| verse(head, line, next))
        .or_else(|| answer(head, next))
}

/// A row of a table.
fn row(head: &str, line: &str, next: &str) -> Option<&'static str> {
    let bars = |line: &str| line.matches('|').count();
    let is_row = line.starts_with('|') && line.trim_end().ends_with('|') && bars(line) > 1;
    if is_row && next.starts_with('|') {
        return Some("\n");
    }
    let above = head.trim_end().rsplit('\n').nth(1).unwrap_or_default();
    (is_row && bars(line) == bars(above)).then_some("\n\n")
}

/// A line that Markdown quotes.
fn quoted(line: &str, next: &str) -> Option<&'static str> {
    let is_quoted = |line: &str| line.starts_with("> ") || line.trim_end() == ">";
    is_quoted(next).then(|| if is_quoted(line) { "\n" } else { "\n\n" })
}

/// An item of a list: behind another, or the first.
fn item(line: &str, next: &str) -> Option<&'static str> {
    let heads = || line.trim_end().ends_with(':') || is_enclosed(line, "**");
    match (mark(line), mark(next)?) {
        (Some(before), after) if after.follows(before) => Some("\n"),
        (None, Mark::Number(1)) if heads() => Some("\n\n"),
        (None, Mark::Bullet('-' | '*' | '+' | '•')) if is_enclosed(line, "**") => Some("\n\n"),
        _ => None,
    }
}

/// What an item of a list begins with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Bullet(char),
    Number(u32),
}

impl Mark {
    fn follows(self, before: Self) -> bool {
        match (before, self) {
            (Self::Number(one), Self::Number(two)) => one.checked_add(1) == Some(two),
            (one, two) => one == two,
        }
    }
}

fn mark(line: &str) -> Option<Mark> {
    let (mark, said) = line.trim_start().split_once(' ')?;
    if !said.contains(char::is_alphanumeric) {
        return None;
    }
    let mut letters = mark.chars();
    match (letters.next()?, letters.next()) {
        (bullet @ ('-' | '*' | '+' | '•'), None) => Some(Mark::Bullet(bullet)),
        _ => mark.strip_suffix(['.', ')'])?.parse().ok().map(Mark::Number),
    }
}

/// A line with a name in bold before what is said: of a talk in writing.
fn labelled(head: &str, line: &str, next: &str) -> Option<&'static str> {
    let is_labelled = |line: &str| {
        let name = line.strip_prefix("**").and_then(|line| line.split_once("**"));
        name.is_some_and(|(name, rest)| {
            name.chars().count() <= 40 && (name.ends_with(':') || rest.starts_with(':'))
        })
    };
    if !is_labelled(next) || is_open(head) {
        return None;
    }
    Some(if is_labelled(line) { break_above(head, is_labelled) } else { "\n\n" })
}

/// A line in emphasis behind another: of a song, or of a letter.
fn verse(head: &str, line: &str, next: &str) -> Option<&'static str> {
    let is_verse = |line: &str| is_enclosed(line, "*") || is_enclosed(line, "_");
    let opens = next.strip_prefix(['*', '_'])?;
    if !is_verse(line) || opens.starts_with(['*', '_', ' ']) || opens.is_empty() {
        return None;
    }
    let above = break_above(head, is_verse);
    let is_short = |line: &str| line.chars().count() <= 60;
    let is_one_line = is_short(line) && is_short(next);
    Some(if is_one_line || above == "\n" && has_above(head, is_verse) { "\n" } else { "\n\n" })
}

/// Who answers, where speech begins with a dash and a blank. Where the one who spoke
/// last was told of (`— Да, — сказал он.`), they may go on themselves.
fn answer(head: &str, next: &str) -> Option<&'static str> {
    let said = next.strip_prefix(['—', '–'])?.strip_prefix(' ')?;
    let paragraph = head.rsplit('\n').next()?;
    let is_over = head.ends_with(['.', '!', '?', '…']);
    let goes_on = paragraph.starts_with(['—', '–'])
        && (paragraph.matches(" — ").count() > 0 || paragraph.matches(" – ").count() > 0);
    let is_speech = head.contains("\n— ") || head.contains("\n– ");
    (is_over && !goes_on && is_speech && said.starts_with(char::is_uppercase)).then_some("\n\n")
}

/// What goes on behind a dash with which the text ends, alone or with words behind it
/// that end no sentence, where they are said again: `— He` and `— He did not`.
pub(super) fn behind_dash<'a>(head: &str, tail: &'a str) -> Option<&'a str> {
    let text = head.trim_end();
    let at = text.rfind(['—', '–'])?;
    let (before, begun) = (&text[..at], &text[at..]);
    let is_set_off = before.is_empty() || before.ends_with(char::is_whitespace);
    let is_open = begun.chars().count() == 1 || begun.ends_with(char::is_alphanumeric);
    let rest = tail.trim_start().strip_prefix(begun)?;
    (is_set_off && is_open && !rest.starts_with(['—', '–'])).then_some(rest)
}

/// What goes on behind a line that says the last sentence of the text again, and
/// nothing else. One word is soon said twice, and so is a paragraph that is no more
/// than the sentence.
pub(super) fn behind_sentence<'a>(head: &str, tail: &'a str) -> Option<&'a str> {
    let (line, rest) = tail.trim_start().split_once('\n')?;
    let line = line.trim_end();
    let before = head.trim_end().strip_suffix(line)?;
    let is_inside = before.ends_with(' ') && !before.trim_end_matches(' ').ends_with('\n');
    let begins = before.trim_end().ends_with(|c: char| ".!?…”“«»\"".contains(c))
        && line.trim_start_matches(|c: char| !c.is_alphanumeric()).starts_with(char::is_uppercase);
    let ends = crate::story::prose::last_sentence_end(line) == line.len();
    let has_words =
        line.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count() > 1;
    (is_inside && begins && ends && has_words).then(|| rest.trim_start())
}

/// Whether the line end with which a text ends is the first half of what parts two
/// paragraphs: so often has the text parted them by two, and never by one.
pub(super) fn ends_in_half_break(head: &str, tail: &str) -> bool {
    const OFTEN: usize = 4;
    let Some(text) = head.strip_suffix('\n') else { return false };
    let (breaks, ends) = (text.matches("\n\n").count(), text.matches('\n').count());
    let last = text.rsplit('\n').next().unwrap_or_default();
    let is_over = crate::story::prose::last_sentence_end(last) == last.trim_end().len();
    let begins = tail.starts_with(|c: char| c.is_uppercase() || "“„«»\"—–¿¡".contains(c));
    breaks >= OFTEN
        && ends == breaks * 2
        && !last.trim().is_empty()
        && is_over
        && begins
        && mark(last).is_none()
}

/// Whether an aside begins, which wants a blank before it: a dash that has one
/// behind it, a bracket, in French a mark that stands by itself.
pub(super) fn begins_aside(head: &str, tail: &str) -> bool {
    let is_dash = tail.starts_with("— ") || tail.starts_with("– ");
    // French sets one before its marks.
    let is_french = tail.starts_with(['!', '?', ';', ':', '»'])
        && [" !", " ?", " »", "\u{a0}!", "\u{a0}?", "\u{a0}»", "\u{202f}?", "\u{202f}!"]
            .iter()
            .any(|mark| head.contains(mark))
        && head.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '!' | '?' | '…'));
    let is_bracket = tail.starts_with('(') && !head.ends_with(['(', '[', '“', '„', '«', '*', '_']);
    is_bracket || is_french || is_dash && !head.ends_with(['(', '“', '„'])
}

/// Whether a line has only begun, with the mark of a list or of speech that wants a
/// blank behind it.
pub(super) fn ends_in_sign(head: &str, tail: &str) -> bool {
    let mut lines = head.rsplit('\n');
    let line = lines.next().unwrap_or_default().trim_start();
    let begins = |sign: &str, blank: bool| {
        head.lines().filter(|above| above.len() > sign.len()).any(|above| {
            above
                .strip_prefix(sign)
                .is_some_and(|rest| rest.starts_with(' ') == blank && !rest.starts_with(sign))
        })
    };
    if !tail.starts_with(|c: char| c.is_alphanumeric() || "*“„«¿¡".contains(c)) {
        return false;
    }
    match line {
        "—" | "–" => begins(line, true),
        "-" => begins(line, true) || !begins(line, false),
        "•" | "+" => true,
        _ => !line.is_empty() && is_number(line),
    }
}

/// Whether a line is but the number of an item.
fn is_number(line: &str) -> bool {
    let digits = line.strip_suffix(['.', ')']).unwrap_or_default();
    !digits.is_empty() && digits.len() <= 2 && digits.chars().all(|c| c.is_ascii_digit())
}

/// Whether a line is set in emphasis as a whole.
fn is_enclosed(line: &str, mark: &str) -> bool {
    let inner = line.trim().strip_prefix(mark).and_then(|line| line.strip_suffix(mark));
    inner.is_some_and(|inner| !inner.is_empty() && !inner.contains(mark))
}

/// Whether emphasis is open at the end of a text.
fn is_open(head: &str) -> bool {
    head.rsplit("\n\n").next().is_some_and(|last| last.matches("**").count() % 2 == 1)
}

fn has_above(head: &str, is_same: impl Fn(&str) -> bool) -> bool {
    let mut above = head.trim_end().rsplit('\n').skip(1).filter(|line| !line.trim().is_empty());
    above.next().is_some_and(is_same)
}

/// What parts the last line of a text from the one above it, if that is of the same
/// kind; a line end if there is none.
fn break_above(head: &str, is_same: impl Fn(&str) -> bool) -> &'static str {
    let above = head.trim_end().rsplit('\n').nth(1);
    match above {
        Some(line) if line.trim().is_empty() && has_above(head, is_same) => "\n\n",
        _ => "\n",
    }
}
