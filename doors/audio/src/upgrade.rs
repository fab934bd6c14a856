//! Before a word is said: the token, the origin, and what the query asks for.

use axum::extract::ws::{Message, WebSocket};
use axum::extract::{Query, State, WebSocketUpgrade};
use axum::http::{Extensions, HeaderMap, Uri};
use axum::response::Response;
use crosspoint_model::grant::Bearer;
use crosspoint_model::signal::close;
use crosspoint_model::{Bus, Code, Refusal, RoomId, Source};
use crosspoint_rooms::{Outgoing, TapRequest, TapVoice, socket};
use serde::Deserialize;

use crate::Door;
use crate::connection::Connection;
use crate::sound::Rate;
use crate::words::ServerWord;

/// The largest frame: two seconds of sound at 48,000 samples a second.
pub const FRAME_BYTES: usize = 192_000;
/// A larger one is still read up to here, so that the client can be told why it is cut off.
const READ_BEYOND: usize = 1024 * 1024;
/// What a connection reads into: 20 ms fit.
const READ_BUFFER: usize = 4 * 1024;

/// The query as it comes.
#[derive(Default, Deserialize)]
struct Parameters {
    token: Option<String>,
    #[serde(default)]
    room: String,
    rate: Option<String>,
    bus: Option<String>,
    hears: Option<String>,
    source: Option<Source>,
    #[serde(default)]
    name: String,
}

/// `GET /ws/audio`
pub async fn upgrade(
    State(door): State<Door>,
    uri: Uri,
    headers: HeaderMap,
    extensions: Extensions,
    socket: WebSocketUpgrade,
) -> Response {
    let address = socket::address(&extensions);
    let query = Query::<Parameters>::try_from_uri(&uri);
    let token = query.as_ref().ok().and_then(|query| query.token.clone()).or_else(|| token_alone(&uri));
    let limit = FRAME_BYTES + READ_BEYOND;
    let socket = socket.max_message_size(limit).max_frame_size(limit).read_buffer_size(READ_BUFFER);
    let bearer = match door.audio.gate.bearer(token.as_deref(), &headers, address) {
        Ok(bearer) => bearer,
        Err(end) => return socket.on_upgrade(move |mut socket| async move { socket::close(&mut socket, &end).await }),
    };
    let wanted = query
        .map_err(|rejection| Refusal::new(Code::InvalidRequest, rejection.body_text()))
        .and_then(|Query(parameters)| wanted(parameters, bearer));
    socket.on_upgrade(move |mut socket| async move {
        let opened = wanted.and_then(|(request, rate)| Connection::open(&door, &request, rate));
        match opened {
            Ok(connection) => connection.run(socket).await,
            Err(refusal) => turn_away(&mut socket, refusal).await,
        }
    })
}

/// A token is looked for even where the rest of the query makes no sense: who has none learns nothing else.
fn token_alone(uri: &Uri) -> Option<String> {
    #[derive(Deserialize)]
    struct Token {
        token: Option<String>,
    }
    Query::<Token>::try_from_uri(uri).ok().and_then(|query| query.0.token)
}

/// What the query asks for. Where it does not say whether to speak or to hear, the token decides.
fn wanted(parameters: Parameters, bearer: Bearer) -> Result<(TapRequest, Rate), Refusal> {
    let Parameters { room, rate, bus, hears, source, name, .. } = parameters;
    let room = RoomId::parse(&room)?;
    let rate = Rate::parse(rate.as_deref().unwrap_or("48000"))?;
    let source = source.unwrap_or(Source::Other);
    let (may_speak, may_hear) =
        (bearer.grant.may_publish(source) && !bearer.grant.hidden, bearer.grant.may_subscribe());
    let speaks = bus_of("bus", bus.as_deref(), may_speak)?;
    let hears = bus_of("hears", hears.as_deref(), may_hear)?;
    let speaks = speaks.map(|bus| TapVoice { bus, name, ..TapVoice::of(source) });
    Ok((TapRequest { bearer, room, hears, speaks, is_service: false }, rate))
}

fn bus_of(parameter: &str, text: Option<&str>, usual: bool) -> Result<Option<Bus>, Refusal> {
    match text {
        None => Ok(usual.then_some(Bus::Programme)),
        Some("programme") => Ok(Some(Bus::Programme)),
        Some("hold") => Ok(Some(Bus::Hold)),
        Some("nothing") => Ok(None),
        Some(other) => {
            let detail = format!("{parameter} is programme, hold or nothing, not {other:?}");
            Err(Refusal::new(Code::InvalidRequest, detail))
        }
    }
}

/// Tells why nobody comes in, and closes.
async fn turn_away(socket: &mut WebSocket, refusal: Refusal) {
    let end = socket::fatal(&refusal)
        .unwrap_or_else(|| Outgoing::Close { code: close::POLICY, reason: refusal.detail.clone() });
    if let Ok(text) = serde_json::to_string(&ServerWord::from(refusal))
        && socket::send(socket, Message::Text(text.into())).await.is_ok()
    {
        socket::close(socket, &end).await;
    }
}
