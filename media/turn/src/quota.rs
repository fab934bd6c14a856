//! How many allocations there may be, and how many bits per second they may carry: shared by all workers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a sender may send at once before it is held to its rate: half a second's worth, so that a key frame gets through.
const BURST: u64 = 500_000_000;

/// Bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Allocations at once.
    pub allocations: usize,
    /// Users who have any.
    pub users: usize,
    /// Allocations of one user.
    pub allocations_per_user: usize,
    /// Bits per second of one allocation, in each direction; none: as many as come.
    pub bitrate: Option<u64>,
    /// Bits per second of all allocations of one user, in each direction.
    pub user_bitrate: Option<u64>,
}

/// Why there is no allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The user has as many as one may have.
    User,
    /// There are as many as there may be.
    Server,
}

/// Who has how many.
#[derive(Debug)]
pub struct Quota {
    limits: Limits,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    allocations: usize,
    users: BTreeMap<String, User>,
}

#[derive(Debug)]
struct User {
    allocations: usize,
    budgets: Arc<Budgets>,
}

impl Quota {
    /// Nobody has any.
    pub fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self { limits, taken: Mutex::default() })
    }

    /// A seat for one allocation more.
    ///
    /// # Errors
    /// There is none.
    pub fn admit(self: &Arc<Self>, user: &str) -> Result<Seat, Full> {
        let mut taken = self.lock();
        if taken.allocations >= self.limits.allocations {
            return Err(Full::Server);
        }
        let users = taken.users.len();
        let budgets = match taken.users.get_mut(user) {
            Some(own) if own.allocations >= self.limits.allocations_per_user => return Err(Full::User),
            Some(own) => {
                own.allocations += 1;
                own.budgets.clone()
            }
            None if users >= self.limits.users => return Err(Full::Server),
            None => {
                let budgets = Arc::new(Budgets::of(self.limits.user_bitrate));
                taken.users.insert(user.to_owned(), User { allocations: 1, budgets: budgets.clone() });
                budgets
            }
        };
        taken.allocations += 1;
        let own = Budgets::of(self.limits.bitrate);
        Ok(Seat { quota: self.clone(), user: user.to_owned(), own, shared: budgets })
    }

    fn release(&self, user: &str) {
        let mut taken = self.lock();
        taken.allocations = taken.allocations.saturating_sub(1);
        if let Some(own) = taken.users.get_mut(user) {
            own.allocations = own.allocations.saturating_sub(1);
            if own.allocations == 0 {
                taken.users.remove(user);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        // Nothing in here panics half way through a change.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to one allocation. It goes back when it is dropped.
#[derive(Debug)]
pub struct Seat {
    quota: Arc<Quota>,
    user: String,
    own: Budgets,
    shared: Arc<Budgets>,
}

impl Seat {
    /// May so many bytes go now? `now`: nanoseconds since some moment.
    pub fn may_carry(&self, direction: Direction, bytes: usize, now: u64) -> bool {
        let (own, shared) = (self.own.of_direction(direction), self.shared.of_direction(direction));
        // Nothing is paid for what the other does not let through.
        shared.has_room(now) && own.take(bytes, now) && shared.take(bytes, now)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.quota.release(&self.user);
    }
}

/// Which way a datagram goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client to a peer.
    Up,
    /// From a peer to the client.
    Down,
}

/// One budget for each direction.
#[derive(Debug)]
struct Budgets {
    up: Budget,
    down: Budget,
}

impl Budgets {
    fn of(bitrate: Option<u64>) -> Self {
        let budget = || Budget { bitrate: bitrate.map(|bitrate| bitrate.max(1)), paid_until: AtomicU64::new(0) };
        Self { up: budget(), down: budget() }
    }

    fn of_direction(&self, direction: Direction) -> &Budget {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }
}

/// A rate, kept by the generic cell rate algorithm (ITU-T I.371): what was sent is paid for with time, up to [`BURST`] ahead.
#[derive(Debug)]
struct Budget {
    bitrate: Option<u64>,
    paid_until: AtomicU64,
}

impl Budget {
    fn has_room(&self, now: u64) -> bool {
        self.bitrate.is_none() || self.paid_until.load(Ordering::Relaxed) <= now + BURST
    }

    fn take(&self, bytes: usize, now: u64) -> bool {
        let Some(bitrate) = self.bitrate else { return true };
        let price = bytes as u64 * 8_000_000_000 / bitrate;
        let pay = |until: u64| {
            let begin = until.max(now);
            (begin <= now + BURST).then_some(begin + price)
        };
        self.paid_until.fetch_update(Ordering::Relaxed, Ordering::Relaxed, pay).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits =
        Limits { allocations: 5, users: 2, allocations_per_user: 3, bitrate: Some(8_000_000), user_bitrate: None };

    #[test]
    fn seats_run_out_for_users_and_for_the_server_and_come_back() {
        let quota = Quota::new(LIMITS);
        let mut ann: Vec<_> = (0..3).map(|_| quota.admit("ann").expect("a seat")).collect();
        assert_eq!(quota.admit("ann").err(), Some(Full::User));
        let bob = quota.admit("bob").expect("a seat");
        assert_eq!(quota.admit("eve").err(), Some(Full::Server), "two users are there");
        let _second = quota.admit("bob").expect("a seat");
        assert_eq!(quota.admit("bob").err(), Some(Full::Server), "five are taken");
        ann.pop();
        assert!(quota.admit("ann").is_ok());
        drop((ann, bob));
        assert!(quota.admit("ann").is_ok());
    }

    #[test]
    fn what_is_sent_is_held_to_its_rate_in_the_long_run() {
        let quota = Quota::new(LIMITS);
        let seat = quota.admit("ann").expect("a seat");
        // Twice the rate for ten seconds: 1000 bytes each half millisecond.
        let carried = (0..20_000_u64).filter(|at| seat.may_carry(Direction::Up, 1000, at * 500_000)).count();
        assert!((10_400..=10_600).contains(&carried), "{carried}");
        assert!(seat.may_carry(Direction::Down, 1000, 0), "the other direction has its own");
    }

    #[test]
    fn users_share_what_all_their_allocations_carry() {
        let quota = Quota::new(Limits { bitrate: None, user_bitrate: Some(8_000_000), ..LIMITS });
        let seats = [quota.admit("ann").expect("a seat"), quota.admit("ann").expect("a seat")];
        let carried = (0..20_000_u64).filter(|at| {
            let seat = &seats[(at % 2) as usize];
            seat.may_carry(Direction::Up, 1000, at * 500_000)
        });
        let carried = carried.count();
        assert!((10_400..=10_600).contains(&carried), "{carried}");
    }
}
