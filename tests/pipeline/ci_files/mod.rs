//! The files of `docs/ci`: their commands as they stand, on machines that have
//! nothing but git, bash and storygen.

mod files;
mod runner;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_yaml::Value;

use crate::common::*;
use crate::counting::{Answer, Counting};
use crate::money::{PRICE, well};
use files::{Given, Job, file};
use runner::{Forge, Outcome, copy, program};

/// What the first calls cost, in dollars.
const SURPRISE: f64 = 0.007;

/// A key that must turn up nowhere.
const CANARY: &str = "sk-canary-5d0c";

/// The two that the files are for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Host {
    GitHub,
    GitLab,
}

const HOSTS: [Host; 2] = [Host::GitHub, Host::GitLab];

/// A book at a host, and the endpoint that its model is behind.
struct Shop {
    host: Host,
    forge: Forge,
    server: Counting,
    /// The model that the author's variable names.
    model: &'static str,
    runs: usize,
}

impl Shop {
    fn open(host: Host) -> Self {
        // Its first calls take more than can be foretold.
        let server = Counting::start(|asked| match asked.number {
            0..2 => Answer::Costs(well(asked), SURPRISE),
            _ => Answer::Reply(well(asked)),
        });
        let forge = Forge::new(small(&[]).path().as_path());
        Self { host, forge, server, model: "openrouter/thedrummer/unslopnemo-12b", runs: 0 }
    }

    /// What the author has set, and what the runner says of this event.
    fn given(&mut self, event: &str, max_cost: &str) -> Given {
        self.runs += 1;
        let run = self.runs.to_string();
        let address = self.server.base_url();
        let config = format!(
            "endpoints: {{openrouter: {{{PRICE}}}, attic: {{base_url: '{address}', {PRICE}}}}}"
        );
        let set = [
            ("STORYGEN_MODEL", self.model),
            ("STORYGEN_BASE_URL", &address),
            ("STORYGEN_CONFIG", &config),
            ("STORYGEN_MAX_COST", max_cost),
        ];
        let known = [
            ("github.event_name", event),
            ("github.ref", "refs/heads/main"),
            ("github.run_id", &run),
            ("github.run_attempt", "1"),
            ("runner.os", "Linux"),
            ("runner.arch", "X64"),
            ("CI_COMMIT_REF_SLUG", if event == "push" { "main" } else { "a-branch" }),
            ("CI_DEFAULT_BRANCH", "main"),
        ];
        let prefix = if self.host == Host::GitHub { "vars." } else { "" };
        let mut given: Given =
            set.map(|(name, value)| (format!("{prefix}{name}"), value.to_owned())).into();
        let is_dotted = self.host == Host::GitHub;
        let known = known.iter().filter(|(name, _)| name.contains('.') == is_dotted);
        given.extend(known.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        // Neither hands secrets to strangers: GitHub none to a fork's pull request,
        // GitLab no protected variable to a branch that is not.
        if event == "push" {
            let name = if is_dotted { "secrets.STORYGEN_API_KEY" } else { "STORYGEN_API_KEY" };
            given.insert(name.to_owned(), CANARY.to_owned());
        }
        given
    }

    fn job(&self, event: &str, given: &Given) -> Job {
        match self.host {
            Host::GitHub => files::github(given),
            Host::GitLab => files::gitlab(if event == "push" { "draft" } else { "offline" }, given),
        }
    }

    fn run(&mut self, event: &str, max_cost: &str) -> Outcome {
        let given = self.given(event, max_cost);
        let job = self.job(event, &given);
        let outcome = self.forge.run(&job, &programs(), &given);
        let found = std::process::Command::new("grep")
            .args(["-rlaF", CANARY])
            .arg(outcome.work.parent().expect("a machine"))
            .output()
            .expect("grep");
        assert_eq!(String::from_utf8_lossy(&found.stdout), "", "{:?}: the key", self.host);
        outcome
    }
}

/// Where the program is.
fn programs() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_storygen")).parent().expect("a folder").to_owned()
}

