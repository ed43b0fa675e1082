//! The project on disk: reading, checking against shapes, writing, journal.

pub mod folder;
pub mod layout;
pub mod load;
pub mod resolve;
pub mod scaffold;
pub mod schema;
pub mod shape;
pub mod yaml;
