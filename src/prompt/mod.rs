//! What a model is sent, and how much of it fits.

pub mod tokens;
