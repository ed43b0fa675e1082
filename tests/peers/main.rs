//! What this project did not write: two mock servers with faults on demand,
//! llama.cpp's own server with the small model, and a checker of public schemas.

mod asking;
mod ci_files;
mod completion;
mod llama;
mod mocks;
#[path = "../support/peer.rs"]
mod peer;
mod stepping;
mod story;
#[path = "../support/mod.rs"]
mod support;
mod wires;