/// A folder's files, with their bytes.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("within").to_owned();
                files.insert(name, fs::read(&path).expect("a file"));
            }
        }
    }
    files
}

/// The manuscript that a job has published.
fn published(outcome: &Outcome) -> BTreeMap<PathBuf, Vec<u8>> {
    let alone = outcome.artifacts.join("manuscript");
    tree(&if alone.is_dir() { alone } else { outcome.artifacts.join("project/manuscript") })
}

#[test]
fn a_book_is_drafted_within_its_budget_and_built_again_from_what_is_kept() {
    for host in HOSTS {
        let mut shop = Shop::open(host);
        // The budget ends it; what it has is published and kept.
        let first = shop.run("push", "0.04");
        assert_eq!((first.code, first.is_done), (5, false), "{host:?}: {}", first.log);
        assert!(first.log.contains("the budget of this run is reached"), "{}", first.log);
        // Two calls of $0.007 and a third; a fourth could cost more than what is left.
        assert_eq!(shop.server.requests(), 3, "{host:?}: {}", first.log);
        assert_eq!(published(&first).len(), 2, "{host:?}: {}", first.log);
        let events = fs::read_to_string(first.work.join("draft.jsonl")).expect("events");
        assert!(events.lines().last().is_some_and(|line| line.contains("\"exit\":5")), "{events}");
        // The next run goes on: no call is paid for twice.
        let second = shop.run("push", "5");
        assert_eq!((second.code, second.is_done), (0, true), "{host:?}: {}", second.log);
        assert_eq!(shop.server.requests(), 8, "{host:?}");
        let book = published(&second);
        assert_eq!(book.len(), 4, "{host:?}");
        assert_eq!(book, tree(&second.work.join("manuscript")));
        for path in [".storygen/calls", ".storygen/models.json", ".storygen/journal.jsonl"] {
            assert!(second.artifacts.join("project").join(path).exists(), "{host:?}: {path}");
        }
        assert!(!second.artifacts.join("project/.storygen/lock").exists());
        // Another machine, no key: the same, byte for byte, and nobody is asked.
        let again = shop.run("pull_request", "");
        assert_eq!((again.code, again.is_done), (0, true), "{host:?}: {}", again.log);
        assert_eq!(published(&again), book, "{host:?}");
        assert!(again.log.contains("drafted 4 chapters"), "{host:?}: {}", again.log);
        assert_eq!(shop.server.requests(), 8, "{host:?}");
    }
}

/// A book that needs more than a run may cost is drafted by several, each as far as
/// its money goes.
#[test]
fn a_book_that_is_larger_than_the_limit_is_drafted_over_several_runs() {
    const LIMIT: &str = "0.034";
    for host in HOSTS {
        let mut shop = Shop::open(host);
        shop.server = Counting::start(|asked| Answer::Reply(well(asked)));
        let (mut runs, mut asked) = (0, 0);
        let last = loop {
            let outcome = shop.run("push", LIMIT);
            runs += 1;
            if outcome.code == 0 {
                break outcome;
            }
            assert_eq!((outcome.code, outcome.is_done), (5, false), "{host:?}: {}", outcome.log);
            let said = "the budget of this run has $0.0340 left of $0.0340: too little, ";
            assert!(runs > 1 || outcome.log.contains(said), "{host:?}: {}", outcome.log);
            assert!(outcome.log.contains("is reached: of $0.0340, "), "{host:?}: {}", outcome.log);
            assert!(shop.server.requests() > asked, "{host:?}: {}", outcome.log);
            asked = shop.server.requests();
        };
        assert!(runs > 1, "{host:?}: {}", last.log);
        assert_eq!((shop.server.requests(), published(&last).len()), (8, 4), "{host:?}: {runs}");
    }
}

