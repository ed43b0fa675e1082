//! Providers, from bytes on a socket up to a whole reply.

#[path = "../support/byte_server.rs"]
mod byte_server;

mod bills;
mod bodies;
mod common;
mod contracts;
mod faults;
mod foreign;
mod frames;
mod halves;
mod in_band;
mod pages;
mod raw;
mod refusals;
mod scripted;
mod streams;
mod waits;
mod wires;
