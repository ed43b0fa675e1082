//! Whether a model may be asked, in words.

use super::row::Row;
use super::shape::StatusWord;
use super::status::Verdict;

/// Whether the model of this row may be asked; see [`Row::verdict`].
pub(super) fn of(row: &Row, elsewhere: Option<&str>, today: &str) -> Verdict {
    match row.status.word {
        StatusWord::Active => Verdict::Usable,
        _ if row.status.at.as_deref() != elsewhere => Verdict::Usable,
        StatusWord::Deprecated => Verdict::Ending(ending(row, today)),
        StatusWord::Unlisted => Verdict::Ending(format!(
            "{} does not list {} any more{}; it is asked all the same{}",
            row.vendor.title,
            row.title,
            row.status.since.as_ref().map(|day| format!(" since {day}")).unwrap_or_default(),
            next(row),
        )),
        StatusWord::Retired => Verdict::Retired { message: retired(row), hints: ways_out(row) },
    }
}

/// An end that is announced: one to come, or one whose day is past while the model is
/// not known to be gone.
fn ending(row: &Row, today: &str) -> String {
    let day = row.status.until.as_ref().map(|day| format!(" on {day}")).unwrap_or_default();
    let (is, asked) = if row.status.has_ended(today) {
        ("was to be", "; it is asked all the same")
    } else {
        ("is about to be", "")
    };
    format!("{} {is} withdrawn by {}{day}{asked}{}", row.title, row.vendor.title, next(row))
}

/// What takes its place, as a clause.
fn next(row: &Row) -> String {
    let first = row.status.replaced_by.first();
    first.map(|next| format!("; `{next}` takes its place")).unwrap_or_default()
}

fn retired(row: &Row) -> String {
    let since = row.status.since.as_ref().map(|day| format!(" since {day}")).unwrap_or_default();
    let source = row.status.source.as_ref().map(|who| format!(" ({who})")).unwrap_or_default();
    format!("{} does not serve {} any more{since}{source}", row.vendor.title, row.title)
}

/// What else can be done, each a sentence; nothing is done of it by itself.
fn ways_out(row: &Row) -> Vec<String> {
    let mut hints = Vec::new();
    if !row.status.replaced_by.is_empty() {
        let all: Vec<String> =
            row.status.replaced_by.iter().map(|next| format!("`{next}`")).collect();
        hints.push(format!(
            "another model takes its place: {}; see `storygen models info {}`",
            all.join(", "),
            row.status.replaced_by.first().map_or("", String::as_str),
        ));
    }
    if !row.elsewhere.is_empty() {
        let all: Vec<String> = row.elsewhere.iter().map(|name| format!("`{name}`")).collect();
        hints.push(format!("the same model is served elsewhere: {}", all.join(", ")));
    }
    hints.push(format!(
        "if it is served there all the same, say so in your `catalogue.yaml`: `models: {{{}: {{hosts: {{{}: {{status: {{is: active}}}}}}}}}}`",
        row.model.as_deref().unwrap_or(&row.id),
        row.vendor.name,
    ));
    hints
}
