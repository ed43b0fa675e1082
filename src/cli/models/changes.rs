//! What a vendor's list changes, in words.

use super::words::dollars;
use crate::cli::ui::counted;
use crate::provider::catalogue::{Catalogue, Change};

/// The most new models that are named.
const MOST_NEW: usize = 12;

/// The most changes that are named of models which nobody has described.
const MOST_CHANGES: usize = 20;

/// The first of many, and how many more there are.
pub(super) fn first(all: &[String]) -> String {
    let more = all.len().saturating_sub(MOST_NEW);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", all.iter().take(MOST_NEW).cloned().collect::<Vec<_>>().join(", "))
}

/// How grave a change is to whoever uses the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Gone,
    Dearer,
    Smaller,
    Cheaper,
    Back,
}

/// What a list changes, a line each, as of `today`. Of models that nobody has
/// described the gravest are named, and of the new ones the first.
pub(super) fn words(known: &Catalogue, changes: &[Change], today: &str) -> Vec<String> {
    let is_described =
        |name: &str| known.models().get(name).is_some_and(|model| model.family.is_some());
    let mut lines = Vec::new();
    let (mut new, mut odd, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for change in changes {
        match change {
            Change::New { model } => new.push(model.clone()),
            Change::OddPrice { model, why } => odd.push(format!("{model} ({why})")),
            Change::Partial { missing, known } => lines.push(format!(
                "  {missing} of {known} models known there are not in this list; it seems to be a part only, so they stay as they were"
            )),
            _ => {
                let Some((model, weight, line)) = changed(change, today) else { continue };
                let line = format!("  {model}: {line}");
                if is_described(model) { lines.push(line) } else { others.push((weight, line)) }
            }
        }
    }
    others.sort_by_key(|(weight, _)| *weight);
    let more = others.len().saturating_sub(MOST_CHANGES);
    lines.extend(others.into_iter().take(MOST_CHANGES).map(|(_, line)| line));
    if more > 0 {
        let more = counted(more, "change");
        lines.push(format!("  and {more} more of models that only this list knows"));
    }
    if !new.is_empty() {
        lines.push(format!("  new: {}", first(&new)));
    }
    if !odd.is_empty() {
        let count = counted(odd.len(), "price");
        lines.push(format!("  {count} left out, which cannot be: {}", first(&odd)));
    }
    if lines.is_empty() {
        lines.push("  nothing has changed".to_owned());
    }
    lines
}

/// The model that a change is of, how grave it is, and it in words.
fn changed<'a>(change: &'a Change, today: &str) -> Option<(&'a str, Weight, String)> {
    Some(match change {
        Change::Price { model, was, is } => {
            let pair =
                |(prompt, reply): (f64, f64)| format!("{} / {}", dollars(prompt), dollars(reply));
            let is_dearer = was.is_none_or(|was| is.0 > was.0 || is.1 > was.1);
            let was = was.map_or_else(|| "not known".to_owned(), pair);
            let weight = if is_dearer { Weight::Dearer } else { Weight::Cheaper };
            (model, weight, format!("the price is {}, was {was}", pair(*is)))
        }
        Change::Window { model, was, is } => {
            (model, Weight::Smaller, format!("it holds {is} tokens, were {was}"))
        }
        Change::Unlisted { model, end } => {
            let end = end.as_ref().map(|end| format!(", as was announced for {end}"));
            let end = end.unwrap_or_default();
            (model, Weight::Gone, format!("not listed any more{end}; it is asked all the same"))
        }
        Change::Back { model } => (model, Weight::Back, "served again".to_owned()),
        Change::Ending { model, day, next } => {
            let has_come = day.as_ref().is_some_and(|day| day.as_str() <= today);
            let ends = if has_come { "was to end" } else { "ends" };
            let day = day.as_ref().map(|day| format!(" on {day}")).unwrap_or_default();
            let next = next.as_ref().map(|next| format!("; `{next}` takes its place"));
            (model, Weight::Gone, format!("{ends}{day}{}", next.unwrap_or_default()))
        }
        Change::New { .. } | Change::OddPrice { .. } | Change::Partial { .. } => return None,
    })
}
