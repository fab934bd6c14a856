//! The media plane as rooms need it: accept an offer, give an order. [`Media`] is the real one; tests bring a recording
//! fake, so that every rule of this crate can be shown without a socket.

use std::sync::Arc;

use crosspoint_model::{Identity, LegKey, Refusal, RoomKey};
use crosspoint_worker::engine::{Fact, LegProfile, NewLeg, Order, TrackSpec};
use crosspoint_worker::{FactSink, Media, MediaLine, Traffic};
use tokio::sync::mpsc;

/// What rooms ask of the media plane.
pub trait MediaPlane: Send + Sync {
    /// How many workers there are; their indices count from 0.
    fn workers(&self) -> usize;

    /// Builds a transport on `worker` for this offer, on the caller's thread (about 0.4 ms of CPU).
    fn accept(self: Arc<Self>, worker: usize, offer: &str) -> Result<Offered, Refusal>;

    /// Gives an order to a worker.
    fn order(&self, worker: usize, order: Order);

    /// What came and went on a worker since it started.
    fn traffic(&self, worker: usize) -> Traffic;
}

/// An offer that was accepted and can become a leg.
pub struct Offered {
    /// The SDP for the client.
    pub answer: String,
    /// The m-lines of the offer in order, as negotiated.
    pub lines: Vec<MediaLine>,
    /// Makes the leg. Dropping it forgets the transport.
    pub admit: Box<dyn FnOnce(Arrival) + Send>,
}

/// A leg that is to be made of an accepted offer.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Its key.
    pub leg: LegKey,
    /// Its room.
    pub room: RoomKey,
    /// Whose it is.
    pub identity: Identity,
    /// What it publishes.
    pub publish: Vec<TrackSpec>,
    /// What it may and wants.
    pub profile: LegProfile,
}

impl MediaPlane for Media {
    fn workers(&self) -> usize {
        Media::workers(self)
    }

    fn accept(self: Arc<Self>, worker: usize, offer: &str) -> Result<Offered, Refusal> {
        let accepted = Media::accept(&self, worker, offer)?;
        let transport = accepted.transport;
        let admit = Box::new(move |arrival: Arrival| {
            let Arrival { leg, room, identity, publish, profile } = arrival;
            let leg = NewLeg { leg, room, identity, transport, publish, profile };
            self.order(worker, Order::AddLeg(Box::new(leg)));
        });
        Ok(Offered { answer: accepted.answer, lines: accepted.lines, admit })
    }

    fn order(&self, worker: usize, order: Order) {
        Media::order(self, worker, order);
    }

    fn traffic(&self, worker: usize) -> Traffic {
        Media::traffic(self, worker)
    }
}

/// What workers told, on its way to [`crate::Rooms`].
pub struct Facts(pub(crate) mpsc::UnboundedReceiver<(usize, Vec<Fact>)>);

/// The two ends between workers and rooms: the sink is for [`Media::start`], the facts for [`crate::Rooms::new`].
pub fn fact_channel() -> (FactSink, Facts) {
    // Unbounded: a media thread must never wait for the control plane, and what it says is bounded by its legs.
    let (sender, receiver) = mpsc::unbounded_channel();
    let sink: FactSink = Box::new(move |worker, facts| {
        // The receiver is gone only while the process ends.
        let _ = sender.send((worker, facts));
    });
    (sink, Facts(receiver))
}
