//! The durable store on real folders.

mod crash;
mod damage;
mod full;
mod group;
mod keeping;
pub(super) mod support;
