//! Real libpam against a real daemon, as an ordinary user.

mod account;
mod basics;
mod check;
mod classic;
mod corners;
mod crash;
mod django_axes;
mod documents;
mod edges;
mod failmode;
mod limit;
mod lists;
mod lists_socket;
mod log;
mod log_follow;
mod neighbours;
mod privacy;
mod reliability;
mod replay;
mod settings;
mod why;
