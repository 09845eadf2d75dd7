//! A guest on which the package is installed, and what a trial wants to know about it.

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use axes_e2e::guest::{Guest, GuestError, Suite};
use serde_json::Value;

use crate::rpm;
use crate::setup::{self, Failure};

/// Every account's password.
pub(crate) const RIGHT: &str = "correct-horse";
/// Nobody's password.
pub(crate) const WRONG: &str = "battery-staple";

/// Counters of user and address, and no others.
macro_rules! pair {
    () => {
        "lockout_parameters = [[\"username\", \"ip_address\"]]\n"
    };
}
pub(crate) use pair;

const SETTINGS: &str = "/etc/axes/conf.d/test.toml";

/// A Debian with axes.
pub(crate) struct Host {
    pub(crate) guest: Guest,
    settings: Mutex<String>,
}

impl Host {
    /// What trials find when they begin. They share an address, which is not counted alone.
    pub(crate) const USUAL: &str = concat!("failure_limit = 3\n", pair!());

    /// Boots a guest, prepares it, and installs the package as an administrator would.
    pub(crate) fn install(suite: Suite) -> Result<Self, Failure> {
        let package = setup::package()?;
        let guest = Guest::boot(suite)?;
        setup::prepare(&guest, suite)?;
        guest.copy_in(&package, "/root/axes.deb")?;
        guest.sh("DEBIAN_FRONTEND=noninteractive apt-get install -y /root/axes.deb")?;
        Ok(Self { guest, settings: Mutex::default() })
    }

    /// The same with the .rpm.
    pub(crate) fn install_rpm() -> Result<Self, Failure> {
        let guest = Guest::boot(Suite::Rpm)?;
        setup::prepare(&guest, Suite::Rpm)?;
        rpm::install(&guest)?;
        Ok(Self { guest, settings: Mutex::default() })
    }

    /// An account that is nobody else's.
    pub(crate) fn account(&self, name: &str) -> Result<(), GuestError> {
        // With a method chpasswd writes the file itself: PAM may have other ideas of passwords.
        let password = format!("echo {name}:{RIGHT} | chpasswd --crypt-method=SHA512");
        self.guest.sh(&format!("useradd -m -s /bin/sh {name}; {password}"))?;
        Ok(())
    }

    /// Lets axesd take over other settings.
    pub(crate) fn configure(&self, toml: &str) -> Result<(), GuestError> {
        let mut settings = self.settings.lock().unwrap_or_else(|poison| poison.into_inner());
        if *settings != toml {
            self.guest.write(SETTINGS, toml)?;
            self.reload()?;
            toml.clone_into(&mut settings);
        }
        Ok(())
    }

    /// Takes the package away with all that belongs to it, settings as well.
    pub(crate) fn purge(&self) -> Result<(), GuestError> {
        self.settings.lock().unwrap_or_else(|poison| poison.into_inner()).clear();
        self.guest.sh("DEBIAN_FRONTEND=noninteractive apt-get purge -y axes").map(drop)
    }

    /// Runs a script when what is returned goes out of scope, also when the trial fails.
    pub(crate) fn afterwards<'a>(&'a self, script: &'a str) -> impl Drop + 'a {
        Afterwards { host: self, script }
    }

    /// The attempts recorded for a user, oldest first.
    pub(crate) fn attempts(&self, user: &str) -> Result<Vec<Value>, GuestError> {
        self.shown(user, "attempts")
    }

    /// How the attempts of a user ended, oldest first.
    pub(crate) fn outcomes(&self, user: &str) -> Result<Vec<String>, GuestError> {
        let outcome = |attempt: &Value| attempt["outcome"].as_str().unwrap_or("none").to_owned();
        Ok(self.attempts(user)?.iter().map(outcome).collect())
    }

    /// The counters of a user.
    pub(crate) fn counters(&self, user: &str) -> Result<Vec<Value>, GuestError> {
        self.shown(user, "counters")
    }

    /// Failures counted on the one counter of a user; none is 0.
    pub(crate) fn failures(&self, user: &str) -> Result<u64, GuestError> {
        let counters = self.counters(user)?;
        assert!(counters.len() <= 1, "{counters:?}");
        Ok(counters.first().and_then(|counter| counter["failures"].as_u64()).unwrap_or(0))
    }

    /// Whether the counter of a user refuses somebody.
    pub(crate) fn is_locked(&self, user: &str) -> Result<bool, GuestError> {
        Ok(self.counters(user)?.iter().any(|counter| counter["locked"] == true))
    }

    /// Returns when axesd has read its settings, which systemd 252 does not wait for.
    fn reload(&self) -> Result<(), GuestError> {
        let end = self.guest.journal_end()?;
        self.guest.sh("systemctl reload axesd")?;
        let mut logged = String::new();
        for _ in 0..100 {
            logged = self.guest.journal_after(&end)?;
            if logged.contains("configuration reloaded") {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(GuestError::Failed { command: "systemctl reload axesd".to_owned(), output: logged })
    }

    fn shown(&self, user: &str, member: &str) -> Result<Vec<Value>, GuestError> {
        let done = self.guest.run(&["axesctl", "--json", "show", "--user", user])?;
        // 1 says that nothing is known about the user, which the object says too.
        assert!(matches!(done.code, Some(0 | 1)), "{done:?}");
        let shown: Value = serde_json::from_str(&done.out).unwrap_or_default();
        Ok(shown[member].as_array().cloned().unwrap_or_default())
    }
}

struct Afterwards<'a> {
    host: &'a Host,
    script: &'a str,
}

impl Drop for Afterwards<'_> {
    fn drop(&mut self) {
        // The next trial tells if it did not work.
        let _ = self.host.guest.sh(self.script);
    }
}
