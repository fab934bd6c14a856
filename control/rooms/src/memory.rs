//! What is remembered of those who may come back, as long as they are not too many: then the oldest is forgotten first.

use std::collections::BTreeMap;

/// So much is remembered of those who are not there.
pub(crate) const MOST: usize = 10_000;

/// Something remembered of each key, with its age.
#[derive(Debug)]
pub(crate) struct Memory<K, T> {
    entries: BTreeMap<K, (u64, T)>,
    /// Counts what was ever remembered.
    last: u64,
}

impl<K, T> Default for Memory<K, T> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), last: 0 }
    }
}

impl<K: Ord + Clone, T> Memory<K, T> {
    pub(crate) fn get(&self, key: &K) -> Option<&T> {
        self.entries.get(key).map(|(_, value)| value)
    }

    pub(crate) fn contains_key(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    /// Remembers something, as the newest.
    pub(crate) fn insert(&mut self, key: K, value: T) {
        self.last += 1;
        self.entries.insert(key, (self.last, value));
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<T> {
        self.entries.remove(key).map(|(_, value)| value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &T)> {
        self.entries.iter().map(|(key, (_, value))| (key, value))
    }

    pub(crate) fn retain(&mut self, stays: impl Fn(&T) -> bool) {
        self.entries.retain(|_, (_, value)| stays(value));
    }

    /// Forgets the oldest that may be forgotten, where there are too many. A tenth more than it must, so that it is not asked
    /// to again each time.
    pub(crate) fn trim(&mut self, most: usize, may_go: impl Fn(&K) -> bool) {
        if self.entries.len() <= most {
            return;
        }
        let surplus = self.entries.len() - most + most / 10;
        let mut oldest: Vec<(u64, K)> =
            self.entries.iter().filter(|(key, _)| may_go(key)).map(|(key, (age, _))| (*age, key.clone())).collect();
        oldest.sort_unstable_by_key(|(age, _)| *age);
        for (_, key) in oldest.iter().take(surplus) {
            self.entries.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_many_the_oldest_that_may_go_are_forgotten() {
        let mut memory = Memory::default();
        for key in 0..21 {
            memory.insert(key, ());
        }
        memory.insert(1, ());
        memory.trim(21, |_| true);
        assert_eq!(memory.iter().count(), 21, "that many are not too many");
        memory.trim(20, |key| *key != 0);
        let left: Vec<i32> = memory.iter().map(|(key, ())| *key).collect();
        assert_eq!(left, [&[0, 1][..], &(5..21).collect::<Vec<_>>()].concat(), "0 may not go, 1 is new again");
    }
}
