//! `storygen models list` and `pull`: the model files on this machine.

use anyhow::Result;

use crate::cli::ui::Ui;
use crate::failure::Exit;

/// Lists the model files that are found.
#[cfg(feature = "embedded")]
pub(super) fn list(ui: &Ui) -> Result<Exit> {
    use crate::config::Config;
    use crate::pipeline::calling;
    use crate::provider::embedded::store;

    let places = crate::cli::model::places(&Config::read()?);
    let found = store::list(&places.folder).map_err(|fault| calling::failure(&fault))?;
    for model in &found {
        ui.result(&format!("embedded/{}  {} MB", model.name, model.size / 1_000_000));
    }
    let default = crate::cli::model::spec("")?;
    match places.find(&default) {
        Some(path) => ui.result(&format!("the default model is at {}", path.display())),
        None => ui
            .result("the default model is not here yet; `storygen models pull` fetches it (98 MB)"),
    }
    ui.say(&format!("put other GGUF files of instruct models into {}", places.folder.display()));
    Ok(Exit::Done)
}

/// Fetches a model file.
#[cfg(feature = "embedded")]
pub(super) fn pull(name: Option<&str>, ui: &Ui) -> Result<Exit> {
    use crate::cli::ui::events::What;
    use crate::config::Config;
    use crate::pipeline::calling;

    let places = crate::cli::model::places(&Config::read()?);
    let spec = crate::cli::model::spec(name.unwrap_or_default())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut download = ui.download();
    let pulled = runtime.block_on(places.pull(&spec, &mut |progress| download.tell(&progress)));
    download.end();
    let path = pulled.map_err(|fault| calling::failure(&fault))?;
    ui.event(What::Fetched { path: path.display().to_string() });
    ui.say_result(&format!("the model is at {}", path.display()));
    Ok(Exit::Done)
}

/// Lists nothing: this build has no engine for files.
#[cfg(not(feature = "embedded"))]
pub(super) fn list(_: &Ui) -> Result<Exit> {
    Err(crate::cli::model::no_engine().into())
}

/// Fetches nothing: this build has no engine for files.
#[cfg(not(feature = "embedded"))]
pub(super) fn pull(_: Option<&str>, _: &Ui) -> Result<Exit> {
    Err(crate::cli::model::no_engine().into())
}
