//! What a model says before its text: a word to the author, a heading.

use super::lines::{Line, OPENING};
use super::numerals::number_in;
use super::signs::{Kind, Signs};
use crate::story::take::framing::Framing;
use crate::story::take::wrappings::{is_count, is_tag};

/// A reply without the lines before its text in which the model speaks to the
/// author or heads the chapter, and where `all` is set those in which it leaves the
/// story at once. A reply that has no other lines is left as it is.
#[must_use]
pub fn after_opening<'a>(reply: &'a str, signs: &Signs, all: bool) -> &'a str {
    let (mut rest, mut is_bare, mut is_headed) = (reply, true, false);
    // Whether a list may follow that belongs to what was said last.
    let mut is_outlined = false;
    while let Some((line, after)) = rest.split_once('\n') {
        let read = Line::of(line);
        let form = read.form.trim_end();
        let is_whole = form.len() < OPENING;
        let heads = is_whole && !is_headed && heads(&read, line, signs);
        let is_below = is_headed && (is_count(line.trim()) || is_name(line, &read))
            || is_outlined && is_item(line);
        let is_turn = is_bare && is_turn(line);
        let is_speech = || match signs.find(form) {
            _ if is_whole && (is_tag(form) || heads || is_below || is_turn) => true,
            Some(found) if is_whole && is_before(&read, form, found, signs) => true,
            Some((Kind::After | Kind::Stray | Kind::Itself | Kind::Machine, _)) => all,
            _ => false,
        };
        if !read.is_blank() && (read.is_speech || !is_speech()) {
            break;
        }
        is_headed = heads || is_headed && read.is_blank();
        let names_list =
            matches!(signs.find(form), Some((Kind::Header, length)) if length == form.len());
        is_outlined = names_list || is_outlined && (read.is_blank() || is_below);
        is_bare &= read.is_blank();
        rest = after;
    }
    let has_text = rest.chars().any(char::is_alphanumeric);
    if has_text && !is_bare { rest } else { reply }
}

/// Whether a line heads a chapter or a scene by its number, and says no more than a
/// title behind it. Markdown's own headings are taken off elsewhere.
fn heads(line: &Line, text: &str, signs: &Signs) -> bool {
    let is_numbered = heading(line, signs).is_some() && number_in(text).is_some();
    !line.is_heading() && !line.is_quoted() && is_numbered
}

/// What a line heads, if it says no more than that and a title behind it.
pub(super) fn heading(line: &Line, signs: &Signs) -> Option<Kind> {
    let form = line.form.trim_end();
    let (kind, length) = signs.find(form)?;
    let rest = form[length..].trim_start();
    let is_bare = !rest.contains(char::is_alphanumeric);
    let is_set_off = rest.starts_with([':', '\u{2014}', '-', '.', ']']) || line.is_heading();
    let is_titled = is_set_off && line.could_head();
    (matches!(kind, Kind::Heading | Kind::Scene) && (is_bare || is_titled)).then_some(kind)
}

/// Whether a line is one of a list.
fn is_item(line: &str) -> bool {
    let line = line.trim();
    let unnumbered = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_numbered = unnumbered.len() < line.len() && unnumbered.starts_with(['.', ')']);
    is_numbered || ["- ", "* ", "• "].iter().any(|mark| line.starts_with(mark))
}

/// Whether a line is what a template sets before a turn: a role, alone.
fn is_turn(line: &str) -> bool {
    const ROLES: [&str; 2] = ["assistant", "model"];
    const MARK: [&str; 2] = ["<|start_header_id|>", "<|end_header_id|>"];
    let line = line.trim();
    let role = MARK.iter().fold(line.to_owned(), |role, mark| role.replace(mark, ""));
    ROLES.contains(&role.trim())
}

/// Whether a line below a heading is the name of what it heads: in capitals, or in
/// emphasis with capitals as a title has them. A place and a date have a comma.
fn is_name(text: &str, line: &Line) -> bool {
    const LONG: usize = 4;
    let bare = text.trim().trim_matches(['*', '_', '“', '”', '"', ' ']);
    let is_plain = bare.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '\'' | '’' | '-'));
    let mut words = bare.split(' ').filter(|word| word.chars().count() >= LONG);
    let is_capital = |word: &str| word.starts_with(char::is_uppercase);
    let is_title = line.is_enclosed() && bare.contains(' ') && words.all(is_capital);
    let is_loud = !bare.contains(char::is_lowercase);
    is_plain && !bare.is_empty() && line.could_head() && is_capital(bare) && (is_title || is_loud)
}

/// The most words of a line that says what a text is, such as `Setting: a harbour`,
/// or that it follows.
const LABEL: usize = 14;

/// Whether a line that opens a reply with a sign speaks to the author, and is taken
/// off. A narrator may begin like one: `Here is the story of the last ferry.`
pub(super) fn is_before(
    line: &Line,
    form: &str,
    (kind, length): (Kind, usize),
    signs: &Signs,
) -> bool {
    let is_short = form.split(' ').count() <= LABEL;
    let leads_on =
        |length: usize| line.last == Some(':') && !form[length..].contains(char::is_alphanumeric);
    match kind {
        Kind::Opening => is_short && leads_on(length),
        Kind::Before => {
            signs.speak_of_task(form)
                || is_short && (leads_on(length) || names_part(form) || Framing::Answer.opens(form))
        }
        // `Title: cook. Trade: none. So it stood in the register.`
        Kind::Header => {
            let is_sentence = form.ends_with(['.', '!', '?']);
            let is_label = line.is_marked() || line.lead.contains("**");
            is_short && (is_label || !is_sentence || signs.speak_of_task(form))
        }
        Kind::Label => signs.speak_of_task(&form[length.min(form.len())..]),
        Kind::After | Kind::Stray => is_short && form[..length.min(form.len())].ends_with(':'),
        _ => false,
    }
}

/// Whether a line speaks of a part of a book.
fn names_part(form: &str) -> bool {
    form.split(' ').any(|word| Framing::Part.holds(word.trim_matches(['.', ',', '!', ':'])))
}