#[test]
fn what_the_author_commits_outranks_what_is_cached() {
    for host in HOSTS {
        let mut shop = Shop::open(host);
        let first = shop.run("push", "5");
        assert_eq!(first.code, 0, "{host:?}: {}", first.log);
        // An edited chapter is the author's; the others stay.
        let name = "02-pans.md";
        let text = fs::read_to_string(first.work.join("manuscript").join(name)).expect("a text");
        let edited = text.replace("forty-three", "forty-four");
        shop.forge.commit(|repository| {
            fs::create_dir_all(repository.join("manuscript")).expect("a folder");
            fs::write(repository.join("manuscript").join(name), &edited).expect("a file");
        });
        let second = shop.run("push", "5");
        assert_eq!(second.code, 0, "{host:?}: {}", second.log);
        let book = published(&second);
        assert_eq!(book[Path::new(name)], edited.as_bytes(), "{host:?}: {}", second.log);
        assert_eq!(book.len(), 4);
        let asked = shop.server.requests();
        assert_eq!(asked, 9, "{host:?}: only its record is new");
        // Taken home and committed whole, then drawn on at home: the cache is behind.
        let home = second.artifacts.join("project");
        shop.forge.commit(|repository| {
            copy(&home, repository);
            fs::remove_file(repository.join("draft.jsonl")).expect("the events");
        });
        let third = shop.run("push", "5");
        assert_eq!((third.code, published(&third)), (0, book.clone()), "{host:?}: {}", third.log);
        let built = shop.run("pull_request", "");
        assert_eq!((built.code, published(&built)), (0, book), "{host:?}: {}", built.log);
        assert_eq!(shop.server.requests(), asked, "{host:?}");
    }
}

#[test]
fn the_committed_journal_outranks_the_cached_one() {
    for host in HOSTS {
        let mut shop = Shop::open(host);
        let first = shop.run("push", "0.04");
        assert_eq!(first.code, 5, "{host:?}: {}", first.log);
        let home = first.artifacts.join("project");
        shop.forge.commit(|repository| copy(&home, repository));
        // The cache is ahead of what is committed now.
        let ahead = shop.run("push", "5");
        assert_eq!((ahead.code, shop.server.requests()), (0, 8), "{host:?}: {}", ahead.log);
        let book = published(&ahead);
        let again = shop.run("push", "0.04");
        assert_eq!((again.code, published(&again)), (0, book), "{host:?}: {}", again.log);
        assert_eq!(shop.server.requests(), 8, "{host:?}: all was made from kept replies");
        let takes = fs::read_dir(again.work.join(".storygen/takes/weights")).expect("takes");
        assert_eq!(takes.count(), 1, "{host:?}");
    }
}

/// A chapter that is drawn anew since its bible has changed is paid for once, though its
/// older text is committed; what the author commits later counts.
#[test]
fn what_is_drawn_anew_outranks_the_text_that_was_committed_before() {
    for (host, folders) in
        [(Host::GitHub, &["manuscript"][..]), (Host::GitLab, &["manuscript", "canon"])]
    {
        let name = format!("{host:?} {folders:?}");
        let mut shop = Shop::open(host);
        let first = shop.run("push", "5");
        assert_eq!((first.code, shop.server.requests()), (0, 8), "{name}: {}", first.log);
        let home = first.artifacts.join("project");
        let bible = "bible/premise.yaml";
        shop.forge.commit(|repository| {
            for one in folders {
                copy(&home.join(one), &repository.join(one));
            }
            let text = fs::read_to_string(repository.join(bible)).expect("a premise");
            let changed = text.replacen("premise: ", "premise: Once, ", 1);
            assert_ne!(text, changed);
            fs::write(repository.join(bible), changed).expect("a file");
        });
        let anew = shop.run("push", "5");
        let asked = shop.server.requests();
        assert!(anew.code == 0 && asked > 8, "{name}: {asked} {}", anew.log);
        let again = shop.run("push", "5");
        assert_eq!((again.code, published(&again)), (0, published(&anew)), "{}", again.log);
        assert_eq!(shop.server.requests(), asked, "{name}: {}", again.log);
        let file = "02-pans.md";
        let edited = "# Pans\n\nMara closed the last door by hand.\n";
        shop.forge.commit(|repository| {
            fs::write(repository.join("manuscript").join(file), edited).expect("a file");
        });
        for _ in 0..2 {
            let last = shop.run("push", "5");
            assert_eq!(last.code, 0, "{name}: {}", last.log);
            assert_eq!(published(&last)[Path::new(file)], edited.as_bytes(), "{name}");
        }
    }
}

