# SPDX-License-Identifier: Apache-2.0
"""The test frames: what a guest sends, honest and forged, and what should become of each.

Every frame carries a tag (tests/guest/wire.h) by which receivers count it by kind, wherever it arrives.
"""

import struct
from dataclasses import dataclass
from typing import Callable

ORDER_TYPE = 0x88b5
TEST_TYPE = 0x88b6
ORDER_MAGIC = b"TWORDER1"
TAG_MAGIC = b"TWFRAME1"
TAG = struct.Struct("!8sIBBH")
MARKER = 1
BROADCAST = "ff:ff:ff:ff:ff:ff"
STRANGER = "02:66:6f:72:67:65"  # nobody's address: locally administered, "forge"
GROUP = "01:00:5e:00:00:fb"
ZERO = "00:00:00:00:00:00"


def mac_bytes(text):
    return bytes.fromhex(text.replace(":", ""))


def mac_text(data):
    return data.hex(":")


def order(target, number, text, source=STRANGER):
    """An order to the guest that owns the address target."""
    body = ORDER_MAGIC + mac_bytes(target) + struct.pack("!IH", number, len(text)) + text
    return mac_bytes(BROADCAST) + mac_bytes(source) + struct.pack("!H", ORDER_TYPE) + body


def parse_tag(frame):
    """(run, kind, flags, sequence) of a test frame, or None."""
    at = frame.find(TAG_MAGIC)
    if at < 0 or len(frame) - at < TAG.size:
        return None
    return TAG.unpack_from(frame, at)[1:]


@dataclass
class Parties:
    """Who takes part: addresses of the sending guest and of the one it would like to be."""
    own: str
    peer: str


# ---- building ----

def _ethernet(destination, source, ethertype, payload):
    frame = mac_bytes(destination) + mac_bytes(source) + struct.pack("!H", ethertype) + payload
    return frame + b"\0" * (60 - len(frame))


def _checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def plain(source, destination):
    return lambda parties, tag: _ethernet(_name(parties, destination), _name(parties, source), TEST_TYPE, tag)


def arp(operation, sender, destination, source="own", sender_ip=(192, 0, 2, 1), target_ip=(192, 0, 2, 2)):
    """sender: the hardware address the ARP message claims. The tag is the padding after the message."""
    def build(parties, tag):
        message = struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation)
        message += mac_bytes(_name(parties, sender)) + bytes(sender_ip)
        message += mac_bytes(parties.peer if operation == 2 else ZERO) + bytes(target_ip)
        return _ethernet(_name(parties, destination), _name(parties, source), 0x0806, message + tag)
    return build


def ipv4(source, destination):
    def build(parties, tag):
        udp = struct.pack("!HHHH", 9, 9, 8 + len(tag), 0) + tag  # checksum 0: none (RFC 768)
        head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0,
                           bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2)))
        head = head[:10] + struct.pack("!H", _checksum(head)) + head[12:]
        return _ethernet(_name(parties, destination), _name(parties, source), 0x0800, head + udp)
    return build


def ipv6(source, destination):
    def build(parties, tag):
        # Next header 59: nothing follows that anybody would look at (RFC 8200, 4.7).
        head = struct.pack("!IHBB", 6 << 28, len(tag), 59, 64)
        head += bytes.fromhex("20010db8000000000000000000000001" "20010db8000000000000000000000002")
        return _ethernet(_name(parties, destination), _name(parties, source), 0x86dd, head + tag)
    return build


def _name(parties, who):
    """An address by role ("own", "peer", "stranger", ...), or itself."""
    return {"own": parties.own, "peer": parties.peer, "stranger": STRANGER, "broadcast": BROADCAST,
            "group": GROUP, "zero": ZERO}[who]


# ---- the kinds ----

@dataclass
class Kind:
    number: int
    text: str
    honest: bool
    build: Callable
    # A bridge itself refuses some source addresses, filter or not.
    bridgeable: bool = True

    def frame(self, parties, run):
        return self.build(parties, TAG.pack(TAG_MAGIC, run, self.number, 0, 0))

    def passes(self, filtered):
        """Whether every frame (else none) should arrive."""
        return self.honest or (self.bridgeable and not filtered)


def _number(rows):
    return [Kind(number, *row) for number, row in enumerate(rows, 1)]


KINDS = _number([
    # what is sent, honest, how, does a bridge take it
    ("own MAC, broadcast", True, plain("own", "broadcast")),
    ("own MAC, to the second guest", True, plain("own", "peer")),
    ("IPv4 to the second guest", True, ipv4("own", "peer")),
    ("IPv6 to the second guest", True, ipv6("own", "peer")),
    ("ARP request", True, arp(1, "own", "broadcast")),
    ("ARP reply", True, arp(2, "own", "peer")),
    ("gratuitous ARP", True, arp(1, "own", "broadcast", target_ip=(192, 0, 2, 1))),
    ("MAC of nobody, broadcast", False, plain("stranger", "broadcast")),
    ("MAC of nobody, to the second guest", False, plain("stranger", "peer")),
    ("MAC of nobody, IPv4", False, ipv4("stranger", "peer")),
    ("MAC of nobody, IPv6", False, ipv6("stranger", "peer")),
    ("MAC of nobody, honest ARP inside", False, arp(1, "own", "broadcast", source="stranger")),
    ("MAC of the second guest, broadcast", False, plain("peer", "broadcast")),
    ("MAC all zero", False, plain("zero", "broadcast"), False),
    ("MAC of a group", False, plain("group", "broadcast"), False),
    ("ARP request as the second guest", False, arp(1, "peer", "broadcast", sender_ip=(192, 0, 2, 2))),
    ("ARP reply as the second guest", False, arp(2, "peer", "broadcast", sender_ip=(192, 0, 2, 2))),
    ("ARP reply as nobody", False, arp(2, "stranger", "peer", sender_ip=(192, 0, 2, 9))),
    ("gratuitous ARP as the second guest", False,
     arp(1, "peer", "broadcast", sender_ip=(192, 0, 2, 2))),
])

# The kind after which a bridge that was fooled sends the second guest's frames to the first.
STEALING = next(kind for kind in KINDS if kind.text == "MAC of the second guest, broadcast")
