//! Words of commands that are shown to be typed.

use std::path::Path;

use super::Common;

/// A path as it can be typed into a shell.
pub(super) fn shell_word(path: &Path) -> String {
    let path = path.display().to_string();
    let is_safe = |c: char| c.is_alphanumeric() || "/._-+~".contains(c);
    if !path.is_empty() && path.chars().all(is_safe) {
        path
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}

/// What leads a command to the project that this one was led to: ` --project DIR`, or
/// nothing where it was found by itself.
pub(super) fn project_flag(common: &Common) -> String {
    let path = common.project.as_deref();
    path.map(|path| format!(" --project {}", shell_word(path))).unwrap_or_default()
}

/// The commands that are about one project.
const OF_A_PROJECT: [&str; 13] = [
    "calls",
    "check",
    "cost",
    "draft",
    "log",
    "prompt",
    "select",
    "status",
    "takes",
    "templates",
    "trust",
    "undo",
    "usage",
];

/// A text whose commands, which stand between backticks, lead to a project: by its
/// [`project_flag`].
pub(super) fn led(text: &str, flag: &str) -> String {
    let is_led = |code: &str| {
        let mut words = code.split(' ');
        words.next() == Some("storygen")
            && words.next().is_some_and(|command| OF_A_PROJECT.contains(&command))
            && !code.contains("--project")
    };
    let parts = text.split('`').enumerate().map(|(index, part)| {
        let flag = if index % 2 == 1 && is_led(part) { flag } else { "" };
        format!("{part}{flag}")
    });
    parts.collect::<Vec<_>>().join("`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_lead_to_their_project() {
        for (text, led_there) in [
            ("`storygen check` shows all", "`storygen check --project b` shows all"),
            ("or `storygen draft chapter 2`", "or `storygen draft chapter 2 --project b`"),
            ("`storygen models list` shows", "`storygen models list` shows"),
            ("`storygen init DIR` makes one", "`storygen init DIR` makes one"),
            ("`storygen status --project DIR`", "`storygen status --project DIR`"),
            ("storygen check and `storygen`", "storygen check and `storygen`"),
        ] {
            assert_eq!(led(text, " --project b"), led_there);
            assert_eq!(led(text, ""), text);
        }
    }
}
