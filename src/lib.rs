//! storygen drafts a book from its story bible.
pub mod chat;
pub mod prompt;
pub mod provider;
