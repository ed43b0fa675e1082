//! Providers, from bytes on a socket up to a whole reply.

mod frames;
