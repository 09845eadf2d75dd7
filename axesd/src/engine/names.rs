//! The name that the system gives an account, however it was typed.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use nix::unistd::{Uid, User};
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

/// Account names, looked up on threads that may block, and remembered for a while.
#[derive(Debug)]
pub struct Names {
    /// By the name as given: the account's own, and since when that is known.
    known: RefCell<HashMap<Arc<str>, Known>>,
    free: Arc<Semaphore>,
}

type Known = (Instant, Arc<str>);

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
    /// The account's own name, else the name as given. Spellings of one account are one name.
    pub async fn canonical(&self, given: &str) -> Arc<str> {
        let remembered = self.remembered(given);
        if let Some((name, Age::Fresh)) = remembered {
            return name;
        }
        let typed = given.to_owned();
        match self.look_up(move || User::from_name(&typed).ok().flatten()).await {
            Ok(found) => {
                let name: Arc<str> = found.map_or_else(|| given.into(), |user| user.name.into());
                self.remember(given, name.clone());
                name
            }
            // A name that is out of date is better than a spelling with a counter of its own.
            Err(NoAnswer) => remembered.map_or_else(|| given.into(), |(name, _)| name),
        }
    }

    /// The account of a user id.
    pub async fn of_uid(&self, uid: u32) -> Option<Arc<str>> {
        // No account name begins with a slash, so the two kinds of key do not meet.
        let key = format!("/{uid}");
        if let Some((name, Age::Fresh)) = self.remembered(&key) {
            return Some(name);
        }
        let ask = move || User::from_uid(Uid::from_raw(uid)).ok().flatten();
        let name: Arc<str> = self.look_up(ask).await.ok().flatten()?.name.into();
        self.remember(&key, name.clone());
        Some(name)
    }

    async fn look_up(
        &self,
        ask: impl FnOnce() -> Option<User> + Send + 'static,
    ) -> Result<Option<User>, NoAnswer> {
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

    fn remembered(&self, given: &str) -> Option<(Arc<str>, Age)> {
        let known = self.known.borrow();
        let (since, name) = known.get(given)?;
        let age = if since.elapsed() < FRESH { Age::Fresh } else { Age::Stale };
        Some((name.clone(), age))
    }

    fn remember(&self, given: &str, name: Arc<str>) {
        let mut known = self.known.borrow_mut();
        if known.len() >= MOST {
            known.retain(|_, (since, _)| since.elapsed() < FRESH);
        }
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(given.into(), (Instant::now(), name));
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
            None
        };
        let started = Instant::now();
        assert!(matches!(run(names.look_up(slow)), Err(NoAnswer)));
        assert!(started.elapsed() >= PATIENCE);
    }

    #[test]
    fn no_more_than_the_bound_is_remembered() {
        let names = Names::default();
        for number in 0..MOST + 10 {
            names.remember(&number.to_string(), "x".into());
        }
        assert!(names.known.borrow().len() <= MOST);
    }
}