/// A chapter that gives way to another leaves nothing in the cache that is in its way.
#[test]
fn a_chapter_that_is_replaced_leaves_its_cached_files_behind() {
    for host in HOSTS {
        let mut shop = Shop::open(host);
        let first = shop.run("push", "5");
        assert_eq!(first.code, 0, "{host:?}: {}", first.log);
        let outline = "bible/outline.yaml";
        shop.forge.commit(|repository| {
            let text = fs::read_to_string(repository.join(outline)).expect("an outline");
            let changed = text.replace("id: weights", "id: scales");
            assert_ne!(text, changed);
            fs::write(repository.join(outline), changed).expect("a file");
        });
        for _ in 0..2 {
            let next = shop.run("push", "5");
            assert_eq!(next.code, 0, "{host:?}: {}", next.log);
            let names: Vec<PathBuf> = published(&next).into_keys().collect();
            let expected = ["01-ledger.md", "02-pans.md", "03-tide.md", "04-scales.md"];
            assert_eq!(names, expected.map(PathBuf::from), "{host:?}: {}", next.log);
            assert!(next.work.join(".storygen/replaced/04-weights.md").exists(), "{host:?}");
        }
    }
}

/// The cache is ahead of what is committed, and drawn by another model since; then the
/// author has drawn on at home, and the cache is behind.
#[test]
fn the_newer_word_on_how_replies_were_asked_counts() {
    for host in HOSTS {
        let mut shop = Shop::open(host);
        let first = shop.run("push", "0.04");
        assert_eq!(first.code, 5, "{host:?}: {}", first.log);
        let home = first.artifacts.join("project");
        shop.forge.commit(|repository| copy(&home, repository));
        shop.model = "openrouter/qwen/qwen-2.5-72b-instruct";
        let ahead = shop.run("push", "5");
        assert_eq!(ahead.code, 0, "{host:?}: {}", ahead.log);
        let asked = shop.server.requests();
        for _ in 0..2 {
            let built = shop.run("pull_request", "");
            assert_eq!((built.code, published(&built)), (0, published(&ahead)), "{}", built.log);
            assert!(!built.log.contains("lacks how"), "{host:?}: {}", built.log);
        }
        assert_eq!(shop.server.requests(), asked, "{host:?}");
        // Drawn on by a third model elsewhere, and committed: the cache knows nothing of it.
        let project = ahead.artifacts.join("project");
        let mut other = Shop::open(host);
        other.model = "openrouter/google/gemma-3-27b-it";
        other.forge.commit(|repository| {
            copy(&project, repository);
            for path in ["manuscript", "canon", ".storygen/takes"] {
                fs::remove_dir_all(repository.join(path)).expect("a folder");
            }
            fs::remove_file(repository.join(".storygen/journal.jsonl")).expect("a file");
        });
        let anew = other.run("push", "5");
        assert_eq!(anew.code, 0, "{host:?}: {}", anew.log);
        let home = anew.artifacts.join("project");
        shop.forge.commit(|repository| copy(&home, repository));
        let built = shop.run("pull_request", "");
        assert_eq!((built.code, published(&built)), (0, published(&anew)), "{}", built.log);
        assert!(!built.log.contains("lacks how"), "{host:?}: {}", built.log);
    }
}

