//! What `pam_axes.so` and `axesctl` say to `axesd`, and how it travels.
//!
//! A message is a `serde` value inside a [`frame`]; all text in it is a bounded [`Text`] that
//! cannot hold a control character, so whatever was decoded is safe to log and to print.
#![forbid(unsafe_code)]

pub mod client;
pub mod control;
pub mod frame;
pub mod pam;
pub mod text;

pub use text::Text;
