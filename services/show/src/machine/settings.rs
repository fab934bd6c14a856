//! The show itself.

use std::collections::BTreeSet;

use crosspoint_model::show::{CallLink, CallState, ConnectionType, LobbySource, ShowMedia, ShowSettings, ShowView};
use crosspoint_model::{Code, Refusal};

use super::turn::Turn;
use super::{Deed, Outcome, Show};
use crate::actor::Actor;
use crate::names::{check_show_id, desk_room, live_room, lobby_room};

/// The longest title, in bytes.
const TITLE: usize = 200;
/// So many numbers lead to one show at most.
const NUMBERS: usize = 50;
/// So many lines has a show at most.
const LINES: u32 = 1000;

/// A new show, which takes calls from the start.
pub(crate) fn make(
    show_id: &str,
    settings: ShowSettings,
    pin: String,
    actor: &Actor,
    now_ms: u64,
) -> Result<(Show, Outcome), Refusal> {
    check_show_id(show_id)?;
    check_settings(&settings)?;
    let view = ShowView {
        show_id: show_id.to_owned(),
        settings,
        open: true,
        media: ShowMedia::Crosspoint,
        pin,
        live_room: live_room(show_id),
        lobby_room: lobby_room(show_id),
        desk_room: desk_room(show_id),
        created_at: now_ms,
        ended_at: None,
    };
    let mut show = Show::restored(view, Vec::new(), 0);
    let mut turn = Turn::new(&mut show, actor, now_ms);
    turn.told_of_show("made");
    let outcome = turn.end();
    Ok((show, outcome))
}

impl Turn<'_> {
    pub(super) fn change(&mut self, settings: ShowSettings) -> Result<(), Refusal> {
        check_settings(&settings)?;
        let before = std::mem::replace(&mut self.show.view.settings, settings);
        let now = &self.show.view.settings;
        if *now == before {
            return Ok(());
        }
        if now.caller_voice != before.caller_voice {
            self.will(Deed::Voices);
        }
        self.will(Deed::Feeds);
        self.told_of_show("changed");
        Ok(())
    }

    pub(super) fn set_open(&mut self, open: bool) {
        if std::mem::replace(&mut self.show.view.open, open) != open {
            self.told_of_show(if open { "opened" } else { "closed" });
        }
    }

    /// Telephones whose sound is where it is not to be any more are asked anew where they go.
    pub(super) fn switch(&mut self, media: ShowMedia) {
        if std::mem::replace(&mut self.show.view.media, media) == media {
            return;
        }
        let wrong = match media {
            ShowMedia::Conference => CallLink::Connected,
            ShowMedia::Crosspoint => CallLink::Conference,
        };
        let is_wrong = |link: CallLink, kind: ConnectionType| link == wrong && kind == ConnectionType::MediaStream;
        let calls: Vec<String> = self
            .show
            .open_calls()
            .filter(|call| is_wrong(call.link, call.connection_type))
            .map(|call| call.call_id.clone())
            .collect();
        if media == ShowMedia::Conference {
            self.end_private_talks();
        }
        calls.into_iter().for_each(|call| self.will(Deed::Redirect(call)));
        self.told_of_show("switched");
    }

    /// There is no talking in private in a conference.
    fn end_private_talks(&mut self) {
        let is_talk = |state, kind| state == CallState::Screening && kind == ConnectionType::MediaStream;
        let talks: Vec<String> = self
            .show
            .open_calls()
            .filter(|call| is_talk(call.state, call.connection_type))
            .map(|call| call.call_id.clone())
            .collect();
        talks.iter().for_each(|call| self.return_to_lobby(call));
    }

    pub(super) fn finish(&mut self) {
        if self.show.view.ended_at.is_some() {
            return;
        }
        let calls: Vec<String> = self.show.open_calls().map(|call| call.call_id.clone()).collect();
        for call in calls {
            self.call_mut(&call).end_reason = Some("the show has ended".into());
            self.enter(&call, CallState::Dropped, "dropped");
        }
        self.show.view.open = false;
        self.show.view.ended_at = Some(self.now);
        self.will(Deed::CloseRooms);
        self.told_of_show("ended");
    }
}

fn check_settings(settings: &ShowSettings) -> Result<(), Refusal> {
    let refuse = |detail: &str| Err(Refusal::new(Code::InvalidRequest, detail));
    if settings.title.len() > TITLE {
        return refuse("title has at most 200 bytes");
    }
    if settings.numbers.len() > NUMBERS {
        return refuse("numbers: at most 50 lead to one show");
    }
    if !settings.numbers.iter().all(|number| is_e164(number)) {
        return refuse("numbers: each is E.164: a plus, the country, the number, without spaces");
    }
    if settings.numbers.iter().collect::<BTreeSet<_>>().len() < settings.numbers.len() {
        return refuse("numbers: one stands there twice");
    }
    if !(1..=LINES).contains(&settings.lines) {
        return refuse("lines is 1 to 1000");
    }
    let has_file = settings.lobby_file.as_ref().is_some_and(|file| !file.is_empty());
    if settings.lobby == LobbySource::File && !has_file {
        return refuse("lobbyFile: which file is the lobby to hear?");
    }
    if let Some(fault) = settings.caller_voice.fault() {
        return Err(Refusal::new(Code::InvalidRequest, format!("callerVoice: {fault}")));
    }
    Ok(())
}

/// A plus and up to fifteen digits (ITU-T E.164 §6).
pub(crate) fn is_e164(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or_default();
    (3..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}
