//! A house with server and telephone company, and one show with its staff.

use std::path::Path;

use crosspoint_model::show::{CallLink, CallState, CallView};
use serde_json::{Value, json};

use crate::api::Api;
use crate::ear::Ear;
use crate::mouth::Mouth;
use crate::phones::{Caller, Phones};
use crate::server::{Server, binary, free_tcp_port};
use crate::wait::until;

/// Server and telephone company.
#[derive(Debug)]
pub struct House {
    /// The server.
    pub server: Server,
    /// The telephone company.
    pub phones: Phones,
    /// Whoever runs the server.
    pub operator: Api,
}

impl House {
    /// Opens both; the server is told this besides.
    pub async fn open(more: &[&str]) -> Self {
        Self::open_with(&binary(), more).await
    }

    /// The same with a server of one's own.
    pub async fn open_with(binary: &Path, more: &[&str]) -> Self {
        let port = free_tcp_port();
        let url = format!("http://127.0.0.1:{port}");
        let operator = Api::operator(&url);
        let phones = Phones::open(&url).await;
        let server = Server::start(binary, port, phones.url(), more).await;
        Self { server, phones, operator }
    }

    /// Makes a show that a number leads to.
    pub async fn show(&self, show: &str, number: &str) -> Studio {
        self.operator.make_show(show, &[number], json!({})).await;
        self.studio(show, number)
    }

    /// A show that is there.
    pub fn studio(&self, show: &str, number: &str) -> Studio {
        self.phones.lead(number, show);
        Studio {
            show: show.to_owned(),
            number: number.to_owned(),
            operator: self.operator.clone(),
            socket_url: self.server.socket_url(),
        }
    }
}

/// One show.
#[derive(Clone, Debug)]
pub struct Studio {
    /// Its name.
    pub show: String,
    /// The number that leads to it.
    pub number: String,
    /// Whoever runs the server.
    pub operator: Api,
    socket_url: String,
}

/// Somebody's seat in a show.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Who it is in rooms.
    pub identity: String,
    /// Where the token leads to.
    pub room: String,
    /// The token.
    pub token: String,
    /// The call, of a guest.
    pub call: Option<String>,
    /// REST with that token.
    pub api: Api,
}

/// A caller that rings in a show.
#[derive(Clone, Debug)]
pub struct Ringing {
    /// The telephone.
    pub caller: Caller,
    /// The show's name for the call.
    pub call: String,
}

impl Studio {
    /// Takes a seat: `host`, `screener` or `guest`, with the show's link for them.
    pub async fn seat(&self, role: &str, name: &str) -> Seat {
        let show: Value = self.operator.get(&format!("/api/shows/{}", self.show)).await.ok();
        let link = show["links"][role].as_str().unwrap_or_else(|| panic!("no link for {role}: {show}"));
        let invite = link.split("token=").nth(1).unwrap_or_else(|| panic!("no token in {link}"));
        let invited = self.operator.with_token(invite);
        let seat: Value = invited.post(&format!("/api/shows/{}/seats", self.show), json!({"name": name})).await.ok();
        let text = |field: &str| seat[field].as_str().unwrap_or_else(|| panic!("no {field}: {seat}")).to_owned();
        Seat {
            identity: text("identity"),
            room: text("room"),
            api: self.operator.with_token(&text("token")),
            token: text("token"),
            call: seat["callId"].as_str().map(str::to_owned),
        }
    }

    /// Sits down with ear and mouth.
    pub async fn sit(&self, seat: &Seat) -> (Ear, Mouth) {
        Ear::open(&self.socket_url, &seat.token, &seat.room).await
    }

    /// Somebody calls who says the tone of this number, and rings until the show has the sound.
    pub async fn ring(&self, phones: &Phones, tone: usize) -> Ringing {
        let caller = phones.call(&self.number, tone).await;
        let call = self.arrival(&caller).await;
        Ringing { caller, call }
    }

    /// The show's name for a telephone's call, once its sound is there.
    pub async fn arrival(&self, caller: &Caller) -> String {
        self.arrival_of(&caller.sid).await
    }

    /// The same by the company's name for it.
    pub async fn arrival_of(&self, sid: &str) -> String {
        let what = format!("the call {sid} is connected");
        let found = until(&what, || async {
            let mut calls = self.operator.calls(&self.show).await.into_iter();
            calls.find(|call| call.call_sid.as_deref() == Some(sid) && call.link == CallLink::Connected)
        });
        found.await.call_id
    }

    /// A call as it is now.
    pub async fn call(&self, call: &str) -> CallView {
        self.operator.call(&self.show, call).await
    }

    /// Waits until a call is so.
    pub async fn until_call(&self, what: &str, call: &str, fits: impl Fn(&CallView) -> bool) -> CallView {
        until(what, || async { Some(self.call(call).await).filter(|view| fits(view)) }).await
    }

    /// Waits until a call is connected, in this state.
    pub async fn until_back(&self, call: &str, state: CallState) -> CallView {
        let what = format!("call {call} is connected again, and {state:?}");
        self.until_call(&what, call, |view| view.link == CallLink::Connected && view.state == state).await
    }

    /// Does something with a call, which must work.
    pub async fn act(&self, by: &Api, call: &str, verb: &str) -> CallView {
        by.act(&self.show, call, verb, json!({})).await.ok()
    }
}
