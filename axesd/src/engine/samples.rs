//! An engine for the tests of other rooms.

use std::path::Path;

use axes_policy::settings::{Keep, Privacy, Settings};

use crate::engine::{Engine, LogSettings, Pseudonyms, Recorded};
use crate::log;
use crate::store::{self, Committer};

/// With the settings as shipped, and nobody known.
pub(crate) fn engine() -> Engine {
    with(Settings::default())
}

/// One that keeps neither names nor addresses.
pub(crate) fn forgetful_engine() -> Engine {
    let privacy = Privacy { usernames: Keep::Nothing, addresses: Keep::Nothing };
    with(Settings { privacy, ..Settings::default() })
}

fn with(settings: Settings) -> Engine {
    let bounds = LogSettings {
        recorded: Recorded::Everything,
        failures_per_user: None,
        entries: usize::MAX,
        bytes: usize::MAX,
        age: None,
    };
    let mut store = store::nowhere("memory");
    let kept = store.load().unwrap();
    let (committer, _thread) = Committer::start(store, |alarm| panic!("{alarm:?}")).unwrap();
    let logger = log::start(Path::new("/nonexistent/log"));
    Engine::new(settings, bounds, Pseudonyms::new([1; 32]), kept, committer, logger)
}
