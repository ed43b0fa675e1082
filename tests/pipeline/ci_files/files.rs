//! The two files of `docs/ci`, read as what a runner does, step by step.

use std::collections::BTreeMap;
use std::path::Path;

use serde_yaml::Value;

/// What the test gives a runner: secrets, variables, and what it knows itself.
pub type Given = BTreeMap<String, String>;

/// A job as its runner does it.
pub struct Job {
    pub steps: Vec<Step>,
    /// The exit codes at which it counts as done all the same.
    pub allowed: Vec<i32>,
}

pub struct Step {
    pub when: When,
    pub act: Act,
}

/// When a step is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// All before it went well.
    Well,
    /// Always.
    Always,
    /// Once drafting has begun, however it went.
    Begun,
}

pub enum Act {
    Checkout,
    Restore { paths: Vec<String>, keys: Vec<String> },
    Save { paths: Vec<String>, key: String },
    Run { script: String, env: Given, drafts: bool },
    Publish { name: String, paths: Vec<String>, without: Vec<String> },
}

/// A file of `docs/ci`.
pub fn file(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{name}: {why}"));
    serde_yaml::from_str(&text).unwrap_or_else(|why| panic!("{name}: {why}"))
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => serde_yaml::to_string(other).expect("a scalar").trim().to_owned(),
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Sequence(all) => all.iter().map(text).collect(),
        one => vec![text(one)],
    }
}

fn lines(value: &Value) -> Vec<String> {
    text(value).lines().map(str::to_owned).collect()
}

// --- GitHub ------------------------------------------------------------------

/// The value of `a || b || 'c'`, of names of the contexts and literals.
fn value(expression: &str, given: &Given) -> String {
    let terms = expression.split("||").map(|term| {
        let term = term.trim();
        if let Some(literal) = term.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
            return literal.to_owned();
        }
        let known = ["secrets.", "vars.", "inputs.", "github.", "runner."];
        assert!(known.iter().any(|context| term.starts_with(context)), "`{term}`");
        given.get(term).cloned().unwrap_or_default()
    });
    terms.reduce(|first, then| if first.is_empty() { then } else { first }).expect("a term")
}

fn filled(text: &str, given: &Given) -> String {
    let mut parts = text.split("${{");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (expression, rest) = part.split_once("}}").expect("an end");
        out += &value(expression.trim(), given);
        out += rest;
    }
    out
}

fn env(value: &Value, given: &Given) -> Given {
    let pairs = value.as_mapping().into_iter().flatten();
    pairs.map(|(name, value)| (text(name), filled(&text(value), given))).collect()
}

/// Whether a job's condition, `a == 'b' || …`, holds.
fn holds(condition: &str, given: &Given) -> bool {
    condition.split("||").any(|one| {
        let (name, literal) = one.split_once("==").expect("a comparison");
        value(name.trim(), given) == value(literal.trim(), given)
    })
}

/// The only job that GitHub runs for an event.
pub fn github(given: &Given) -> Job {
    let file = file("github.yml");
    let jobs = file["jobs"].as_mapping().expect("jobs");
    let mut due = jobs.values().filter(|job| holds(&text(&job["if"]), given));
    let job = due.next().expect("a job for this event");
    assert!(due.next().is_none(), "two jobs for one event");
    let shell = text(&file["defaults"]["run"]["shell"]);
    assert_eq!(shell, "bash", "which GitHub runs as `bash --noprofile --norc -eo pipefail`");
    let shared = env(&file["env"], given);
    let steps = job["steps"].as_sequence().expect("steps");
    let steps = steps.iter().map(|step| github_step(step, &shared, given)).collect();
    Job { steps, allowed: vec![0] }
}

