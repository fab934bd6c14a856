//! The numbers of a leg's outgoing streams, once it has been in a room of another worker. A room numbers its slots itself, and
//! each worker's rooms begin anew; here they go on, whichever worker's room a packet comes from.

use crosspoint_router::{LegSlots, Numbering};
use crosspoint_rtp::picture;
use crosspoint_rtp::sequence::{Position, Rewritten};
use crosspoint_webrtc::{Inbound, MediaLine};

/// The numbers of each line, by its position.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    lines: Vec<Option<Stream>>,
}

#[derive(Debug)]
struct Stream {
    mid: String,
    numbering: Numbering,
}

impl Numbers {
    /// Goes on where the room left off that numbered these slots.
    pub(crate) fn following(slots: LegSlots) -> Self {
        let mut numbers = Self::default();
        for (slot, numbering) in slots.into_numbers() {
            let place = numbers.place(usize::from(slot.index));
            // Slots in use come first; one that is out of use may have had the same line under another mid.
            place.get_or_insert(Stream { mid: slot.mid, numbering });
        }
        numbers
    }

    /// What comes from now on is numbered by another room.
    pub(crate) fn restart(&mut self) {
        self.lines.iter_mut().flatten().for_each(|stream| stream.numbering.restart());
    }

    /// A line that came under another mid is another stream.
    pub(crate) fn renegotiated(&mut self, lines: &[MediaLine]) {
        for (stream, line) in self.lines.iter_mut().zip(lines) {
            stream.take_if(|stream| stream.mid != line.mid);
        }
    }

    /// The numbers to send a packet with that a room has numbered like this; none: it must not be sent.
    pub(crate) fn rewrite(
        &mut self,
        line: (u16, &MediaLine),
        packet: &Inbound,
        numbers: Rewritten,
        picture: picture::Numbers,
    ) -> Option<(Rewritten, picture::Numbers)> {
        let (index, line) = line;
        let fresh = || Stream { mid: line.mid.clone(), numbering: Numbering::new(line.kind) };
        let stream = self.place(usize::from(index)).get_or_insert_with(fresh);
        let Rewritten { sequence, timestamp } = numbers;
        let position = Position { sequence, timestamp, arrival: packet.arrival, capture: packet.capture };
        stream.numbering.rewrite(&position, picture)
    }

    fn place(&mut self, index: usize) -> &mut Option<Stream> {
        if index >= self.lines.len() {
            self.lines.resize_with(index + 1, || None);
        }
        &mut self.lines[index]
    }
}
