//! Lists in which one line stands for many phrases.
//!
//! `{sends|sent} {a shiver|shivers} down {her|his} spine` stands for every way
//! through its braces; a way may be empty. Lines that begin with `#` and empty
//! lines say nothing.

/// The phrases that the lines of a list stand for, in their order.
#[must_use]
pub fn expand(list: &str) -> Vec<String> {
    list.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .flat_map(ways)
        .collect()
}

/// Every way through the braces of one line. A brace without its end is text.
fn ways(line: &str) -> Vec<String> {
    let mut ways = vec![String::new()];
    let mut rest = line;
    while let Some((before, inner, after)) = braces(rest) {
        let branches: Vec<&str> = inner.split('|').collect();
        ways = ways
            .iter()
            .flat_map(|way| branches.iter().map(move |branch| format!("{way}{before}{branch}")))
            .collect();
        rest = after;
    }
    ways.iter().map(|way| tidy(&format!("{way}{rest}"))).collect()
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
