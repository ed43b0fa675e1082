//! Whether each model of a run has the key that its endpoint wants, told before
//! anything is reserved or sent.

use anyhow::Result;

use super::naming::{Distant, Named};
use super::{Staff, Team};
use crate::cli::ui::Ui;
use crate::failure::{Exit, Failure};

/// Refuses a run whose model lacks its key; tells of one that only stands in.
///
/// # Errors
///
/// When the model that drafts or records lacks the key that its endpoint wants.
pub(in crate::cli) fn keyed(staff: &Staff, ui: &Ui) -> Result<()> {
    let mut told: Vec<&str> = Vec::new();
    for Team { members, .. } in [&staff.draft, &staff.record] {
        for (index, named) in members.iter().enumerate() {
            let Some(failure) = lack(named) else { continue };
            if index == 0 {
                let is_unset = lacking(named).is_some();
                let so = if is_unset { ", so nothing is sent" } else { "" };
                let message = format!("{}{so}", failure.message);
                return Err(Failure { message, ..failure }.into());
            }
            if !told.contains(&named.facts.name.as_str()) {
                told.push(&named.facts.name);
                ui.say(&format!("{}; should it have to stand in, it cannot", failure.message));
            }
        }
    }
    Ok(())
}

/// What is said of a model whose endpoint wants a key that nobody has set, or whose key
/// cannot be had from where it stands.
pub(super) fn lack(named: &Named) -> Option<Failure> {
    match named.remote.as_ref()?.keys.read() {
        Ok(Some(_)) => None,
        Ok(None) => lacking(named),
        Err(failure) => Some(failure),
    }
}

/// Models without those that could not stand in, since a key is wanted and set
/// nowhere. No file is read for that, and no program run: what such a source has
/// is seen when something is to be sent.
pub(super) fn able(members: &[Named]) -> Vec<&Named> {
    let lacks = |named: &Named| lacking(named).is_some();
    let members = members.iter().enumerate();
    members.filter(|(index, one)| *index == 0 || !lacks(one)).map(|(_, one)| one).collect()
}

/// Says which models are left out of what is reckoned with, since they could not stand
/// in.
pub(in crate::cli) fn tell_left_out(teams: &[&Team], ui: &Ui) {
    let mut told: Vec<&str> = Vec::new();
    for named in teams.iter().flat_map(|team| team.members.iter().skip(1)) {
        let name = named.facts.name.as_str();
        if let Some(failure) = lacking(named).filter(|_| !told.contains(&name)) {
            told.push(name);
            ui.say(&format!("{}; it cannot stand in, and is left out", failure.message));
        }
    }
}

/// The same where no source of a key has one that could be read.
fn lacking(named: &Named) -> Option<Failure> {
    let Distant { row, route, keys, .. } = named.remote.as_ref()?;
    let headers = route.headers.as_ref();
    let is_sent_otherwise = !keys.are_nowhere()
        || route.base.is_keyed()
        || headers.is_some_and(|headers| headers.secret(&route.base).is_some());
    if is_sent_otherwise || !keys.are_wanted() {
        return None;
    }
    let vendor = &row.vendor;
    let variable = keys.variable().unwrap_or("STORYGEN_API_KEY");
    let origin = route.base.origin();
    let message = format!("no key is set for `{}` at {origin}", row.name());
    let failure = Failure::new(Exit::Provider, message)
        .hint(format!("set `{variable}` in your environment"))
        .hint(format!(
            "or say where the key is in your configuration: `endpoints: {{{}: {{api_key_file: …}}}}`, or there `api_key_command` or `api_key_keyring`",
            vendor.name
        ));
    Some(match keys.way_of_own(vendor) {
        Some(way) => failure.hint(way),
        None => failure,
    })
}
