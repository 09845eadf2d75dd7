//! Connections at their prompt. The oldest makes room for a login of root when there are too many,
//! and one that holds a place at the gate gives it to whoever has answered. The module begins
//! again when the prompt is answered.
//!
//! Otherwise whoever opens enough prompts would close axesd to everybody else.

use std::cell::RefCell;
use std::collections::BTreeMap;

use tokio::sync::oneshot;

/// Connections at their prompt, by age.
#[derive(Debug, Default)]
pub(super) struct Prompts(RefCell<Open>);

#[derive(Debug, Default)]
struct Open {
    next: u64,
    by_age: BTreeMap<u64, oneshot::Sender<()>>,
}

/// A connection at its prompt; no longer when dropped.
#[derive(Debug)]
pub(super) struct AtPrompt<'a> {
    prompts: &'a Prompts,
    number: u64,
    leave: oneshot::Receiver<()>,
    called_back: Option<oneshot::Receiver<()>>,
}

impl Prompts {
    /// A connection comes to its prompt. Where a place is held for its answer, it hears here that
    /// somebody needs it.
    pub(super) fn enter(&self, called_back: Option<oneshot::Receiver<()>>) -> AtPrompt<'_> {
        let (sender, leave) = oneshot::channel();
        let mut open = self.0.borrow_mut();
        open.next += 1;
        let number = open.next;
        open.by_age.insert(number, sender);
        AtPrompt { prompts: self, number, leave, called_back }
    }

    /// Sends the oldest away; false when nobody is at a prompt.
    pub(super) fn make_room(&self) -> bool {
        let oldest = self.0.borrow_mut().by_age.pop_first();
        oldest.is_some_and(|(_, leave)| leave.send(()).is_ok())
    }
}

impl AtPrompt<'_> {
    /// Resolves when the connection has to make room, or its place is needed.
    pub(super) async fn is_over(&mut self) {
        let called_back = async {
            match &mut self.called_back {
                Some(called_back) => drop(called_back.await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // The sender stays as long as this stands in the list.
            _ = &mut self.leave => {}
            () = called_back => {}
        }
    }
}

impl Drop for AtPrompt<'_> {
    fn drop(&mut self) {
        self.prompts.0.borrow_mut().by_age.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_prompt_is_sent_away_first_and_a_closed_one_not_at_all() {
        let prompts = Prompts::default();
        let closed = prompts.enter(None);
        let (mut first, mut second) = (prompts.enter(None), prompts.enter(None));
        drop(closed);
        assert!(prompts.make_room());
        assert!(first.leave.try_recv().is_ok());
        assert!(second.leave.try_recv().is_err());
        drop(second);
        assert!(!prompts.make_room());
    }
}
