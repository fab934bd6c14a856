//! Sockets that something is to be done with, each once, by their numbers.

/// A list without repetitions. Both ways into it take the same time however long it is.
#[derive(Debug, Default)]
pub(crate) struct Due {
    list: Vec<usize>,
    is_in: Vec<bool>,
}

impl Due {
    /// Puts a number in, if it is not there.
    pub fn insert(&mut self, number: usize) {
        if self.is_in.len() <= number {
            self.is_in.resize(number + 1, false);
        }
        if !std::mem::replace(&mut self.is_in[number], true) {
            self.list.push(number);
        }
    }

    /// Takes all of them out.
    pub fn take(&mut self) -> Vec<usize> {
        let list = std::mem::take(&mut self.list);
        list.iter().for_each(|number| self.is_in[*number] = false);
        list
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
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
        assert_eq!(due.take(), [3, 0, 7]);
        assert!(due.is_empty());
        due.insert(3);
        assert_eq!(due.take(), [3]);
    }
}
