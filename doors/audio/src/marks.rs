//! Names that a client puts between its sounds, and gets back when what it sent before has been played or cleared.

use std::collections::VecDeque;

use crosspoint_model::{Code, Refusal};

/// So many can wait.
const MOST: usize = 1000;
/// Bytes of a name.
const NAME: usize = 256;

/// The marks that wait.
#[derive(Debug, Default)]
pub struct Marks(VecDeque<(u64, String)>);

impl Marks {
    /// One behind the samples that were written so far.
    pub fn set(&mut self, written: u64, name: String) -> Result<(), Refusal> {
        if name.len() > NAME {
            return Err(Refusal::new(Code::InvalidRequest, format!("the name of a mark has at most {NAME} bytes")));
        }
        if self.0.len() >= MOST {
            return Err(Refusal::new(Code::RateLimited, format!("{MOST} marks wait already")));
        }
        self.0.push_back((written, name));
        Ok(())
    }

    /// The next one that so many played samples have reached.
    pub fn reached(&mut self, played: u64) -> Option<String> {
        let is_reached = self.0.front().is_some_and(|(at, _)| *at <= played);
        if is_reached { self.0.pop_front().map(|(_, name)| name) } else { None }
    }

    /// Does none wait?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_comes_back_once_what_was_before_it_is_played() {
        let mut marks = Marks::default();
        marks.set(100, "a".into()).expect("set");
        marks.set(200, "b".into()).expect("set");
        assert_eq!(marks.reached(99), None);
        assert_eq!(
            (marks.reached(200), marks.reached(200), marks.reached(200)),
            (Some("a".into()), Some("b".into()), None)
        );
        assert!(marks.is_empty());
    }

    #[test]
    fn neither_too_many_nor_too_long_names_are_kept() {
        let mut marks = Marks::default();
        assert_eq!(marks.set(0, "x".repeat(NAME + 1)).expect_err("long").code, Code::InvalidRequest);
        for _ in 0..MOST {
            marks.set(1, String::new()).expect("set");
        }
        assert_eq!(marks.set(1, String::new()).expect_err("many").code, Code::RateLimited);
    }
}
