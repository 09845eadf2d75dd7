//! The account that a name belongs to, however it was typed.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axes_policy::account::Account;
use smol_str::SmolStr;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::accounts::{self, Detail};

/// How long an answer of NSS is believed.
const FRESH: Duration = Duration::from_secs(60);
/// How long an attempt waits for NSS; after that the name stands as it was typed.
const PATIENCE: Duration = Duration::from_millis(300);
/// Names remembered.
const MOST: usize = 10_000;
/// Look-ups at once; a directory server that hangs must not eat all threads.
const LOOK_UPS: usize = 8;

/// Accounts, looked up on threads that may block, and remembered for a while.
#[derive(Debug)]
pub struct Names {
    known: RefCell<HashMap<Key, Known>>,
    free: Arc<Semaphore>,
}

/// A name, and the account that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The account's own name, else the name as given. Spellings of one account are one name.
    pub name: SmolStr,
    /// Where there is one.
    pub account: Option<Arc<Account>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Name(SmolStr, Detail),
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
    pub async fn canonical(&self, given: &str) -> SmolStr {
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
        let ask = move || accounts::named(&typed, detail);
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

    /// Whether there is a group of that name; taken for granted where nobody answers in time.
    pub async fn has_group(&self, name: &str) -> bool {
        let name = name.to_owned();
        self.look_up(move || accounts::has_group(&name)).await.unwrap_or(true)
    }

    /// The account of a user id.
    pub async fn of_uid(&self, uid: u32) -> Option<SmolStr> {
        let key = Key::Uid(uid);
        if let Some((person, Age::Fresh)) = self.remembered(&key) {
            return Some(person.name);
        }
        let found = self.look_up(move || accounts::of_uid(uid)).await;
        let person = Person::from(found.ok().flatten()?);
        self.remember(key, person.clone());
        Some(person.name)
    }

    async fn look_up<T: Send + 'static>(
        &self,
        ask: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NoAnswer> {
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
        Self { name: (&*account.name).into(), account: Some(Arc::new(account)) }
    }
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
    fn a_look_up_that_hangs_is_not_waited_for() {
        let names = Names::default();
        let slow = || {
            std::thread::sleep(Duration::from_secs(1));
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
