//! The rules, tried from outside.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod cooloff;
mod corners;
mod exhaustive;
mod explain;
mod limit;
mod panic_off;
mod profiles;
mod restarts;
mod rules;
mod storage;
mod support;
