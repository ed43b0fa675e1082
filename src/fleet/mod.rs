//! Many books at once.
//!
//! | File | What |
//! |---|---|
//! | `pool` | so many at a time, each on a thread of its own |
//! | `report` | what became of each, as values and as JSON |

pub mod pool;
pub mod report;
