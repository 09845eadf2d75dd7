//! The accounts of the host: who administrates it, and how he gets in.

use std::collections::BTreeSet;
use std::path::Path;

use super::finding::{Finding, Place};
use super::rule::{NO_WAY_BACK, ONE_ADMINISTRATOR};
use super::settings::{Locks, Policy};
use super::tree::Tree;

const GROUPS: [&str; 3] = ["sudo", "wheel", "admin"];
const PASSWD: &str = "/etc/passwd";

/// Those who can become root, root himself left out.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    administrators: Vec<Administrator>,
    root: Root,
}

#[derive(Debug)]
struct Administrator {
    name: String,
    key: Key,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    /// Or in a folder that cannot be looked into.
    There,
    Missing,
}

/// Whether root can log in with a password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Root {
    HasPassword,
    HasNone,
    /// `/etc/shadow` cannot be read.
    #[default]
    Unknown,
}

/// The user axes; somebody else may run the daemon in a folder of his own.
pub(super) fn user_axes(tree: &mut Tree) -> Option<u32> {
    let passwd = tree.text(Path::new(PASSWD)).unwrap_or_default();
    let line = passwd.lines().find(|line| line.starts_with("axes:"))?;
    field(line, 2).parse().ok()
}

impl Accounts {
    pub(super) fn of(tree: &mut Tree) -> Self {
        let mut text = |path| tree.text(Path::new(path));
        let passwd = text(PASSWD).unwrap_or_default();
        let group = text("/etc/group").unwrap_or_default();
        let root = text("/etc/shadow").map_or(Root::Unknown, |shadow| root(&shadow));
        let members = members(&passwd, &group);
        let lines = passwd.lines().filter(|line| members.contains(field(line, 0)));
        let administrators = lines.map(|line| {
            let keys = Path::new(field(line, 5)).join(".ssh/authorized_keys");
            let key = if tree.has(&keys) == Some(false) { Key::Missing } else { Key::There };
            Administrator { name: field(line, 0).to_owned(), key }
        });
        Self { administrators: administrators.collect(), root }
    }

    /// Whether the last administrator can be locked out.
    pub(super) fn judge(
        &self,
        policy: &Policy,
        line: impl Fn(&str) -> Option<Place>,
    ) -> Option<Finding> {
        let has_key = self.administrators.iter().any(|it| it.key == Key::There);
        if policy.locks == Locks::AreOnlyLogged || has_key {
            return None;
        }
        match (self.administrators.as_slice(), self.root) {
            ([only], Root::HasNone) => Some(ONE_ADMINISTRATOR.found(
                Place::whole(Path::new("/etc/group")),
                format!(
                    "{} is the only administrator, has no SSH key, and root has no password.",
                    only.name
                ),
                format!("Give {} a key in ~/.ssh/authorized_keys, or root a password.", only.name),
            )),
            (_, Root::HasPassword | Root::Unknown) if policy.even_deny_root => {
                Some(NO_WAY_BACK.found(
                    line("even_deny_root"),
                    "even_deny_root is true, and no administrator but root has an SSH key.",
                    "Set `even_deny_root = false`, or give an administrator a key.",
                ))
            }
            _ => None,
        }
    }
}

/// Members of the groups of administrators, also those who have one as their own group.
fn members<'a>(passwd: &'a str, group: &'a str) -> BTreeSet<&'a str> {
    let groups: Vec<_> = group.lines().filter(|line| GROUPS.contains(&field(line, 0))).collect();
    let listed = groups.iter().flat_map(|line| field(line, 3).split(','));
    let numbers: Vec<_> = groups.iter().map(|line| field(line, 2)).collect();
    let primary = passwd.lines().filter(|line| numbers.contains(&field(line, 3)));
    let names = listed.map(str::trim).chain(primary.map(|line| field(line, 0)));
    names.filter(|name| !["", "root"].contains(name)).collect()
}

fn root(shadow: &str) -> Root {
    let line = shadow.lines().find(|line| line.starts_with("root:"));
    match line.map(|line| field(line, 1)) {
        Some(hash) if !hash.starts_with(['!', '*']) => Root::HasPassword,
        _ => Root::HasNone,
    }
}

fn field(line: &str, index: usize) -> &str {
    line.split(':').nth(index).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::pam::samples::{ids, pam_tree};
    use super::*;
    use crate::config;

    const PASSWD: &str = "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n\
        bob:x:1001:27::/home/bob:/bin/sh\naxes:x:998:998::/:/bin/false\n";

    /// What is said of a host with these files.
    fn found(settings: &str, group: &str, hash: &str, keys: &[&str]) -> Vec<String> {
        let (folder, mut tree) = pam_tree(&[]);
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("etc/passwd", PASSWD);
        write("etc/group", group);
        write("etc/shadow", &format!("root:{hash}:1::::::\nalice:$y$x:1::::::\n"));
        for user in keys {
            write(&format!("home/{user}/.ssh/authorized_keys"), "ssh-ed25519 A");
        }
        let policy = Policy::of(&config::from_text(settings).unwrap());
        let finding = Accounts::of(&mut tree).judge(&policy, |_| None);
        assert_eq!(user_axes(&mut tree), Some(998));
        ids(&Vec::from_iter(finding))
    }

    #[test]
    fn the_only_administrator_needs_a_key_where_root_has_no_password() {
        let one = ["axes.W010 /etc/group"];
        assert_eq!(found("", "sudo:x:30:alice\n", "!", &[]), one);
        assert_eq!(found("", "sudo:x:27:\n", "*", &[]), one, "bob's own group");
        assert_eq!(found("", "sudo:x:30:alice\n", "!", &["alice"]), [""; 0]);
        assert_eq!(found("", "sudo:x:30:alice\nwheel:x:31:bob\n", "!", &[]), [""; 0]);
        assert_eq!(found("", "sudo:x:30:alice\n", "$y$x", &[]), [""; 0]);
        let monitor = "lock_out_at_failure = false";
        assert_eq!(found(monitor, "sudo:x:30:alice\n", "!", &[]), [""; 0]);
    }

    #[test]
    fn a_root_who_can_be_locked_out_needs_somebody_with_a_key() {
        let deny = "even_deny_root = true";
        assert_eq!(found(deny, "sudo:x:30:alice,bob\n", "$y$x", &[]), ["axes.W009"]);
        assert_eq!(found(deny, "", "$y$x", &[]), ["axes.W009"]);
        assert_eq!(found(deny, "sudo:x:30:alice,bob\n", "$y$x", &["bob"]), [""; 0]);
        assert_eq!(found("", "", "$y$x", &[]), [""; 0]);
    }
}
