//! The durable store on real folders.

mod crash;
mod damage;
mod dumps;
mod full;
mod group;
mod keeping;
pub(super) mod support;
