//! The account that a name belongs to, however it was typed.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::CString;
use std::io::{BufRead as _, BufReader, Read as _};
use std::sync::Arc;
use std::time::Duration;

use axes_policy::account::{Account, Home};
use nix::unistd::{Gid, Group, Uid, User, getgrouplist};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

/// How long an answer of NSS is believed.
const FRESH: Duration = Duration::from_secs(60);
/// How long an attempt waits for NSS; after that the name stands as it was typed.
const PATIENCE: Duration = Duration::from_millis(300);
/// Names remembered.
const MOST: usize = 10_000;
/// Look-ups at once; a directory server that hangs must not eat all threads.
const LOOK_UPS: usize = 8;
/// Groups of one account that are looked at.
const GROUPS: usize = 256;
/// Of `/etc/passwd`, which has a line for each local account.
const MOST_LOCAL: u64 = 16 << 20;

/// Accounts, looked up on threads that may block, and remembered for a while.
#[derive(Debug)]
pub struct Names {
    known: RefCell<HashMap<Key, Known>>,
    free: Arc<Semaphore>,
}

/// What is asked about an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Detail {
    /// Its name and number.
    Name,
    /// Its groups as well, which a directory may take long to say.
    Groups,
}

/// A name, and the account that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The account's own name, else the name as given. Spellings of one account are one name.
    pub name: Arc<str>,
    /// Where there is one.
    pub account: Option<Arc<Account>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Name(Arc<str>, Detail),
    Uid(u32),
}

type Known = (Instant, Person);

/// Whether what is remembered may be used without asking again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Age {
    Fresh,
    Stale,
}

/// NSS did not answer in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct NoAnswer;

impl Default for Names {
    fn default() -> Self {
        Self { known: RefCell::default(), free: Arc::new(Semaphore::new(LOOK_UPS)) }
    }
}

impl Names {
    /// The account's own name, else the name as given.
    pub async fn canonical(&self, given: &str) -> Arc<str> {
        self.person(given, Detail::Name).await.name
    }

    /// Whom a name means.
    pub async fn person(&self, given: &str, detail: Detail) -> Person {
        let key = Key::Name(given.into(), detail);
        let remembered = self.remembered(&key);
        if let Some((person, Age::Fresh)) = remembered {
            return person;
        }
        let stranger = || Person { name: given.into(), account: None };
        let typed = given.to_owned();
        let ask = move || User::from_name(&typed).ok().flatten().map(|user| account(user, detail));
        match self.look_up(ask).await {
            Ok(found) => {
                let person = found.map_or_else(stranger, Person::from);
                self.remember(key, person.clone());
                person
            }
            // What is out of date is better than a spelling with a counter of its own.
            Err(NoAnswer) => remembered.map_or_else(stranger, |(person, _)| person),
        }
    }

    /// The account of a user id.
    pub async fn of_uid(&self, uid: u32) -> Option<Arc<str>> {
        let key = Key::Uid(uid);
        if let Some((person, Age::Fresh)) = self.remembered(&key) {
            return Some(person.name);
        }
        let ask = move || {
            let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
            user.map(|user| account(user, Detail::Name))
        };
        let person = Person::from(self.look_up(ask).await.ok().flatten()?);
        self.remember(key, person.clone());
        Some(person.name)
    }

    async fn look_up(
        &self,
        ask: impl FnOnce() -> Option<Account> + Send + 'static,
    ) -> Result<Option<Account>, NoAnswer> {
        let free = self.free.clone();
        let asked = async move {
            let permit = free.acquire_owned().await.map_err(|_| NoAnswer)?;
            let answer = tokio::task::spawn_blocking(move || {
                let found = ask();
                // Given back by the thread: one that hangs keeps its permit.
                drop(permit);
                found
            });
            answer.await.map_err(|_| NoAnswer)
        };
        timeout(PATIENCE, asked).await.unwrap_or(Err(NoAnswer))
    }

    fn remembered(&self, key: &Key) -> Option<(Person, Age)> {
        let known = self.known.borrow();
        let (since, person) = known.get(key)?;
        let age = if since.elapsed() < FRESH { Age::Fresh } else { Age::Stale };
        Some((person.clone(), age))
    }

    fn remember(&self, key: Key, person: Person) {
        let mut known = self.known.borrow_mut();
        if known.len() >= MOST {
            known.retain(|_, (since, _)| since.elapsed() < FRESH);
        }
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(key, (Instant::now(), person));
    }
}

impl From<Account> for Person {
    fn from(account: Account) -> Self {
        Self { name: account.name.clone(), account: Some(Arc::new(account)) }
    }
}

/// May ask a directory server, and so may take as long as that does.
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
    ids.into_iter().take(GROUPS).filter_map(named).collect()
}

/// Whether `/etc/passwd` has the account, as `local_users_only` of pam_faillock asks.
fn is_local(name: &str) -> bool {
    let Ok(file) = std::fs::File::open("/etc/passwd") else { return false };
    let mut lines = BufReader::new(file.take(MOST_LOCAL)).split(b'\n').map_while(Result::ok);
    let named = |line: Vec<u8>| {
        line.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b":"))
    };
    lines.any(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<T>(test: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(test)
    }

    #[test]
    fn an_account_has_its_own_name_and_a_stranger_keeps_his() {
        let names = Names::default();
        assert_eq!(&*run(names.canonical("root")), "root");
        assert_eq!(&*run(names.canonical("no-such-user-here")), "no-such-user-here");
        assert_eq!(run(names.of_uid(0)).as_deref(), Some("root"));
    }

    #[test]
    fn what_is_known_of_an_account_is_told_when_asked() {
        let names = Names::default();
        let root = run(names.person("root", Detail::Groups)).account.unwrap();
        assert_eq!((root.uid, root.home), (0, Home::Local));
        assert!(root.groups.contains(&Arc::from("root")), "{root:?}");
        let briefly = run(names.person("root", Detail::Name)).account.unwrap();
        assert!(briefly.groups.is_empty());
        assert!(!is_local("no-such-user-here") && !is_local("roo") && !is_local("root:"));
    }

    #[test]
    fn a_look_up_that_hangs_is_not_waited_for() {
        let names = Names::default();
        let slow = || {
            std::thread::sleep(Duration::from_secs(1));
            None
        };
        let started = Instant::now();
        assert!(matches!(run(names.look_up(slow)), Err(NoAnswer)));
        assert!(started.elapsed() >= PATIENCE);
    }

    #[test]
    fn no_more_than_the_bound_is_remembered() {
        let names = Names::default();
        for number in 0..u32::try_from(MOST).unwrap() + 10 {
            let person = Person { name: "x".into(), account: None };
            names.remember(Key::Uid(number), person);
        }
        assert!(names.known.borrow().len() <= MOST);
    }
}
