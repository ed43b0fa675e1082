//! What stands above a chapter's heading and is known to be none of the chapter: the
//! title of the book, a part's label, who wrote it and for whom. Nothing else is: an
//! epigraph, a place and a date, whose chapter it is are the author's to have there.

use super::Terms;
use super::lines::{Line, form_of_sign};
use super::numerals::number_in;
use super::preface::{heading, is_before};
use super::signs::Kind;
use crate::story::prose;
use crate::story::take::framing::Framing;
use crate::story::take::wrappings::{is_count, is_tag};

/// Of each line above a heading, whether it is known to be none of the chapter.
pub(super) fn known(above: &[(Line, &str)], terms: &Terms) -> Vec<bool> {
    let mut known = vec![false; above.len()];
    // What stands next below: a line that is known, and whether it is parted from it.
    let (mut is_known, mut is_parted) = (false, true);
    for ((line, text), is_of_page) in above.iter().zip(&mut known).rev() {
        if is_break(line, text) {
            is_parted = true;
            continue;
        }
        // A poem may begin with a title, and go on.
        let is_title = is_title(line, terms) && (line.is_marked() || is_parted || is_known);
        let is_other = line.is_marked() && is_known && !line.form.contains('#');
        is_known = is_title || is_other || is_of_page_alone(line, text, terms);
        is_parted = false;
        *is_of_page = is_known;
    }
    let mut is_page = false;
    for ((line, text), is_of_page) in above.iter().zip(&mut known) {
        if !is_break(line, text) {
            *is_of_page |= is_page && is_name(line, text);
            is_page = *is_of_page && (is_page || line.is_heading() || is_title(line, terms));
        }
    }
    known
}

/// Whether a line parts what stands above it from what stands below.
pub(super) fn is_break(line: &Line, text: &str) -> bool {
    line.is_blank() || prose::is_rule(text)
}

/// Whether a line is the title of the book or the chapter, and no more than a subtitle
/// or an author behind it.
fn is_title(line: &Line, terms: &Terms) -> bool {
    let form = line.form.trim_matches(['"', '\'', ')', ']', '}', ' ']);
    let names = |title: &String| {
        let title = form_of_sign(title);
        let rest = form.strip_prefix(title.as_str()).filter(|_| !title.is_empty());
        rest.map(str::trim_start).is_some_and(|rest| {
            let is_apart = rest.starts_with([':', '-', '\u{2014}', '|', '(']);
            rest.is_empty() || is_apart || Framing::Byline.opens(rest)
        })
    };
    !line.is_quoted() && [&terms.book, &terms.title].into_iter().any(names)
}

/// Whether a line is none of the chapter, whatever stands round it.
fn is_of_page_alone(line: &Line, text: &str, terms: &Terms) -> bool {
    let bare = text.trim_matches(|c: char| !c.is_alphanumeric());
    let words: Vec<&str> = bare.split_whitespace().collect();
    let is_page = is_division(bare)
        || is_genre(&words)
        || is_byline(line, bare, &words, terms)
        || is_dedication(text, &words);
    !line.is_quoted()
        && (line.is_heading() || is_page || is_count(text) || is_of_model(line, terms))
}

/// Whether a line numbers a part of the book: `Part One: The Bell`, `Erster Teil`.
fn is_division(bare: &str) -> bool {
    const MOST: usize = 4;
    let label = bare.split([':', '–', '—', '|']).next().unwrap_or_default();
    let words: Vec<&str> = label.split_whitespace().collect();
    let counts = |word: &str| number_in(word).is_some() || Framing::Ordinal.holds(word);
    match words[..] {
        [first, second] if Framing::Division.holds(second) => counts(first),
        [first, second, ..] if words.len() <= MOST => {
            Framing::Division.holds(first) && counts(second.trim_end_matches('.'))
        }
        [only] => only.starts_with('第') && only.contains(['部', '章', '編', '篇', '巻', '話']),
        _ => false,
    }
}

/// Whether a line says what kind of book it is: `A Novel`.
fn is_genre(words: &[&str]) -> bool {
    const MOST: usize = 3;
    (2..=MOST).contains(&words.len())
        && words.first().is_some_and(|word| Framing::Article.holds(word))
        && words.last().is_some_and(|word| Framing::Genre.holds(word))
}

/// Whether a line says who wrote the book.
fn is_byline(line: &Line, bare: &str, words: &[&str], terms: &Terms) -> bool {
    const MOST: usize = 4;
    let author = terms.author.trim();
    let is_author = !author.is_empty() && bare.to_lowercase().ends_with(&author.to_lowercase());
    let Some((first, name)) = words.split_first() else { return false };
    let is_name = (1..=MOST).contains(&name.len()) && name.iter().all(|word| is_capital(word));
    is_author && words.len() <= MOST + author.split(' ').count() && !line.is_speech
        || is_name && Framing::Byline.holds(first)
}

/// Whether a line says for whom the book is. `For whom the bell tolls` does not.
fn is_dedication(text: &str, words: &[&str]) -> bool {
    const MOST: usize = 8;
    let said = text.trim_end_matches(['*', '_', ')', '"', '”', ' ']);
    let [first, second, ..] = words[..] else { return false };
    let is_somebody = is_capital(second) || Framing::Owner.holds(second);
    words.len() <= MOST
        && !said.ends_with(['.', '!', '?', '…'])
        && !text.contains(char::is_numeric)
        && Framing::Dedication.holds(first)
        && is_somebody
}

/// Whether a line is the model's own: a label, what it says of its task.
fn is_of_model(line: &Line, terms: &Terms) -> bool {
    let form = line.form.trim_end();
    let signs = &terms.signs;
    let is_before = signs.find(form).is_some_and(|(kind, length)| {
        kind == Kind::Part && line.could_head() || is_before(line, form, (kind, length), signs)
    });
    let speaks = || !line.is_slanted() && signs.speak_of_task(form);
    !line.is_speech && (is_tag(form) || is_before || heading(line, signs).is_some() || speaks())
}

/// Whether a line below the title of a book may be whose it is: a name, in capitals as a
/// title has them. A place and a date have a comma.
fn is_name(line: &Line, text: &str) -> bool {
    const LONG: usize = 4;
    let is_plain = text.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '\'' | '’' | '.'));
    let mut words = text.split_whitespace();
    let is_small = |word: &str| word.chars().count() < LONG;
    is_plain && line.could_head() && words.all(|word| is_small(word) || is_capital(word))
}

fn is_capital(word: &str) -> bool {
    word.starts_with(char::is_uppercase)
}
