//! Who is calling, as somebody in a show.

use crosspoint_model::grant::Bearer;
use crosspoint_model::show::ShowRole;
use crosspoint_model::{Code, Refusal};
use crosspoint_rooms::http::{Answer, Caller};

use crate::Shows;
use crate::actor::{Actor, Claim, Role};
use crate::names::live_room;

/// Who somebody is in this show: by the token's attributes, or because the token administers the show's room.
pub fn actor(shows: &Shows, caller: &Caller, show: &str) -> Answer<Actor> {
    match caller {
        Caller::Operator => Ok(Actor::operator()),
        Caller::Bearer(bearer) => {
            let made = shows.show(show).ok().map(|view| view.created_at);
            let actor = Actor::of(bearer, show, made).or_else(|| administrator(bearer, show));
            actor.ok_or_else(|| {
                forbidden("the token does not belong to this show; it needs an invitation or a seat of it")
            })
        }
    }
}

/// Somebody of the staff of any show that goes on, or who runs the server: callers are known to all shows.
pub fn is_staff_somewhere(caller: &Caller, shows: &Shows) -> Answer<()> {
    let Caller::Bearer(bearer) = caller else { return Ok(()) };
    let is_staff = |claim: &Claim<'_>| matches!(claim.role, ShowRole::Host | ShowRole::Screener);
    let refused = || forbidden("what is known of callers is for the staff of shows");
    let claim = Claim::of(&bearer.attributes).filter(is_staff).ok_or_else(refused)?;
    let made = shows.show(claim.show)?.created_at;
    if claim.is_of(claim.show, Some(made)) { Ok(()) } else { Err(refused()) }
}

/// A token of the server's own making that administers rooms: minted by an application, or with `crosspoint token`.
fn administrator(bearer: &Bearer, show: &str) -> Option<Actor> {
    let has_role = Claim::of(&bearer.attributes).is_some();
    if has_role || !bearer.grant.may_administer(&live_room(show)) {
        return None;
    }
    let identity = if bearer.identity.is_empty() { "administrator" } else { &bearer.identity };
    Some(Actor { identity: identity.to_owned(), name: bearer.name.clone(), role: Role::Host })
}

fn forbidden(detail: &str) -> crosspoint_rooms::http::Refused {
    Refusal::new(Code::Forbidden, detail).into()
}
