//! Lists in which one line stands for many phrases.
//!
//! `{sends|sent} {a shiver|shivers} down {her|his} spine` stands for every way
//! through its braces; a way may be empty. Lines that begin with `#` and empty
//! lines say nothing.

/// The phrases that the lines of a list stand for, in their order.
#[must_use]
pub fn expand(list: &str) -> Vec<String> {
    patterns(list).flat_map(|parts| ways(&parts)).collect()
}

/// The lines of a list, each as its parts in order; a part as the texts of which
/// one stands there.
pub fn patterns(list: &str) -> impl Iterator<Item = Vec<Vec<&str>>> {
    list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).map(parts)
}

/// The parts of one line. A brace without its end is text.
fn parts(line: &str) -> Vec<Vec<&str>> {
    let mut parts = Vec::new();
    let mut rest = line;
    while let Some((before, inner, after)) = braces(rest) {
        parts.push(vec![before]);
        parts.push(inner.split('|').collect());
        rest = after;
    }
    parts.push(vec![rest]);
    parts
}

/// Every way through the parts of one line.
fn ways(parts: &[Vec<&str>]) -> Vec<String> {
    let ways = parts.iter().fold(vec![String::new()], |ways, branches| {
        let on = |way: String| branches.iter().map(move |branch| format!("{way}{branch}"));
        ways.into_iter().flat_map(on).collect()
    });
    ways.iter().map(|way| tidy(way)).collect()
}

fn braces(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (inner, after) = rest.split_once('}')?;
    Some((before, inner, after))
}

/// One blank between words, where an empty way left two.
fn tidy(phrase: &str) -> String {
    phrase.split_whitespace().collect::<Vec<_>>().join(" ")
}