#[test]
fn a_pull_request_that_changes_the_story_is_told_what_is_missing() {
    for host in HOSTS {
        let mut shop = Shop::open(host);
        // Nothing is recorded yet.
        let early = shop.run("pull_request", "");
        assert!(early.is_done, "{host:?}: {}", early.log);
        assert!(early.log.contains("so nobody knows how the calls were made"), "{}", early.log);
        assert_eq!(shop.run("push", "5").code, 0);
        let outline = "bible/outline.yaml";
        shop.forge.commit(|repository| {
            let text = fs::read_to_string(repository.join(outline)).expect("an outline");
            let changed = text.replacen("title: ", "title: Another ", 5);
            assert_ne!(text, changed);
            fs::write(repository.join(outline), changed).expect("a file");
        });
        let changed = shop.run("pull_request", "");
        assert!(changed.is_done, "{host:?}: {}", changed.log);
        assert!(
            changed.log.contains("is not kept, and `--offline` asks nobody"),
            "{}",
            changed.log
        );
        // A bible that is broken is a fault in both jobs, and nothing is sent.
        let asked = shop.server.requests();
        shop.forge.commit(|repository| {
            fs::write(repository.join(outline), "chapters: 7\n").expect("a file");
        });
        for event in ["pull_request", "push"] {
            let broken = shop.run(event, "5");
            assert_eq!((broken.code, broken.is_done), (4, false), "{host:?}: {}", broken.log);
        }
        assert_eq!(shop.server.requests(), asked, "{host:?}");
    }
}

/// The author's variable names the model, so nothing of the project says where
/// its text goes.
#[test]
fn a_project_s_own_endpoint_is_not_asked() {
    for host in HOSTS {
        let mut shop = Shop::open(host);
        let elsewhere = Counting::start(|asked| Answer::Reply(well(asked)));
        let wish =
            format!("model: openai/theirs\nendpoint: {{base_url: '{}'}}\n", elsewhere.base_url());
        shop.forge.commit(|repository| {
            let path = repository.join("storygen.yaml");
            let text = fs::read_to_string(&path).expect("a book");
            fs::write(path, text + &wish).expect("a file");
        });
        let outcome = shop.run("push", "5");
        assert_eq!(outcome.code, 0, "{host:?}: {}", outcome.log);
        let built = shop.run("pull_request", "");
        assert_eq!(built.code, 0, "{host:?}: {}", built.log);
        assert_eq!((shop.server.requests(), elsewhere.requests()), (8, 0), "{host:?}");
    }
}

/// Only where the book is drafted there is the configuration that defines the host.
#[test]
fn a_project_may_name_a_host_that_the_author_s_configuration_defines() {
    for (wish, is_asked) in [
        ("models: {record: attic/x}", true),
        ("models: {fallback: [attic/x]}", true),
        ("model: attic/zz", false),
    ] {
        for host in HOSTS {
            let mut shop = Shop::open(host);
            shop.forge.commit(|repository| {
                let path = repository.join("storygen.yaml");
                let text = fs::read_to_string(&path).expect("a book");
                fs::write(path, text + wish + "\n").expect("a file");
            });
            let outcome = shop.run("push", "5");
            assert_eq!(outcome.code, 0, "{host:?} {wish}: {}", outcome.log);
            assert_eq!(shop.server.requests(), 8, "{host:?} {wish}: {}", outcome.log);
            assert!(!outcome.log.contains("no provider"), "{host:?} {wish}: {}", outcome.log);
            let built = shop.run("pull_request", "");
            assert_eq!(built.code, 0, "{host:?} {wish}: {}", built.log);
            assert_eq!(published(&built), published(&outcome), "{host:?} {wish}");
            let said = "warning[model]: no provider is called `attic`";
            assert_eq!(built.log.contains(said), is_asked, "{host:?} {wish}: {}", built.log);
        }
    }
}

