//! Calls, conferences and participants in the shape of the provider's REST interface (Twilio, Voice API 2010-04-01).

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::call::Call;
use crate::conference::{Participant, Room};
use crate::date::rfc2822;

/// The REST interface's version, in its addresses and in what it answers.
pub(crate) const VERSION: &str = "2010-04-01";

pub(crate) fn call(account: &str, call: &Call) -> Value {
    let sid = call.sid();
    let now = call.situation();
    let uri = format!("/{VERSION}/Accounts/{account}/Calls/{sid}");
    let date = |at: Option<SystemTime>| at.map(rfc2822);
    let (answered, ended) = (now.answered.map(|(_, at)| at), now.ended.map(|(_, at)| at));
    let status = now.status;
    drop(now);
    json!({
        "sid": sid,
        "account_sid": account,
        "api_version": VERSION,
        "from": call.parties.from,
        "from_formatted": call.parties.from,
        "to": call.parties.to,
        "to_formatted": call.parties.to,
        "direction": call.parties.direction,
        "status": status,
        "date_created": rfc2822(call.created),
        "date_updated": rfc2822(ended.or(answered).unwrap_or(call.created)),
        "start_time": date(answered),
        "end_time": date(ended),
        "duration": ended.map(|_| call.duration().to_string()),
        "answered_by": null,
        "annotation": null,
        "caller_name": null,
        "forwarded_from": null,
        "group_sid": null,
        "parent_call_sid": null,
        "phone_number_sid": null,
        "price": null,
        "price_unit": "USD",
        "queue_time": "0",
        "trunk_sid": null,
        "uri": format!("{uri}.json"),
        "subresource_uris": {
            "events": format!("{uri}/Events.json"),
            "recordings": format!("{uri}/Recordings.json"),
            "streams": format!("{uri}/Streams.json"),
        },
    })
}

pub(crate) fn conference(account: &str, room: &Room) -> Value {
    let uri = format!("/{VERSION}/Accounts/{account}/Conferences/{}", room.sid);
    json!({
        "sid": room.sid,
        "account_sid": account,
        "api_version": VERSION,
        "friendly_name": room.name,
        "status": room.status(),
        "region": "us1",
        "date_created": rfc2822(room.created),
        "date_updated": rfc2822(room.created),
        "reason_conference_ended": null,
        "call_sid_ending_conference": null,
        "uri": format!("{uri}.json"),
        "subresource_uris": {
            "participants": format!("{uri}/Participants.json"),
            "recordings": format!("{uri}/Recordings.json"),
        },
    })
}

pub(crate) fn participant(account: &str, conference_sid: &str, participant: &Participant) -> Value {
    let sid = participant.call.sid();
    json!({
        "account_sid": account,
        "api_version": VERSION,
        "call_sid": sid,
        "conference_sid": conference_sid,
        "label": participant.how.label,
        "muted": participant.muted,
        "hold": participant.hold,
        "coaching": false,
        "call_sid_to_coach": null,
        "start_conference_on_enter": participant.how.start_on_enter,
        "end_conference_on_exit": participant.how.end_on_exit,
        "status": "connected",
        "queue_time": null,
        "date_created": rfc2822(participant.joined),
        "date_updated": rfc2822(participant.joined),
        "uri": format!("/{VERSION}/Accounts/{account}/Conferences/{conference_sid}/Participants/{sid}.json"),
    })
}

/// A list with the provider's paging around it. All of it is one page.
pub(crate) fn page(name: &str, uri: &str, items: Vec<Value>) -> Value {
    let end = items.len().saturating_sub(1);
    let first = format!("{uri}?PageSize=50&Page=0");
    let mut page = json!({
        "first_page_uri": first,
        "next_page_uri": null,
        "previous_page_uri": null,
        "page": 0,
        "page_size": 50,
        "start": 0,
        "end": end,
        "uri": first,
    });
    page[name] = Value::Array(items);
    page
}
