//! `storygen usage`: what the project's calls took, by stage and by model.

use anyhow::Result;
use serde_json::json;

use super::{Common, open, ui::Ui, ui::counted};
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
    let stages: Vec<(String, &Sum)> =
        sheet.stages.iter().map(|(stage, sum)| (stage.name().to_owned(), sum)).collect();
    let models: Vec<(String, &Sum)> =
        sheet.models.iter().map(|(model, sum)| (model.clone(), sum)).collect();
    let all = [("all".to_owned(), &sheet.all)];
    let width = stages.iter().chain(&models).map(|(name, _)| name.chars().count()).max();
    let width = width.unwrap_or(0).clamp(8, 40);
    ui.result(&head("stage", width));
    for (name, sum) in stages.iter().chain(&all) {
        ui.result(&row(name, sum, width));
    }
    ui.result("");
    ui.result(&head("model", width));
    for (name, sum) in &models {
        ui.result(&row(name, sum, width));
    }
    for line in notes(&sheet.all.total) {
        ui.result(&line);
    }
}

fn head(first: &str, width: usize) -> String {
    format!(
        "{first:<width$}  {:>6}  {:>6}  {:>10}  {:>10}  {:>5}  {:>9}  {:>9}  {:>9}  {:>9}",
        "calls", "sent", "prompt", "cached", "hits", "written", "reply", "reasoning", "cost"
    )
}

fn row(name: &str, sum: &Sum, width: usize) -> String {
    let SumShape { calls, tries, prompt, cached, written, reply, reasoning, .. } = sum.into();
    let hits = sum.hit_rate().map_or_else(|| "-".to_owned(), |rate| format!("{:.0} %", rate * 1e2));
    let cost = sum.total.cost.to_string();
    format!(
        "{name:<width$}  {calls:>6}  {tries:>6}  {prompt:>10}  {cached:>10}  {hits:>5}  {written:>9}  {reply:>9}  {reasoning:>9}  {cost:>9}"
    )
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
