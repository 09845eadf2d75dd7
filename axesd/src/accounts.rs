//! What the system (NSS) knows of accounts. A directory server may be asked, and so each question
//! may take as long as that does.

use std::ffi::CString;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::sync::Arc;

use axes_policy::account::{Account, Home};
use nix::unistd::{Gid, Group, Uid, User, getgrouplist};

/// Groups of one account that are looked at.
const GROUPS: usize = 256;
/// Of `/etc/passwd`, which has a line for each local account.
const MOST_LOCAL: u64 = 16 << 20;

/// What is asked about an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Detail {
    /// Its name and number.
    Name,
    /// Its groups as well.
    Groups,
}

/// The account that a name means, however it is spelled.
#[must_use]
pub fn named(name: &str, detail: Detail) -> Option<Account> {
    User::from_name(name).ok().flatten().map(|user| account(user, detail))
}

/// The account of a user id; without its groups.
#[must_use]
pub fn of_uid(uid: u32) -> Option<Account> {
    let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
    user.map(|user| account(user, Detail::Name))
}

/// Whether there is a group of that name.
#[must_use]
pub fn has_group(name: &str) -> bool {
    Group::from_name(name).ok().flatten().is_some()
}

fn account(user: User, detail: Detail) -> Account {
    let groups = match detail {
        Detail::Name => Arc::default(),
        Detail::Groups => groups(&user),
    };
    let home = if is_local(&user.name) { Home::Local } else { Home::Directory };
    Account { name: user.name.into(), uid: user.uid.as_raw(), groups, home }
}

fn groups(user: &User) -> Arc<[Arc<str>]> {
    let name = CString::new(user.name.as_str()).unwrap_or_default();
    let ids = getgrouplist(&name, user.gid).unwrap_or_default();
    let named = |id: Gid| Group::from_gid(id).ok().flatten().map(|group| group.name.into());
    let mut names: Vec<Arc<str>> = ids.into_iter().take(GROUPS).filter_map(named).collect();
    // A directory may name them in another order each time.
    names.sort();
    names.dedup();
    names.into()
}

/// Whether `/etc/passwd` has the account, as `local_users_only` of pam_faillock asks.
fn is_local(name: &str) -> bool {
    let Ok(file) = File::open("/etc/passwd") else { return false };
    let mut lines = BufReader::new(file.take(MOST_LOCAL)).split(b'\n').map_while(Result::ok);
    lines.any(|line| line.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b":")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_a_local_account_with_a_group() {
        let root = named("root", Detail::Groups).unwrap();
        assert_eq!((root.uid, root.home), (0, Home::Local));
        assert!(root.groups.contains(&Arc::from("root")), "{root:?}");
        assert!(of_uid(0).unwrap().groups.is_empty());
        assert_eq!(named("no-such-user-here", Detail::Name), None);
    }

    #[test]
    fn only_a_whole_name_is_in_the_file() {
        assert!(is_local("root"));
        assert!(!is_local("no-such-user-here") && !is_local("roo") && !is_local("root:"));
    }
}
