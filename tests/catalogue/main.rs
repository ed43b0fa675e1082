//! The catalogue: its data, row by row, and the commands that show, try and
//! refresh it.

#[path = "../support/byte_server.rs"]
mod byte_server;
#[path = "../support/mod.rs"]
mod support;

mod calls;
mod data;
mod ending;
mod gateways;
mod heeding;
mod home;
mod keys;
mod left_out;
mod lists;
mod misplaced;
#[cfg(unix)]
mod own_files;
mod refresh;
mod stand_ins;
mod stops;
mod table;
mod trial;
mod variants;
mod vocabularies;
mod windows;
