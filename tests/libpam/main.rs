//! Real libpam against a real daemon, as an ordinary user.

mod account;
mod basics;
mod callers;
mod check;
mod classic;
mod clock;
mod corners;
mod crash;
mod django_axes;
mod documents;
mod edges;
mod failmode;
mod impostor;
mod limit;
mod lists;
mod lists_socket;
mod log;
mod log_follow;
mod neighbours;
mod panic;
mod privacy;
mod reliability;
mod replay;
mod residue;
mod settings;
mod why;
