#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Never a gap: a guest floods its port with forged frames while everything around it changes.

usage: gaps.py TAPWALLD FLOOD tcx|clsact. Needs root. All in namespaces of its own. Not one forged
frame may arrive in any of it; of the honest ones in between, none may be lost while filters and
parameters change.
"""

import random
import socket
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'compat'))

import nwfilterd  # noqa: E402
import rpc  # noqa: E402
from calls import filter_xml  # noqa: E402
from daemon import Daemon  # noqa: E402
from flooding import Flood  # noqa: E402

VM, PEER, MAC = 'gvm', 'gpeer', '52:54:00:00:00:01'
UUID = '5c6d49af-b071-6127-b4ec-6f8ed4b55336'
REDEFINITIONS, CHANGES, KILLS = 1000, 1000, 200
BASE = ("<filterref filter='no-mac-spoofing'/><filterref filter='no-arp-mac-spoofing'/>"
        "<rule action='drop' direction='out' priority='{}'><mac protocolid='{}'/></rule>"
        "<rule action='drop' direction='out' priority='600'>"
        "<ip match='no' srcipaddr='$IP' comment='{}'/></rule>")


def definition(turn):
    """Never the same twice running, in priority, constant or comment; no frame here meets them."""
    return filter_xml('gap', UUID, BASE.format(500 + turn % 90, 0x9000 + turn % 7, turn % 3))


def binding(addresses):
    parameters = ''.join(f"<parameter name='IP' value='{a}'/>" for a in addresses)
    return (f"<filterbinding><owner><name>vm</name><uuid>{UUID}</uuid></owner>"
            f"<portdev name='{VM}'/><mac address='{MAC}'/>"
            f"<filterref filter='gap'>{parameters}</filterref></filterbinding>")


class Test:
    def __init__(self, daemon, flood, hook):
        self.daemon, self.flood, self.hook = daemon, flood, hook
        self.number, self.failed = 0, False

    def call(self, procedure, payload):
        with rpc.Client(self.daemon.socket) as client:
            client.open()
            answer = client.call(procedure, payload)
            assert not isinstance(answer, rpc.Fault), answer

    def define(self, turn):
        self.call(rpc.DEFINE, rpc.text(definition(turn)))

    def create(self, turn):
        addresses = [f'10.0.{turn % 250}.{n + 1}' for n in range(1 + turn % 4)]
        self.call(rpc.BINDING_CREATE, rpc.text(binding(addresses)) + rpc.uint(0))

    def result(self, name, *, honest_too):
        sent, forged, honest_sent, honest = self.flood.counts()
        good = sent > 0 and forged == 0 and (honest == honest_sent or not honest_too)
        self.number += 1
        self.failed |= not good
        print(f'{"ok" if good else "not ok"} {self.number} - {name}: {forged} of {sent} forged '
              f'frames arrived, {honest} of {honest_sent} honest ones', flush=True)

    # ----

    def control(self):
        """The flood is seen where there is no filter; without this, none arriving says nothing."""
        good, (sent, forged, honest_sent, honest) = self.flood.control()
        self.number += 1
        self.failed |= not good
        print(f'{"ok" if good else "not ok"} {self.number} - without a filter all arrive: '
              f'{forged} of {sent} forged, {honest} of {honest_sent} honest', flush=True)

    def bind(self):
        self.define(0)
        self.create(0)
        self.flood.counts()

    def redefine(self):
        for turn in range(1, REDEFINITIONS + 1):
            self.define(turn)
        self.result(f'{REDEFINITIONS} redefinitions', honest_too=True)

    def change(self):
        for turn in range(1, CHANGES + 1):
            self.call(rpc.BINDING_DELETE, rpc.binding(VM))
            self.create(turn)
        self.result(f'{CHANGES} parameter changes, each a delete and a create', honest_too=True)

    def kill(self):
        """At random moments of redefinitions and changes, and of the start itself."""
        stop, pause = threading.Event(), random.Random(1)

        def work():
            turn = 0
            while not stop.is_set():
                turn += 1
                try:
                    self.define(turn)
                    self.call(rpc.BINDING_DELETE, rpc.binding(VM))
                    self.create(turn)
                except (OSError, EOFError, AssertionError):
                    # Cut off: whatever was half done, a client does it again.
                    try:
                        self.create(turn)
                    except (OSError, EOFError, AssertionError):
                        pass

        worker = threading.Thread(target=work)
        worker.start()
        try:
            for _ in range(KILLS):
                time.sleep(pause.random() * 0.05)  # a random moment
                self.daemon.kill()
                self.daemon.start()
        finally:
            stop.set()
            worker.join(60)
        self.result(f'{KILLS} kills with -9 and restarts', honest_too=False)

    def flush(self):
        nwfilterd.run('nft', 'flush', 'ruleset')
        time.sleep(0.1)  # of flood
        self.result('nft flush ruleset', honest_too=True)

    def stop(self):
        self.daemon.stop()
        time.sleep(0.1)
        self.daemon.start()
        self.result('an orderly stop and start', honest_too=True)

    def hook_removed(self):
        """Here a gap cannot be avoided: how long it is."""
        self.flood.counts()
        before = time.monotonic()
        if self.hook == 'clsact':
            nwfilterd.run('tc', 'qdisc', 'del', 'dev', VM, 'clsact')
        else:
            index = socket.if_nametoindex(VM)  # /sys shows other namespaces' devices
            pins = list((self.daemon.pins / 'tapwall').glob(f'*-links/{index}-*'))
            assert len(pins) == 2, pins
            for pin in pins:
                pin.unlink()
        removed = time.monotonic()
        deadline, last = removed + 30, removed
        while time.monotonic() < deadline:
            sent, forged, _, _ = self.flood.counts()
            if forged == 0 and sent > 0 and time.monotonic() - last > 0.5:
                break
            if forged:
                last = time.monotonic()
        good = last - removed < 5
        self.number += 1
        self.failed |= not good
        print(f'{"ok" if good else "not ok"} {self.number} - a hook removed by somebody else is '
              f'put back within {1000 * (last - before):.0f} ms', flush=True)
        print(f'# gap.repair_{self.hook} {1000 * (last - before):.1f} ms', flush=True)


def main():
    program, flood, hook = sys.argv[1:]
    nwfilterd.enter()
    nwfilterd.run('mount', '-t', 'tmpfs', '-o', 'mode=755', 'test', '/run')
    for command in ('link set lo up', 'link add gbr type bridge forward_delay 0', f'tuntap add {VM} mode tap',
                    f'tuntap add {PEER} mode tap', f'link set {VM} master gbr up',
                    f'link set {PEER} master gbr up', 'link set gbr up'):
        nwfilterd.run('ip', *command.split())
    Path('/proc/sys/net/ipv6/conf/all/disable_ipv6').write_text('1')
    daemon = Daemon(program, hook='any' if hook == 'tcx' else hook, grace_seconds=5).start()
    test = Test(daemon, Flood(flood, VM, PEER, MAC), hook)
    steps = (test.control, test.bind, test.redefine, test.change, test.flush, test.stop, test.kill,
             test.hook_removed)
    print(f'1..{len(steps) - 1}', flush=True)
    for step in steps:
        step()
    test.flood.end()
    daemon.stop()
    sys.exit(test.failed)


if __name__ == '__main__':
    main()
