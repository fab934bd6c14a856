"""WHIP (RFC 9725) and WHEP by their letter, for any WebRTC implementation: one POST with an offer, one answer."""

import os
from urllib.parse import urljoin

import aiohttp

URL = os.environ["PEER_URL"]


async def post(path: str, token: str, offer: str) -> tuple[str, str]:
    """Sends an offer; returns the answer and the session's address."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"}
    async with aiohttp.ClientSession() as http, http.post(URL + path, data=offer, headers=headers) as response:
        body = await response.text()
        assert response.status == 201, f"{path}: {response.status} {body}"
        assert response.content_type == "application/sdp", response.content_type
        return body, urljoin(str(response.url), response.headers["Location"])


async def delete(session: str, token: str) -> None:
    """Ends a session; a second time there is none."""
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as http:
        async with http.delete(session, headers=headers) as response:
            assert response.status == 200, response.status
        async with http.delete(session, headers=headers) as response:
            assert response.status == 404, response.status
