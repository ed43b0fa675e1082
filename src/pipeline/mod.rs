//! From a story to a manuscript, one step at a time.
//!
//! [`plan`] is pure: given the story and what has been written, it says the
//! next step. [`run`] does it. A chapter's own calls are a pure function of the
//! replies before them, and replies are kept (`project::calls`), so a run that
//! was killed goes through the same steps again without paying for one twice.

pub mod calling;
pub mod draft;
pub mod fold;
pub mod forecast;
pub mod plan;
pub mod record;
pub mod rendering;
pub mod replay;
pub mod run;
pub mod selection;
pub mod settings;
mod wordless;
