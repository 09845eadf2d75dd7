//! What the end-to-end tests stand on: libpam as an application sees it, a daemon in a private
//! folder, a booted Debian, trials of the promises and measurements that are run short or long.

pub mod application;
pub mod authselect;
pub mod bench;
pub mod guest;
pub mod host;
pub mod manuals;
pub mod reliability;
pub mod screen;
