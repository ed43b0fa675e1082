//! `storygen usage`: what the project's calls took, by stage and by model.

use anyhow::Result;
use serde_json::json;

use super::ui::sheet::{self, Column};
use super::ui::table::wrapped;
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
        say(&format!("this month, all your projects: {}{of}", settled + reserved), ui);
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
    for line in tables(&stages, &models, terminal_width()) {
        ui.result(&line);
    }
    for note in notes(&sheet.all.total) {
        say(&note, ui);
    }
}

/// A sentence beside the figures, broken between words where its terminal ends.
fn say(sentence: &str, ui: &Ui) {
    let width = terminal_width().unwrap_or(usize::MAX);
    for line in wrapped(sentence, width) {
        ui.result(&line);
    }
}

/// The most characters of a name that stands in the line of its figures.
const LONGEST: usize = 40;

/// The figures that stand beside each name.
const FIGURES: [Column; 9] = [
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

/// What is left out of the figures on a narrow terminal, in this order; JSON tells it.
const SPARED: [&str; 8] =
    ["written", "reasoning", "sent", "hits", "cached", "reply", "prompt", "calls"];

/// The lines of both tables under the same columns, none wider than its terminal: a
/// name that leaves the figures no room stands in a line of its own.
fn tables(
    stages: &[(String, &Sum)],
    models: &[(String, &Sum)],
    terminal: Option<usize>,
) -> Vec<String> {
    let room = terminal.map_or(usize::MAX, |width| (width / 2).min(LONGEST));
    let is_wide = |name: &str| name.chars().count() > room;
    let names = stages.iter().chain(models).map(|(name, _)| name.chars().count());
    let width = names.max().unwrap_or(0).clamp(8, LONGEST);
    let columns: Vec<Column> = std::iter::once(Column::words("", width)).chain(FIGURES).collect();
    let of =
        |(name, sum): &(String, &Sum)| row(if is_wide(name) { "" } else { name.as_str() }, sum);
    let mut rows = vec![head("stage")];
    rows.extend(stages.iter().map(of));
    rows.push(head("model"));
    rows.extend(models.iter().map(of));
    let mut lines = sheet::sheet(&columns, &rows, &SPARED, terminal).into_iter();
    let mut shown: Vec<String> = lines.by_ref().take(1 + stages.len()).collect();
    shown.push(String::new());
    shown.extend(lines.next());
    for (line, (name, _)) in lines.zip(models) {
        if is_wide(name) {
            shown.extend(terminal.map(|width| shortened(name, width)));
        }
        shown.push(line);
    }
    shown
}

fn head(first: &str) -> Vec<String> {
    let titles = FIGURES.iter().map(|column| column.title.to_owned());
    std::iter::once(first.to_owned()).chain(titles).collect()
}

/// A name that is not wider than the terminal.
fn shortened(name: &str, width: usize) -> String {
    if name.chars().count() <= width {
        return name.to_owned();
    }
    let kept: String = name.chars().take(width.saturating_sub(1)).collect();
    kept + "…"
}

fn row(name: &str, sum: &Sum) -> Vec<String> {
    let SumShape { calls, tries, prompt, cached, written, reply, reasoning, .. } = sum.into();
    let hits = sum.hit_rate().map_or_else(|| "-".to_owned(), |rate| format!("{:.0} %", rate * 1e2));
    let figures = [calls, u64::from(tries), prompt, cached].map(|figure| figure.to_string());
    let more = [written, reply, reasoning].map(|figure| figure.to_string());
    let mut cells = vec![name.to_owned()];
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
        let models = [short.clone(), long.clone()];
        for (width, head) in [
            (200, "calls sent prompt cached hits written reply reasoning cost"),
            (81, "calls sent prompt cached hits written reply reasoning cost"),
            (40, "calls prompt reply cost"),
            (24, "calls cost"),
        ] {
            let shown = tables(&[("draft".to_owned(), &sum)], &models, Some(width));
            for line in &shown {
                assert!(line.chars().count() <= width, "{width}: {shown:#?}");
            }
            let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(words(&shown[0]), format!("stage {head}"), "{shown:#?}");
            assert_eq!(words(&shown[3]), format!("model {head}"), "{shown:#?}");
            assert!(shown[4].starts_with("shop/w ") && shown[4].contains(" 123 "), "{shown:#?}");
            assert!(shown[5].starts_with("openrouter/thedrummer"), "{shown:#?}");
            assert!(shown[6].trim_start().starts_with("123 "), "{shown:#?}");
        }
        let shown = tables(&[], &models, None);
        assert!(shown.len() == 5 && shown[4].contains("long-name     123 "), "{shown:#?}");
    }
}
