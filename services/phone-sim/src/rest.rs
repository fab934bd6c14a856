//! The stand-in for the provider's REST interface: hang up, send elsewhere, call out, and conferences. Requests are forms,
//! answers are JSON, both as the provider has them; each answer has a header that says that it is a stand-in.

use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;
use url::form_urlencoded;

use crate::PhoneCompany;
use crate::company::asked_source;
use crate::conference::Change;
use crate::course::Number;
use crate::line::Command;
use crate::resources::{self, VERSION};

/// The longest document that the provider takes in a request, in characters.
const LONGEST_TWIML: usize = 4_000;

/// An error as the provider writes it.
struct Error {
    status: StatusCode,
    code: u32,
    message: String,
}

impl Error {
    fn new(status: StatusCode, code: u32, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    fn not_found(path: &str) -> Self {
        let message = format!("The requested resource /{VERSION}/Accounts/{path} was not found");
        Self::new(StatusCode::NOT_FOUND, 20_404, message)
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let more_info = format!("https://www.twilio.com/docs/errors/{}", self.code);
        let status = self.status.as_u16();
        let body = json!({"code": self.code, "message": self.message, "more_info": more_info, "status": status});
        (self.status, Json(body)).into_response()
    }
}

type Answer = Result<Response, Error>;

/// A form; of a name that comes several times the first value counts.
struct Form(Vec<(String, String)>);

impl Form {
    fn read(body: &str) -> Self {
        Self(form_urlencoded::parse(body.as_bytes()).into_owned().collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn owned(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).map(|value| value.eq_ignore_ascii_case("true"))
    }
}

pub(crate) fn router(company: &PhoneCompany) -> Router<PhoneCompany> {
    let account = Router::new()
        .route("/Calls.json", post(call_out))
        .route("/Calls/{call}", get(read_call).post(change_call))
        .route("/Conferences.json", get(conferences))
        .route("/Conferences/{conference}/Participants.json", get(participants))
        .route(
            "/Conferences/{conference}/Participants/{call}",
            get(read_participant).post(change_participant).delete(remove_participant),
        )
        // Not a fallback: those of routers within routers are passed over.
        .route("/{*unknown}", any(unknown))
        .layer(middleware::from_fn_with_state(company.clone(), authorize));
    Router::new().nest(&format!("/{VERSION}/Accounts/{{account}}"), account)
}

/// Basic authorization with the account and its token.
async fn authorize(
    State(company): State<PhoneCompany>,
    Path(params): Path<Vec<(String, String)>>,
    request: Request,
    next: Next,
) -> Response {
    let settings = company.settings();
    let expected = STANDARD.encode(format!("{}:{}", settings.account_sid, settings.auth_token));
    if basic(request.headers()) != Some(&expected) {
        return Error::new(StatusCode::UNAUTHORIZED, 20_003, "Authenticate").into_response();
    }
    let account = params.iter().find(|(name, _)| name == "account").map(|(_, value)| value.as_str());
    if account != Some(&settings.account_sid) {
        return Error::not_found(account.unwrap_or_default()).into_response();
    }
    next.run(request).await
}

fn basic(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")
}

async fn unknown(request: Request) -> Error {
    Error::not_found(request.uri().path().trim_start_matches('/'))
}

async fn call_out(State(company): State<PhoneCompany>, body: String) -> Answer {
    let form = Form::read(&body);
    let missing =
        |code, name: &str| Error::new(StatusCode::BAD_REQUEST, code, format!("No '{name}' number is specified"));
    let to = form.owned("To").ok_or_else(|| missing(21_201, "To"))?;
    let from = form.owned("From").ok_or_else(|| missing(21_213, "From"))?;
    check_twiml(&form)?;
    let source = asked_source(form.owned("Url"), form.get("Method"), form.owned("Twiml"))
        .ok_or_else(|| Error::new(StatusCode::BAD_REQUEST, 21_205, "Url parameter is required."))?;
    let events = form.0.iter().filter(|(name, _)| name == "StatusCallbackEvent");
    let mut status_events: Vec<_> = events.flat_map(|(_, value)| value.split_whitespace()).map(str::to_owned).collect();
    if status_events.is_empty() {
        status_events.push("completed".to_owned());
    }
    let number = Number {
        fallback_url: form.owned("FallbackUrl"),
        fallback_twiml: None,
        status_callback: form.owned("StatusCallback"),
        status_events,
    };
    let sid = company.call_out(from, to, number, source);
    let call = company.call(&sid).map_err(|_| Error::not_found(&sid))?;
    let mut body = resources::call(&company.settings().account_sid, &call);
    body["status"] = json!("queued");
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

fn check_twiml(form: &Form) -> Result<(), Error> {
    let length = form.get("Twiml").map_or(0, |twiml| twiml.chars().count());
    if length > LONGEST_TWIML {
        let message = format!("Twiml has {length} characters; at most {LONGEST_TWIML} are allowed");
        return Err(Error::new(StatusCode::BAD_REQUEST, 20_001, message));
    }
    Ok(())
}

/// The id in `{id}.json`.
fn id(name: &str) -> &str {
    name.strip_suffix(".json").unwrap_or(name)
}

async fn read_call(State(company): State<PhoneCompany>, Path((account, call)): Path<(String, String)>) -> Answer {
    let known = company.call(id(&call)).map_err(|_| Error::not_found(&format!("{account}/Calls/{call}")))?;
    Ok(Json(resources::call(&account, &known)).into_response())
}

/// Hangs up, or sends elsewhere.
async fn change_call(
    State(company): State<PhoneCompany>,
    Path((account, name)): Path<(String, String)>,
    body: String,
) -> Answer {
    let form = Form::read(&body);
    let not_found = || Error::not_found(&format!("{account}/Calls/{name}"));
    let call = company.call(id(&name)).map_err(|_| not_found())?;
    match form.get("Status") {
        Some("completed" | "canceled") => {
            if !call.command(Command::HangUp("hung up over REST")) {
                return Err(not_found());
            }
            call.log("rest", "hangs up");
        }
        Some(other) => {
            return Err(Error::new(
                StatusCode::BAD_REQUEST,
                20_001,
                format!("Status {other} is not completed or canceled"),
            ));
        }
        None => {
            check_twiml(&form)?;
            let source = asked_source(form.owned("Url"), form.get("Method"), form.owned("Twiml"))
                .ok_or_else(|| Error::new(StatusCode::BAD_REQUEST, 20_001, "neither Status, nor Url, nor Twiml"))?;
            if !call.command(Command::Redirect(source)) {
                let message = "Call is not in-progress. Cannot redirect.";
                return Err(Error::new(StatusCode::BAD_REQUEST, 21_220, message));
            }
            call.log("rest", format!("sends the call to {}", form.get("Url").unwrap_or("a document")));
        }
    }
    Ok(Json(resources::call(&account, &call)).into_response())
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(rename = "FriendlyName")]
    friendly_name: Option<String>,
    #[serde(rename = "Status")]
    status: Option<String>,
}

async fn conferences(
    State(company): State<PhoneCompany>,
    Path(account): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let rooms = company.conferences().all();
    let rooms = rooms.iter().filter(|room| wanted.friendly_name.as_ref().is_none_or(|name| *name == room.name));
    let rooms = rooms.filter(|room| wanted.status.as_ref().is_none_or(|status| status == room.status()));
    let items = rooms.map(|room| resources::conference(&account, room)).collect();
    let uri = format!("/{VERSION}/Accounts/{account}/Conferences.json");
    Json(resources::page("conferences", &uri, items)).into_response()
}

async fn participants(
    State(company): State<PhoneCompany>,
    Path((account, conference)): Path<(String, String)>,
) -> Answer {
    let uri = format!("{account}/Conferences/{conference}/Participants.json");
    let rooms = company.conferences().all();
    let room = rooms.iter().find(|room| room.sid == conference).ok_or_else(|| Error::not_found(&uri))?;
    let items = room.participants(|participant| resources::participant(&account, &room.sid, participant));
    Ok(Json(resources::page("participants", &format!("/{VERSION}/Accounts/{uri}"), items)).into_response())
}

/// The three parts of a participant's address.
type Who = Path<(String, String, String)>;

async fn read_participant(State(company): State<PhoneCompany>, Path((account, conference, who)): Who) -> Answer {
    participant(&company, &account, &conference, &who)
}

async fn change_participant(
    State(company): State<PhoneCompany>,
    Path((account, conference, who)): Who,
    body: String,
) -> Answer {
    let form = Form::read(&body);
    let change = Change { muted: form.flag("Muted"), hold: form.flag("Hold") };
    for room in company.conferences().all().iter().filter(|room| room.sid == conference) {
        room.change(&account, id(&who), change);
    }
    participant(&company, &account, &conference, &who)
}

async fn remove_participant(State(company): State<PhoneCompany>, Path((account, conference, who)): Who) -> Answer {
    let rooms = company.conferences().all();
    let found = rooms.iter().filter(|room| room.sid == conference).find_map(|room| {
        let sids = room.participants(|participant| participant.is(id(&who)).then(|| participant.call.sid().to_owned()));
        sids.into_iter().flatten().next().map(|sid| (room, sid))
    });
    match found {
        Some((room, sid)) if company.conferences().leave(&account, room, &sid, true) => {
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        _ => Err(Error::not_found(&format!("{account}/Conferences/{conference}/Participants/{who}"))),
    }
}

fn participant(company: &PhoneCompany, account: &str, conference: &str, who: &str) -> Answer {
    let rooms = company.conferences().all();
    let rooms = rooms.iter().filter(|room| room.sid == conference);
    let found = rooms.flat_map(|room| {
        room.participants(|one| one.is(id(who)).then(|| resources::participant(account, &room.sid, one)))
    });
    let not_found = || Error::not_found(&format!("{account}/Conferences/{conference}/Participants/{who}"));
    found.flatten().next().map(|body| Json(body).into_response()).ok_or_else(not_found)
}
