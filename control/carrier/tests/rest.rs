//! What providers are asked, over HTTP, by a stand-in that writes it down.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::IntoResponse;
use crosspoint_carrier::{Account, Addresses, Carrier, Carriers, ParticipantChange, Provider, Trouble};
use crosspoint_model::{Code, Refusal, Secret};

#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    what: String,
    body: String,
    authorization: String,
}

#[derive(Clone)]
struct StandIn {
    asked: Arc<Mutex<Vec<Asked>>>,
    answer: (StatusCode, &'static str),
}

async fn write_down(
    State(stand_in): State<StandIn>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let authorization = headers[header::AUTHORIZATION].to_str().expect("text").to_owned();
    let body = String::from_utf8(body.to_vec()).expect("text");
    let asked = Asked { what: format!("{method} {uri}"), body, authorization };
    stand_in.asked.lock().expect("nobody panics").push(asked);
    stand_in.answer
}

/// A carrier whose provider answers this, and what it was asked.
async fn carrier(provider: Provider, status: u16, answer: &'static str) -> (Carrier, Arc<Mutex<Vec<Asked>>>) {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let stand_in =
        StandIn { asked: Arc::clone(&asked), answer: (StatusCode::from_u16(status).expect("a status"), answer) };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let router = Router::new().fallback(write_down).with_state(stand_in);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut account = Account::new(provider, "AC1", Secret::new("secret"));
    account.url = url;
    account.number = Some("+14155550199".into());
    account.application = Some("app1".into());
    let addresses = Addresses::new("https://show.example").expect("a URL");
    let carriers = Carriers::new(vec![account], addresses);
    (carriers.get(provider.as_str()).expect("it is there").clone(), asked)
}

fn last(asked: &Mutex<Vec<Asked>>) -> Asked {
    asked.lock().expect("nobody panics").last().cloned().expect("it was asked")
}

/// `AC1:secret` in base64.
const BASIC: &str = "Basic QUMxOnNlY3JldA==";

#[tokio::test]
async fn a_call_is_hung_up_and_redirected_at_twilio() {
    let (carrier, asked) = carrier(Provider::Twilio, 200, r#"{"sid":"CA1","status":"completed"}"#).await;
    carrier.hang_up("CA1").await.expect("done");
    let expected = Asked {
        what: "POST /2010-04-01/Accounts/AC1/Calls/CA1.json".into(),
        body: "Status=completed".into(),
        authorization: BASIC.into(),
    };
    assert_eq!(last(&asked), expected);
    carrier.redirect("CA1", "https://show.example/api/phone/voice?show=7").await.expect("done");
    let url = "Url=https%3A%2F%2Fshow.example%2Fapi%2Fphone%2Fvoice%3Fshow%3D7&Method=POST";
    assert_eq!(last(&asked).body, url);
    carrier.hang_up("../Accounts").await.expect("done");
    assert_eq!(last(&asked).what, "POST /2010-04-01/Accounts/AC1/Calls/%2E%2E%2FAccounts.json");
}

#[tokio::test]
async fn a_number_is_called_and_the_call_s_name_comes_back() {
    let (carrier, asked) = carrier(Provider::Twilio, 201, r#"{"sid":"CA9","status":"queued"}"#).await;
    assert_eq!(carrier.dial("+14155550100", "https://show.example/x").await, Ok("CA9".to_owned()));
    let Asked { what, body, .. } = last(&asked);
    assert_eq!(what, "POST /2010-04-01/Accounts/AC1/Calls.json");
    assert_eq!(
        body,
        "To=%2B14155550100&From=%2B14155550199&Url=https%3A%2F%2Fshow.example%2Fx&Method=POST\
         &StatusCallback=https%3A%2F%2Fshow.example%2Fapi%2Fphone%2Fstatus"
    );
}

#[tokio::test]
async fn the_conference_that_is_not_over_is_found_by_its_name() {
    let list = r#"{"conferences":[{"sid":"CF1","friendly_name":"show-7","status":"completed"},
        {"sid":"CF2","friendly_name":"show-70","status":"in-progress"},
        {"sid":"CF3","friendly_name":"show-7","status":"init"}]}"#;
    let (found, asked) = carrier(Provider::Twilio, 200, list).await;
    assert_eq!(found.conference_sid("show-7").await, Ok(Some("CF3".to_owned())));
    assert_eq!(last(&asked).what, "GET /2010-04-01/Accounts/AC1/Conferences.json?FriendlyName=show-7&PageSize=20");
    let (none, _) = carrier(Provider::Twilio, 200, r#"{"conferences":[]}"#).await;
    assert_eq!(none.conference_sid("show-7").await, Ok(None));
}

#[tokio::test]
async fn who_is_in_a_conference_is_muted_and_held() {
    let (carrier, asked) = carrier(Provider::SignalWire, 200, "{}").await;
    let change = ParticipantChange { muted: Some(false), hold: Some(true) };
    carrier.set_participant("CF1", "CA1", change).await.expect("done");
    let expected = Asked {
        what: "POST /api/laml/2010-04-01/Accounts/AC1/Conferences/CF1/Participants/CA1.json".into(),
        body: "Muted=false&Hold=true".into(),
        authorization: BASIC.into(),
    };
    assert_eq!(last(&asked), expected);
    carrier.set_participant("CF1", "CA1", ParticipantChange::default()).await.expect("nothing to do");
    assert_eq!(asked.lock().expect("nobody panics").len(), 1);
}

#[tokio::test]
async fn telnyx_is_asked_by_its_own_paths_and_with_its_key() {
    let (carrier, asked) = carrier(Provider::Telnyx, 200, r#"{"call_sid":"v3:abc","status":"queued"}"#).await;
    carrier.hang_up("v3:abc-1_2").await.expect("done");
    let expected = Asked {
        what: "POST /v2/texml/Accounts/AC1/Calls/v3:abc-1_2".into(),
        body: "Status=completed".into(),
        authorization: "Bearer secret".into(),
    };
    assert_eq!(last(&asked), expected);
    assert_eq!(carrier.dial("+1415", "https://show.example/x").await, Ok("v3:abc".to_owned()));
    assert!(last(&asked).body.ends_with("&ApplicationSid=app1"), "{}", last(&asked).body);
}

#[tokio::test]
async fn a_call_that_is_over_is_told_from_a_provider_that_says_no_or_nothing() {
    let not_found = r#"{"code":20404,"message":"The requested resource was not found","status":404}"#;
    let (gone, _) = carrier(Provider::Twilio, 404, not_found).await;
    assert_eq!(gone.hang_up("CA1").await, Err(Trouble::Gone));
    let (says_no, _) = carrier(Provider::Twilio, 401, r#"{"code":20003,"message":"Authenticate"}"#).await;
    let refused = says_no.hang_up("CA1").await.expect_err("refused");
    assert_eq!(refused, Trouble::Refused { status: 401, code: 20003, message: "Authenticate".into() });
    assert_eq!(Refusal::from(refused).code, Code::CarrierFailed);
    let mut account = Account::new(Provider::Twilio, "AC1", Secret::new("secret"));
    // Port 9 is "discard": nobody listens there.
    account.url = "http://127.0.0.1:9".into();
    let nobody = Carriers::new(vec![account], Addresses::new("https://show.example").expect("a URL"));
    let carrier = nobody.first().expect("it is there");
    assert!(matches!(carrier.hang_up("CA1").await, Err(Trouble::Unreachable(_))));
    assert!(matches!(carrier.dial("+1", "https://x.example").await, Err(Trouble::Refused { .. })), "no number");
}
