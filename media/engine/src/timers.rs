//! When legs and rooms want to be called. A heap with lazy deletion: each owner has one live entry, the earliest that it
//! ever asked for. When that is popped too early (the deadline has moved), it is pushed again; all other entries are stale
//! and vanish when they are popped.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// Who wants to be called. Keys are never used twice, so a stale entry finds nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owner {
    /// A leg, by its key.
    Leg(u64),
    /// A room, by its key.
    Room(u64),
    /// A room's mix, by the room's key.
    Mix(u64),
}

/// One owner's wish.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Deadline {
    wanted: Option<Instant>,
    /// The earliest entry that stands in the heap.
    queued: Option<Instant>,
}

/// All wishes.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, Owner)>>,
    /// When the entry that was popped last was due: tells [`Self::settle`] a live entry from a stale one.
    popped: Option<Instant>,
}

impl Timers {
    /// Sets an owner's deadline; `None`: none.
    pub(crate) fn set(&mut self, owner: Owner, deadline: &mut Deadline, wanted: Option<Instant>) {
        deadline.wanted = wanted;
        if let Some(at) = wanted
            && deadline.queued.is_none_or(|queued| at < queued)
        {
            self.heap.push(Reverse((at, owner)));
            deadline.queued = Some(at);
        }
    }

    /// The next entry that is due. The owner answers with [`Self::settle`].
    pub(crate) fn pop(&mut self, now: Instant) -> Option<Owner> {
        let Reverse((at, owner)) = self.heap.peek()?;
        let (at, owner) = (*at <= now).then_some((*at, *owner))?;
        self.heap.pop();
        self.popped = Some(at);
        Some(owner)
    }

    /// After [`Self::pop`]: is the owner really due? If not, its entry is queued again.
    pub(crate) fn settle(&mut self, owner: Owner, deadline: &mut Deadline, now: Instant) -> bool {
        if deadline.queued != self.popped {
            // A later entry that an earlier wish has overtaken. Queueing it again would let entries breed for ever.
            return false;
        }
        deadline.queued = None;
        match deadline.wanted {
            None => false,
            Some(at) if at <= now => {
                deadline.wanted = None;
                true
            }
            Some(_) => {
                let wanted = deadline.wanted;
                self.set(owner, deadline, wanted);
                false
            }
        }
    }

    /// When [`Self::pop`] will give something.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn an_owner_is_called_once_at_its_last_deadline() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let (mut timers, mut deadline, owner) = (Timers::default(), Deadline::default(), Owner::Leg(1));
        timers.set(owner, &mut deadline, Some(at(10)));
        timers.set(owner, &mut deadline, Some(at(30)));
        assert_eq!(timers.pop(at(10)), Some(owner));
        assert!(!timers.settle(owner, &mut deadline, at(10)), "it has moved to 30");
        assert_eq!(timers.next(), Some(at(30)));
        assert_eq!(timers.pop(at(30)), Some(owner));
        assert!(timers.settle(owner, &mut deadline, at(30)));
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn an_entry_that_was_overtaken_vanishes() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let (mut timers, mut deadline, owner) = (Timers::default(), Deadline::default(), Owner::Leg(1));
        for round in 0..100 {
            timers.set(owner, &mut deadline, Some(at(round * 10 + 20)));
            timers.set(owner, &mut deadline, Some(at(round * 10 + 10)));
            while let Some(owner) = timers.pop(at(round * 10 + 10)) {
                timers.settle(owner, &mut deadline, at(round * 10 + 10));
            }
        }
        assert!(timers.heap.len() <= 2, "{} entries of one owner", timers.heap.len());
    }

    #[test]
    fn an_earlier_wish_comes_first_and_a_withdrawn_one_not_at_all() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let (mut timers, mut deadline, owner) = (Timers::default(), Deadline::default(), Owner::Room(1));
        timers.set(owner, &mut deadline, Some(at(30)));
        timers.set(owner, &mut deadline, Some(at(10)));
        assert_eq!(timers.next(), Some(at(10)));
        timers.set(owner, &mut deadline, None);
        while let Some(owner) = timers.pop(at(50)) {
            assert!(!timers.settle(owner, &mut deadline, at(50)));
        }
    }
}
