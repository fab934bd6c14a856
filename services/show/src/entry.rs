//! One show of this server: what was decided last, and what is going on in it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use crosspoint_model::show::{CallLink, ShowEvent};
use crosspoint_rooms::{CallRef, LineFigures, LineOrder};
use tokio::sync::{broadcast, mpsc};
use tokio::time::Instant;

use crate::lobby::Feeds;
use crate::machine::{Deed, Show};

/// So many events wait for a reader that is slow; then it must take the snapshot again.
const EVENTS_KEPT: usize = 1024;

/// A show.
pub(crate) struct Entry {
    pub(crate) id: String,
    /// As it was decided, and kept, last.
    current: RwLock<Arc<Show>>,
    /// Whoever changes something has this.
    pub(crate) stage: tokio::sync::Mutex<Stage>,
    pub(crate) events: broadcast::Sender<Arc<ShowEvent>>,
    /// Since when it takes calls, for the choice among shows.
    pub(crate) opened_at: AtomicU64,
    /// Who found all lines busy, and waits in the conference; the one who waits longest first.
    pub(crate) overflow: Mutex<VecDeque<Waiting>>,
}

/// What goes on in a show beside what was decided.
#[derive(Default)]
pub(crate) struct Stage {
    /// The telephone lines whose sockets are here, by call.
    pub(crate) lines: BTreeMap<String, Line>,
    /// When calls whose sound is not here are given up.
    pub(crate) deadlines: BTreeMap<String, Deadline>,
    /// Staff who have gone, until when they may come back to where they were.
    pub(crate) departed: BTreeMap<String, Instant>,
    /// What could not be carried out yet.
    pub(crate) unsettled: BTreeSet<Deed>,
    /// Events that the store has not taken yet.
    pub(crate) unsaved: Vec<ShowEvent>,
    /// What the lobby and the desk hear.
    pub(crate) feeds: Feeds,
    /// What is known of the telephone company's conferences.
    pub(crate) conference: Gathering,
}

/// Somebody who waits for a line.
pub(crate) struct Waiting {
    pub(crate) call: CallRef,
    /// When it was asked back; the line that was free then is kept for it for a moment.
    pub(crate) asked: Option<Instant>,
}

/// When a call is given up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    /// As long as this is where its sound is.
    pub(crate) link: CallLink,
    /// Since when it is.
    pub(crate) since: Instant,
    pub(crate) at: Instant,
    /// What is said then.
    pub(crate) reason: &'static str,
}

/// What is known of the telephone company's conferences.
#[derive(Default)]
pub(crate) struct Gathering {
    /// Where each call was heard of last.
    pub(crate) heard: BTreeMap<CallRef, Heard>,
    /// Attempts to bring each call back, and when the next one is due.
    pub(crate) returns: BTreeMap<String, (u32, Instant)>,
    /// When it was looked last who is in it.
    pub(crate) looked: Option<Instant>,
    /// Who changes a call in the conference has its turn; the others wait.
    pub(crate) turns: BTreeMap<String, Arc<tokio::sync::Mutex<()>>>,
}

/// What was told last of a call in a conference.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// The company's own name for the conference.
    pub(crate) conference: String,
    /// Is it where the hosts are, not one for who finds that full?
    pub(crate) is_first: bool,
    /// The number of the event; 0: it had none.
    pub(crate) sequence: u64,
    /// When it was told.
    pub(crate) at: Instant,
}

impl Gathering {
    /// Is it not where the hosts are?
    pub(crate) fn is_apart(&self, call: &CallRef) -> bool {
        self.heard.get(call).is_some_and(|heard| !heard.is_first)
    }
}

/// A telephone line whose socket is here.
pub(crate) struct Line {
    pub(crate) orders: mpsc::UnboundedSender<LineOrder>,
    pub(crate) figures: Arc<LineFigures>,
    /// Sockets of this call that have not reported their end yet. An old one may do so after a new one has come.
    pub(crate) sockets: u32,
    /// Was nobody there who takes orders, when the clock looked last?
    pub(crate) was_dead: bool,
}

impl Line {
    /// Did nobody take it, or has its door gone without a word? A door that ends reports it, so this is one second old at least.
    pub(crate) fn is_dead_for_long(&mut self) -> bool {
        std::mem::replace(&mut self.was_dead, true)
    }
}

impl Entry {
    pub(crate) fn new(show: Show) -> Self {
        Self {
            id: show.view.show_id.clone(),
            opened_at: AtomicU64::new(show.view.created_at),
            overflow: Mutex::default(),
            current: RwLock::new(Arc::new(show)),
            stage: tokio::sync::Mutex::default(),
            events: broadcast::Sender::new(EVENTS_KEPT),
        }
    }

    /// Somebody waits for a line; who did so before keeps their place, and is asked again when it is time. Is it news?
    pub(crate) fn waits_for_a_line(&self, call: CallRef) -> bool {
        let mut waiting = lock(&self.overflow);
        let is_news = waiting.iter().all(|one| one.call != call);
        if is_news {
            waiting.push_back(Waiting { call, asked: None });
        }
        is_news
    }

    /// Does this one wait for a line?
    pub(crate) fn is_waiting(&self, call: &CallRef) -> bool {
        lock(&self.overflow).iter().any(|one| one.call == *call)
    }

    /// It has one, or has gone.
    pub(crate) fn waits_no_more(&self, call: &CallRef) {
        lock(&self.overflow).retain(|one| one.call != *call);
    }

    pub(crate) fn current(&self) -> Arc<Show> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whoever calls this has the stage.
    pub(crate) fn commit(&self, show: Show) -> Arc<Show> {
        let show = Arc::new(show);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&show);
        show
    }
}

impl Waiting {
    /// So long a call has to come after it was asked.
    const TO_COME: Duration = Duration::from_secs(20);

    /// Is it on its way?
    pub(crate) fn is_coming(&self, now: Instant) -> bool {
        self.asked.is_some_and(|asked| asked + Self::TO_COME > now)
    }
}

/// A panic elsewhere costs what it was doing.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
