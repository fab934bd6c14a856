use super::*;

/// A provider that plays in order, at its own pace, over a way that takes time; in virtual time, by 1 ms.
struct Provider {
    now: u64,
    /// One way. ms.
    way: u64,
    /// Nothing arrives there before this.
    stalled_until: u64,
    on_the_way: VecDeque<(u64, Parcel)>,
    queue: VecDeque<Parcel>,
    /// ms of the first piece that were played.
    played: u64,
    echoes: VecDeque<(u64, String)>,
    clears: u32,
}

#[derive(Clone, Debug)]
enum Parcel {
    Sound,
    Mark(String),
    Clear,
}

impl Provider {
    fn new(way: u64) -> Self {
        let (on_the_way, queue, echoes) = Default::default();
        Self { now: 0, way, stalled_until: 0, on_the_way, queue, played: 0, echoes, clears: 0 }
    }

    fn send(&mut self, parcel: Parcel) {
        self.on_the_way.push_back((self.now + self.way, parcel));
    }

    fn waiting(&self) -> u64 {
        self.queue.iter().filter(|parcel| matches!(parcel, Parcel::Sound)).count() as u64 * FRAME - self.played
    }

    fn pass(&mut self, ms: u64) {
        for _ in 0..ms {
            self.now += 1;
            while self.now >= self.stalled_until
                && let Some((_, parcel)) = self.on_the_way.pop_front_if(|(at, _)| *at <= self.now)
            {
                self.take(parcel);
            }
            self.play();
        }
    }

    fn take(&mut self, parcel: Parcel) {
        if !matches!(parcel, Parcel::Clear) {
            return self.queue.push_back(parcel);
        }
        self.clears += 1;
        self.played = 0;
        for parcel in std::mem::take(&mut self.queue) {
            self.echo(parcel);
        }
    }

    fn play(&mut self) {
        while let Some(parcel) = self.queue.pop_front_if(|parcel| !matches!(parcel, Parcel::Sound)) {
            self.echo(parcel);
        }
        if self.queue.is_empty() {
            return;
        }
        self.played += 1;
        if self.played == FRAME {
            self.played = 0;
            self.queue.pop_front();
        }
    }

    fn echo(&mut self, parcel: Parcel) {
        if let Parcel::Mark(name) = parcel {
            self.echoes.push_back((self.now + self.way, name));
        }
    }
}

/// A show of so many frames, with pauses where asked.
fn show(provider: &mut Provider, backlog: &mut Backlog, frames: u64, is_pause: impl Fn(u64) -> bool) -> u64 {
    let mut skipped = 0;
    let begin = provider.now / FRAME;
    for number in begin..begin + frames {
        while let Some((_, name)) = provider.echoes.pop_front_if(|(at, _)| *at <= provider.now) {
            backlog.echo(&name, provider.now);
        }
        match backlog.frame(provider.now, number * 960, is_pause(number)) {
            Step::Send(mark) => {
                provider.send(Parcel::Sound);
                mark.into_iter().for_each(|name| provider.send(Parcel::Mark(name)));
            }
            Step::Skip => skipped += 1,
            Step::Wait => {}
            Step::Ask(name) => {
                provider.send(Parcel::Clear);
                provider.send(Parcel::Mark(name));
            }
            Step::Clear => {
                provider.send(Parcel::Clear);
                provider.send(Parcel::Sound);
            }
        }
        assert!(backlog.marks.len() <= MARKS);
        provider.pass(FRAME);
    }
    skipped
}

#[test]
fn on_a_steady_way_nothing_is_left_out_and_the_way_itself_is_no_backlog() {
    let (mut provider, mut backlog) = (Provider::new(150), Backlog::new(true));
    assert_eq!(show(&mut provider, &mut backlog, 5000, |_| true), 0);
    assert_eq!((provider.clears, backlog.ms_at(provider.now)), (0, 0));
    assert!((280..=340).contains(&backlog.floor.expect("measured")), "{:?}", backlog.floor);
}

#[test]
fn after_a_short_stall_pauses_are_left_out_until_the_caller_hears_the_show_in_time() {
    let (mut provider, mut backlog) = (Provider::new(30), Backlog::new(true));
    show(&mut provider, &mut backlog, 200, |_| false);
    let before = provider.waiting();
    provider.stalled_until = provider.now + 300;
    show(&mut provider, &mut backlog, 100, |_| false);
    assert!(provider.waiting() >= before + 260, "{} ms wait", provider.waiting());
    // Half a second of speech, half a second of pause.
    let skipped = show(&mut provider, &mut backlog, 500, |number| number % 50 >= 25);
    assert_eq!(provider.clears, 0);
    assert!((5..=15).contains(&skipped), "{skipped} frames");
    assert!(provider.waiting() <= before + 160, "{} ms wait", provider.waiting());
}

#[test]
fn after_a_long_stall_what_waits_is_thrown_away() {
    let (mut provider, mut backlog) = (Provider::new(30), Backlog::new(true));
    show(&mut provider, &mut backlog, 200, |_| false);
    provider.stalled_until = provider.now + 5000;
    // While the way is stuck, no more than a second is sent into it.
    show(&mut provider, &mut backlog, 250, |_| false);
    let stuck = provider.on_the_way.iter().filter(|(_, parcel)| matches!(parcel, Parcel::Sound)).count();
    assert!(stuck <= 150, "{stuck} frames are stuck");
    show(&mut provider, &mut backlog, 150, |_| false);
    assert!(provider.clears >= 1);
    assert!(provider.waiting() <= 160, "{} ms wait", provider.waiting());
    assert!(backlog.ms_at(provider.now) <= 160);
}

#[test]
fn a_provider_whose_clock_is_slow_is_kept_in_time_for_hours() {
    let (mut provider, mut backlog) = (Provider::new(30), Backlog::new(true));
    show(&mut provider, &mut backlog, 100, |_| false);
    let mut most = 0;
    for _ in 0..600 {
        // Each second it plays a millisecond less.
        show(&mut provider, &mut backlog, 50, |number| number % 50 == 0);
        provider.played = provider.played.saturating_sub(1);
        most = most.max(provider.waiting());
    }
    assert!(most <= 240, "{most} ms waited");
    assert_eq!(provider.clears, 0);
}

#[test]
fn where_echoes_say_nothing_of_what_was_played_nothing_is_left_out() {
    let mut backlog = Backlog::new(false);
    for number in 0..1000 {
        assert_eq!(backlog.frame(20 * number, 960 * number, true), Step::Send(None));
    }
}

#[test]
fn without_a_single_echo_nothing_is_known_and_nothing_is_done() {
    let mut backlog = Backlog::new(true);
    let steps: Vec<Step> = (0..2000).map(|number| backlog.frame(20 * number, 960 * number, true)).collect();
    assert!(steps.iter().all(|step| matches!(step, Step::Send(_))));
    assert_eq!(steps.iter().filter(|step| matches!(step, Step::Send(Some(_)))).count(), 80);
    assert_eq!(backlog.marks.len(), MARKS);
    assert_eq!(backlog.echo("nobody", 0), None);
}

#[test]
fn echoes_of_what_was_cleared_say_nothing() {
    let mut backlog = Backlog::new(true);
    let name = (0..25).find_map(|number| match backlog.frame(20 * number, 960 * number, false) {
        Step::Send(name) => name,
        _ => None,
    });
    let name = name.expect("a mark after half a second");
    assert_eq!(name, "24000");
    backlog.forget();
    assert_eq!((backlog.echo(&name, 600), backlog.floor), (None, None));
}
