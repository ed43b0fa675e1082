//! `storygen models`: the models on this machine, and fetching the default one.

use anyhow::Result;

use super::ui::Ui;
use crate::failure::Exit;

/// List the models on this machine, or fetch one
#[derive(Debug, clap::Subcommand)]
pub(super) enum Arguments {
    /// List the model files that storygen finds
    List,
    /// Fetch a model: the default one, or `ORG/REPO/FILE.gguf` of the hub
    Pull {
        /// The model [default: SmolLM2-135M-Instruct, 98 MB]
        name: Option<String>,
    },
}

/// Runs the command.
#[cfg(feature = "embedded")]
pub(super) fn run(arguments: &Arguments, ui: &Ui) -> Result<Exit> {
    use crate::config::Config;
    use crate::pipeline::calling;
    use crate::provider::embedded::store;

    let config = Config::read()?;
    let places = super::model::places(&config);
    match arguments {
        Arguments::List => {
            let found = store::list(&places.folder).map_err(|fault| calling::failure(&fault))?;
            for model in &found {
                ui.result(&format!("embedded/{}  {} MB", model.name, model.size / 1_000_000));
            }
            let default = super::model::spec("")?;
            match places.find(&default) {
                Some(path) => ui.result(&format!("the default model is at {}", path.display())),
                None => ui.result(
                    "the default model is not here yet; `storygen models pull` fetches it (98 MB)",
                ),
            }
            ui.say(&format!(
                "put other GGUF files of instruct models into {}",
                places.folder.display()
            ));
        }
        Arguments::Pull { name } => {
            let spec = super::model::spec(name.as_deref().unwrap_or_default())?;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let mut download = ui.download();
            let pulled =
                runtime.block_on(places.pull(&spec, &mut |progress| download.tell(&progress)));
            download.end();
            let path = pulled.map_err(|fault| calling::failure(&fault))?;
            ui.result(&format!("the model is at {}", path.display()));
        }
    }
    Ok(Exit::Done)
}

/// Runs the command.
#[cfg(not(feature = "embedded"))]
pub(super) fn run(arguments: &Arguments, ui: &Ui) -> Result<Exit> {
    let _ = (arguments, ui);
    Err(super::model::no_engine().into())
}
