//! Trials that share one host, which is booted when the first of them runs.

use std::sync::{Arc, OnceLock};

use axes_e2e::guest::Suite;
use libtest_mimic::{Failed, Trial};

use crate::host::Host;

/// What a trial comes to.
pub(crate) type Outcome = Result<(), Failed>;

/// A host, or why there is none.
pub(crate) struct Lab {
    suite: Suite,
    host: OnceLock<Result<Host, String>>,
}

impl Lab {
    pub(crate) fn new(suite: Suite) -> Self {
        Self { suite, host: OnceLock::new() }
    }

    /// A trial on the host; it finds the usual settings.
    pub(crate) fn trial(self: &Arc<Self>, name: &str, body: fn(&Host) -> Outcome) -> Trial {
        let lab = Arc::clone(self);
        Trial::test(name, move || {
            let host = lab.host()?;
            host.configure(Host::USUAL)?;
            body(host)
        })
        .with_kind(self.suite.to_string())
    }

    fn host(&self) -> Result<&Host, Failed> {
        let install = || match self.suite {
            Suite::Rpm => Host::install_rpm(),
            Suite::Bookworm | Suite::Trixie => Host::install(self.suite),
        };
        let host = self.host.get_or_init(|| install().map_err(|error| error.to_string()));
        host.as_ref().map_err(Failed::from)
    }
}
