//! What a guest's token is good for: the own call, and nothing else.

use crosspoint_model::show::CallState;
use crosspoint_shows_tests::{Api, House};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_on_hold_cannot_put_himself_on_air() {
    let house = House::open(&[]).await;
    let studio = house.show("guests", "+14155550102").await;
    let host = studio.seat("host", "Hannah").await;
    let guest = studio.seat("guest", "Gus").await;
    let (_ear, _mouth) = studio.sit(&guest).await;
    let call = guest.call.clone().expect("a guest has a call");
    studio.until_call("the guest rings", &call, |view| view.state == CallState::Ringing).await;
    for verb in ["approve", "air", "hold"] {
        studio.act(&host.api, &call, verb).await;
    }
    let of_show = format!("/api/shows/{}", studio.show);
    let verbs = ["pick-up", "screened", "approve", "next", "air", "hold", "screen", "drop", "lock", "unlock", "notes"];
    for verb in verbs {
        refused(&guest.api, &format!("{of_show}/calls/{call}/{verb}")).await;
    }
    for path in ["next", "open", "close", "media", "call-me"] {
        refused(&guest.api, &format!("{of_show}/{path}")).await;
    }
    for room in [format!("lobby-{}", studio.show), format!("live-{}", studio.show)] {
        for path in ["move", "mute", "hold", "talk", "listen"] {
            refused(&guest.api, &format!("/api/rooms/{room}/participants/call-{call}/{path}")).await;
        }
    }
    let seen = guest.api.get(&of_show).await.body;
    assert!(seen["pin"] == "" && seen["links"].is_null(), "what lets others in is not for guests: {seen}");
    for path in [format!("{of_show}/calls"), format!("{of_show}/calls/{call}/events")] {
        let answer = guest.api.get(&path).await;
        assert_eq!(answer.status, 403, "GET {path}: {}", answer.body);
    }
    let view = studio.call(&call).await;
    assert_eq!(view.state, CallState::Hold, "nothing of that did anything");
}

async fn refused(guest: &Api, path: &str) {
    let last = path.rsplit('/').next().filter(|_| !path.contains("/calls/"));
    let body = match last {
        Some("move") => json!({"to": "live-guests"}),
        Some("mute") => json!({"muted": false}),
        Some("hold") => json!({"held": false}),
        Some("media") => json!({"media": "conference"}),
        Some("talk") => json!({"to": null}),
        Some("listen") => json!({"hears": "mix"}),
        Some("call-me") => json!({"number": "+14155550199"}),
        _ => json!({}),
    };
    let answer = guest.post(path, body).await;
    assert_eq!(answer.status, 403, "POST {path}: {}", answer.body);
}
