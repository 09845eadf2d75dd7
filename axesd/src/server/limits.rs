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
pub(super) struct Limits(Rc<RefCell<HashMap<u32, usize>>>);

/// A place; free again when dropped.
#[derive(Debug)]
pub(super) struct Permit {
    uid: u32,
    places: Rc<RefCell<HashMap<u32, usize>>>,
}

impl Limits {
    /// A place for a connection of this peer, if there is one.
    pub(super) fn admit(&self, peer: Peer) -> Option<Permit> {
        let mut places = self.0.borrow_mut();
        let all: usize = places.values().sum();
        let of_root = places.get(&0).copied().unwrap_or_default();
        let own = places.entry(peer.uid()).or_default();
        let fits = match peer {
            Peer::Root => all < MOST,
            Peer::User(_) => *own < MOST_OF_ONE && all - of_root < MOST_OF_USERS && all < MOST,
        };
        if !fits {
            return None;
        }
        *own += 1;
        Some(Permit { uid: peer.uid(), places: self.0.clone() })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut places = self.places.borrow_mut();
        if let Some(own) = places.get_mut(&self.uid) {
            *own = own.saturating_sub(1);
        }
        places.retain(|_, own| *own > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_user_cannot_take_the_places_of_others() {
        let limits = Limits::default();
        let held: Vec<_> = (0..MOST_OF_ONE).map(|_| limits.admit(Peer::User(7)).unwrap()).collect();
        assert!(limits.admit(Peer::User(7)).is_none());
        assert!(limits.admit(Peer::User(8)).is_some());
        drop(held);
        assert!(limits.admit(Peer::User(7)).is_some());
        assert!(limits.0.borrow().is_empty(), "places that are free are forgotten");
    }

    #[test]
    fn all_users_together_leave_room_for_root() {
        let limits = Limits::default();
        let users = u32::try_from(MOST_OF_USERS / MOST_OF_ONE).unwrap();
        let everybody = (1..=users).flat_map(|uid| vec![Peer::User(uid); MOST_OF_ONE]);
        let held: Vec<_> = everybody.map(|peer| limits.admit(peer).unwrap()).collect();
        assert!(limits.admit(Peer::User(users + 1)).is_none());
        assert!(limits.admit(Peer::Root).is_some());
        assert_eq!(held.len(), MOST_OF_USERS);
    }
}
