//! `crosspoint token create`: prints a token, and nothing else.

use anyhow::Context;
use crosspoint_auth::{Keys, unix_now};
use crosspoint_config::Config;
use crosspoint_model::grant::Bearer;
use crosspoint_model::{Grant, Identity, RoomId};
use crosspoint_sessions::{ROLE, SESSION, SessionId};

use crate::cli::{CreateToken, Token};

/// The keys that a configuration gives; `--dev` adds the one that everybody knows.
pub fn keys(config: &Config) -> Keys {
    let configured = Keys::new(config.auth.keys.clone());
    if config.dev { configured.and(Keys::dev()) } else { configured }
}

/// Mints it.
pub fn create(token: &Token, config: &Config) -> anyhow::Result<()> {
    let request = token.request();
    let keys = keys(config);
    let first = if config.dev { Some(crosspoint_auth::DEV_KEY) } else { keys.first() };
    let key = request.key.as_deref().or(first).context("no API keys: set auth.keys, or use --dev")?;
    let bearer = bearer(request, key, unix_now() + request.ttl.unwrap_or(config.auth.token_lifetime).as_secs())?;
    println!("{}", keys.mint(&bearer, unix_now())?);
    Ok(())
}

fn bearer(request: &CreateToken, key: &str, expires: u64) -> anyhow::Result<Bearer> {
    if let Some(room) = &request.room {
        RoomId::parse(room).context("--room")?;
    }
    if let Some(identity) = &request.identity {
        Identity::parse(identity).context("--identity")?;
    }
    if let Some(session) = &request.session {
        SessionId::parse(session).context("--session")?;
    }
    let session = request.session.as_deref().zip(request.role.as_deref());
    // Who may join a room that is not named may join every one, and a session is no room.
    let joins = request.identity.is_some() && session.is_none();
    let everywhere = request.admin && request.room.is_none();
    // Credentials for TURN bear it.
    let in_session = session.map(|(session, role)| format!("{role}-{session}"));
    let only_if_not = |allowed: bool| (!allowed).then_some(false);
    Ok(Bearer {
        key: key.to_owned(),
        identity: request.identity.clone().or(in_session).unwrap_or_default(),
        name: request.name.clone(),
        metadata: request.metadata.clone(),
        attributes: request.attributes.iter().cloned().chain(session_attributes(session)).collect(),
        grant: Grant {
            room_join: joins,
            room: request.room.clone().unwrap_or_default(),
            room_create: everywhere,
            room_list: everywhere,
            room_admin: request.admin,
            room_record: request.record,
            can_publish: only_if_not(request.can_publish),
            can_subscribe: only_if_not(request.can_subscribe),
            can_publish_data: only_if_not(request.can_publish_data),
            hidden: request.hidden,
            ..Grant::default()
        },
        expires,
    })
}

/// What makes a token one of a session (`docs/protocol/sessions.md`).
fn session_attributes(session: Option<(&str, &str)>) -> impl Iterator<Item = (String, String)> {
    session
        .into_iter()
        .flat_map(|(session, role)| [(SESSION, session), (ROLE, role)].map(|(name, value)| (name.into(), value.into())))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        request: CreateToken,
    }

    fn read(line: &str) -> anyhow::Result<Bearer> {
        bearer(&Line::try_parse_from(line.split_whitespace())?.request, "key", 1)
    }

    #[test]
    fn a_token_of_a_session_is_for_its_role_and_lets_nobody_into_a_room() {
        for (line, identity) in [
            ("create --session vm7 --role agent", "agent-vm7"),
            ("create --session vm7 --role agent --identity ann", "ann"),
        ] {
            let bearer = read(line).expect("a bearer");
            assert_eq!((bearer.identity.as_str(), bearer.grant.may_join("standup")), (identity, false));
            let attributes = ["crosspoint.session", "crosspoint.role"].map(|name| bearer.attributes[name].as_str());
            assert_eq!(attributes, ["vm7", "agent"]);
        }
        assert!(read("create --session v/7 --role agent").is_err());
    }

    #[test]
    fn attributes_of_a_session_can_be_set_one_by_one() {
        let line = "create --room a --identity b --attribute crosspoint.session=vm7 --attribute crosspoint.role=viewer";
        let bearer = read(line).expect("a bearer");
        assert_eq!(bearer.attributes["crosspoint.session"], "vm7");
        assert!(bearer.grant.may_join("a"));
    }
}
