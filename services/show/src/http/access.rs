//! Who is calling, as somebody in a show.

use crosspoint_model::grant::Bearer;
use crosspoint_model::show::ShowRole;
use crosspoint_model::{Code, Refusal};
use crosspoint_rooms::http::{Answer, Caller};

use crate::actor::{Actor, Role, role_of};
use crate::names::live_room;
use crate::{Shows, actor};

/// Who somebody is in this show: by the token's attributes, or because the token administers the show's room.
pub fn actor(caller: &Caller, show: &str) -> Answer<Actor> {
    match caller {
        Caller::Operator => Ok(Actor::operator()),
        Caller::Bearer(bearer) => {
            let actor = actor::Actor::of(bearer, show).or_else(|| administrator(bearer, show));
            actor.ok_or_else(|| {
                forbidden("the token does not belong to this show; it needs an invitation or a seat of it")
            })
        }
    }
}

/// Somebody of the staff of any show that goes on, or who runs the server: callers are known to all shows.
pub fn is_staff_somewhere(caller: &Caller, shows: &Shows) -> Answer<()> {
    let Caller::Bearer(bearer) = caller else { return Ok(()) };
    match role_of(&bearer.attributes) {
        Some((ShowRole::Host | ShowRole::Screener, show)) => shows.show(show).map(|_| ()).map_err(Into::into),
        Some((ShowRole::Guest, _)) | None => Err(forbidden("what is known of callers is for the staff of shows")),
    }
}

/// A token of the server's own making that administers rooms: minted by an application, or with `crosspoint token`.
fn administrator(bearer: &Bearer, show: &str) -> Option<Actor> {
    let has_role = role_of(&bearer.attributes).is_some();
    if has_role || !bearer.grant.may_administer(&live_room(show)) {
        return None;
    }
    let identity = if bearer.identity.is_empty() { "administrator" } else { &bearer.identity };
    Some(Actor { identity: identity.to_owned(), name: bearer.name.clone(), role: Role::Host })
}

fn forbidden(detail: &str) -> crosspoint_rooms::http::Refused {
    Refusal::new(Code::Forbidden, detail).into()
}
