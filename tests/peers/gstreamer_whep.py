"""GStreamer's webrtcbin views a room over WHEP and decodes pictures and sound."""

import hashlib
import os
import re
import ssl
import sys
import urllib.error
import urllib.request

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

WANTED = 30
CAPS = {
    "audio": "application/x-rtp,media=audio,encoding-name=OPUS,payload=111,clock-rate=48000,encoding-params=(string)2",
    "video": "application/x-rtp,media=video,encoding-name=VP8,payload=96,clock-rate=90000",
}


class Viewer:
    """One viewer; `decoded` counts buffers behind the decoders, `loud` those that are no silence."""

    def __init__(self, room: str, token: str) -> None:
        self.room, self.token = room, token
        self.decoded = {"audio": 0, "video": 0}
        self.size = (0, 0)
        self.problem = ""
        self.posted = False
        self.loop = GLib.MainLoop()
        self.pipeline = Gst.Pipeline.new(None)
        self.webrtc = Gst.ElementFactory.make("webrtcbin", None)
        self.webrtc.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
        self.pipeline.connect("deep-element-added", certify)
        self.pipeline.add(self.webrtc)
        for caps in CAPS.values():
            direction = GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
            self.webrtc.emit("add-transceiver", direction, Gst.Caps.from_string(caps))
        self.webrtc.connect("on-negotiation-needed", self.negotiate)
        self.webrtc.connect("notify::ice-gathering-state", self.gathered)
        self.webrtc.connect("pad-added", self.play)
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::error", lambda _bus, message: self.fail(str(message.parse_error())))

    def run(self) -> None:
        """Views until enough is decoded, or half a minute is over."""
        self.pipeline.set_state(Gst.State.PLAYING)
        GLib.timeout_add(100, self.look)
        GLib.timeout_add_seconds(30, self.fail, "half a minute is over")
        self.loop.run()
        self.pipeline.set_state(Gst.State.NULL)

    def negotiate(self, _webrtc) -> None:
        def made(promise) -> None:
            # The offer belongs to the reply: without a name for that, it would be freed too early.
            reply = promise.get_reply()
            offer = reply.get_value("offer")
            self.webrtc.emit("set-local-description", offer, Gst.Promise.new())

        self.webrtc.emit("create-offer", None, Gst.Promise.new_with_change_func(made))

    def gathered(self, webrtc, _property) -> None:
        if webrtc.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            GLib.idle_add(self.post)

    def post(self) -> None:
        if self.posted:
            return
        self.posted = True
        offer = self.webrtc.get_property("local-description").sdp.as_text()
        # webrtcbin 1.22 hashes a given certificate together with its key.
        offer = re.sub(r"a=fingerprint:\S+ \S+", f"a=fingerprint:sha-256 {fingerprint()}", offer)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/sdp"}
        request = urllib.request.Request(f"{os.environ['PEER_URL']}/whep/{self.room}", offer.encode(), headers)
        try:
            with urllib.request.urlopen(request) as response:
                answer = response.read()
        except urllib.error.HTTPError as error:
            self.fail(f"{error.code} {error.read()!r}\n{offer}")
            return
        _, message = GstSdp.SDPMessage.new_from_text(answer.decode())
        description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
        self.webrtc.emit("set-remote-description", description, Gst.Promise.new())

    def play(self, _webrtc, pad) -> None:
        kind = pad.get_current_caps().get_structure(0).get_string("media")
        chain = {
            "audio": "rtpopusdepay ! opusdec ! audioconvert ! fakesink name=sink signal-handoffs=true",
            "video": "rtpvp8depay ! vp8dec ! videoconvert ! fakesink name=sink signal-handoffs=true",
        }[kind]
        bin_ = Gst.parse_bin_from_description(chain, True)
        bin_.get_by_name("sink").connect("handoff", self.count, kind)
        self.pipeline.add(bin_)
        bin_.sync_state_with_parent()
        pad.link(bin_.get_static_pad("sink"))

    def count(self, _sink, buffer, pad, kind: str) -> None:
        if kind == "video":
            caps = pad.get_current_caps().get_structure(0)
            self.size = (caps.get_value("width"), caps.get_value("height"))
        elif not any(buffer.extract_dup(0, 200)):
            return
        self.decoded[kind] += 1

    def look(self) -> bool:
        if all(count >= WANTED for count in self.decoded.values()):
            self.loop.quit()
            return False
        return True

    def fail(self, why: str) -> bool:
        self.problem = why
        self.loop.quit()
        return False


def fingerprint() -> str:
    """Of the certificate in $PEM (RFC 8122 §5)."""
    with open(os.environ["PEM"], encoding="ascii") as pem:
        certificate, _key = pem.read().split("-----BEGIN PRIVATE KEY-----")
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).digest().hex(":").upper()


def certify(_pipeline, _bin, element) -> None:
    """Gives a DTLS element its certificate before the fingerprint goes into the offer."""
    factory = element.get_factory()
    if factory and factory.get_name() == "dtlsdec":
        with open(os.environ["PEM"], encoding="ascii") as pem:
            element.set_property("pem", pem.read())


Gst.init(None)
viewer = Viewer(sys.argv[1], os.environ["VIEW"])
viewer.run()
print(f"decoded {viewer.decoded}, pictures of {viewer.size}")
if viewer.problem or viewer.size != (320, 180):
    sys.exit(viewer.problem or f"pictures of {viewer.size}")
