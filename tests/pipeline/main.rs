//! Drafting, whole: the real program on a small book, played from scripts.

#[path = "../support/mod.rs"]
mod support;

mod acceptance;
mod commands;
mod common;
mod edits;
