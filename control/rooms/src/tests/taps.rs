//! Plain sound in and out.

use crosspoint_model::signal::close;
use crosspoint_model::{Bus, Hears, Source, VoiceSettings};
use crosspoint_worker::engine::{Fact, LegEnd, Order};
use serde_json::json;

use super::mixing::{enter_mixed, join_mixed};
use super::*;
use crate::{Tap, TapRequest, TapVoice};

fn request(who: Bearer) -> TapRequest {
    let room = room("r");
    TapRequest {
        bearer: who,
        room,
        hears: Some(Bus::Programme),
        speaks: Some(TapVoice::of(Source::Phone)),
        is_service: false,
    }
}

fn tap(house: &House, who: &str) -> Tap {
    house.rooms.tap(&request(bearer("r", who))).expect("comes in")
}

fn refused(house: &House, request: &TapRequest) -> Code {
    house.rooms.tap(request).expect_err("refused").code
}

#[tokio::test(start_paused = true)]
async fn a_tap_is_a_participant_with_a_voice_that_others_see() {
    let house = house();
    let ann = join_mixed(&house, "r", "ann").await;
    let bot = tap(&house, "bot");
    assert_eq!((bot.handle.identity(), bot.handle.room()), (&id("bot"), Some(room("r"))));
    assert_eq!(ann.hear("user-joined").await["userId"], "bot");
    let track = ann.hear("published").await["track"].clone();
    assert_eq!((&track["source"], &track["kind"], &track["userId"]), (&json!("phone"), &json!("audio"), &json!("bot")));
    let second = tap(&house, "bot");
    assert_eq!(second.handle.identity(), &id("bot-2"), "each is one of its own");
    house.media.with_line("bot", |line| {
        assert_eq!(
            (line.hears, line.speaks.as_ref().map(|voice| voice.bus)),
            (Some(Bus::Programme), Some(Bus::Programme))
        );
    });
    ann.messages();
    drop(bot);
    assert_eq!(ann.heard(), ["unpublished", "user-left"]);
}

#[tokio::test(start_paused = true)]
async fn sound_goes_both_ways() {
    let house = house();
    let Tap { mut reader, mut writer, handle } = tap(&house, "bot");
    house.media.with_line("bot", |line| line.give(960, &[0.5; 960]));
    let frame = reader.next().await.expect("a frame");
    assert_eq!((frame.position, frame.samples.len(), frame.channels), (960, 960, 1));
    assert_eq!(writer.write(&[0.25; 100]), 100);
    assert_eq!(house.media.with_line("bot", |line| line.play(960)), Some(vec![0.25; 100]));
    assert_eq!((writer.written(), writer.played()), (100, 100));
    drop(handle);
    assert!(reader.next().await.is_none() && writer.is_ended(), "its place is gone, and with it its line");
}

