//! The daemon; see `axesd::daemon`.

fn main() {}
