//! Runs the real program on a temporary copy of a project.
//!
//! ```ignore
//! let project = Project::copy("tests/base");
//! let output = project.run(&["check"]);
//! assert_eq!(output.code, 0, "{output}");
//! ```
//!
//! The program runs in the copy's folder, with a home of its own, no colours
//! and nothing of the caller's environment. In what it prints, the copy's path
//! is written `[DIR]`, so that whole outputs can be compared.
#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A temporary copy of a project; gone when dropped.
pub struct Project {
    root: TempDir,
}

/// What a run printed, and its exit code.
#[derive(Debug, PartialEq, Eq)]
pub struct Output {
    pub stdout: String,
    pub stderr: String,
    pub code: i32,
}

/// The whole output as one text, as it stands in files of expected output.
impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stdout, stderr, code } = self;
        write!(f, "exit {code}\n--- stdout\n{stdout}--- stderr\n{stderr}")
    }
}

impl Project {
    /// An empty folder.
    pub fn empty() -> Self {
        let root = TempDir::new().expect("a temporary folder");
        fs::create_dir_all(root.path().join("home")).expect("a home");
        fs::create_dir_all(root.path().join("project")).expect("a project folder");
        Self { root }
    }

    /// A copy of a folder, named from the package's root.
    pub fn copy(folder: &str) -> Self {
        let project = Self::empty();
        project.overlay(folder);
        project
    }

    /// Copies another folder's files over this project's. A file named
    /// `NAME.absent` takes `NAME` away.
    pub fn overlay(&self, folder: &str) {
        lay(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &self.path());
    }

    /// Copies another folder's files over one of this project's.
    pub fn overlay_at(&self, folder: &str, from: &Path) {
        lay(from, &self.path().join(folder));
    }

    /// The project's folder.
    pub fn path(&self) -> PathBuf {
        self.root.path().join("project")
    }

    /// Writes a file of the project, its folders included.
    pub fn write(&self, file: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(file);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, text).expect("a written file");
    }

    /// The text of a file of the project.
    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    /// Every file of the project, sorted, with forward slashes.
    pub fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        collect(&self.path(), "", &mut files);
        files.sort();
        files
    }

    /// The program, ready to run in the project's folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let home = self.root.path().join("home");
        let mut command = Command::new(env!("CARGO_BIN_EXE_storygen"));
        command
            .args(arguments)
            .current_dir(self.path())
            .stdin(Stdio::null())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("NO_COLOR", "1")
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_DATA_HOME", home.join("data"))
            .env("XDG_CACHE_HOME", home.join("cache"))
            .env("XDG_STATE_HOME", home.join("state"));
        command
    }

    /// Runs the program in the project's folder.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, &[])
    }

    /// Runs the program with these variables set.
    pub fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = self.command(arguments);
        command.envs(variables.iter().copied());
        let output = command.output().expect("the program runs");
        let text = |bytes: &[u8]| {
            String::from_utf8_lossy(bytes).replace(&self.path().display().to_string(), "[DIR]")
        };
        Output {
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
            code: output.status.code().unwrap_or(-1),
        }
    }
}

/// Compares a text with a file of the tests; with `UPDATE_EXPECT=1` the file is
/// written instead. Gives the difference as a message.
pub fn compare(found: &str, file: &Path) -> Result<(), String> {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        return fs::write(file, found).map_err(|error| format!("{}: {error}", file.display()));
    }
    let expected = fs::read_to_string(file)
        .map_err(|error| format!("{}: {error}; UPDATE_EXPECT=1 writes it", file.display()))?;
    if expected == found {
        return Ok(());
    }
    Err(format!(
        "{} differs (UPDATE_EXPECT=1 writes it)\n===== expected\n{expected}\n===== found\n{found}",
        file.display()
    ))
}

fn lay(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            fs::create_dir_all(&target).expect("a folder");
            lay(&path, &target);
        } else if path.extension().is_some_and(|extension| extension == "absent") {
            fs::remove_file(target.with_extension("")).expect("a file to take away");
        } else {
            fs::copy(&path, &target).expect("a copied file");
        }
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), files);
        } else {
            files.push(name);
        }
    }
}
