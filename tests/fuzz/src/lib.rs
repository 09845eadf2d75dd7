//! What reads bytes of strangers, with what has to hold whatever the bytes are.
//!
//! Each target is a function that panics where something does not hold. `cargo fuzz` makes bytes
//! up for it (`make fuzz`); the everyday tests run it on the corpus, where what was found stays.

mod address;
mod config;
mod frame;
mod message;
mod name;
mod printable;
mod record;
mod replay_line;

pub use address::address;
pub use config::config;
pub use frame::frame;
pub use message::message;
pub use name::name;
pub use record::record;
pub use replay_line::replay_line;

/// Tries some bytes.
pub type Target = fn(&[u8]);

/// Every target, by the name that its corpus and its binary have.
pub const TARGETS: [(&str, Target); 7] = [
    ("address", address),
    ("config", config),
    ("frame", frame),
    ("message", message),
    ("name", name),
    ("record", record),
    ("replay_line", replay_line),
];
