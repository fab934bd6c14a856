//! What a client publishes: its list is checked against what it may and against the m-lines of its offer, and becomes a plan
//! that is carried out when the offer is answered.

use std::collections::BTreeSet;

use crosspoint_model::signal::Publish;
use crosspoint_model::{
    Code, Grant, Identity, LegKey, Limits, MediaKind, Refusal, Source, TrackId, TrackKey, TrackView,
};
use crosspoint_worker::MediaLine;
use crosspoint_worker::engine::TrackSpec;

use crate::holds::Holds;
use crate::room::{State, Track};

/// Bytes of a track's name: everybody in the room is told it.
pub(crate) const NAME: usize = 256;
/// Bytes of a mid; browsers' have one or two.
const MID: usize = 64;

/// What will be published.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Every track from then on, for the worker.
    pub(crate) specs: Vec<TrackSpec>,
    /// Those that are new.
    pub(crate) added: Vec<TrackView>,
    /// Those that end.
    pub(crate) removed: Vec<TrackKey>,
    /// Those whose publisher set its flag along the way.
    pub(crate) muted: Vec<(TrackKey, bool)>,
}

/// Who publishes under which conditions.
pub(crate) struct Publisher<'a> {
    pub(crate) identity: &'a Identity,
    pub(crate) grant: &'a Grant,
    pub(crate) hidden: bool,
    /// The leg whose tracks may go on; none: all are new.
    pub(crate) leg: Option<LegKey>,
}

impl Plan {
    /// Checks a list. Without one, what is published goes on as far as the offer still sends it.
    pub(crate) fn new(
        state: &State,
        publisher: &Publisher<'_>,
        publish: Option<&[Publish]>,
        lines: &[MediaLine],
        limits: &Limits,
        mut next_key: impl FnMut() -> TrackKey,
    ) -> Result<Self, Refusal> {
        let current: Vec<(TrackKey, &Track)> =
            state.tracks_of(publisher.identity).filter(|(_, track)| Some(track.leg) == publisher.leg).collect();
        let kept;
        let publish = match publish {
            Some(publish) => publish,
            None => {
                kept = continued(&current, lines);
                &kept
            }
        };
        check(publisher, publish, limits)?;
        let nothing_held = Holds::default();
        let holds = state.holds.get(publisher.identity).unwrap_or(&nothing_held);
        let mut plan = Self::default();
        let mut mids = BTreeSet::new();
        for wanted in publish {
            if !mids.insert(wanted.mid.as_str()) {
                return Err(invalid(format!("the m-line {:?} stands twice in publish", wanted.mid)));
            }
            let line = sending_line(lines, &wanted.mid)?;
            check_source(line.kind, wanted.source)?;
            let known = current.iter().find(|(_, track)| is_same(&track.view, wanted, line));
            let mut view = match known {
                Some((_, track)) => track.view.clone(),
                None => new_view(next_key(), publisher.identity, wanted, line, holds),
            };
            if let (Some((key, track)), Some(muted)) = (known, wanted.muted)
                && track.view.muted != muted
            {
                plan.muted.push((*key, muted));
                view.muted = muted;
            }
            plan.specs.push(spec(&view));
            if known.is_none() {
                plan.added.push(view);
            }
        }
        let goes_on = |key: &TrackKey| plan.specs.iter().any(|spec| spec.track == *key);
        plan.removed = current.iter().map(|(key, _)| *key).filter(|key| !goes_on(key)).collect();
        Ok(plan)
    }
}

/// What the worker is told of a track.
pub(crate) fn spec(view: &TrackView) -> TrackSpec {
    TrackSpec {
        track: view.track_id.0,
        mid: view.mid.clone(),
        kind: view.kind,
        source: view.source,
        muted: view.muted,
        held: view.held,
        width: view.width,
        height: view.height,
    }
}

fn invalid(detail: impl Into<String>) -> Refusal {
    Refusal::new(Code::InvalidRequest, detail)
}

fn check(publisher: &Publisher<'_>, publish: &[Publish], limits: &Limits) -> Result<(), Refusal> {
    if publish.is_empty() {
        return Ok(());
    }
    if publisher.hidden {
        return Err(Refusal::new(Code::Forbidden, "a hidden participant does not publish"));
    }
    if publish.iter().any(|wanted| wanted.mid.len() > MID) {
        return Err(invalid(format!("a mid has at most {MID} bytes")));
    }
    if publish.iter().any(|wanted| wanted.name.as_ref().is_some_and(|name| name.len() > NAME)) {
        return Err(invalid(format!("a track's name has at most {NAME} bytes")));
    }
    if publish.len() > limits.tracks_per_participant {
        let most = limits.tracks_per_participant;
        return Err(Refusal::new(Code::TooManyTracks, format!("a participant publishes at most {most} tracks")));
    }
    match publish.iter().find(|wanted| !publisher.grant.may_publish(wanted.source)) {
        Some(wanted) => {
            let detail = format!("the token does not allow to publish {}", wanted.source.as_str());
            Err(Refusal::new(Code::Forbidden, detail))
        }
        None => Ok(()),
    }
}

fn sending_line<'a>(lines: &'a [MediaLine], mid: &str) -> Result<&'a MediaLine, Refusal> {
    match lines.iter().find(|line| line.mid == mid) {
        Some(line) if line.receives => Ok(line),
        Some(_) => {
            Err(invalid(format!("the m-line {mid:?} is not sent on: its direction must be sendonly or sendrecv")))
        }
        None => Err(invalid(format!("publish names the m-line {mid:?}, which the offer does not have"))),
    }
}

