//! Shares a leg's bandwidth among its video subscriptions.
//!
//! Everyone gets the lowest layer first, in order of priority. What is left goes up in rounds: within one priority each gets
//! one step before anyone gets two; higher priorities are served before lower ones. What does not fit even at its lowest is
//! paused. Down goes at once; up only with [`MARGIN`] to spare, so that a choice stands when the estimate wavers.

/// So much more than is needed must be there before anything goes up: a ninth part of the estimate stays unused.
const MARGIN: (u64, u64) = (8, 9);

/// A subscription that wants bandwidth.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) priority: i32,
    /// Bits per second of each layer that may be chosen, lowest first; at least one.
    pub(crate) rates: Vec<u64>,
    pub(crate) held: Held,
}

/// What a subscription has now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// It has just come.
    New,
    /// Nothing, for want of bandwidth.
    Paused,
    /// An index into its rates; may lie beyond them when the viewer has come to want less.
    Level(usize),
}

/// What each subscription gets: an index into its rates, or none where it is paused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) levels: Vec<Option<usize>>,
    /// Something went down, for want of bandwidth.
    pub(crate) downgraded: bool,
    /// Something could go up but may not yet.
    pub(crate) held_back: bool,
}

/// Decides, with hysteresis: nothing goes up unless `may_upgrade`.
pub(crate) fn decide(items: &[Item], budget: u64, may_upgrade: bool) -> Decision {
    let most = share(items, budget);
    let safe = share(items, budget / MARGIN.1 * MARGIN.0);
    let mut decision = Decision::default();
    for (at, item) in items.iter().enumerate() {
        // As numbers: 0 is paused, 1 the lowest layer.
        let (most, safe) = (rank(most[at]), rank(safe[at]));
        let level = match item.held {
            Held::New => safe,
            Held::Paused => raise(0, safe, may_upgrade, &mut decision),
            Held::Level(held) => {
                let held = held.min(item.rates.len() - 1) + 1;
                if most < held {
                    decision.downgraded = true;
                    most
                } else {
                    raise(held, safe, may_upgrade, &mut decision)
                }
            }
        };
        decision.levels.push(level.checked_sub(1));
    }
    // Mixing the two shares can ask for more than there is; then the one that fits holds for all.
    if total(items, &decision.levels) > budget.max(total(items, &most)) {
        decision.levels = most;
    }
    decision
}

/// Bits per second of what was decided.
pub(crate) fn total(items: &[Item], levels: &[Option<usize>]) -> u64 {
    items.iter().zip(levels).filter_map(|(item, level)| level.map(|level| item.rates[level])).sum()
}

/// How many bits per second the cheapest next step up would take; 0: there is none.
pub(crate) fn next_step(items: &[Item], levels: &[Option<usize>]) -> u64 {
    let steps = items.iter().zip(levels).filter_map(|(item, level)| match level {
        None => Some(item.rates[0]),
        Some(level) => item.rates.get(level + 1).map(|next| next.saturating_sub(item.rates[*level])),
    });
    steps.min().unwrap_or(0)
}

fn raise(held: usize, safe: usize, may_upgrade: bool, decision: &mut Decision) -> usize {
    if safe > held && !may_upgrade {
        decision.held_back = true;
    }
    if may_upgrade { safe.max(held) } else { held }
}

fn rank(level: Option<usize>) -> usize {
    level.map_or(0, |level| level + 1)
}

/// The share of each without regard to what it has.
fn share(items: &[Item], budget: u64) -> Vec<Option<usize>> {
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(items[*at].priority));
    let mut levels = vec![None; items.len()];
    let mut left = budget;
    for at in &order {
        if items[*at].rates[0] <= left {
            left -= items[*at].rates[0];
            levels[*at] = Some(0);
        }
    }
    for group in order.chunk_by(|a, b| items[*a].priority == items[*b].priority) {
        while one_round(items, group, &mut levels, &mut left) {}
    }
    levels
}

/// One step up for each of a group, as far as it goes. False: nobody could.
fn one_round(items: &[Item], group: &[usize], levels: &mut [Option<usize>], left: &mut u64) -> bool {
    let mut moved = false;
    for at in group {
        let Some(level) = levels[*at] else { continue };
        let Some(next) = items[*at].rates.get(level + 1) else { continue };
        let step = next.saturating_sub(items[*at].rates[level]);
        if step <= *left {
            *left -= step;
            levels[*at] = Some(level + 1);
            moved = true;
        }
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn everyone_gets_the_lowest_layer_before_anyone_gets_more() {
        assert_eq!(share(&[simulcast(0), simulcast(0)], 900), [Some(1), Some(0)]);
        assert_eq!(share(&[simulcast(0), simulcast(0)], 1_000), [Some(1), Some(1)], "in rounds");
        assert_eq!(share(&[simulcast(0), simulcast(0)], 2_200), [Some(2), Some(1)]);
    }

    #[test]
    fn who_has_priority_goes_up_first_and_is_paused_last() {
        assert_eq!(share(&[simulcast(0), simulcast(5)], 1_900), [Some(0), Some(2)]);
        assert_eq!(share(&[simulcast(0), simulcast(5)], 200), [None, Some(0)]);
        assert_eq!(share(&[simulcast(0), simulcast(5)], 100), [None, None]);
    }

    #[test]
    fn down_goes_at_once_and_up_with_a_margin() {
        let at = |level| [Item { held: Held::Level(level), ..simulcast(0) }];
        assert_eq!(decide(&at(2), 1_600, true).levels, [Some(1)]);
        assert!(decide(&at(2), 1_600, true).downgraded);
        assert_eq!(decide(&at(1), 1_750, true).levels, [Some(1)], "just enough is not enough");
        assert_eq!(decide(&at(1), 2_000, true).levels, [Some(2)]);
        assert_eq!(decide(&at(2), 1_750, true).levels, [Some(2)], "but it is enough to stay");
    }

    #[test]
    fn up_waits_after_a_downgrade() {
        let items = [Item { held: Held::Paused, ..simulcast(0) }];
        let decision = decide(&items, 10_000, false);
        assert_eq!((decision.levels, decision.held_back), (vec![None], true));
        assert_eq!(decide(&items, 10_000, true).levels, [Some(2)]);
    }

    #[test]
    fn a_viewer_that_wants_less_is_not_downgraded() {
        let items = [Item { rates: vec![150], held: Held::Level(2), ..simulcast(0) }];
        let decision = decide(&items, 10_000, false);
        assert_eq!((decision.levels, decision.downgraded), (vec![Some(0)], false));
    }

    proptest! {
        #[test]
        fn a_decision_never_exceeds_the_budget(
            items in proptest::collection::vec(item(), 0..8), budget in 0u64..10_000, may_upgrade: bool
        ) {
            let decision = decide(&items, budget, may_upgrade);
            prop_assert!(total(&items, &decision.levels) <= budget);
        }
    }

    fn simulcast(priority: i32) -> Item {
        Item { priority, rates: vec![150, 500, 1_700], held: Held::New }
    }

    fn item() -> impl Strategy<Value = Item> {
        let rates = proptest::collection::vec(1u64..3_000, 1..4).prop_map(|mut rates| {
            rates.sort_unstable();
            rates
        });
        let held = prop_oneof![Just(Held::New), Just(Held::Paused), (0usize..4).prop_map(Held::Level)];
        (-2i32..3, rates, held).prop_map(|(priority, rates, held)| Item { priority, rates, held })
    }
}
