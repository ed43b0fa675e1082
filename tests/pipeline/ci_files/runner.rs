//! A runner: a fresh machine for each job, caches and artifacts beside it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::files::{Act, Given, Job, When};

/// A repository with its caches and artifacts.
pub struct Forge {
    root: TempDir,
    /// The caches, oldest first: key, paths, and where they are.
    caches: Vec<(String, Vec<String>, PathBuf)>,
    jobs: usize,
}

/// What became of a job.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code of the first command that failed.
    pub code: i32,
    /// Whether the job counts as done.
    pub is_done: bool,
    /// All that its commands printed.
    pub log: String,
    /// The folder it worked in.
    pub work: PathBuf,
    /// Where its artifacts are, each in a folder of its name.
    pub artifacts: PathBuf,
}

impl Forge {
    /// A repository that holds this project, committed.
    pub fn new(project: &Path) -> Self {
        let forge =
            Self { root: TempDir::new().expect("a temporary folder"), caches: Vec::new(), jobs: 0 };
        fs::create_dir(forge.repository()).expect("a folder");
        forge.git(&["init", "--quiet", "--initial-branch=main"]);
        forge.commit(|repository| copy(project, repository));
        forge
    }

    pub fn repository(&self) -> PathBuf {
        self.root.path().join("repository")
    }

    fn git(&self, arguments: &[&str]) {
        let mut command = bare("git", self.root.path());
        command.args(["-c", "user.name=A. Writer", "-c", "user.email=writer@example.invalid"]);
        command.args(arguments).current_dir(self.repository());
        let output = command.output().expect("git");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }

    /// The author changes something and commits all.
    pub fn commit(&self, change: impl FnOnce(&Path)) {
        change(&self.repository());
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "the author's work"]);
    }

    /// Does a job on a machine that has nothing but `programs`, bash, git and the
    /// usual tools.
    pub fn run(&mut self, job: &Job, programs: &Path, given: &Given) -> Outcome {
        self.jobs += 1;
        let machine = self.root.path().join(format!("machine-{}", self.jobs));
        let (work, artifacts) = (machine.join("work"), machine.join("artifacts"));
        for folder in ["home", "artifacts"] {
            fs::create_dir_all(machine.join(folder)).expect("a folder");
        }
        let mut outcome = Outcome { code: 0, is_done: true, log: String::new(), work, artifacts };
        let mut has_begun = false;
        for step in &job.steps {
            let is_due = match step.when {
                When::Well => outcome.code == 0,
                When::Always => true,
                When::Begun => has_begun,
            };
            if !is_due {
                continue;
            }
            has_begun |= matches!(step.act, Act::Run { drafts: true, .. });
            self.act(&step.act, &machine, programs, given, &mut outcome);
        }
        outcome.is_done = job.allowed.contains(&outcome.code);
        outcome
    }

    fn act(
        &mut self,
        act: &Act,
        machine: &Path,
        programs: &Path,
        given: &Given,
        outcome: &mut Outcome,
    ) {
        let work = outcome.work.clone();
        let place = |path: &str| match path.strip_prefix("~/") {
            Some(path) => machine.join("home").join(path),
            None => work.join(path.trim_end_matches('/')),
        };
        match act {
            Act::Checkout => {
                let mut command = bare("git", machine);
                command.args(["clone", "--quiet"]).arg(self.repository()).arg(&work);
                assert!(command.status().expect("git").success());
            }
            Act::Restore { paths, keys } => {
                // The exact key, then the newest that begins as one says.
                let found = keys.iter().find_map(|key| {
                    let mut caches = self.caches.iter().rev();
                    caches.find(|(name, of, _)| name.starts_with(key) && of == paths)
                });
                let Some((_, _, cache)) = found else { return };
                for (number, path) in paths.iter().enumerate() {
                    copy(&cache.join(number.to_string()), &place(path));
                }
            }
            Act::Save { paths, key } => {
                let cache = self.root.path().join(format!("cache-{}", self.caches.len()));
                for (number, path) in paths.iter().enumerate() {
                    copy(&place(path), &cache.join(number.to_string()));
                }
                self.caches.push((key.clone(), paths.clone(), cache));
            }
            Act::Publish { name, paths, without } => {
                let folder = outcome.artifacts.join(name);
                for path in paths.iter().map(|path| path.trim_end_matches('/')) {
                    // The only path is the root of what is published.
                    let target = if paths.len() > 1 { folder.join(path) } else { folder.clone() };
                    copy(&place(path), &target);
                }
                for path in without {
                    let path = folder.join(path);
                    let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
                }
            }
            Act::Run { script, env, .. } => {
                let mut command = bare("bash", machine);
                let file = machine.join("script.sh");
                fs::write(&file, script).expect("a script");
                command.args(["--noprofile", "--norc", "-eo", "pipefail"]).arg(file);
                let system = std::env::var("PATH").unwrap_or_default();
                command
                    .env("PATH", format!("{}:{system}", programs.display()))
                    .env("CI", "true")
                    .env("CI_PROJECT_DIR", &work)
                    .env("GITHUB_STEP_SUMMARY", machine.join("summary.md"))
                    .envs(env)
                    .current_dir(&work);
                let output = command.output().expect("bash");
                outcome.log += &String::from_utf8_lossy(&output.stdout);
                outcome.log += &String::from_utf8_lossy(&output.stderr);
                if outcome.code == 0 {
                    outcome.code = output.status.code().unwrap_or(-1);
                }
            }
        }
        for (name, secret) in given.iter().filter(|(name, _)| name.ends_with("API_KEY")) {
            assert!(!outcome.log.contains(secret), "{name} is shown: {}", outcome.log);
        }
    }
}

/// A command with a home of its own and nothing of the caller's environment.
fn bare(program: &str, machine: &Path) -> Command {
    let mut command = Command::new(program);
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env_clear().env("PATH", path).env("HOME", machine.join("home"));
    command.env("GIT_CONFIG_NOSYSTEM", "1").stdin(std::process::Stdio::null());
    command
}

/// Copies a file or folder over what is there; what is missing is left out.
pub fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).expect("a folder");
        for entry in fs::read_dir(from).expect("a folder") {
            let entry = entry.expect("an entry");
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else if from.is_file() {
        fs::create_dir_all(to.parent().expect("a parent")).expect("a folder");
        fs::copy(from, to).expect("a copied file");
    }
}

/// A program of the test's own, in a folder of its own.
pub fn program(folder: &Path, name: &str, script: &str) {
    fs::create_dir_all(folder).expect("a folder");
    let path = folder.join(name);
    fs::write(&path, script).expect("a script");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
}
