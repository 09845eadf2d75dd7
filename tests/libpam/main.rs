//! Real libpam against a real daemon, as an ordinary user.

mod basics;
