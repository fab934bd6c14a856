"""One aiortc publishes over WHIP, another views over WHEP and decodes what it gets: green pictures and a loud tone."""

import asyncio
import os
import sys

import numpy
from aiortc import RTCPeerConnection, RTCSessionDescription

import whip
from aiortc_publisher import GREEN, SIZE, Publisher

FRAMES = 30


async def main(room: str) -> None:
    publisher = Publisher(room, os.environ["PUBLISH"])
    await publisher.start()

    viewer, token = RTCPeerConnection(), os.environ["VIEW"]
    watching: dict[str, asyncio.Task] = {}
    viewer.on("track", lambda track: watching.setdefault(track.kind, asyncio.ensure_future(WATCH[track.kind](track))))
    viewer.addTransceiver("audio", direction="recvonly")
    viewer.addTransceiver("video", direction="recvonly")
    await viewer.setLocalDescription(await viewer.createOffer())
    answer, session = await whip.post(f"/whep/{room}", token, viewer.localDescription.sdp)
    await viewer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    try:
        assert set(watching) == {"audio", "video"}, f"tracks: {set(watching)}"
        print(await asyncio.wait_for(asyncio.gather(*watching.values()), 30))
    finally:
        print("publisher", publisher.connection.connectionState, "viewer", viewer.connectionState)
    await whip.delete(session, token)
    await viewer.close()
    await publisher.stop()


async def watch(track) -> str:
    """Frames of the right size and colour come."""
    for _ in range(FRAMES):
        frame = await track.recv()
    assert (frame.width, frame.height) == SIZE, frame
    middle = numpy.median(frame.to_ndarray(format="bgr24"), axis=(0, 1))
    assert abs(middle[1] - GREEN) < 40 and middle[0] < 60 and middle[2] < 60, f"colour {middle}"
    return f"{FRAMES} pictures, the last of colour {middle}"


async def listen(track) -> str:
    """The tone comes."""
    loudness = 0.0
    for _ in range(200):
        frame = await track.recv()
        loudness = max(loudness, float(numpy.abs(frame.to_ndarray()).mean()))
    assert loudness > 1000, f"loudness {loudness}"
    return f"sound of loudness {loudness:.0f}"


WATCH = {"video": watch, "audio": listen}

asyncio.run(main(sys.argv[1]))
