//! Links that invite, and the seats that who follows them gets: a token for a room of the show.

use crosspoint_auth::unix_now;
use crosspoint_model::grant::Bearer;
use crosspoint_model::show::{CallNotes, ConnectionType, ShowRole, ShowView};
use crosspoint_model::{Code, Grant, Refusal, Source};

use crate::actor::Claim;
use crate::chance;
use crate::machine::{Command, Newcomer};
use crate::names::{call_identity, desk_room, live_room, lobby_room};
use crate::shows::Shows;

/// A place in a show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Opens the room.
    pub token: String,
    /// Who one is there.
    pub identity: String,
    /// The room to join; who was moved is let in where they are.
    pub room: String,
    /// What one may do.
    pub role: ShowRole,
    /// A guest's own call.
    pub call_id: Option<String>,
}

/// Addresses of pages, each with what opens it in the fragment, which no server ever sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Links {
    /// For hosts.
    pub host: String,
    /// For screeners.
    pub screener: String,
    /// For guests.
    pub guest: String,
    /// For those who call in with the simulated telephone.
    pub call_in: String,
}

impl Shows {
    /// A seat for who was invited. A guest's call rings when the guest is in the lobby.
    ///
    /// # Errors
    /// `show-not-found`; for guests also `show-closed`, `lines-busy`, `store-unavailable`; `invalid-request`.
    pub async fn seat(&self, show: &str, role: ShowRole, name: &str, topic: Option<String>) -> Result<Seat, Refusal> {
        let entry = self.entry(show)?;
        if name.len() > 200 || name.trim().is_empty() {
            return Err(Refusal::new(Code::InvalidRequest, "name has 1 to 200 bytes"));
        }
        let (identity, room, call_id) = match role {
            ShowRole::Host => (format!("host-{}", chance::short_id()?), live_room(show), None),
            ShowRole::Screener => (format!("screener-{}", chance::short_id()?), desk_room(show), None),
            ShowRole::Guest => {
                let call = chance::call_id()?;
                let notes = CallNotes { name: Some(name.to_owned()), topic, ..CallNotes::default() };
                let newcomer = guest(call.clone(), notes);
                self.decide(&entry, Command::Ring(Box::new(newcomer)), &crate::Actor::server()).await?;
                (call_identity(&call), lobby_room(show), Some(call))
            }
        };
        let current = entry.current();
        self.prepare_rooms(&current);
        let bearer = self.bearer(&current.view, role, &identity, name, grant(role, &room));
        let token = self.inner.keys.mint(&bearer, unix_now())?;
        Ok(Seat { token, identity, room, role, call_id })
    }

    /// The links that lead into a show. They are secrets.
    ///
    /// # Errors
    /// `show-not-found`.
    pub fn links(&self, show: &str) -> Result<Links, Refusal> {
        self.entry(show)?;
        Ok(Links {
            host: self.link(show, ShowRole::Host, "host")?,
            screener: self.link(show, ShowRole::Screener, "screener")?,
            guest: self.link(show, ShowRole::Guest, "guest")?,
            call_in: self.link(show, ShowRole::Guest, "call-in")?,
        })
    }

    /// The token that stands in a link: it opens no room, and gets its bearer a seat.
    ///
    /// # Errors
    /// `show-not-found`.
    pub fn invite(&self, show: &str, role: ShowRole) -> Result<String, Refusal> {
        let current = self.entry(show)?.current();
        let bearer = self.bearer(&current.view, role, "invite", "", Grant::default());
        self.inner.keys.mint(&bearer, unix_now())
    }

    fn link(&self, show: &str, role: ShowRole, page: &str) -> Result<String, Refusal> {
        let base = self.inner.public_url.as_deref().unwrap_or_default().trim_end_matches('/');
        Ok(format!("{base}/shows/{show}/{page}#token={}", self.invite(show, role)?))
    }

    fn bearer(&self, show: &ShowView, role: ShowRole, identity: &str, name: &str, grant: Grant) -> Bearer {
        Bearer {
            key: self.inner.key.clone(),
            identity: identity.to_owned(),
            name: name.to_owned(),
            attributes: Claim::attributes(role, show),
            grant,
            expires: unix_now() + self.inner.token_lifetime.as_secs(),
            ..Bearer::default()
        }
    }
}

fn guest(call_id: String, notes: CallNotes) -> Newcomer {
    Newcomer {
        call_id,
        connection_type: ConnectionType::Webrtc,
        call_sid: None,
        provider: None,
        number: None,
        caller: None,
        notes,
    }
}

fn grant(role: ShowRole, room: &str) -> Grant {
    match role {
        ShowRole::Host => Grant { room_admin: true, ..Grant::join(room) },
        ShowRole::Screener => Grant::join(room),
        ShowRole::Guest => Grant {
            can_publish_sources: vec![Source::Microphone],
            can_publish_data: Some(false),
            can_update_own_metadata: Some(false),
            ..Grant::join(room)
        },
    }
}
