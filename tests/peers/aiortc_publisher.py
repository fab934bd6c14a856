"""An aiortc publisher: a moving picture and a tone, over WHIP."""

import fractions

import av
import numpy
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack

import whip

SIZE = (320, 180)
GREEN = 200


class Picture(VideoStreamTrack):
    """A white bar moves over green."""

    count = 0

    async def recv(self) -> av.VideoFrame:
        pts, time_base = await self.next_timestamp()
        image = numpy.zeros((SIZE[1], SIZE[0], 3), numpy.uint8)
        image[:, :, 1] = GREEN
        left = self.count * 4 % (SIZE[0] - 20)
        image[:, left : left + 20] = 255
        self.count += 1
        frame = av.VideoFrame.from_ndarray(image, format="bgr24")
        frame.pts, frame.time_base = pts, time_base
        return frame


class Tone(AudioStreamTrack):
    """440 Hz; the pace is that of aiortc's own silence."""

    async def recv(self) -> av.AudioFrame:
        silence = await super().recv()
        rate, count = silence.sample_rate, silence.samples
        angle = 2 * numpy.pi * 440 * (silence.pts + numpy.arange(count)) / rate
        samples = (numpy.sin(angle) * 10_000).astype(numpy.int16).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.pts, frame.sample_rate, frame.time_base = silence.pts, rate, fractions.Fraction(1, rate)
        return frame


class Publisher:
    """One publisher of a room."""

    def __init__(self, room: str, token: str) -> None:
        self.room, self.token = room, token
        self.connection = RTCPeerConnection()
        self.session = ""

    async def start(self) -> None:
        """Offers, and is connected soon."""
        self.connection.addTrack(Tone())
        self.connection.addTrack(Picture())
        await self.connection.setLocalDescription(await self.connection.createOffer())
        answer, self.session = await whip.post(f"/whip/{self.room}", self.token, self.connection.localDescription.sdp)
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def stop(self) -> None:
        """Ends the session as RFC 9725 §4.2 says."""
        await whip.delete(self.session, self.token)
        await self.connection.close()
