"""Publishes with aiortc over WHIP until standard input ends."""

import asyncio
import os
import sys

from aiortc_publisher import Publisher


async def main(room: str) -> None:
    publisher = Publisher(room, os.environ["PUBLISH"])
    await publisher.start()
    print("publishing", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await publisher.stop()


asyncio.run(main(sys.argv[1]))
