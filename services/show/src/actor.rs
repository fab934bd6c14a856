//! Who does something in a show, and what they may: the one place where that is decided.

use std::collections::BTreeMap;

use crosspoint_model::grant::Bearer;
use crosspoint_model::show::{ShowRole, ShowView};
use crosspoint_model::{Code, Refusal};

use crate::machine::{Command, Verb};

/// The attribute of a token that says what its bearer may do in a show.
pub const ROLE: &str = "crosspoint.role";
/// The attribute of a token that says in which show.
pub const SHOW: &str = "crosspoint.show";
/// The attribute of a token that says when that show was made: another show of the same name is none of its bearer's. Absent, in
/// tokens that an application makes: whichever show has the name.
pub const SINCE: &str = "crosspoint.since";

/// Somebody who does something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The identity, as in rooms.
    pub identity: String,
    /// For people.
    pub name: String,
    /// What they are.
    pub role: Role,
}

/// What somebody is to a show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// Runs this server: may do everything in every show.
    Operator,
    /// Of this show: may do everything in it.
    Host,
    /// Of this show: may do what is done with calls, the air apart.
    Screener,
    /// The guest of this call: may hang up.
    Guest(String),
    /// The server itself, for callers and clocks.
    Server,
}

impl Actor {
    /// Who runs this server.
    pub fn operator() -> Self {
        Self { identity: "operator".into(), name: "Operator".into(), role: Role::Operator }
    }

    /// The server itself.
    pub fn server() -> Self {
        Self { identity: String::new(), name: String::new(), role: Role::Server }
    }

    /// Whom a token of this show speaks for; none: its attributes name no role in it. `made`: when the show was; none: there is
    /// none of this name.
    pub fn of(bearer: &Bearer, show: &str, made: Option<u64>) -> Option<Self> {
        let claim = Claim::of(&bearer.attributes).filter(|claim| claim.is_of(show, made))?;
        let role = match claim.role {
            ShowRole::Host => Role::Host,
            ShowRole::Screener => Role::Screener,
            ShowRole::Guest => Role::Guest(bearer.identity.strip_prefix("call-").unwrap_or_default().to_owned()),
        };
        let name = if bearer.name.is_empty() { bearer.identity.clone() } else { bearer.name.clone() };
        Some(Self { identity: bearer.identity.clone(), name, role })
    }

    /// Is it somebody of the staff?
    pub fn is_staff(&self) -> bool {
        matches!(self.role, Role::Operator | Role::Host | Role::Screener)
    }

    /// May it make shows, and see which there are?
    ///
    /// # Errors
    /// `forbidden`.
    pub fn may_run_shows(&self) -> Result<(), Refusal> {
        match self.role {
            Role::Operator | Role::Server => Ok(()),
            Role::Host | Role::Screener | Role::Guest(_) => Err(refused("only an operator does that")),
        }
    }

    /// May it call somebody into the conference, or make links for others?
    ///
    /// # Errors
    /// `forbidden`.
    pub fn may_direct(&self) -> Result<(), Refusal> {
        match self.role {
            Role::Operator | Role::Host | Role::Server => Ok(()),
            Role::Screener | Role::Guest(_) => Err(refused("only a host of the show does that")),
        }
    }

    /// May it see the show, its calls and its callers?
    ///
    /// # Errors
    /// `forbidden`.
    pub fn may_see(&self) -> Result<(), Refusal> {
        match self.role {
            Role::Operator | Role::Host | Role::Screener | Role::Server => Ok(()),
            Role::Guest(_) => Err(refused("that is for the staff of the show")),
        }
    }

    /// May it do this?
    pub(crate) fn may(&self, command: &Command) -> Result<(), Refusal> {
        match &self.role {
            Role::Operator | Role::Host | Role::Server => Ok(()),
            Role::Screener => screener_may(command),
            Role::Guest(call) => guest_may(call, command),
        }
    }

    /// Who stands in the event: the caller and the server itself do not.
    pub(crate) fn by(&self) -> Option<String> {
        self.is_staff().then(|| self.identity.clone())
    }
}

/// What a token's attributes say of its bearer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim<'a> {
    pub(crate) role: ShowRole,
    pub(crate) show: &'a str,
    since: Option<&'a str>,
}

impl<'a> Claim<'a> {
    /// None: they name no role in a show.
    pub(crate) fn of(attributes: &'a BTreeMap<String, String>) -> Option<Self> {
        let role = match attributes.get(ROLE)?.as_str() {
            "host" => ShowRole::Host,
            "screener" => ShowRole::Screener,
            "guest" => ShowRole::Guest,
            _ => return None,
        };
        Some(Self { role, show: attributes.get(SHOW)?, since: attributes.get(SINCE).map(String::as_str) })
    }

    /// The attributes that say it.
    pub(crate) fn attributes(role: ShowRole, show: &ShowView) -> BTreeMap<String, String> {
        let since = show.created_at.to_string();
        [(ROLE, role.as_str()), (SHOW, &show.show_id), (SINCE, &since)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }

    /// Does it say of which show of this name? Those of seats and links do.
    pub(crate) fn is_dated(&self) -> bool {
        self.since.is_some()
    }

    /// Is it about the show of this name that was made then?
    pub(crate) fn is_of(&self, show: &str, made: Option<u64>) -> bool {
        let is_older = |(since, made): (&str, u64)| since != made.to_string();
        self.show == show && !self.since.zip(made).is_some_and(is_older)
    }
}

fn screener_may(command: &Command) -> Result<(), Refusal> {
    match command {
        Command::Act { verb, .. } => match verb {
            Verb::PickUp | Verb::Screened | Verb::Approve | Verb::Screen | Verb::Drop => Ok(()),
            Verb::Lock | Verb::Unlock | Verb::Notes | Verb::HangUp => Ok(()),
            Verb::Next | Verb::Air | Verb::Hold => Err(refused("only a host decides what is on the air")),
        },
        Command::TakeNext => Err(refused("only a host decides what is on the air")),
        Command::Change(_) | Command::Open | Command::Close | Command::Switch(_) | Command::Finish => {
            Err(refused("only a host of the show does that"))
        }
        Command::Ring(_)
        | Command::Link { .. }
        | Command::Keyed { .. }
        | Command::Over { .. }
        | Command::Known(_)
        | Command::Leave(_) => Err(refused("that happens, and is not done")),
    }
}

fn guest_may(own: &str, command: &Command) -> Result<(), Refusal> {
    match command {
        Command::Act { call, verb: Verb::HangUp, .. } if call == own => Ok(()),
        _ => Err(refused("a guest hangs up, and no more")),
    }
}

fn refused(detail: &str) -> Refusal {
    Refusal::new(Code::Forbidden, detail)
}
