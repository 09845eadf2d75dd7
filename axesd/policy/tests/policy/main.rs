//! The rules, tried from outside.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod limit;
mod rules;
mod support;