#[test]
fn storygen_is_installed_where_it_is_missing() {
    for host in HOSTS {
        let mut shop = Shop::open(host);
        let folder = tempfile::TempDir::new().expect("a folder");
        let said = folder.path().join("said");
        let built = env!("CARGO_BIN_EXE_storygen");
        let install = format!(
            "#!/bin/sh\nprintf '%s\\n' \"$@\" > '{}'\nmkdir -p .tools/bin \"$HOME/.cargo/bin\"\n\
             ln -s '{built}' .tools/bin/storygen\nln -s '{built}' '{}/storygen'\n",
            said.display(),
            folder.path().display()
        );
        program(folder.path(), "cargo", &install);
        let mut given = shop.given("push", "5");
        let lacking = shop.job("push", &given);
        let outcome = shop.forge.run(&lacking, folder.path(), &given);
        assert_ne!(outcome.code, 0, "{host:?}");
        assert!(outcome.log.contains("set the variable STORYGEN_GIT"), "{host:?}: {}", outcome.log);
        assert!(!said.exists());
        let prefix = if host == Host::GitHub { "vars." } else { "" };
        given.insert(format!("{prefix}STORYGEN_GIT"), "https://example.invalid/s g".to_owned());
        given.insert(format!("{prefix}STORYGEN_REV"), "v1".to_owned());
        let job = shop.job("push", &given);
        let outcome = shop.forge.run(&job, folder.path(), &given);
        assert_eq!(outcome.code, 0, "{host:?}: {}", outcome.log);
        let said = fs::read_to_string(&said).expect("arguments");
        let mut said: Vec<&str> = said.lines().collect();
        if let Some(at) = said.iter().position(|word| *word == "--root") {
            assert_eq!(said.drain(at..at + 2).next_back(), Some(".tools"));
        }
        let expected = [
            "install",
            "--locked",
            "--no-default-features",
            "--git",
            "https://example.invalid/s g",
        ];
        assert_eq!(said, [&expected[..], &["--rev", "v1", "storygen"]].concat(), "{host:?}");
    }
}

/// Every string of a value, keys included.
fn strings(value: &Value, all: &mut Vec<String>) {
    match value {
        Value::String(text) => all.push(text.clone()),
        Value::Sequence(items) => items.iter().for_each(|item| strings(item, all)),
        Value::Mapping(pairs) => pairs.iter().for_each(|(key, value)| {
            strings(key, all);
            strings(value, all);
        }),
        _ => {}
    }
}

#[test]
fn the_github_file_keeps_to_the_rules_of_safe_workflows() {
    let file = file("github.yml");
    let rights: Vec<_> = file["permissions"].as_mapping().expect("permissions").iter().collect();
    assert_eq!(rights, [(&Value::from("contents"), &Value::from("read"))]);
    let events: Vec<&str> =
        file["on"].as_mapping().expect("events").keys().filter_map(Value::as_str).collect();
    assert_eq!(events, ["pull_request", "push", "workflow_dispatch"]);
    for (name, job) in file["jobs"].as_mapping().expect("jobs") {
        assert!(job["timeout-minutes"].as_u64().is_some_and(|minutes| minutes < 360), "{name:?}");
        assert!(job["concurrency"]["group"].is_string(), "{name:?}");
        assert!(job["permissions"].is_null() && job["env"].is_null(), "{name:?}");
        for step in job["steps"].as_sequence().expect("steps") {
            if let Some(action) = step["uses"].as_str() {
                let (action, version) = action.split_once('@').expect("a version");
                assert!(action.starts_with("actions/") && version.starts_with('v'), "{action}");
            }
            // What an expression puts into a script is run: only into the environment.
            assert!(!step["run"].as_str().unwrap_or_default().contains("${{"), "{step:?}");
            let mut all = Vec::new();
            strings(step, &mut all);
            let has_secret = all.iter().any(|text| text.contains("secrets."));
            assert_eq!(has_secret, step["id"].as_str() == Some("draft"), "{step:?}");
        }
    }
    assert_eq!(file["jobs"]["draft"]["concurrency"]["cancel-in-progress"].as_bool(), Some(false));
}

#[test]
fn the_gitlab_file_never_drafts_for_a_merge_request() {
    let file = file("gitlab.yml");
    let rules = file["draft"]["rules"].as_sequence().expect("rules");
    assert_eq!(rules[0]["if"].as_str(), Some("$CI_PIPELINE_SOURCE == \"merge_request_event\""));
    assert_eq!(rules[0]["when"].as_str(), Some("never"));
    assert!(file["draft"]["resource_group"].is_string());
    for job in ["offline", "draft"] {
        assert!(file[job]["timeout"].is_string(), "{job}");
    }
    // A merge request's pipeline writes nothing that the default branch reads.
    let caches = file["offline"]["cache"].as_sequence().expect("caches");
    for cache in caches.iter().filter(|cache| cache["unprotect"].as_bool() == Some(true)) {
        assert_eq!(cache["policy"].as_str(), Some("pull"));
    }
}
