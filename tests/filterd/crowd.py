#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""10,000 bindings at once: each call answered as with one, and nothing open while things fail.

usage: crowd.py TAPWALLD FLOOD. Needs root. All in namespaces of its own. A guest of one of the ports
floods with forged and honest frames at each step, and those of the first and the last port send one of
each.
"""

import os
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'compat'))

import kernelcall  # noqa: E402
import nwfilterd  # noqa: E402
import rpc  # noqa: E402
import steps  # noqa: E402
import taps  # noqa: E402
import wire  # noqa: E402
from calls import binding_xml, filter_xml  # noqa: E402
from daemon import Daemon  # noqa: E402
from flooding import Flood  # noqa: E402

COUNT, SPARE = 10000, 8  # what the maps hold is both together
MORE = SPARE + 2         # devices beyond COUNT
GUEST, PEER = COUNT // 2, 'cpeer'
SAMPLES = (0, COUNT - 1)
NAME = 'vdsm-no-mac-spoofing'
UUID = 'b5e1fa2c-5a1f-4f6e-9d5e-0d6c1e9a2b77'
INCLUDES = "<filterref filter='no-mac-spoofing'/><filterref filter='no-arp-mac-spoofing'/>"
CLOSED = "<rule action='drop' direction='out' priority='-900'><mac protocolid='0x88b5'/></rule>"  # honest ones
GRACE_SECONDS = 1


class Samples:
    """Ports of a bridge of their own, which send a frame when they are asked to."""

    def __init__(self):
        nwfilterd.run('ip', 'link', 'add', 'sbr', 'type', 'bridge', 'forward_delay', '0')
        self.guests = {number: wire.tap(f't{number}') for number in SAMPLES}
        self.peer = wire.tap('speer')
        for name in ('speer', *(f't{number}' for number in SAMPLES)):
            nwfilterd.run('ip', 'link', 'set', name, 'master', 'sbr')
        nwfilterd.run('ip', 'link', 'set', 'sbr', 'up')

    def arrives(self, number, source):
        frame = bytes.fromhex('ff' * 6 + source.replace(':', '') + '88b5') + bytes(46)
        os.write(self.guests[number], frame)
        arrived = False
        while True:
            try:
                arrived |= os.read(self.peer, 2048) == frame
            except BlockingIOError:
                return arrived

    def is_open(self, number):
        return self.arrives(number, taps.mac(COUNT + number))

    def judged(self, honest=True):
        for number in self.guests:
            assert not self.is_open(number), f'a forged frame of t{number} arrived'
            arrived = self.arrives(number, taps.mac(number))
            assert arrived == honest, f'honest frame of t{number}: {arrived}'


class Test:
    def __init__(self, daemon, flood, samples):
        self.daemon, self.flood, self.samples = daemon, flood, samples
        self.client = self.connected()

    def connected(self):
        client = rpc.Client(self.daemon.socket, timeout=120)
        assert client.open() == b''
        return client

    def create(self, number, name=NAME):
        return self.client.call(rpc.BINDING_CREATE,
                                rpc.text(binding_xml(f't{number}', taps.mac(number), name)) + rpc.uint(0))

    def delete(self, number):
        return self.client.call(rpc.BINDING_DELETE, rpc.binding(f't{number}'))

    def define(self, inside):
        answer = self.client.call(rpc.DEFINE, rpc.text(filter_xml(NAME, UUID, inside)))
        assert not isinstance(answer, rpc.Fault), answer

    def listed(self):
        reader = rpc.Reader(self.client.call(rpc.BINDINGS, rpc.uint(1) + rpc.uint(0)))
        return {port for port, _ in reader.list(reader.binding)}

    def judged(self, *, honest=True):
        """Forged frames of the guests do not arrive, and honest ones as told."""
        self.samples.judged(honest)
        self.flood.go_on()
        self.flood.counts()
        time.sleep(0.1)  # of flood
        sent, forged, honest_sent, arrived = self.flood.counts()
        self.flood.pause()
        assert sent > 0 and forged == 0, f'{forged} of {sent} forged frames arrived'
        assert arrived == (honest_sent if honest else 0), f'{arrived} of {honest_sent} honest frames arrived'

    def all_listed(self):
        assert self.listed() == {f't{n}' for n in range(COUNT)}

    # ----

    def test_1_create(self):
        """10,000 are bound, one after the other, and listed"""
        self.define(INCLUDES)
        for number in range(COUNT):
            answer = self.create(number)
            assert not isinstance(answer, rpc.Fault), (number, answer)
        self.all_listed()
        self.judged()

    def test_2_neighbour(self):
        """one that cannot be bound says why; one more is bound and goes"""
        answer = self.create(COUNT, 'nowhere')
        assert isinstance(answer, rpc.Fault) and 'nowhere' in answer[2], answer
        assert not isinstance(self.create(COUNT), rpc.Fault)
        assert len(self.listed()) == COUNT + 1
        assert not isinstance(self.delete(COUNT), rpc.Fault)
        self.all_listed()

    def test_3_redefine(self):
        """a redefinition is in force on all"""
        self.define(INCLUDES + CLOSED)
        self.judged(honest=False)
        self.define(INCLUDES)
        self.judged()

    def test_4_kill(self):
        """killed and started again, it has all of them"""
        self.client.close()
        self.daemon.kill()
        self.judged()
        began = time.monotonic()
        self.daemon.start()
        self.client = self.connected()
        self.all_listed()
        print(f'# crowd.restart {time.monotonic() - began:.2f} s', flush=True)
        self.judged()

    def test_5_detached(self):
        """hooks that are detached although their pins stay are back"""
        longest = 0
        for number in SAMPLES:
            index = socket.if_nametoindex(f't{number}')
            (pin,) = (self.daemon.pins / 'tapwall').glob(f'*-links/{index}-out')
            kernelcall.detach(pin)
            began = time.monotonic()
            while self.samples.is_open(number):
                assert time.monotonic() < began + 20, f't{number} is still open'
                time.sleep(0.005)  # until it has been looked at
            longest = max(longest, time.monotonic() - began)
        self.judged()
        print(f'# crowd.detached_back {longest:.2f} s', flush=True)

    def test_6_full(self):
        """what the maps cannot hold is refused and names the limit; what is there stays"""
        time.sleep(GRACE_SECONDS + 1)  # what was deleted is gone
        answers = [self.create(COUNT + n) for n in range(MORE)]
        refused = [answer for answer in answers if isinstance(answer, rpc.Fault)]
        assert len(refused) == MORE - SPARE and isinstance(answers[-1], rpc.Fault), refused
        assert f'{COUNT + SPARE} ports' in refused[0][2], refused[0]
        self.judged()
        for number in range(COUNT, COUNT + SPARE):
            assert not isinstance(self.delete(number), rpc.Fault)
        self.all_listed()

    def test_7_vanish(self):
        """all their devices vanish at once, and so do the bindings, but for those of the guests"""
        kept = {GUEST, *SAMPLES}
        taps.remove(COUNT + MORE, kept)
        deadline = time.monotonic() + 60
        while self.listed() != {f't{n}' for n in kept} and time.monotonic() < deadline:
            time.sleep(0.1)  # for the kernel's events and the grace time
        assert self.listed() == {f't{n}' for n in kept}, len(self.listed())
        self.judged()


def main():
    nwfilterd.enter()
    nwfilterd.run('mount', '-t', 'tmpfs', '-o', 'mode=755', 'test', '/run')
    for path in ('default', 'all'):
        Path(f'/proc/sys/net/ipv6/conf/{path}/disable_ipv6').write_text('1')
    for command in ('link set lo up', 'link add cbr type bridge forward_delay 0', f'tuntap add {PEER} mode tap',
                    *(f'tuntap add t{n} mode tap' for n in (GUEST, *SAMPLES)), f'link set t{GUEST} master cbr up',
                    f'link set {PEER} master cbr up', 'link set cbr up'):
        nwfilterd.run('ip', *command.split())
    flood = Flood(sys.argv[2], f't{GUEST}', PEER, taps.mac(GUEST))
    good, counts = flood.control()  # before the others come: the kernel is slow to tell of so many carriers
    flood.pause()
    assert good, counts
    samples = Samples()
    assert all(samples.is_open(number) for number in SAMPLES)
    taps.make_missing(COUNT + MORE)
    daemon = Daemon(sys.argv[1], ports=COUNT + SPARE, grace_seconds=GRACE_SECONDS).start()
    test = Test(daemon, flood, samples)
    status = steps.run(steps.methods_of(test))
    flood.go_on()
    flood.end()
    daemon.stop()
    taps.remove(COUNT + MORE)
    sys.exit(status)


if __name__ == '__main__':
    main()
