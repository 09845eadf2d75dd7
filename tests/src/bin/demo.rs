//! A demonstration; see README.md.

fn main() {}
