# SPDX-License-Identifier: Apache-2.0
"""A test guest seen from outside: its console is read from a file, its orders go as frames (guest.c)."""

import itertools
import select
import socket
import struct
import time

import frames
from errors import LabError, wait_until

BOOT_SECONDS = 90
ANSWER_SECONDS = 20
REPEAT_SECONDS = 0.25
SO_TIMESTAMPNS = 35  # asm-generic/socket.h; Python has no name for it


class Console:
    """The lines a guest's tool has written to its serial log."""

    def __init__(self, path):
        self.path = path

    def lines(self):
        try:
            with open(self.path, encoding="ascii", errors="replace") as file:
                whole = file.read()
        except FileNotFoundError:
            return []
        whole = whole[:whole.rfind("\n") + 1]
        return [line[4:].split() for line in whole.splitlines() if line.startswith("tw: ")]

    def find(self, *words):
        """The first line that begins with words."""
        for line in self.lines():
            if line[:len(words)] == list(words):
                return line
        return None

    def wait(self, *words, seconds=ANSWER_SECONDS):
        def look():
            return self.find(*words)
        try:
            return wait_until(look, seconds, f"\"{' '.join(words)}\" on {self.path}")
        except LabError as error:
            last = " | ".join(" ".join(line) for line in self.lines()[-3:])
            raise LabError(f"{error}; its last lines: {last or 'none'}") from None


class Bridge:
    """A packet socket on the bridge itself: what passed the filter, and the way orders are sent."""

    def __init__(self, host, name):
        self.host, self.name = host, name
        self.socket = host.packet_socket(name)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._promiscuous()
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.counts = {}
        self.markers = set()
        self.first = {}  # source MAC -> when its first frame came by, in s since 1970

    def _promiscuous(self):
        index = int(self.host.run("cat", f"/sys/class/net/{self.name}/ifindex"))
        request = index.to_bytes(4, "little") + (1).to_bytes(2, "little") + bytes(10)
        self.socket.setsockopt(263, 1, request)  # SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC

    def send(self, frame):
        self.socket.send(frame)

    def _take(self):
        frame, ancillary, _, address = self.socket.recvmsg(4096, socket.CMSG_SPACE(16))
        if address[2] == 4:  # PACKET_OUTGOING
            return
        for level, kind, payload in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
                seconds, nanoseconds = struct.unpack("qq", payload)
                self.first.setdefault(frame[6:12].hex(":"), seconds + nanoseconds / 1e9)
        tag = frames.parse_tag(frame)
        if tag is None:
            return
        run, kind, flags, sequence = tag
        if flags & frames.MARKER:
            self.markers.add((run, kind))
        else:
            self.counts.setdefault((run, kind), []).append(sequence)

    def wait_marker(self, run, kind, seconds=ANSWER_SECONDS):
        """Everything sent before the marker has passed the bridge, or will never."""
        end = time.monotonic() + seconds
        while (run, kind) not in self.markers:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                raise LabError(f"the marker of kind {kind} did not come by on bridge {self.name}")
            self._take()

    def wait_first(self, mac, seconds=ANSWER_SECONDS):
        """When the first frame of that sender came by."""
        end = time.monotonic() + seconds
        while mac not in self.first:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                raise LabError(f"no frame of {mac} came by on bridge {self.name}")
            self._take()
        return self.first[mac]

    def forget(self, mac):
        """What it has sent until now does not count as its first any more."""
        while select.select([self.socket], [], [], 0)[0]:
            self._take()
        self.first.pop(mac, None)

    def count(self, run, kind):
        return len(self.counts.get((run, kind), []))


class Guest:
    numbers = itertools.count(1)  # one sequence for all, so that no order is taken for a repetition

    def __init__(self, name, mac, console_path):
        self.name, self.mac = name, mac
        self.console = Console(console_path)

    def wait_ready(self, mac=None, seconds=BOOT_SECONDS):
        """Until the guest runs and its interface has a link."""
        self.console.wait("link", mac or self.mac, "up", seconds=seconds)

    def tell(self, bridge, text, *answer):
        """An order that ends the guest: repeated until its last words are on the console."""
        frame = frames.order(self.mac, next(self.numbers), text)
        end = time.monotonic() + ANSWER_SECONDS
        while not self.console.find(*answer):
            if time.monotonic() > end:
                raise LabError(f"guest {self.name} does not obey \"{text.decode()}\"")
            bridge.send(frame)
            try:
                self.console.wait(*answer, seconds=REPEAT_SECONDS)
            except LabError:
                pass

    def order(self, bridge, text, mac=None):
        """Sends an order through the bridge to the interface mac until it is answered."""
        number = next(self.numbers)
        frame = frames.order(mac or self.mac, number, text)
        end = time.monotonic() + ANSWER_SECONDS
        while True:
            bridge.send(frame)
            try:
                answer = self.console.wait("ack", str(number), seconds=REPEAT_SECONDS)
                break
            except LabError:
                if time.monotonic() > end:
                    raise LabError(f"guest {self.name} does not answer an order") from None
        if answer[2] != "ok":
            raise LabError(f"guest {self.name}: {' '.join(answer[3:])}")

    def send(self, bridge, frame, count, mac=None, interval_ms=0):
        """At once, or one every interval; a marker follows either way."""
        self.order(bridge, b"send %d %d\n" % (count, interval_ms) + frame, mac)

    def received(self, run, kind, mac=None, seconds=ANSWER_SECONDS):
        """(different frames, all frames) of a kind, once its marker has come."""
        line = self.console.wait("got", mac or self.mac, str(run), str(kind), seconds=seconds)
        return int(line[4]), int(line[5])
