//! What the packages are made of and nobody writes by hand.
#![forbid(unsafe_code)]

pub mod changelog;