fn check_source(kind: MediaKind, source: Source) -> Result<(), Refusal> {
    let fits = match source {
        Source::Microphone | Source::ScreenAudio | Source::Phone => kind == MediaKind::Audio,
        Source::Camera | Source::Screen => kind == MediaKind::Video,
        Source::Avatar | Source::Desktop | Source::Other => true,
    };
    if fits {
        Ok(())
    } else {
        Err(invalid(format!("{} is not published on an m-line of kind {}", source.as_str(), kind.as_str())))
    }
}

fn is_same(view: &TrackView, wanted: &Publish, line: &MediaLine) -> bool {
    view.mid == wanted.mid && view.source == wanted.source && view.kind == line.kind
}

fn new_view(key: TrackKey, who: &Identity, wanted: &Publish, line: &MediaLine, holds: &Holds) -> TrackView {
    TrackView {
        track_id: TrackId(key),
        user_id: who.clone(),
        kind: line.kind,
        source: wanted.source,
        name: wanted.name.clone().unwrap_or_default(),
        muted: wanted.muted.unwrap_or(false),
        held: holds.holds(wanted.source),
        mid: wanted.mid.clone(),
        width: wanted.width.unwrap_or(0),
        height: wanted.height.unwrap_or(0),
        layers: line.rids.clone(),
    }
}

fn continued(current: &[(TrackKey, &Track)], lines: &[MediaLine]) -> Vec<Publish> {
    let still_sent = |view: &TrackView| lines.iter().any(|line| line.mid == view.mid && line.receives);
    current
        .iter()
        .map(|(_, track)| &track.view)
        .filter(|view| still_sent(view))
        .map(|view| Publish {
            mid: view.mid.clone(),
            source: view.source,
            name: None,
            muted: None,
            width: None,
            height: None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(mid: &str, kind: MediaKind, receives: bool) -> MediaLine {
        MediaLine { mid: mid.into(), kind, receives, sends: !receives, rids: Vec::new() }
    }

    fn publish(mid: &str, source: Source) -> Publish {
        Publish { mid: mid.into(), source, name: None, muted: None, width: None, height: None }
    }

    fn plan(state: &State, grant: &Grant, list: Option<&[Publish]>) -> Result<Plan, Refusal> {
        let identity = Identity::parse("ann").expect("name");
        let publisher = Publisher { identity: &identity, grant, hidden: false, leg: Some(LegKey(1)) };
        let lines =
            [line("0", MediaKind::Audio, true), line("1", MediaKind::Video, true), line("2", MediaKind::Video, false)];
        let mut next = 100;
        Plan::new(state, &publisher, list, &lines, &Limits { tracks_per_participant: 2, ..Limits::default() }, || {
            next += 1;
            TrackKey(next)
        })
    }

    fn refused(result: Result<Plan, Refusal>) -> Code {
        result.expect_err("refused").code
    }

    fn with(plan: &Plan) -> State {
        let mut state = State::default();
        for view in &plan.added {
            state.tracks.insert(view.track_id.0, Track { leg: LegKey(1), view: view.clone() });
        }
        state
    }

    #[test]
    fn a_list_that_does_not_fit_the_offer_or_the_token_is_refused() {
        let (state, all) = (State::default(), Grant::join("r"));
        for (list, code) in [
            (vec![publish("9", Source::Camera)], Code::InvalidRequest),
            (vec![publish("2", Source::Camera)], Code::InvalidRequest),
            (vec![publish("0", Source::Camera)], Code::InvalidRequest),
            (vec![publish("0", Source::Microphone), publish("0", Source::Microphone)], Code::InvalidRequest),
            (
                vec![publish("0", Source::Other), publish("1", Source::Other), publish("2", Source::Other)],
                Code::TooManyTracks,
            ),
        ] {
            assert_eq!(refused(plan(&state, &all, Some(&list))), code, "{list:?}");
        }
        let microphone = Grant { can_publish_sources: vec![Source::Microphone], ..Grant::join("r") };
        assert_eq!(refused(plan(&state, &microphone, Some(&[publish("1", Source::Camera)]))), Code::Forbidden);
        let mute = Grant { can_publish: Some(false), ..Grant::join("r") };
        assert_eq!(refused(plan(&state, &mute, Some(&[publish("0", Source::Microphone)]))), Code::Forbidden);
        assert!(plan(&state, &mute, Some(&[])).is_ok());
    }

    #[test]
    fn a_later_list_keeps_what_stays_and_ends_what_is_missing() {
        let all = Grant::join("r");
        let first = [publish("0", Source::Microphone), publish("1", Source::Camera)];
        let before = plan(&State::default(), &all, Some(&first)).expect("fits");
        assert_eq!(before.added.len(), 2);
        let state = with(&before);

        let kept = plan(&state, &all, None).expect("fits");
        assert_eq!(kept.specs, before.specs);
        assert!(kept.added.is_empty() && kept.removed.is_empty());

        let changed = [publish("0", Source::Microphone), publish("1", Source::Screen)];
        let after = plan(&state, &all, Some(&changed)).expect("fits");
        assert_eq!(after.removed, [before.specs[1].track]);
        assert_eq!((after.added.len(), after.specs.len()), (1, 2));
        assert_eq!(after.specs[0], before.specs[0]);
    }

    #[test]
    fn a_new_track_of_a_held_source_is_held() {
        let mut state = State::default();
        let mut holds = Holds::default();
        holds.set(Some(Source::Microphone), true);
        state.holds.insert(Identity::parse("ann").expect("name"), holds);
        let list = [publish("0", Source::Microphone), publish("1", Source::Camera)];
        let plan = plan(&state, &Grant::join("r"), Some(&list)).expect("fits");
        assert_eq!(plan.specs.iter().map(|spec| spec.held).collect::<Vec<_>>(), [true, false]);
    }
}
