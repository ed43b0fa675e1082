//! Prompts: what a step needs to say to a model, proven to fit its window.
//!
//! Reading order: [`brief`] gathers what a chapter needs into a [`view`];
//! [`memory`] says which passages stand for the chapters before; [`templates`]
//! turns a view into messages; [`budget`] leaves out the least useful until
//! they fit, and says what it left out.

pub mod brief;
pub mod budget;
pub mod memory;
pub mod templates;
pub mod tokens;
pub mod view;
