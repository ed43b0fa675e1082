//! Drafting, whole: the real program on a small book, played from scripts.

#[path = "../support/book.rs"]
mod book;
#[path = "../support/byte_server.rs"]
mod byte_server;
#[path = "../support/counting.rs"]
mod counting;
#[cfg(all(feature = "keyring", target_os = "linux"))]
#[path = "../support/keyring.rs"]
mod keyring_peer;
#[path = "../support/mod.rs"]
mod support;

mod acceptance;
mod bad_input;
mod batch;
mod broken_off;
mod budgets;
#[cfg(unix)]
mod ci_files;
mod codes;
mod commands;
mod common;
mod crash;
mod edits;
mod endpoints;
mod environment;
mod events;
mod goes_on;
mod history;
mod kept;
#[cfg(all(feature = "keyring", target_os = "linux"))]
mod keyring;
mod meanwhile;
mod money;
mod output;
mod redrawn;
mod replay;
mod roles;
mod signals;
mod trust;
mod wordless;
