//! Connections at their prompt: they hold nothing, and the oldest makes room for a login of
//! root when all places are taken. The module begins again when the prompt is answered.
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
}

impl Prompts {
    /// A connection comes to its prompt.
    pub(super) fn enter(&self) -> AtPrompt<'_> {
        let (sender, leave) = oneshot::channel();
        let mut open = self.0.borrow_mut();
        open.next += 1;
        let number = open.next;
        open.by_age.insert(number, sender);
        AtPrompt { prompts: self, number, leave }
    }

    /// Sends the oldest away; false when nobody is at a prompt.
    pub(super) fn make_room(&self) -> bool {
        let oldest = self.0.borrow_mut().by_age.pop_first();
        oldest.is_some_and(|(_, leave)| leave.send(()).is_ok())
    }
}

impl AtPrompt<'_> {
    /// Resolves when the connection has to make room.
    pub(super) async fn sent_away(&mut self) {
        // The sender stays as long as this stands in the list.
        let _ = (&mut self.leave).await;
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
        let closed = prompts.enter();
        let (mut first, mut second) = (prompts.enter(), prompts.enter());
        drop(closed);
        assert!(prompts.make_room());
        assert!(first.leave.try_recv().is_ok());
        assert!(second.leave.try_recv().is_err());
        drop(second);
        assert!(!prompts.make_room());
    }
}
