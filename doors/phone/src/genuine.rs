//! A webhook that its provider really sent. Everything else is answered with 403 before anything of it is read.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use axum::extract::{FromRequest, OriginalUri, Query, Request};
use axum::http::Extensions;
use axum::response::{IntoResponse as _, Response};
use crosspoint_carrier::{Carrier, Provider, Webhook, signature};
use crosspoint_model::{Code, Refusal};
use crosspoint_rooms::http::Refused;
use crosspoint_rooms::socket;
use serde::Deserialize;

use crate::Door;
use crate::figures::Cause;

/// A webhook, read and believed.
#[derive(Debug)]
pub struct Genuine {
    /// Who sent it.
    pub carrier: Carrier,
    /// The show that the address names.
    pub show: Option<String>,
    form: Vec<(String, String)>,
}

impl Genuine {
    /// A field, if it is there and not empty.
    pub fn field(&self, name: &str) -> Option<&str> {
        let found = self.form.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}

#[derive(Deserialize)]
struct Parameters {
    show: Option<String>,
}

impl FromRequest<Door> for Genuine {
    type Rejection = Response;

    async fn from_request(request: Request, door: &Door) -> Result<Self, Self::Rejection> {
        let carrier = carrier(door, request.extensions()).map_err(|refusal| Refused(refusal).into_response())?;
        let address = address(request.extensions());
        let (uri, headers) = (uri(&request), request.headers().clone());
        let body = Bytes::from_request(request, door)
            .await
            .map_err(|rejection| Refused(Refusal::new(Code::MessageTooLarge, rejection.body_text())).into_response())?;
        let path_and_query = uri.path_and_query().map_or("/", |whole| whole.as_str());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let webhook = Webhook { headers: &headers, path_and_query, body: &body, now };
        if let Err(unsigned) = carrier.verify_http(&webhook) {
            let provider = carrier.provider();
            tracing::warn!(%provider, %address, path = uri.path(), %unsigned, "a webhook was not believed");
            return Err(Refused(refuse(door, address, unsigned.into())).into_response());
        }
        let show = Query::<Parameters>::try_from_uri(&uri).ok().and_then(|Query(parameters)| parameters.show);
        Ok(Self { carrier, show: show.filter(|show| !show.is_empty()), form: signature::form(&body) })
    }
}

/// Counts a signature that is wrong; who failed too often learns no more than that. A right one is always let in: behind a proxy
/// all come from one address, and nobody guesses a signature.
pub fn refuse(door: &Door, address: IpAddr, refusal: Refusal) -> Refusal {
    door.phone.figures.refuse(Cause::Signature);
    door.phone.attempts.failed(address, refusal)
}

/// Whose address was called. Twilio's stand without its name.
pub fn carrier(door: &Door, extensions: &Extensions) -> Result<Carrier, Refusal> {
    let provider = extensions.get::<Provider>().copied().unwrap_or(Provider::Twilio);
    let missing = || Refusal::new(Code::NotFound, format!("this server has no account at {provider}"));
    door.phone.carriers.get(provider.as_str()).cloned().ok_or_else(missing)
}

/// The sender's address, where the door is served with connect info.
pub fn address(extensions: &Extensions) -> IpAddr {
    socket::address(extensions).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

/// As it came, whatever routers around this one cut off of it.
fn uri(request: &Request) -> axum::http::Uri {
    request.extensions().get::<OriginalUri>().map_or_else(|| request.uri().clone(), |OriginalUri(uri)| uri.clone())
}
