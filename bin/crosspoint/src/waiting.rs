//! Connections that have not shown who speaks on them: so many in all, and so many of one address, so that a single stranger
//! cannot keep the others out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All of them.
#[derive(Clone, Default)]
pub struct Waiting(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// In all.
const MAX: usize = 1024;
/// Of one address.
const MAX_PER_ADDRESS: usize = 128;

impl Waiting {
    /// A place for a connection of this address, until it is dropped; none: there are too many.
    pub fn enter(&self, address: IpAddr) -> Option<Place> {
        let mut waiting = self.lock();
        let of_address = waiting.get(&address).copied().unwrap_or_default();
        if of_address >= MAX_PER_ADDRESS || waiting.values().sum::<usize>() >= MAX {
            return None;
        }
        waiting.insert(address, of_address + 1);
        Some(Place { waiting: self.clone(), address })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        // Nothing in here panics half way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place of one connection.
pub struct Place {
    waiting: Waiting,
    address: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut waiting = self.waiting.lock();
        match waiting.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(waiting.remove(&self.address)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_all_places_and_places_come_back() {
        let waiting = Waiting::default();
        let address = |last: u8| IpAddr::from([192, 0, 2, last]);
        let of_one: Vec<_> = (0..1000).filter_map(|_| waiting.enter(address(1))).collect();
        assert_eq!(of_one.len(), MAX_PER_ADDRESS);
        let of_others: Vec<_> = (2..=255).flat_map(|last| (0..10).map(move |_| last)).collect();
        let of_others: Vec<_> = of_others.into_iter().filter_map(|last| waiting.enter(address(last))).collect();
        assert_eq!(of_one.len() + of_others.len(), MAX);
        drop(of_one);
        assert!(waiting.enter(address(1)).is_some());
        drop(of_others);
        assert!(waiting.lock().is_empty());
    }
}