fn github_step(step: &Value, shared: &Given, given: &Given) -> Step {
    let when = match text(&step["if"]).as_str() {
        "" => When::Well,
        "always()" => When::Always,
        "always() && steps.draft.outcome != 'skipped'" => When::Begun,
        other => panic!("a condition that this runner does not know: {other}"),
    };
    let with = &step["with"];
    let paths = || lines(&with["path"]);
    let key = || filled(&text(&with["key"]), given);
    let action = text(&step["uses"]);
    let act = match action.split('@').next().unwrap_or_default() {
        "" => {
            let mut all = shared.clone();
            all.extend(env(&step["env"], given));
            let drafts = text(&step["id"]) == "draft";
            Act::Run { script: filled(&text(&step["run"]), given), env: all, drafts }
        }
        "actions/checkout" => Act::Checkout,
        "actions/cache/restore" | "actions/cache" => Act::Restore {
            paths: paths(),
            keys: std::iter::once(key()).chain(lines(&with["restore-keys"])).collect(),
        },
        "actions/cache/save" => Act::Save { paths: paths(), key: key() },
        "actions/upload-artifact" => {
            let (without, paths): (Vec<_>, Vec<_>) =
                paths().into_iter().partition(|path| path.starts_with('!'));
            let without = without.iter().map(|path| path[1..].to_owned()).collect();
            Act::Publish { name: text(&with["name"]), paths, without }
        }
        other => panic!("an action that this runner does not know: {other}"),
    };
    Step { when, act }
}

// --- GitLab ------------------------------------------------------------------

/// `$NAME`s put in.
fn expanded(text: &str, given: &Given) -> String {
    let mut out = text.to_owned();
    // Longer names first: one may be the beginning of another.
    let mut names: Vec<&String> = given.keys().collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    for name in names {
        out = out.replace(&format!("${name}"), &given[name]);
    }
    out
}

/// A job that GitLab runs.
pub fn gitlab(name: &str, given: &Given) -> Job {
    let file = file("gitlab.yml");
    let job = &file[name];
    let mut env = given.clone();
    for set in [&file["variables"], &job["variables"]] {
        for (name, value) in set.as_mapping().into_iter().flatten() {
            env.entry(text(name)).or_insert_with(|| text(value));
        }
    }
    let step = |when, act| Step { when, act };
    let mut steps = vec![step(When::Well, Act::Checkout)];
    let caches = job["cache"].as_sequence().expect("caches");
    let key = |cache: &Value| expanded(&text(&cache["key"]), given);
    for cache in caches {
        let others = texts(&cache["fallback_keys"]);
        let keys = std::iter::once(key(cache))
            .chain(others.iter().map(|other| expanded(other, given)))
            .collect();
        steps.push(step(When::Well, Act::Restore { paths: texts(&cache["paths"]), keys }));
    }
    // GitLab runs both in one shell.
    let mut script = texts(&file["default"]["before_script"]);
    script.extend(texts(&job["script"]));
    let run = |script: &[String], drafts| Act::Run {
        script: script.join("\n"),
        env: env.clone(),
        drafts,
    };
    steps.push(step(When::Well, run(&script, true)));
    if let after @ [_, ..] = &texts(&job["after_script"])[..] {
        steps.push(step(When::Always, run(after, false)));
    }
    for cache in caches.iter().filter(|cache| text(&cache["policy"]) != "pull") {
        let when = if text(&cache["when"]) == "always" { When::Always } else { When::Well };
        steps.push(step(when, Act::Save { paths: texts(&cache["paths"]), key: key(cache) }));
    }
    let artifacts = &job["artifacts"];
    assert_eq!(text(&artifacts["when"]), "always");
    let without = texts(&artifacts["exclude"]).iter().map(|one| one.replace("/**/*", "")).collect();
    let name = text(&artifacts["name"]);
    let publish = Act::Publish { name, paths: texts(&artifacts["paths"]), without };
    steps.push(step(When::Always, publish));
    let codes = texts(&job["allow_failure"]["exit_codes"]);
    let allowed = codes.iter().map(|code| code.parse().expect("a code")).chain([0]).collect();
    Job { steps, allowed }
}
