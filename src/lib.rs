//! storygen drafts a book from its story bible.
//!
//! A map, in reading order; what stands higher is known by what stands lower,
//! never the other way round:
//!
//! | Module | What it is | Touches the world? |
//! |---|---|---|
//! | [`diagnostic`] | findings about the author's files | no |
//! | [`failure`] | how a command ends: exit codes, ways out | no |
//! | [`story`] | the bible and what chapters have established, as plain values | no |
//! | [`check`] | one check a file, one table of checks | no |
//! | [`chat`] | messages and token counts, which prompts and models share | no |
//! | [`prompt`] | what a step says to a model, fitted to its window | no |
//! | [`provider`] | models behind one small trait | network, model files |
//! | [`project`] | the folder: shapes, reading, writing, journal | its files |
//! | [`pipeline`] | the next step, and the doing of it | through the two above |
//! | [`config`] | the user's own settings | environment, files |
//! | [`cli`] | a command a file; `cli::ui` prints | terminal |
//!
//! What always holds, and is held by `tests/architecture.rs` and the proofs:
//!
//! 1. The pure modules, `pipeline::plan` among them, touch no files, network,
//!    environment, clock or terminal. Time, seeds and run numbers come in as values.
//! 2. `provider` does not know what a chapter is; `story` does not know what a
//!    token costs.
//! 3. Only `project::folder` opens a project's files, only `provider::http` and
//!    the model store use the network, only `cli::ui` prints.
//! 4. File shapes live in `project::schema` and are converted once; what an id
//!    in a `Story` points to exists.
//! 5. A take, once written, is never changed. A hand-edited chapter outranks a
//!    generated one.
//! 6. A planned event is not a fact: only an accepted chapter adds to the canon.
//! 7. What a model says never names a file, a template or a setting.
//! 8. No prompt is sent that is not proven to fit, with its reply, into the
//!    smallest of the limits that apply (`tests/budget.rs`).
pub mod chat;
pub mod check;
pub mod cli;
pub mod config;
pub mod diagnostic;
pub mod failure;
pub mod pipeline;
pub mod project;
pub mod prompt;
pub mod provider;
pub mod story;
