"""pipecat's TwilioFrameSerializer answers a call of the simulated telephone company and says back what it hears.

The simulator is checked by code that was written for the real provider: its messages are read, its audio is decoded and
encoded, `clear` is sent on an interruption, a key arrives, and the call is hung up over REST, as pipecat does it.

    PEER_URL     where the company is, as http://127.0.0.1:8080/api/phone/simulator
    PEER_ACCOUNT its account
    PEER_TOKEN   the account's token
"""

import asyncio
import io
import os
import wave
from time import monotonic

import aiohttp
import numpy
from aiohttp import web
from loguru import logger
from pipecat.frames.frames import EndFrame, InputAudioRawFrame, InputDTMFFrame, InterruptionFrame, OutputAudioRawFrame
from pipecat.runner.utils import parse_telephony_websocket
from pipecat.serializers.twilio import TwilioFrameSerializer

COMPANY = os.environ["PEER_URL"].rstrip("/")
ACCOUNT = os.environ["PEER_ACCOUNT"]
TOKEN = os.environ["PEER_TOKEN"]
RATE = 8000
TONE = 1000
LEVEL = -12
FRAMES = 100  # 2 s


class Echo:
    """Answers one call."""

    def __init__(self) -> None:
        self.base = ""
        self.frames = 0
        self.keys: list[str] = []
        self.parsed: tuple = ()
        self.call = ""
        self.echoed = asyncio.Event()
        self.finish = asyncio.Event()
        self.over = asyncio.Event()
        self.began = self.ended = 0.0

    async def voice(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["AccountSid"] == ACCOUNT and form["CallStatus"] == "ringing", dict(form)
        self.call = form["CallSid"]
        url = self.base.replace("http", "ws", 1) + "/media"
        document = f'<Response><Connect><Stream url="{url}"><Parameter name="room" value="echo"/></Stream></Connect></Response>'
        return web.Response(text=document, content_type="text/xml")

    async def media(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        kind, data = await parse_telephony_websocket(Reader(socket))
        self.parsed = (kind, data)
        serializer = TwilioFrameSerializer(
            stream_sid=data["stream_id"],
            call_sid=data["call_id"],
            account_sid=ACCOUNT,
            auth_token=TOKEN,
            base_url=COMPANY,
            params=TwilioFrameSerializer.InputParams(sample_rate=RATE),
        )
        # What a pipeline would tell it.
        serializer._sample_rate = RATE
        async for message in socket:
            if message.type == aiohttp.WSMsgType.TEXT:
                await self.frame(socket, serializer, await serializer.deserialize(message.data))
        self.over.set()
        return socket

    async def frame(self, socket, serializer, frame) -> None:
        if isinstance(frame, InputDTMFFrame):
            self.keys.append(frame.button.value)
        if not isinstance(frame, InputAudioRawFrame):
            return
        self.frames += 1
        self.began = self.began or monotonic()
        self.ended = monotonic()
        if self.frames <= FRAMES:
            said = OutputAudioRawFrame(audio=frame.audio, sample_rate=frame.sample_rate, num_channels=1)
            await socket.send_str(await serializer.serialize(said))
        elif self.frames == FRAMES + 25:
            # Two seconds more than are left to hear: an interruption must cut them.
            for _ in range(100):
                said = OutputAudioRawFrame(audio=frame.audio, sample_rate=frame.sample_rate, num_channels=1)
                await socket.send_str(await serializer.serialize(said))
            await socket.send_str(await serializer.serialize(InterruptionFrame()))
            self.echoed.set()
        if self.finish.is_set():
            self.finish.clear()
            await serializer.serialize(EndFrame())


class Reader:
    """What pipecat expects of a socket of its web framework."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket

    def iter_text(self):
        return self

    def __aiter__(self):
        return self

    async def __anext__(self) -> str:
        return await self.receive_text()

    async def receive_text(self) -> str:
        return await self.socket.receive_str()


async def main() -> None:
    errors = []
    logger.add(lambda message: errors.append(str(message)), level="WARNING")
    echo = Echo()
    app = web.Application()
    app.add_routes([web.post("/voice", echo.voice), web.get("/media", echo.media)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    echo.base = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
    try:
        async with aiohttp.ClientSession() as session:
            await judge(echo, session)
    finally:
        await runner.cleanup()
    assert not errors, errors
    print(f"passed: {echo.frames} frames through pipecat")


async def judge(echo: Echo, session: aiohttp.ClientSession) -> None:
    order = {"voiceUrl": echo.base + "/voice", "play": {"hz": TONE, "level": LEVEL}, "record": True}
    async with session.post(f"{COMPANY}/calls", json=order) as answer:
        assert answer.status == 201, await answer.text()
        sid = (await answer.json())["callSid"]
    await asyncio.wait_for(echo.echoed.wait(), 20)
    kind, data = echo.parsed
    assert kind == "twilio" and data["call_id"] == sid == echo.call, (kind, data)
    assert data["body"] == {"room": "echo"}, data
    await expect(session, sid, "the interruption", lambda report: report["stream"]["clears"] == 1)
    report = await expect(session, sid, "silence", lambda report: report["stream"]["playoutQueueMs"] == 0)
    assert report["stream"]["errors"] == {}, report["stream"]
    assert report["stream"]["mediaReceived"] == 200, report["stream"]
    async with session.post(f"{COMPANY}/calls/{sid}/digits", json={"digits": "5#"}) as answer:
        assert answer.status == 204, await answer.text()
    await until(lambda: echo.keys == ["5", "#"], "both keys")
    echo.finish.set()
    report = await expect(session, sid, "the end", lambda report: report["state"] == "ended")
    assert report["endReason"] == "hung up over REST", report["endReason"]
    await asyncio.wait_for(echo.over.wait(), 5)
    pace = (echo.ended - echo.began) / (echo.frames - 1)
    assert abs(pace - 0.02) < 0.001, f"a frame every {pace * 1000:.2f} ms"
    async with session.get(f"{COMPANY}/calls/{sid}/heard.wav") as answer:
        levels = measure(await answer.read())
    loud = [level for level in levels if abs(level - LEVEL) < 1]
    print(f"{len(loud)} pieces of 100 ms within 1 dB of {LEVEL} dB; {pace * 1000:.2f} ms a frame")
    # Two seconds, but for where the first and the last piece begin and end.
    assert 18 <= len(loud) <= 20, levels


def measure(recording: bytes) -> list[float]:
    """The level of the tone in each 100 ms, in dB below a sine of full scale."""
    with wave.open(io.BytesIO(recording)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
        samples = numpy.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    window = numpy.hanning(800)
    turn = numpy.exp(-2j * numpy.pi * TONE / RATE * numpy.arange(800)) * window
    pieces = [samples[at : at + 800] for at in range(0, len(samples) - 799, 800)]
    return [20 * numpy.log10(max(2 * abs(numpy.dot(piece, turn)) / window.sum(), 1e-6)) for piece in pieces]


async def expect(session: aiohttp.ClientSession, sid: str, what: str, holds) -> dict:
    deadline = monotonic() + 10
    while True:
        async with session.get(f"{COMPANY}/calls/{sid}") as answer:
            report = await answer.json()
        if holds(report):
            return report
        assert monotonic() < deadline, f"{what}: waited in vain: {report}"
        await asyncio.sleep(0.02)


async def until(holds, what: str) -> None:
    deadline = monotonic() + 10
    while not holds():
        assert monotonic() < deadline, f"{what}: waited in vain"
        await asyncio.sleep(0.02)


asyncio.run(main())
