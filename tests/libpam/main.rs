//! Real libpam against a real daemon, as an ordinary user.

mod account;
mod basics;
mod classic;
mod crash;
mod documents;
mod edges;
mod failmode;
mod limit;
mod lists;
mod lists_socket;
mod log;
mod log_follow;
mod neighbours;
