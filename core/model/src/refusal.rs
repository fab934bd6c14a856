//! Every error that a client can get. `Code` is closed: a new one needs a page in `docs/errors`.

use serde::{Deserialize, Serialize};

/// Where the pages about codes stand.
pub const DOCS: &str = "https://github.com/crosspoint/crosspoint/blob/main/docs/errors/";

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $status:literal),+ $(,)?) => {
        /// Why something was refused. The word stands in JSON; the status is what HTTP doors answer.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum Code { $($(#[$doc])* #[serde(rename = $word)] $variant),+ }

        impl Code {
            /// Every code there is.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word that stands in JSON and names the page in `docs/errors`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The HTTP status (RFC 9110 §15) that fits.
            pub fn http_status(self) -> u16 {
                match self { $(Self::$variant => $status),+ }
            }
        }
    };
}

codes! {
    /// No token, or one that is not valid.
    Unauthorized = "unauthorized", 401,
    /// The token's time is over.
    TokenExpired = "token-expired", 401,
    /// The token does not allow this.
    Forbidden = "forbidden", 403,
    /// `join.userId` is not the token's `sub`.
    IdentityMismatch = "identity-mismatch", 403,
    /// This identity was put out of the room.
    Kicked = "kicked", 403,
    /// The room is locked.
    RoomLocked = "room-locked", 403,
    /// The room asks for a PIN and this is not it.
    WrongPin = "wrong-pin", 403,
    /// The room has as many participants as it may.
    RoomFull = "room-full", 403,
    /// The server has as many rooms, participants or sessions as it may.
    ServerFull = "server-full", 503,
    /// The server is going down and takes nobody new.
    Draining = "draining", 503,
    /// There is no such room.
    RoomNotFound = "room-not-found", 404,
    /// The room was closed.
    RoomClosed = "room-closed", 410,
    /// A room of this name exists already.
    RoomExists = "room-exists", 409,
    /// There is no such participant in the room.
    ParticipantNotFound = "participant-not-found", 404,
    /// There is no such track in the room.
    TrackNotFound = "track-not-found", 404,
    /// There is no such session, or it has ended.
    SessionNotFound = "session-not-found", 404,
    /// There is no such session of two programs that meet through this server, or it has ended.
    NoSession = "no-session", 404,
    /// The other side has not said this yet.
    NotReady = "not-ready", 404,
    /// Another offer waits for its answer.
    OfferExists = "offer-exists", 409,
    /// The offer has another answer already.
    AnswerExists = "answer-exists", 409,
    /// What came belongs to an offer that another one has replaced.
    StaleRevision = "stale-revision", 409,
    /// There is no such page or path.
    NotFound = "not-found", 404,
    /// This connection has joined already.
    AlreadyJoined = "already-joined", 409,
    /// Join first.
    NotJoined = "not-joined", 409,
    /// The message is not JSON of a known shape.
    MalformedMessage = "malformed-message", 400,
    /// The request's fields do not make sense.
    InvalidRequest = "invalid-request", 400,
    /// The session description cannot be used.
    InvalidSdp = "invalid-sdp", 422,
    /// The ICE candidate cannot be used.
    InvalidCandidate = "invalid-candidate", 400,
    /// An offer crossed another one, or came out of order.
    NegotiationConflict = "negotiation-conflict", 409,
    /// The entity tag of the ICE session is not the current one.
    PreconditionFailed = "precondition-failed", 412,
    /// `If-Match` is needed here.
    PreconditionRequired = "precondition-required", 428,
    /// This cannot be done here; `Allow` says what can.
    MethodNotAllowed = "method-not-allowed", 405,
    /// The body's media type is not the one of this path.
    UnsupportedMediaType = "unsupported-media-type", 415,
    /// The message is too large.
    MessageTooLarge = "message-too-large", 413,
    /// Too many messages or attempts; wait.
    RateLimited = "rate-limited", 429,
    /// The client speaks a version of the protocol that this server does not.
    ProtocolUnsupported = "protocol-unsupported", 400,
    /// More tracks than one participant may publish.
    TooManyTracks = "too-many-tracks", 403,
    /// The session cannot be resumed: join anew.
    ResumeFailed = "resume-failed", 410,
    /// The media plane does not run or does not answer.
    MediaUnavailable = "media-unavailable", 503,
    /// This server does not record.
    RecordingUnavailable = "recording-unavailable", 501,
    /// This server plays no files.
    PlayerUnavailable = "player-unavailable", 501,
    /// The participant cannot be moved there.
    MoveUnavailable = "move-unavailable", 409,
    /// There is no such show.
    ShowNotFound = "show-not-found", 404,
    /// A show of this name exists already.
    ShowExists = "show-exists", 409,
    /// The show takes no calls now.
    ShowClosed = "show-closed", 409,
    /// There is no such call in the show.
    CallNotFound = "call-not-found", 404,
    /// Somebody else has this call.
    CallTaken = "call-taken", 409,
    /// The call is not in a state in which this can be done.
    CallState = "call-state", 409,
    /// All lines of the show are busy.
    LinesBusy = "lines-busy", 503,
    /// The provider of telephone lines did not do what was asked of it.
    CarrierFailed = "carrier-failed", 502,
    /// The store cannot be written to.
    StoreUnavailable = "store-unavailable", 503,
    /// The peer to whom this goes is not in the room.
    TargetNotFound = "target-not-found", 404,
    /// A fault of the server; its log has more.
    Internal = "internal", 500,
}

impl Code {
    /// The page about this code.
    pub fn docs(self) -> String {
        format!("{DOCS}{}.md", self.as_str())
    }
}

/// An error that a client gets: what kind, and what exactly.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", code.as_str())]
pub struct Refusal {
    /// What kind.
    pub code: Code,
    /// What exactly, and what to do, in a sentence for a person.
    pub detail: String,
}

impl Refusal {
    /// A refusal with its detail.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back_from_its_word() {
        for code in Code::ALL {
            let json = serde_json::to_string(code).expect("json");
            assert_eq!(json, format!("\"{}\"", code.as_str()));
            assert_eq!(serde_json::from_str::<Code>(&json).expect("json"), *code);
        }
    }
}
