//! `axesd`, which keeps the attempts and decides, and `axesctl`, which asks it.
//!
//! ```text
//! config   the files                      server   sockets, peers, frames
//! engine   clock, names, what happens     ctl      axesctl
//! store    what is kept, durably          daemon   start, reload, end
//! log      syslog                         replay   events through the policy, no daemon
//! accounts what the system knows of them  printable text of strangers in a sentence
//! ```
#![forbid(unsafe_code)]

pub mod accounts;
pub mod config;
pub mod ctl;
pub mod daemon;
pub mod engine;
pub mod log;
mod printable;
pub mod replay;
pub mod server;
pub mod store;
