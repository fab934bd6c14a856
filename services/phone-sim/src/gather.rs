//! `<Gather>`: collects digits while it says or plays something, and hands them to its action.

use std::collections::VecDeque;
use std::time::Duration;

use crate::FRAME;
use crate::course::{After, Course};
use crate::line::Beat;
use crate::verbs::Gather;

/// What has been pressed. Pure: time comes in.
#[derive(Debug)]
struct Collector {
    digits: String,
    most: Option<usize>,
    finish_on: Option<char>,
    timeout: Duration,
    /// Nothing was pressed since; the prompts have ended.
    quiet_since: Option<Duration>,
}

impl Collector {
    fn new(gather: &Gather) -> Self {
        let (most, finish_on, timeout) = (gather.digits, gather.finish_on, gather.timeout);
        Self { digits: String::new(), most, finish_on, timeout, quiet_since: None }
    }

    /// Whether that was the last one.
    fn press(&mut self, digit: char, now: Duration) -> bool {
        self.quiet_since = Some(now);
        if Some(digit) == self.finish_on {
            return true;
        }
        self.digits.push(digit);
        self.most.is_some_and(|most| self.digits.len() >= most)
    }

    /// The prompts have been heard.
    fn listen(&mut self, now: Duration) {
        self.quiet_since.get_or_insert(now);
    }

    fn has_waited_enough(&self, now: Duration) -> bool {
        self.quiet_since.is_some_and(|since| now >= since + self.timeout)
    }
}

impl Course {
    pub(crate) async fn gather(&mut self, gather: Gather) -> After {
        let mut collector = Collector::new(&gather);
        let mut prompts: VecDeque<_> = gather.prompts.iter().collect();
        let mut playing = None;
        let began = tokio::time::Instant::now();
        loop {
            if playing.is_none()
                && let Some(prompt) = prompts.pop_front()
            {
                playing = match self.performance(prompt).await {
                    Ok(performance) => performance,
                    Err(interrupt) => return interrupt.into(),
                };
                continue;
            }
            match self.line.beat().await {
                Beat::Interrupt(interrupt) => return interrupt.into(),
                Beat::Fault(_) => self.call().log("fault", "there is no stream that it could happen to"),
                Beat::Digits(digits) => {
                    self.call().log("digits", digits.clone());
                    // The first key ends what is being said.
                    prompts.clear();
                    playing = None;
                    if digits.chars().any(|digit| collector.press(digit, began.elapsed())) {
                        break;
                    }
                }
                Beat::Tick(_) => {
                    let mut frame = [0.0; FRAME];
                    match playing.take() {
                        Some((mut voice, left)) => {
                            voice.speak(&mut frame);
                            playing = (left > 1).then_some((voice, left - 1));
                        }
                        None => collector.listen(began.elapsed()),
                    }
                    self.line.hear(&frame);
                    if collector.has_waited_enough(began.elapsed()) {
                        break;
                    }
                }
            }
        }
        if collector.digits.is_empty() && !gather.even_if_empty {
            return After::Next;
        }
        self.follow(&gather.action, Some(collector.digits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::Method;
    use crate::verbs::Action;

    fn collector(digits: Option<usize>) -> Collector {
        Collector::new(&Gather {
            action: Action { url: String::new(), method: Method::Post },
            timeout: Duration::from_secs(5),
            digits,
            finish_on: Some('#'),
            even_if_empty: false,
            prompts: Vec::new(),
        })
    }

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_finishing_key_ends_it_and_is_not_one_of_the_digits() {
        let mut collector = collector(None);
        assert!("1*2".chars().all(|digit| !collector.press(digit, s(0))));
        assert!(collector.press('#', s(0)));
        assert_eq!(collector.digits, "1*2");
    }

    #[test]
    fn the_last_expected_digit_ends_it() {
        let mut collector = collector(Some(2));
        assert!(!collector.press('1', s(0)));
        assert!(collector.press('2', s(0)));
    }

    #[test]
    fn the_timeout_begins_after_the_prompts_and_again_with_each_digit() {
        let mut collector = collector(None);
        assert!(!collector.has_waited_enough(s(60)), "still being told what to do");
        collector.listen(s(60));
        collector.listen(s(62));
        assert!(!collector.has_waited_enough(s(64)));
        assert!(collector.has_waited_enough(s(65)));
        collector.press('1', s(64));
        assert!(!collector.has_waited_enough(s(68)));
        assert!(collector.has_waited_enough(s(69)));
    }
}
