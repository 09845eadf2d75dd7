//! Panics where `fault=PLACE` on the module's line says so, to try what comes of one. Only with the
//! feature `fault-injection`, which no package has.

use crate::options::Options;

/// Panics, if this is the place.
#[cfg(feature = "fault-injection")]
#[track_caller]
#[expect(clippy::panic, reason = "what it is for")]
pub(crate) fn at(place: &str, options: &Options) {
    if options.fault == place {
        panic!("fault injection:\n{place}");
    }
}

/// Does nothing.
#[cfg(not(feature = "fault-injection"))]
pub(crate) const fn at(_place: &str, _options: &Options) {}
