//! Sockets that something is to be done with, each once, by their numbers.

use std::collections::VecDeque;

/// A queue without repetitions. Nothing in it takes longer the longer it is.
#[derive(Debug, Default)]
pub(crate) struct Due {
    queue: VecDeque<usize>,
    is_in: Vec<bool>,
}

impl Due {
    /// Puts a number at the end, if it is not in it.
    pub fn insert(&mut self, number: usize) {
        if self.is_in.len() <= number {
            self.is_in.resize(number + 1, false);
        }
        if !std::mem::replace(&mut self.is_in[number], true) {
            self.queue.push_back(number);
        }
    }

    /// Takes the first one out.
    pub fn next(&mut self) -> Option<usize> {
        let number = self.queue.pop_front()?;
        self.is_in[number] = false;
        Some(number)
    }

    /// How many a round has: what is put in during it has its turn in the next one.
    pub fn len(&self) -> usize {
        self.queue.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_in_it_once_until_it_is_taken_out() {
        let mut due = Due::default();
        for number in [3, 0, 3, 7, 0] {
            due.insert(number);
        }
        assert_eq!((due.len(), due.next()), (3, Some(3)));
        due.insert(3);
        due.insert(7);
        assert_eq!([due.next(), due.next(), due.next(), due.next()], [Some(0), Some(7), Some(3), None]);
    }
}
