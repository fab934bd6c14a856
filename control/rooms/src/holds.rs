//! The room's flag on a participant's tracks. It stands for sources, not for tracks: a new track of a held source is held.

use std::collections::BTreeSet;

use crosspoint_model::Source;

/// What of a participant is held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Holds {
    all: bool,
    /// The sources for which it is the other way round.
    except: BTreeSet<Source>,
}

impl Holds {
    /// Sets the flag of a source, or of all.
    pub(crate) fn set(&mut self, source: Option<Source>, held: bool) {
        match source {
            None => *self = Self { all: held, except: BTreeSet::new() },
            Some(source) if held == self.all => {
                self.except.remove(&source);
            }
            Some(source) => {
                self.except.insert(source);
            }
        }
    }

    /// Is this source held?
    pub(crate) fn holds(&self, source: Source) -> bool {
        self.all != self.except.contains(&source)
    }

    /// Is nothing held?
    pub(crate) fn is_clear(&self) -> bool {
        !self.all && self.except.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_source_can_be_released_while_all_are_held() {
        let mut holds = Holds::default();
        holds.set(None, true);
        holds.set(Some(Source::Microphone), false);
        assert!(!holds.holds(Source::Microphone) && holds.holds(Source::Camera));
        holds.set(Some(Source::Microphone), true);
        assert!(holds.holds(Source::Microphone));
        holds.set(None, false);
        assert!(holds.is_clear() && !holds.holds(Source::Camera));
    }
}
