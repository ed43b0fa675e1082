//! storygen drafts a book from its story bible: YAML in, Markdown out, chapter
//! after chapter, each knowing what happened before.
//!
//! # The code map, in reading order
//!
//! | Module | What lives there |
//! |---|---|
//! | [`diagnostic`] | findings about the author's files: where, what, the way out |
//! | [`date`] | days and months as people write them |
//! | [`failure`] | how a command ends: exit code, message, ways out |
//! | [`story`] | the story as values: bible, outline, prose, takes, canon |
//! | [`check`] | checks of the bible that need no model, one file each |
//! | [`chat`] | messages and tokens: what prompts and models have in common |
//! | [`phrases`] | phrases that must not appear: the built-in lists, and finding them in a growing text |
//! | [`money`] | amounts, prices, accounts, caps: what calls cost, and may cost |
//! | [`prompt`] | what a step says to a model, proven to fit its window |
//! | [`provider`] | models behind one small trait: embedded, HTTP, scripted |
//! | [`own_file`] | files of the user's own: regular ones, up to a size |
//! | [`project`] | the project's folder: reading, writing, journal, takes, calls |
//! | [`pipeline`] | what comes next (pure), and doing it (async) |
//! | [`fleet`] | many books at once |
//! | [`config`] | the user's own settings: model, endpoint, key |
//! | [`ledger`] | what all projects of the user have spent, month by month |
//! | [`cli`] | one file a command; `cli::ui` is the only place that prints |
//!
//! Dependencies point one way: `cli → pipeline → provider`, and from all of
//! these to `project`, `prompt`, `check`, then `story`, then `diagnostic`.
//!
//! # Invariants
//!
//! They are held by `tests/architecture.rs`.
//!
//! 1. `story`, `check`, `prompt` and `pipeline::plan` never touch files,
//!    network, environment, clock or terminal. Time and seeds come in as values.
//! 2. `provider` does not know what a chapter is. `story` does not know what a
//!    token costs.
//! 3. A project's files are reached only through `project::folder`; the user's
//!    own settings through `config`; model files through the store of
//!    `provider::embedded`. Only `provider::http` and that store use the
//!    network; only `cli::ui` prints.
//! 4. The shapes of files live in `project::schema` and are converted once.
//!    Domain types are valid by construction: what an id in a
//!    [`Story`](story::Story) points to exists.
//! 5. A take, once written, is never changed. What the reader sees is a
//!    selection, and a hand-edited chapter outranks a generated one.
//! 6. A planned event is not a fact. Only an accepted chapter adds to the canon.
//! 7. Model output has no authority: it names no file, template, tool or setting.
//! 8. No prompt is sent that is not proven to fit, with its reply, into the
//!    smallest of the limits that apply.

#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used))]

pub mod chat;
pub mod check;
pub mod cli;
pub mod config;
pub mod date;
pub mod diagnostic;
pub mod failure;
pub mod fleet;
pub mod ledger;
pub mod money;
pub mod own_file;
pub mod phrases;
pub mod pipeline;
pub mod project;
pub mod prompt;
pub mod provider;
pub mod story;
