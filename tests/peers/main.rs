//! Servers that this project did not write: two mock servers with faults on
//! demand, and llama.cpp's own server with the small model.

mod asking;
mod completion;
mod llama;
mod mocks;
#[path = "../support/peer.rs"]
mod peer;
mod story;
#[path = "../support/mod.rs"]
mod support;
mod wires;