#[tokio::test(start_paused = true)]
async fn the_first_tap_makes_a_forward_room_mix_and_it_stays_so() {
    let house = house();
    let _ann = house.join_with_media("r", "ann").await;
    drop(tap(&house, "bot"));
    drop(tap(&house, "bot"));
    let told = house.media.told();
    let set = |told: &&(usize, crate::fake::Told)| {
        matches!(&told.1, crate::fake::Told::Order(Order::SetMix { mix: Some(_), .. }))
    };
    assert_eq!(told.iter().filter(set).count(), 1);
    assert!(house.rooms.list()[0].mix.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_tap_makes_the_room_where_there_is_none_and_a_service_does_not() {
    let house = house();
    assert_eq!(refused(&house, &TapRequest { is_service: true, ..request(bearer("r", "p")) }), Code::RoomNotFound);
    let _bot = tap(&house, "bot");
    assert_eq!(house.rooms.list()[0].kind, crosspoint_model::RoomKind::Mix);
    let house = house_with(1, Options { auto_create: false, ..Options::default() });
    assert_eq!(refused(&house, &request(bearer("r", "bot"))), Code::RoomNotFound);
}

#[tokio::test(start_paused = true)]
async fn a_tap_may_what_its_token_says() {
    let house = house();
    let _ann = join_mixed(&house, "r", "ann").await;
    let with = |change: &dyn Fn(&mut TapRequest)| {
        let mut request = request(bearer("r", "bot"));
        change(&mut request);
        house.rooms.tap(&request).map(|_| ()).map_err(|refusal| refusal.code)
    };
    let voice = |source| Some(TapVoice::of(source));
    assert_eq!(with(&|tap| tap.bearer.grant.room = "other".into()), Err(Code::Forbidden));
    assert_eq!(with(&|tap| tap.bearer.grant.can_subscribe = Some(false)), Err(Code::Forbidden));
    assert_eq!(with(&|tap| tap.bearer.grant.can_publish = Some(false)), Err(Code::Forbidden));
    assert_eq!(with(&|tap| tap.bearer.grant.can_publish_sources = vec![Source::Camera]), Err(Code::Forbidden));
    assert_eq!(with(&|tap| tap.bearer.grant.hidden = true), Err(Code::Forbidden), "the hidden do not publish");
    assert_eq!(with(&|tap| tap.hears = Some(Bus::Hold)), Err(Code::Forbidden), "that is for admins");
    assert_eq!(with(&|tap| tap.speaks = voice(Source::Camera)), Err(Code::InvalidRequest));
    assert_eq!(with(&|tap| (tap.hears, tap.speaks) = (None, None)), Err(Code::InvalidRequest));
    assert_eq!(with(&|tap| tap.speaks.as_mut().expect("a voice").name = "x".repeat(257)), Err(Code::InvalidRequest));
    assert_eq!(with(&|tap| tap.bearer.identity = String::new()), Err(Code::InvalidRequest));
    assert_eq!(with(&|tap| (tap.hears, tap.bearer.grant.room_admin) = (Some(Bus::Hold), true)), Ok(()));
    let _mesh = house.join("m", "dora").await;
    let mesh = TapRequest { room: room("m"), ..request(bearer("m", "bot")) };
    assert_eq!(refused(&house, &mesh), Code::InvalidRequest);
}

#[tokio::test(start_paused = true)]
async fn who_only_hears_with_a_hidden_token_is_not_seen() {
    let house = house();
    let ann = join_mixed(&house, "r", "ann").await;
    let mut spy = bearer("r", "spy");
    spy.grant.hidden = true;
    let spy = house.rooms.tap(&TapRequest { speaks: None, ..request(spy) }).expect("comes in");
    assert!(ann.heard().is_empty());
    assert_eq!(spy.handle.set_muted(true).expect_err("no voice").code, Code::InvalidRequest);
    assert_eq!(house.rooms.list()[0].participants, 2);
    drop(spy);
    assert!(ann.heard().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_service_is_heard_and_neither_seen_nor_counted_nor_waited_for() {
    let limits = crosspoint_model::Limits { participants_per_room: 1, ..Default::default() };
    let house = house_with(1, Options { limits, ..Options::default() });
    let ann = join_mixed(&house, "r", "ann").await;
    let speaks = Some(TapVoice { bus: Bus::Hold, ..TapVoice::of(Source::Other) });
    let player = TapRequest { hears: None, speaks, is_service: true, ..request(admin("r", "player")) };
    let player = house.rooms.tap(&player).expect("a full room takes it");
    assert!(ann.heard().is_empty());
    assert_eq!((house.rooms.list()[0].participants, house.rooms.list()[0].tracks), (1, 2), "those of ann");
    assert!(house.media.with_line("crosspoint.player", |line| line.speaks.is_some()).expect("a line"));
    ann.say(json!({ "type": "leave" }));
    assert_eq!(player.handle.ended().await.code, close::ROOM_CLOSED, "an empty room closes");
    assert!(house.rooms.list().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_tap_is_muted_held_and_treated_like_any_voice() {
    let house = house();
    let ann = join_mixed(&house, "r", "ann").await;
    house.rooms.hold(&room("r"), &id("ann"), None, false).expect("nothing");
    let bot = tap(&house, "bot");
    bot.handle.set_muted(true).expect("muted");
    assert_eq!(ann.hear("muted").await["userId"], "bot");
    house.rooms.mute(&room("r"), &id("bot"), None, Some(Source::Phone), false).expect("un-muted");
    house.rooms.hold(&room("r"), &id("bot"), None, true).expect("held");
    assert_eq!(ann.hear("held").await["held"], true);
    let louder = |voice| Ok(VoiceSettings { gain: 6.0, ..voice });
    house.rooms.change_voice(&room("r"), &id("bot"), louder).expect("changed");
    drop(bot);
    let _again = tap(&house, "bot");
    house.media.with_line("bot", |line| {
        let voice = line.speaks.as_ref().expect("a voice");
        assert!(voice.held && voice.settings.gain == 6.0, "the room remembers: {voice:?}");
    });
}

#[tokio::test(start_paused = true)]
async fn a_tap_that_is_moved_hears_and_speaks_in_the_other_room() {
    let house = house();
    let _ann = join_mixed(&house, "r", "ann").await;
    let bob = house.join_with_media("forward", "bob").await;
    let bot = tap(&house, "bot");
    house.rooms.move_to(&room("r"), &id("bot"), &room("forward"), None).expect("moved");
    assert_eq!(bot.handle.room(), Some(room("forward")));
    assert_eq!(bob.hear("published").await["track"]["source"], "phone");
    let told = house.media.told();
    let orders = told.iter().filter_map(|(_, told)| match told {
        crate::fake::Told::Order(Order::SetMix { .. }) => Some("mix"),
        crate::fake::Told::Order(Order::MoveLeg { .. }) => Some("move"),
        crate::fake::Told::Order(Order::Listen { .. }) => Some("listen"),
        _ => None,
    });
    assert_eq!(
        orders.collect::<Vec<_>>(),
        ["mix", "move"],
        "the room mixes before the tap is there, which hears as it did"
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_says_what_a_tap_hears_but_itself() {
    let house = house();
    let host = enter_mixed(&house, admin("r", "host"), "r").await;
    let _bot = tap(&house, "bot");
    let refused = house.rooms.listen(&room("r"), &id("bot"), Hears::Hold, None).expect_err("refused");
    assert_eq!((refused.code, refused.detail.as_str()), (Code::InvalidRequest, "a tap hears what it asked for"));
    host.say(json!({ "type": "listen", "userId": "bot", "hears": "nothing" }));
    assert_eq!(host.error().await, "invalid-request");
    assert!(!house.media.was_told(|order| matches!(order, Order::Listen { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_tap_learns_why_it_is_over() {
    let house = house();
    let _ann = join_mixed(&house, "r", "ann").await;
    let mut bot = tap(&house, "bot");
    house.rooms.kick(&room("r"), &id("bot"), "rude").expect("kicked");
    let end = bot.handle.ended().await;
    assert_eq!((end.code, end.reason.as_str()), (close::KICKED, "rude"));
    assert!(bot.reader.next().await.is_none() && bot.handle.room().is_none());
    assert_eq!(refused(&house, &request(bearer("r", "bot"))), Code::Kicked);

    let broken = tap(&house, "other");
    let leg = house.media.with_line("other", |line| line.leg).expect("a line");
    house.media.say(Fact::Ended { leg, end: LegEnd::Broke });
    assert_eq!(broken.handle.ended().await.code, close::SILENT);

    let mut last = tap(&house, "last");
    house.rooms.close(&room("r"), "over").expect("closed");
    assert_eq!(last.handle.ended().await.code, close::ROOM_CLOSED);
    assert!(last.reader.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn the_newest_connection_of_an_identity_puts_a_tap_out() {
    let house = house();
    let bot = tap(&house, "bot");
    let _page = house.join_with_media("r", "bot").await;
    assert_eq!(bot.handle.ended().await.code, close::REPLACED);
    drop(bot);
    assert_eq!(house.rooms.list()[0].participants, 1, "the end of the tap is nobody's leave");
}

#[tokio::test(start_paused = true)]
async fn a_tap_that_is_moved_to_another_worker_is_spoken_to_there() {
    let house = house_with(2, Options::default());
    let _ann = join_mixed(&house, "r", "ann").await;
    let _bob = join_mixed(&house, "there", "bob").await;
    let bot = tap(&house, "bot");
    house.rooms.hold(&room("r"), &id("bot"), None, true).expect("held");
    house.media.told();
    house.rooms.move_to(&room("r"), &id("bot"), &room("there"), Some(false)).expect("moved");
    let told = house.media.told();
    let orders = told.iter().filter_map(|(worker, told)| match told {
        crate::fake::Told::Order(Order::SetFlags { held: false, .. }) => Some((*worker, "free")),
        crate::fake::Told::Order(Order::MoveLeg { .. }) => Some((*worker, "move")),
        _ => None,
    });
    assert_eq!(orders.collect::<Vec<_>>(), [(0, "move"), (1, "free")], "not before it is out of where it is held");
    house.rooms.move_to(&room("there"), &id("bot"), &room("r"), Some(true)).expect("moved back");
    let told = house.media.told();
    let orders = told.iter().filter_map(|(worker, told)| match told {
        crate::fake::Told::Order(Order::SetFlags { held, .. }) => Some((*worker, if *held { "hold" } else { "free" })),
        crate::fake::Told::Order(Order::MoveLeg { .. }) => Some((*worker, "move")),
        _ => None,
    });
    assert_eq!(orders.collect::<Vec<_>>(), [(1, "hold"), (1, "move")], "before it is where it is held");
    house.rooms.move_to(&room("r"), &id("bot"), &room("there"), Some(false)).expect("moved once more");
    bot.handle.set_muted(true).expect("muted");
    assert!(house.media.told().iter().any(|(worker, told)| {
        *worker == 1 && matches!(told, crate::fake::Told::Order(Order::SetFlags { muted: true, .. }))
    }));
    let legs = || house.rooms.totals().workers.iter().map(|worker| worker.legs).collect::<Vec<_>>();
    assert_eq!(legs(), [1, 2]);
    drop(bot);
    assert_eq!(legs(), [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_tap_that_was_moved_comes_back_there_until_it_is_moved_home_or_put_out() {
    let house = house();
    let _ann = join_mixed(&house, "r", "ann").await;
    let _bob = join_mixed(&house, "there", "bob").await;
    let bot = tap(&house, "bot");
    house.rooms.move_to(&room("r"), &id("bot"), &room("there"), None).expect("moved");
    drop(bot);
    let bot = tap(&house, "bot");
    assert_eq!(bot.handle.room(), Some(room("there")));
    let named = TapRequest { room: room("there"), ..request(bearer("r", "bot")) };
    drop(bot);
    let bot = house.rooms.tap(&named).expect("may name it, too");
    assert_eq!(refused(&house, &TapRequest { bearer: bearer("r", "eve"), ..named }), Code::Forbidden);
    house.rooms.move_to(&room("there"), &id("bot"), &room("r"), None).expect("moved home");
    drop(bot);
    let bot = tap(&house, "bot");
    assert_eq!(bot.handle.room(), Some(room("r")));
    house.rooms.move_to(&room("r"), &id("bot"), &room("there"), None).expect("moved");
    house.rooms.kick(&room("there"), &id("bot"), "").expect("put out");
    assert_eq!(tap(&house, "bot").handle.room(), Some(room("r")));
}

#[tokio::test(start_paused = true)]
async fn nobody_takes_the_identity_of_a_service() {
    let house = house();
    let mine = |room: &str| bearer(room, "crosspoint.player");
    assert_eq!(house.refused(mine("r"), media_join("r", "x")).await, Code::Forbidden);
    assert_eq!(refused(&house, &request(mine("r"))), Code::Forbidden);
    let offer = crate::fake::offer("obs", &[("0", "audio", "sendonly")]);
    let publish = crate::PublishRequest { bearer: mine("r"), room: room("r"), offer };
    assert_eq!(house.rooms.publish(publish).expect_err("refused").code, Code::Forbidden);
    let player = join_mixed(&house, "r", "player").await;
    let service = TapRequest { is_service: true, hears: None, ..request(admin("r", "player")) };
    let service = house.rooms.tap(&service).expect("comes in");
    assert_eq!(service.handle.identity(), &id("crosspoint.player"));
    player.say(json!({ "type": "leave" }));
}
