//! How many connections there may be at once, in all and of each user.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::server::peer::Peer;

/// In all.
const MOST: usize = 4096;
/// Of everybody but root, so that root always finds a place.
const MOST_OF_USERS: usize = 3072;
/// Of one user who is not root.
const MOST_OF_ONE: usize = 64;

/// Connections by user.
#[derive(Debug, Default)]
pub(super) struct Limits(Rc<RefCell<HashMap<u32, Held>>>);

#[derive(Clone, Copy, Debug, Default)]
struct Held {
    places: usize,
    refused: usize,
}

/// A place; free again when dropped.
#[derive(Debug)]
pub(super) struct Permit {
    uid: u32,
    places: Rc<RefCell<HashMap<u32, Held>>>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// For the first time since this user had none: worth a line in the log.
    ForTheFirstTime,
    Again,
}

impl Limits {
    /// A place for a connection of this peer.
    pub(super) fn admit(&self, peer: Peer) -> Result<Permit, Full> {
        let mut users = self.0.borrow_mut();
        let all: usize = users.values().map(|held| held.places).sum();
        let of_root = users.get(&0).map_or(0, |held| held.places);
        let own = users.entry(peer.uid()).or_default();
        let fits = match peer {
            Peer::Root => all < MOST,
            Peer::User(_) => {
                own.places < MOST_OF_ONE && all - of_root < MOST_OF_USERS && all < MOST
            }
        };
        if !fits {
            own.refused += 1;
            return Err(if own.refused == 1 { Full::ForTheFirstTime } else { Full::Again });
        }
        own.places += 1;
        Ok(Permit { uid: peer.uid(), places: self.0.clone() })
    }

    /// A place for a connection in whose favour another one was sent away.
    pub(super) fn exchange(&self, peer: Peer) -> Permit {
        self.0.borrow_mut().entry(peer.uid()).or_default().places += 1;
        Permit { uid: peer.uid(), places: self.0.clone() }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut places = self.places.borrow_mut();
        if let Some(own) = places.get_mut(&self.uid) {
            own.places = own.places.saturating_sub(1);
        }
        places.retain(|_, own| own.places > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_user_cannot_take_the_places_of_others() {
        let limits = Limits::default();
        let held: Vec<_> = (0..MOST_OF_ONE).map(|_| limits.admit(Peer::User(7)).unwrap()).collect();
        assert_eq!(limits.admit(Peer::User(7)).unwrap_err(), Full::ForTheFirstTime);
        assert_eq!(limits.admit(Peer::User(7)).unwrap_err(), Full::Again);
        assert!(limits.admit(Peer::User(8)).is_ok());
        drop(held);
        assert!(limits.admit(Peer::User(7)).is_ok());
        assert!(limits.0.borrow().is_empty(), "places that are free are forgotten");
    }

    #[test]
    fn all_users_together_leave_room_for_root() {
        let limits = Limits::default();
        let users = u32::try_from(MOST_OF_USERS / MOST_OF_ONE).unwrap();
        let everybody = (1..=users).flat_map(|uid| vec![Peer::User(uid); MOST_OF_ONE]);
        let held: Vec<_> = everybody.map(|peer| limits.admit(peer).unwrap()).collect();
        assert!(limits.admit(Peer::User(users + 1)).is_err());
        assert!(limits.admit(Peer::Root).is_ok());
        assert_eq!(held.len(), MOST_OF_USERS);
    }
}
