//! `storygen usage`: what the project's calls took, by stage and by model.

use anyhow::Result;
use serde_json::json;

use super::ui::sheet::{Column, headed};
use super::ui::{Ui, counted, terminal_width};
use super::{Common, open};
use crate::config::Config;
use crate::failure::Exit;
use crate::ledger::Ledger;
use crate::money::Money;
use crate::project::usage::{Sheet, Sum, SumShape, sheet};
use crate::project::{accounts, journal};
use crate::provider::Total;

/// Show what the project's calls took: tokens, cost, cache hits
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, common: &Common, ui: &Ui) -> Result<Exit> {
    let folder = open::folder(common)?;
    let sheet = sheet(&accounts::calls(&journal::read(&folder)?));
    let config = Config::read()?;
    let mut ledger = Ledger::new(open::ledger(&config), folder.path());
    let (settled, reserved) = ledger.spent(open::seconds())?;
    let cap = config.budget()?.month();
    if arguments.json {
        ui.result(&json(&sheet, settled + reserved, cap).to_string());
        return Ok(Exit::Done);
    }
    if sheet.all.calls == 0 {
        ui.say("no call has been made for this project");
    } else {
        print(&sheet, ui);
    }
    let of = cap.map(|cap| format!(" of {cap}")).unwrap_or_default();
    if settled + reserved > Money::ZERO || cap.is_some() {
        ui.result(&format!("this month, all your projects: {}{of}", settled + reserved));
    }
    Ok(Exit::Done)
}

fn json(sheet: &Sheet, month: Money, cap: Option<Money>) -> serde_json::Value {
    let stages: serde_json::Map<_, _> =
        sheet.stages.iter().map(|(stage, sum)| (stage.name().to_owned(), shape(sum))).collect();
    let models: serde_json::Map<_, _> =
        sheet.models.iter().map(|(model, sum)| (model.clone(), shape(sum))).collect();
    json!({
        "version": 1,
        "stages": stages,
        "models": models,
        "all": shape(&sheet.all),
        "month": { "spent": month.dollars(), "cap": cap.map(Money::dollars) },
    })
}

fn shape(sum: &Sum) -> serde_json::Value {
    json!(SumShape::from(sum))
}

fn print(sheet: &Sheet, ui: &Ui) {
    let stages = sheet.stages.iter().map(|(stage, sum)| (stage.name().to_owned(), sum));
    let stages: Vec<_> = stages.chain([("all".to_owned(), &sheet.all)]).collect();
    let models: Vec<_> = sheet.models.iter().map(|(model, sum)| (model.clone(), sum)).collect();
    let longest = stages.iter().chain(&models).map(|(name, _)| name.chars().count()).max();
    let name = longest.unwrap_or(0).clamp(8, LONGEST);
    let terminal = terminal_width();
    let mut lines = table("stage", name, &stages, terminal);
    lines.push(String::new());
    lines.extend(table("model", name, &models, terminal));
    lines.extend(notes(&sheet.all.total));
    for line in lines {
        ui.result(&line);
    }
}

/// The most characters of a name that stands in the line of its figures.
const LONGEST: usize = 40;

/// What is left out of the figures on a narrow terminal, in this order; JSON tells it.
const SPARED: [&str; 8] =
    ["written", "reasoning", "sent", "hits", "cached", "reply", "prompt", "calls"];

/// The lines of a table, none wider than its terminal: a name that leaves the figures
/// no room stands in a line of its own.
fn table(
    first: &'static str,
    name: usize,
    sums: &[(String, &Sum)],
    terminal: Option<usize>,
) -> Vec<String> {
    let columns = [
        Column::words(first, name),
        Column::number("calls", 6),
        Column::number("sent", 6),
        Column::number("prompt", 10),
        Column::number("cached", 10),
        Column::number("hits", 5),
        Column::number("written", 9),
        Column::number("reply", 9),
        Column::number("reasoning", 9),
        Column::number("cost", 9),
    ];
    let room = terminal.map_or(usize::MAX, |width| (width / 2).min(LONGEST));
    let is_wide = |name: &str| name.chars().count() > room;
    let rows = sums
        .iter()
        .map(|(name, sum)| row(if is_wide(name) { String::new() } else { name.clone() }, sum));
    let mut lines = headed(&columns, rows.collect(), &SPARED, terminal).into_iter();
    let mut shown: Vec<String> = lines.next().into_iter().collect();
    for (line, (name, _)) in lines.zip(sums) {
        if is_wide(name) {
            shown.extend(terminal.map(|width| shortened(name, width)));
        }
        shown.push(line);
    }
    shown
}

/// A name that is not wider than the terminal.
fn shortened(name: &str, width: usize) -> String {
    if name.chars().count() <= width {
        return name.to_owned();
    }
    let kept: String = name.chars().take(width.saturating_sub(1)).collect();
    kept + "…"
}

fn row(name: String, sum: &Sum) -> Vec<String> {
    let SumShape { calls, tries, prompt, cached, written, reply, reasoning, .. } = sum.into();
    let hits = sum.hit_rate().map_or_else(|| "-".to_owned(), |rate| format!("{:.0} %", rate * 1e2));
    let figures = [calls, u64::from(tries), prompt, cached].map(|figure| figure.to_string());
    let more = [written, reply, reasoning].map(|figure| figure.to_string());
    let mut cells = vec![name];
    cells.extend(figures);
    cells.push(hits);
    cells.extend(more);
    cells.push(sum.total.cost.to_string());
    cells
}

/// What the sums do not hold.
fn notes(all: &Total) -> Vec<String> {
    let mut notes = Vec::new();
    if all.unsaid > 0 {
        let worst = match all.worst_unsaid {
            Money::ZERO => String::new(),
            worst => format!("; they cost {worst} at most, which the budgets count"),
        };
        let tries = counted(usize::try_from(all.unsaid).unwrap_or(usize::MAX), "request");
        notes.push(format!("not in these sums: {tries} of which no figures came{worst}"));
    }
    if all.unpriced > 0 {
        let tries = counted(usize::try_from(all.unpriced).unwrap_or(usize::MAX), "request");
        notes.push(format!("not in the cost: {tries} of which nobody has said what they cost"));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_fit_their_terminal() {
        let sum = Sum { calls: 123, ..Sum::default() };
        let short = ("shop/w".to_owned(), &sum);
        let long = ("openrouter/thedrummer/unslopnemo-12b-of-a-long-name".to_owned(), &sum);
        for (width, head) in [
            (200, "model calls sent prompt cached hits written reply reasoning cost"),
            (80, "model calls sent prompt cached hits written reply reasoning cost"),
            (40, "model calls prompt reply cost"),
            (24, "model calls cost"),
        ] {
            let shown = table("model", 40, &[short.clone(), long.clone()], Some(width));
            for line in &shown {
                assert!(line.chars().count() <= width, "{width}: {shown:#?}");
            }
            let words: Vec<&str> = shown[0].split_whitespace().collect();
            assert_eq!(words.join(" "), head, "{shown:#?}");
            assert!(shown[1].starts_with("shop/w ") && shown[1].contains(" 123 "), "{shown:#?}");
            assert!(shown[2].starts_with("openrouter/thedrummer"), "{shown:#?}");
            assert!(shown[3].trim_start().starts_with("123 "), "{shown:#?}");
        }
        let shown = table("model", 40, &[long], None);
        assert!(shown.len() == 2 && shown[1].contains("long-name     123 "), "{shown:#?}");
    }
}
