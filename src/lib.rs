//! storygen drafts a book from its story bible.
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
