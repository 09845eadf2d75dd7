//! sshd: does it ask PAM, and what for?

mod file;

use std::path::Path;

use self::file::{Applies, Setting};
use super::finding::{Finding, Place};
use super::rule::{NAMES_FOR_ADDRESSES, ONLY_KEYS, SSHD_WITHOUT_PAM};
use super::tree::Tree;

const CONFIG: &str = "/etc/ssh/sshd_config";
/// Where some distributions keep it until somebody changes it.
const VENDOR: &str = "/usr/etc/ssh/sshd_config";

/// The settings of sshd; nothing where there is no sshd.
#[derive(Debug, Default)]
pub(super) struct Sshd {
    settings: Option<Vec<Setting>>,
}

impl Sshd {
    pub(super) fn of(tree: &mut Tree) -> Self {
        let mut read = |path| file::read(tree, Path::new(path));
        let settings = read(CONFIG);
        Self { settings: settings.or_else(|| read(VENDOR)) }
    }

    pub(super) fn judge(&self) -> Vec<Finding> {
        let Some(settings) = &self.settings else {
            return Vec::new();
        };
        let without_pam = without_pam(settings);
        // Without PAM the rest does not matter.
        if without_pam.is_some() {
            return without_pam.into_iter().collect();
        }
        only_keys(settings).into_iter().chain(names(settings)).collect()
    }
}

fn without_pam(settings: &[Setting]) -> Option<Finding> {
    let set = first(settings, &["usepam"]);
    if set.is_some_and(|setting| is_yes(&setting.value)) {
        return None;
    }
    let (place, message) = match set {
        Some(setting) => (setting.place.clone(), "UsePAM is off: sshd is not protected at all."),
        None => (
            Place::whole(Path::new(CONFIG)),
            "UsePAM is not set, and off by default: sshd is not protected at all.",
        ),
    };
    let fix = "Write `UsePAM yes` there and reload sshd.";
    Some(SSHD_WITHOUT_PAM.found(place, message, fix))
}

fn only_keys(settings: &[Setting]) -> Option<Finding> {
    let interactive = ["kbdinteractiveauthentication", "challengeresponseauthentication"];
    let password = first(settings, &["passwordauthentication"])?;
    let keywords = [interactive.as_slice(), &["passwordauthentication"]].concat();
    // What a `Match` turns on again is on for somebody.
    let sometimes = settings.iter().any(|setting| {
        setting.applies == Applies::Sometimes
            && keywords.contains(&setting.keyword.as_str())
            && is_yes(&setting.value)
    });
    let off = |keywords: &[&str]| {
        first(settings, keywords).is_some_and(|setting| !is_yes(&setting.value))
    };
    let only = off(&["passwordauthentication"]) && off(&interactive) && !sometimes;
    only.then(|| {
        ONLY_KEYS.found(
            password.place.clone(),
            "sshd takes keys only: no lockout is to be expected there.",
            "Nothing has to be done.",
        )
    })
}

fn names(settings: &[Setting]) -> Option<Finding> {
    let setting = first(settings, &["usedns"]).filter(|setting| is_yes(&setting.value))?;
    Some(NAMES_FOR_ADDRESSES.found(
        setting.place.clone(),
        "UseDNS is on: pam_axes takes addresses from SSH_CONNECTION instead of the names.",
        "Write `UseDNS no`, unless something else needs the names.",
    ))
}

/// The first value is the one that holds.
fn first<'a>(settings: &'a [Setting], keywords: &[&str]) -> Option<&'a Setting> {
    settings.iter().find(|setting| {
        setting.applies == Applies::Always && keywords.contains(&setting.keyword.as_str())
    })
}

fn is_yes(value: &str) -> bool {
    value.eq_ignore_ascii_case("yes")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::pam::samples::{ids, pam_tree};
    use super::*;

    /// What is said of these files below /etc/ssh.
    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let (folder, mut tree) = pam_tree(&[]);
        for (name, text) in files {
            let path = folder.path().join("etc/ssh").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        ids(&Sshd::of(&mut tree).judge())
    }

    fn config(text: &str) -> Vec<String> {
        found(&[("sshd_config", text)])
    }

    #[test]
    fn sshd_must_ask_pam() {
        assert_eq!(config("UsePAM yes\n"), [""; 0]);
        assert_eq!(config("Port 22\nusepam no\nUsePAM yes"), ["axes.E018 /etc/ssh/sshd_config:2"]);
        assert_eq!(config("Port 22"), ["axes.E018 /etc/ssh/sshd_config"]);
        assert_eq!(found(&[]), [""; 0], "there is no sshd");
    }

    #[test]
    fn the_first_value_wins_also_from_an_included_file() {
        let main = "Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n";
        let off = [("sshd_config", main), ("sshd_config.d/10.conf", "UsePAM no")];
        assert_eq!(found(&off), ["axes.E018 /etc/ssh/sshd_config.d/10.conf:1"]);
        let other = [("sshd_config", main), ("sshd_config.d/10.bak", "UsePAM no")];
        assert_eq!(found(&other), [""; 0]);
        let relative = [("sshd_config", "Include x\nUsePAM yes"), ("x", "UsePAM no")];
        assert_eq!(found(&relative), ["axes.E018 /etc/ssh/x:1"]);
        assert_eq!(config("Include sshd_config\nUsePAM yes"), [""; 0], "a file includes itself");
    }

    #[test]
    fn keys_only_is_worth_a_note_unless_a_match_says_otherwise() {
        let off = "UsePAM yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n";
        assert_eq!(config(off), ["axes.N003 /etc/ssh/sshd_config:2"]);
        let old = off.replace("KbdInteractive", "ChallengeResponse");
        assert_eq!(config(&old), ["axes.N003 /etc/ssh/sshd_config:2"]);
        let guests = format!("{off}Match Group guests\nPasswordAuthentication yes\n");
        assert_eq!(config(&guests), [""; 0]);
        assert_eq!(config("UsePAM yes\nPasswordAuthentication no"), [""; 0]);
        let sometimes =
            "UsePAM yes\nMatch User x\nPasswordAuthentication no\nKbdInteractiveAuthentication no";
        assert_eq!(config(sometimes), [""; 0]);
    }

    #[test]
    fn names_instead_of_addresses_are_worth_a_note() {
        assert_eq!(config("UsePAM yes\nUseDNS yes"), ["axes.N004 /etc/ssh/sshd_config:2"]);
        assert_eq!(config("UsePAM yes\nUseDNS no"), [""; 0]);
    }
}
