"""The example bot answers over /ws/audio: a tone is said into a room, and heard again about a second later, and not before."""

import array
import asyncio
import json
import math
import os
import sys
from pathlib import Path
from time import monotonic
from urllib.parse import urlencode

import websockets

EXAMPLE = Path(__file__).parents[2] / "examples/python/echo_bot.py"
SERVER = os.environ["PEER_URL"].replace("http", "ws", 1)
RATE, FRAME = 48000, 960
TONE = 1000
SAID = 25  # frames of 20 ms
LOUD = 1000


async def main(room: str) -> None:
    bot = await asyncio.create_subprocess_exec(sys.executable, EXAMPLE, SERVER, room, os.environ["BOT"])
    try:
        query = urlencode({"room": room, "token": os.environ["SPEAKER"], "rate": RATE})
        async with websockets.connect(f"{SERVER}/ws/audio?{query}") as socket:
            ready = json.loads(await socket.recv())
            assert ready["type"] == "ready" and ready["frame"] == FRAME, ready
            delay, length = await asyncio.wait_for(say_and_hear(socket), 30)
    finally:
        bot.terminate()
        await bot.wait()
    print(f"heard again after {delay:.2f} s, for {length} frames")
    assert 0.9 < delay < 2, f"after {delay} s"
    assert abs(length - SAID) <= 5, f"{length} frames"


async def say_and_hear(socket) -> tuple[float, int]:
    """Says the tone until it comes back (the bot may come a moment later than we do); when, and for how many frames."""
    while True:
        begun = monotonic()
        for number in range(SAID):
            await socket.send(tone(number))
        await socket.send(json.dumps({"type": "mark", "name": "said"}))
        back, length, marked = None, 0, False
        while monotonic() < begun + 4:
            message = await socket.recv()
            if isinstance(message, str):
                marked |= json.loads(message) == {"type": "mark", "name": "said"}
            elif loudness(message) > LOUD:
                back = back or monotonic()
                length += 1
        assert marked, "the mark did not come back"
        if back:
            return back - begun, length


def tone(number: int) -> bytes:
    """20 ms of it."""
    samples = range(number * FRAME, (number + 1) * FRAME)
    return array.array("h", (int(10000 * math.sin(2 * math.pi * TONE * n / RATE)) for n in samples)).tobytes()


def loudness(frame: bytes) -> float:
    """Root mean square of the samples of a frame."""
    samples = array.array("h", frame)
    return math.sqrt(sum(sample * sample for sample in samples) / len(samples))


asyncio.run(main(sys.argv[1]))
