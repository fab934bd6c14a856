//! Coming back: a session whose socket dropped is taken up again. Its leg never stopped.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crosspoint_model::grant::Bearer;
use crosspoint_model::signal::{ServerMessage, SessionDescription};
use crosspoint_model::{Code, Refusal, RoomKind};
use tokio::sync::oneshot;

use crate::Rooms;
use crate::departure::Departure;
use crate::leg::Reply;
use crate::listening::tell_listening;
use crate::outbox::{body, frame};
use crate::participant::Core;
use crate::session::{JoinRequest, Session};
use crate::talkback::tell_talkbacks;

/// So long an offer that came with a resume may take.
const ANSWER: Duration = Duration::from_secs(5);

impl Rooms {
    pub(crate) async fn resume(&self, request: &JoinRequest, token: &str) -> Result<Session, Refusal> {
        let gone = || Refusal::new(Code::ResumeFailed, "there is no such session any more: join without `resume`");
        let core = self.inner.registry.session(token).ok_or_else(gone)?;
        let bearer = &request.bearer;
        if core.identity.as_str() != bearer.identity {
            return Err(Refusal::new(Code::IdentityMismatch, "this session is another identity's"));
        }
        if !bearer.grant.may_join(core.home.as_str()) {
            return Err(Refusal::new(Code::Forbidden, "the token is for another room than this session"));
        }
        if core.outbox.has_ended() {
            return Err(gone());
        }
        let missed = || {
            let detail = "more messages were missed than are kept: join without `resume`";
            Refusal::new(Code::ResumeFailed, detail)
        };
        if !core.outbox.keeps_after(request.join.last_seq) {
            return Err(missed());
        }
        let answer = self.answer_for_resumed(&core, request).await?;
        core.within(|room, state| {
            if let Some(participant) = state.participants.get_mut(&core.identity) {
                // A kick must outlast every token that it is against.
                let expires = bearer.expires.max(participant.bearer.expires);
                participant.bearer = Bearer { expires, ..bearer.clone() };
            }
            // Its page may be a new one, which knows of no offer on its way.
            state.glare.forget(&core.identity);
            // Who presents the token once more after this comes too late: only the newest is good.
            self.inner.registry.renew_resume(&core)?;
            let joined = self.joined(room, state, &core, answer, true);
            let first = frame(None, request.request, &body(&ServerMessage::Joined(Box::new(joined))));
            let session = Session::attach(self, &core, first, request.join.last_seq)?;
            // Its page may be a new one, and `joined` says neither.
            tell_listening(state, &core);
            tell_talkbacks(state, &core);
            Ok(session)
        })
        .map_err(|refusal| if refusal.code == Code::SessionNotFound { gone() } else { refusal })
        .inspect(|_| {
            self.inner.resumes.fetch_add(1, Ordering::Relaxed);
        })
    }

    /// A page that was reloaded brings a new offer along; most sessions bring none.
    async fn answer_for_resumed(
        &self,
        core: &Arc<Core>,
        request: &JoinRequest,
    ) -> Result<Option<SessionDescription>, Refusal> {
        let Some(offer) = request.join.offer.as_ref().filter(|_| core.room().kind != RoomKind::Mesh) else {
            return Ok(None);
        };
        let (sender, receiver) = oneshot::channel();
        self.negotiate(core, &offer.sdp, request.join.publish.as_deref(), Reply::Caller(sender))?;
        let silent = || Refusal::new(Code::MediaUnavailable, "the media plane does not answer");
        let answer = tokio::time::timeout(ANSWER, receiver).await.map_err(|_| silent())?.map_err(|_| silent())??;
        Ok(Some(SessionDescription::answer(answer)))
    }

    /// Nobody holds the session any more: it waits for a while.
    pub(crate) fn wait_for_return(&self, core: &Arc<Core>, hold: u64) {
        let (rooms, session) = (self.clone(), Arc::clone(core));
        let task = self.inner.runtime.spawn(async move {
            let core = session;
            tokio::time::sleep(rooms.inner.options.limits.resume).await;
            let gone = core.within(|room, state| {
                // Asked under the room's lock, under which sessions are taken up again.
                if !core.outbox.is_still_without(hold) {
                    return Ok(None);
                }
                Ok(rooms.remove(room, state, &core.identity, Departure::Disconnected))
            });
            if let Ok(Some(gone)) = gone {
                rooms.finish(&gone, crosspoint_model::signal::close::SILENT, "nobody came back to this session");
            }
        });
        core.waiting.set(task.abort_handle());
    }
}
