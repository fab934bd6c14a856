//! The simulator's own interface: places calls, presses keys, breaks sockets, and says what each caller heard.

use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use crate::request::{CallRequest, Faults};
use crate::sound::{Play, wav_bytes};
use crate::{PhoneCompany, STAND_IN, SimulatorError, audio, rest};

impl PhoneCompany {
    /// All that it serves: the provider's REST interface and its own, without a prefix.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/", get(hello))
            .route("/calls", get(list).post(place))
            .route("/calls/{call}", get(read).delete(hang_up))
            .route("/calls/{call}/heard.wav", get(heard))
            .route("/calls/{call}/digits", post(digits))
            .route("/calls/{call}/say", post(say))
            .route("/calls/{call}/faults", post(faults))
            .route("/calls/{call}/audio", get(audio::handset))
            .merge(rest::router(self))
            .layer(map_response(say_stand_in))
            .with_state(self.clone())
    }
}

/// Says in every answer that it is a stand-in.
async fn say_stand_in(mut response: Response) -> Response {
    const HEADER: HeaderName = HeaderName::from_static("x-stand-in");
    response.headers_mut().insert(HEADER, HeaderValue::from_static(STAND_IN));
    response
}

impl IntoResponse for SimulatorError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NoCall(_) => StatusCode::NOT_FOUND,
            Self::Ended(_) => StatusCode::CONFLICT,
            Self::Sound { .. } => StatusCode::BAD_REQUEST,
            Self::Client(_) | Self::Io { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, Json(json!({"standIn": STAND_IN, "detail": self.to_string()}))).into_response()
    }
}

async fn hello(State(company): State<PhoneCompany>) -> Json<serde_json::Value> {
    let settings = company.settings();
    Json(json!({
        "standIn": STAND_IN,
        "accountSid": settings.account_sid,
        "voiceUrl": settings.voice_url,
        "calls": company.all().len(),
    }))
}

async fn place(
    State(company): State<PhoneCompany>,
    Json(request): Json<CallRequest>,
) -> Result<impl IntoResponse, SimulatorError> {
    let placed = company.place(request)?;
    Ok((StatusCode::CREATED, Json(json!({"standIn": STAND_IN, "callSid": placed}))))
}

async fn list(State(company): State<PhoneCompany>) -> impl IntoResponse {
    let mut reports = company.reports();
    // What happened to each is at the call's own address.
    reports.iter_mut().for_each(|report| report.log.clear());
    Json(json!({"standIn": STAND_IN, "calls": reports}))
}

async fn read(
    State(company): State<PhoneCompany>,
    Path(call): Path<String>,
) -> Result<impl IntoResponse, SimulatorError> {
    company.report(&call).map(Json)
}

async fn heard(State(company): State<PhoneCompany>, Path(call): Path<String>) -> Result<Response, SimulatorError> {
    Ok(match company.heard(&call)? {
        Some(samples) => ([(header::CONTENT_TYPE, "audio/wav")], wav_bytes(&samples)).into_response(),
        None => {
            let detail = "nothing is recorded of this call; place it with \"record\": true";
            (StatusCode::NOT_FOUND, Json(json!({"standIn": STAND_IN, "detail": detail}))).into_response()
        }
    })
}

#[derive(Deserialize)]
struct Digits {
    digits: String,
}

async fn digits(
    State(company): State<PhoneCompany>,
    Path(call): Path<String>,
    Json(body): Json<Digits>,
) -> Result<StatusCode, Response> {
    if body.digits.is_empty() || !body.digits.chars().all(|digit| "0123456789*#ABCD".contains(digit)) {
        let detail = "a telephone has the keys 0 to 9, *, #, and A to D";
        return Err((StatusCode::BAD_REQUEST, Json(json!({"standIn": STAND_IN, "detail": detail}))).into_response());
    }
    company.press(&call, &body.digits).map_err(IntoResponse::into_response)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Say {
    tone: Option<Play>,
    file: Option<String>,
    #[serde(default)]
    repeat: bool,
}

async fn say(
    State(company): State<PhoneCompany>,
    Path(call): Path<String>,
    Json(body): Json<Say>,
) -> Result<StatusCode, SimulatorError> {
    let play = body.file.map(Play::File).or(body.tone);
    company.say(&call, play.as_ref(), body.repeat)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn faults(
    State(company): State<PhoneCompany>,
    Path(call): Path<String>,
    Json(body): Json<Faults>,
) -> Result<StatusCode, SimulatorError> {
    company.fault(&call, body)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn hang_up(State(company): State<PhoneCompany>, Path(call): Path<String>) -> Result<StatusCode, SimulatorError> {
    company.hang_up(&call)?;
    Ok(StatusCode::NO_CONTENT)
}
