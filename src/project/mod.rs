//! The project on disk: reading, checking against shapes, writing, journal.

pub mod accounts;
pub mod archive;
pub mod call_note;
pub mod calls;
pub mod canon_file;
pub mod folder;
pub mod history;
pub mod journal;
pub mod layout;
pub mod load;
pub mod lock;
pub mod needed;
pub mod pen;
pub mod resolve;
pub mod scaffold;
pub mod schema;
pub mod shape;
pub mod standing;
pub mod store;
pub mod usage;
pub mod wishes;
pub mod yaml;
