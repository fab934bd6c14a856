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
LEAST = 15
LOUD = 300
MARK = {"type": "mark", "name": "said"}


async def main(room: str) -> None:
    query = urlencode({"room": room, "token": os.environ["SPEAKER"], "rate": RATE})
    async with websockets.connect(f"{SERVER}/ws/audio?{query}") as socket:
        ready = json.loads(await socket.recv())
        assert ready["type"] == "ready" and ready["frame"] == FRAME, ready
        command = (sys.executable, EXAMPLE, SERVER, room, os.environ["BOT"])
        bot = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        try:
            # We read on meanwhile, as the server does not wait for us.
            hearing = asyncio.create_task(hear(socket))
            assert b"ready" in await asyncio.wait_for(bot.stdout.readline(), 20)
            begun = monotonic()
            for number in range(SAID):
                await socket.send(tone(number))
            await socket.send(json.dumps(MARK))
            heard, marked = await asyncio.wait_for(hearing, 30)
        finally:
            bot.terminate()
            await bot.wait()
    print([(round(at - begun, 2), round(level)) for at, level in heard])
    assert marked - begun > 0.45, f"the mark came after {marked - begun} s, before the tone was over"
    assert heard[0][0] - begun > 0.9, "something came back before the bot can have said it"
    # A machine that is busy with other things may leave frames out; none comes twice.
    assert LEAST <= len(heard) <= SAID + 2, f"{len(heard)} frames"


async def hear(socket) -> tuple[list[tuple[float, float]], float]:
    """The frames that are not silent, with when they came, until the tone is over; and when the mark came."""
    heard, marked = [], None
    while True:
        message = await socket.recv()
        if isinstance(message, str):
            assert json.loads(message) == MARK, message
            marked = monotonic()
        elif loudness(message) > LOUD:
            heard.append((monotonic(), loudness(message)))
        elif marked and len(heard) >= LEAST and monotonic() - heard[-1][0] > 0.5:
            return heard, marked


def tone(number: int) -> bytes:
    """20 ms of it."""
    samples = range(number * FRAME, (number + 1) * FRAME)
    return array.array("h", (int(10000 * math.sin(2 * math.pi * TONE * n / RATE)) for n in samples)).tobytes()


def loudness(frame: bytes) -> float:
    """Root mean square of the samples of a frame."""
    samples = array.array("h", frame)
    return math.sqrt(sum(sample * sample for sample in samples) / len(samples))


asyncio.run(main(sys.argv[1]))
