//! The rules of pam_axes, pure: what counts, what locks, who may pass the gate.
//!
//! Nothing here reads a clock, a file or a socket: time is an argument, and what is to be done
//! comes back as effects. Start with [`keeper::Keeper`].
#![forbid(unsafe_code)]

pub mod account;
pub mod attempt;
pub mod attribute;
pub mod client;
pub mod effect;
pub mod filter;
pub mod keeper;
pub mod key;
pub mod lists;
pub mod message;
pub mod networks;
pub mod note;
pub mod panic_off;
pub mod settings;
pub mod storage;
pub mod subject;
pub mod time;

mod familiar;
mod flight;
mod judge;
mod ledger;
mod name;
mod seats;
mod timed;

pub use judge::Exemption;
