//! `storygen trust`: what a project may say of where its models are.

use anyhow::Result;

use super::ui::Ui;
use super::{Common, open};
use crate::config::{Config, trust};
use crate::diagnostic::did_you_mean;
use crate::failure::{Exit, Failure};
use crate::project::layout;
use crate::project::load::load;
use crate::provider::dialects::DIALECTS;
use crate::provider::http::Base;

/// Allow the project's own endpoint, until the project changes it
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Take the permission back
    #[arg(long, conflicts_with = "list")]
    undo: bool,
    /// List every project that has a permission
    #[arg(long)]
    list: bool,
    /// Answer yes to the question
    #[arg(short, long)]
    yes: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, common: &Common, ui: &Ui) -> Result<Exit> {
    let config = Config::read()?;
    if arguments.list {
        for one in trust::all(&config)? {
            ui.result(&format!("{}  {}", one.project.display(), one.base_url));
        }
        return Ok(Exit::Done);
    }
    let folder = open::folder(common)?;
    if arguments.undo {
        let had_one = trust::take_back(&config, folder.path())?;
        ui.say(if had_one {
            "the project's endpoint is not allowed any more"
        } else {
            "the project had no permission"
        });
        return Ok(Exit::Done);
    }
    let loaded = load(&folder)?;
    // A file that could not be read may still ask for what it asked before.
    let is_read = loaded.wishes.endpoint.is_some() || open::is_read(&loaded, layout::BOOK);
    let wishes = loaded.wishes;
    let is_trusted =
        is_read && trust::is_trusted(&config, folder.path(), wishes.endpoint.as_ref())?;
    let Some(wish) = wishes.endpoint else {
        ui.say("the project asks for nothing that needs trust");
        return Ok(Exit::Done);
    };
    if wishes.models.all().next().is_none() {
        ui.say(
            "the project names no model, so nobody is asked at its endpoint; nothing needs trust",
        );
        return Ok(Exit::Done);
    }
    // What is asked for is shown as it will be used, not as the project spells it.
    let refused = |why: &dyn std::fmt::Display| {
        Failure::new(
            Exit::Untrusted,
            format!("{}: the endpoint cannot be allowed: {why}", wish.place),
        )
        .hint("take it out of `storygen.yaml`, or mend it there")
    };
    let address = Base::parse(&wish.base_url).map_err(|why| refused(&why))?.shown();
    let wires = DIALECTS.iter().map(|dialect| dialect.name);
    if !wires.clone().any(|name| name == wish.dialect) {
        let near = did_you_mean(&wish.dialect, wires);
        let failure = refused(&format!("no wire is called `{}`", wish.dialect));
        return Err(near.into_iter().fold(failure, Failure::hint).into());
    }
    if is_trusted {
        ui.say(&format!("`{address}` is allowed already"));
        return Ok(Exit::Done);
    }
    ui.say(&format!(
        "{} sends the bible and every chapter to `{}` ({}); a key goes there only if your configuration has one for that address",
        wish.place, address, wish.dialect
    ));
    if !arguments.yes && !ui.may_ask() {
        return Err(Failure::new(Exit::Untrusted, "nobody is here to be asked")
            .hint("`storygen trust --yes` allows it")
            .into());
    }
    if !arguments.yes && !ui.agrees("allow it until the project changes it? [y/N]") {
        ui.say("nothing is allowed");
        return Ok(Exit::Untrusted);
    }
    trust::allow(&config, folder.path(), &wish, &address)?;
    ui.say(&format!("`{address}` is allowed for this project"));
    Ok(Exit::Done)
}
