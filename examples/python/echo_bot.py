"""A bot that says what it heard one second before.  python echo_bot.py ws://127.0.0.1:8080 ROOM TOKEN"""

import asyncio
import json
import sys
from collections import deque
from urllib.parse import urlencode

import websockets

RATE = 16000  # or 48000
DELAY = 50  # frames of 20 ms


async def main(server: str, room: str, token: str) -> None:
    query = urlencode({"room": room, "token": token, "rate": RATE, "name": "echo"})
    async with websockets.connect(f"{server}/ws/audio?{query}") as socket:
        heard = deque()
        # What comes is the room without our own voice, so that the echo has no echo.
        async for frame in socket:
            if isinstance(frame, bytes):
                heard.append(frame)
                if len(heard) > DELAY:
                    await socket.send(heard.popleft())
                continue
            word = json.loads(frame)
            print(word, flush=True)
            if word["type"] == "error" and word["code"] != "rate-limited":
                sys.exit(word["message"])


if __name__ == "__main__":
    try:
        asyncio.run(main(*sys.argv[1:4]))
    except websockets.ConnectionClosed as end:
        sys.exit(f"the server ended it: {end.reason}")
