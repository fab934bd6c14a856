//! The resources that there are. One lives until it is deleted or its media ends.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crosspoint_model::{Code, Refusal, RoomId, Secret};
use crosspoint_rooms::LegHandle;
use tokio::sync::Notify;

use crate::credential::Credential;

/// What a POST made.
pub struct Resource {
    /// The leg; dropping it ends it.
    pub handle: LegHandle,
    /// Who made it.
    pub maker: Maker,
    /// What changes with each ICE restart. Held across a restart, so that two cannot cross.
    pub ice: tokio::sync::Mutex<IceSession>,
    deleted: Notify,
}

/// Who made a resource.
pub struct Maker {
    /// With which token.
    pub credential: Credential,
    /// The token's `sub`.
    pub sub: String,
}

/// An ICE session: from one restart to the next.
pub struct IceSession {
    /// Its entity tag, quotes included (RFC 9110 §8.8.3).
    pub tag: String,
    /// The client's user fragment.
    pub ufrag: String,
    generation: u32,
}

impl IceSession {
    /// The first one.
    pub fn first(server_ufrag: &str, client_ufrag: &str) -> Self {
        Self::numbered(0, server_ufrag, client_ufrag)
    }

    /// The one after a restart.
    pub fn next(&self, server_ufrag: &str, client_ufrag: &str) -> Self {
        Self::numbered(self.generation.wrapping_add(1), server_ufrag, client_ufrag)
    }

    fn numbered(generation: u32, server_ufrag: &str, client_ufrag: &str) -> Self {
        Self { tag: format!("\"{generation}-{server_ufrag}\""), ufrag: client_ufrag.to_owned(), generation }
    }
}

/// All of them, by the last segment of their URL.
#[derive(Default)]
pub struct Resources(Mutex<HashMap<String, Arc<Resource>>>);

impl Resources {
    /// Keeps a leg until it is deleted or ends. Gives its id, which cannot be guessed.
    pub fn keep(self: &Arc<Self>, handle: LegHandle, maker: Maker, client_ufrag: &str) -> Result<Kept, Refusal> {
        let id = random_id()?;
        let ice = IceSession::first(&handle.ice().ufrag, client_ufrag);
        let tag = ice.tag.clone();
        let resource = Arc::new(Resource { handle, maker, ice: ice.into(), deleted: Notify::new() });
        self.lock().insert(id.clone(), resource.clone());
        let (resources, key) = (self.clone(), id.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = resource.handle.ended() => {}
                () = resource.deleted.notified() => {}
            }
            resources.lock().remove(&key);
        });
        Ok(Kept { id, tag })
    }

    /// The resource of this id in this room.
    pub fn get(&self, room: &RoomId, id: &str) -> Result<Arc<Resource>, Refusal> {
        let found = self.lock().get(id).filter(|resource| resource.handle.room() == room).cloned();
        found.filter(|resource| !resource.handle.has_ended()).ok_or_else(no_such_session)
    }

    /// Forgets a resource; its leg ends with it.
    pub fn delete(&self, id: &str) -> Result<(), Refusal> {
        let resource = self.lock().remove(id).ok_or_else(no_such_session)?;
        resource.deleted.notify_one();
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Resource>>> {
        // Nothing in here panics half way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is told of a resource that was made.
pub struct Kept {
    /// The last segment of its URL.
    pub id: String,
    /// The entity tag of its ICE session.
    pub tag: String,
}

impl Resource {
    /// Is this the token that it was made with? It serves to end the session even when its time is over.
    pub fn was_made_with(&self, token: &Secret) -> bool {
        self.maker.credential.token.as_ref().is_some_and(|own| own.matches(token.expose()))
    }
}

fn no_such_session() -> Refusal {
    Refusal::new(Code::SessionNotFound, "there is no such session, or it has ended")
}

fn random_id() -> Result<String, Refusal> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| Refusal::new(Code::Internal, "the system gives no random numbers"))?;
    let mut id = String::with_capacity(32);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(id, "{byte:02x}");
    }
    Ok(id)
}
