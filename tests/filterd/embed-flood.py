#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A guest of libvirt's real qemu driver forges frames at full speed, whatever is done to its NIC.

usage: embed-flood.py TAPWALLD EMBED FLOOD tcx|clsact. Needs root. All in its own namespaces.
The frames are written to a duplicate of QEMU's own descriptor of the tap, so that they come as from
the guest (e1000: no virtio header before them), which itself is paused. They are counted behind
another port of the bridge. The kernel's tc serves <bandwidth>; a kernel that lacks parts of that gets
the stand-in tc.py, which says here what it replaced.
"""

import ctypes
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'compat'))

import embedding  # noqa: E402
import nwfilterd  # noqa: E402
import steps  # noqa: E402
from calls import filter_xml  # noqa: E402
from embedding import INCLUDES, Embed, bindings, domain, until  # noqa: E402
from flooding import Flood  # noqa: E402

PIDFD_GETFD = 438  # the system call, on every architecture
PORT, PEER, MAC = 'etap1', 'epeer', '52:54:00:00:00:01'
OWN_UUID = '0a3d5c1e-93fb-4d0f-8d0a-57f6c8f2a6e1'
OWN = INCLUDES + ("<rule action='drop' direction='out' priority='600'>"
                  "<ip match='no' srcipaddr='$IP'/></rule>")
UPDATES, CLEAN_UPDATES = 100, 20
# Beyond what the flood reaches: what is lost is the filter's doing.
LIMIT = "average='100000' burst='100000'/>"
INBOUND, OUTBOUND = f'<inbound {LIMIT}', f'<outbound {LIMIT}'
FRAMES = 10
TC_LACKING = Path('/run/tc-lacking')
EXCLUSIVE = ('internal error: Child process (tc qdisc add dev {} ingress) unexpected exit status 2: '
             'Error: Exclusivity flag on, cannot modify.')


def nic(name='vdsm-no-mac-spoofing', parameters=(), limits='', number=1):
    inside = f'<bandwidth>{limits}</bandwidth>' if limits else ''
    return embedding.nic(number, name, parameters, inside, 'e1000')


def guest():
    """QEMU's process, and the number of its descriptor of the tap."""
    for folder in Path('/proc').glob('[0-9]*'):
        try:
            if 'qemu' not in os.readlink(folder / 'exe'):
                continue
            for file in (folder / 'fdinfo').iterdir():
                if f'iff:\t{PORT}\n' in file.read_text():
                    return int(folder.name), int(file.name)
        except FileNotFoundError:
            continue  # ended meanwhile
    raise AssertionError(f'no QEMU has {PORT}')


def guest_tap():
    """A duplicate of that descriptor."""
    pid, number = guest()
    process = os.pidfd_open(pid)
    libc = ctypes.CDLL(None, use_errno=True)
    tap = libc.syscall(PIDFD_GETFD, process, number, 0)
    os.close(process)
    if tap < 0:
        raise OSError(ctypes.get_errno(), 'pidfd_getfd')
    return tap


class GuestFlood(Flood):
    def __init__(self, program):
        tap = guest_tap()
        self.honest_sent = 0  # of all counts
        super().__init__(program, f'@{tap}', PEER, MAC, (tap,))
        os.close(tap)

    def read(self):
        counts = super().read()
        self.honest_sent += counts[2]
        return counts

    def until_forwarded(self):
        """Until the bridge forwards between the ports: all honest frames arrive. Returns the forged frames
        sent and arrived meanwhile."""
        sent = forged = 0
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            counts = self.counts()
            sent, forged = sent + counts[0], forged + counts[1]
            if counts[2] == counts[3] > 0:
                return sent, forged
        raise AssertionError('honest frames do not arrive')


def judge(counts, lost=False):
    """None forged; all honest ones, unless some may be lost."""
    sent, forged, honest_sent, honest = counts
    text = f'{forged} of {sent} forged frames arrived, {honest} of {honest_sent} honest ones'
    assert sent > 0 and forged == 0 and honest > 0 and (lost or honest == honest_sent), text
    return text


def packets(kind):
    """That the queueing discipline of this kind has seen; None when there is none."""
    listed = json.loads(nwfilterd.run('tc', '-s', '-j', 'qdisc', 'show', 'dev', PORT).stdout)
    return next((entry['packets'] for entry in listed if entry['kind'] == kind), None)


def send_to_guest(number):
    """From the bridge itself."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as bridge:
        bridge.bind(('ebr', 0))
        for _ in range(number):
            bridge.send(bytes.fromhex(MAC.replace(':', '')) + b'\x52\x54\0\0\0\x77\x88\xb5' + bytes(46))


class Test:
    def __init__(self, embed, flood, hook):
        self.programs, self.hook = (embed, flood), hook
        self.embed = Embed(embed)
        self.flood = None

    def start(self, xml):
        """The guest, which forges from now on; none forged so far."""
        self.embed.order('create', domain(xml))
        self.flood = GuestFlood(self.programs[1])
        sent, forged = self.flood.until_forwarded()
        assert forged == 0, f'{forged} of {sent} forged frames arrived'

    def refused(self, word, xml, text):
        try:
            self.embed.order(word, xml)
        except RuntimeError as error:
            assert text in str(error), error
        else:
            raise AssertionError(f'{word} was done')

    def test_1_control(self):
        """without a filter what is forged arrives"""
        self.embed.order('create', domain(nic(None)))
        flood = GuestFlood(self.programs[1])
        good, counts = flood.control()
        assert good, counts
        time.sleep(0.1)  # of flood
        sent, forged, honest_sent, honest = flood.end()
        self.embed.order('destroy')
        text = f'{forged} of {sent} forged, {honest} of {honest_sent} honest'
        assert forged == sent > 0 and honest == honest_sent > 0, text
        return text

    def test_2_updates(self):
        """100 updates of filter and parameters under the flood"""
        self.start(nic())
        for turn in range(UPDATES):
            addresses = [('IP', f'10.0.{turn}.{n + 1}') for n in range(turn % 4)]
            self.embed.order('update', nic('own', addresses) if addresses else nic())
        assert bindings() == {PORT: 'own'}, bindings()
        return judge(self.flood.counts())

    def test_3_clean_traffic(self):
        """likewise to clean-traffic, whose honest frames are others, and back"""
        for turn in range(CLEAN_UPDATES):
            self.embed.order('update', nic() if turn % 2 else nic('clean-traffic', [('IP', '10.0.0.2')]))
        return judge(self.flood.counts(), lost=True)

    def test_4_driver_killed(self):
        """the driver is killed, and another finds the guest and its NIC filtered"""
        self.embed.kill()
        time.sleep(0.2)  # of flood
        self.embed = Embed(self.programs[0])
        self.embed.order('find', 'embedded')
        assert bindings() == {PORT: 'vdsm-no-mac-spoofing'}, bindings()
        self.embed.order('update', nic('own', [('IP', '10.0.0.3')]))
        assert bindings() == {PORT: 'own'}, bindings()
        return judge(self.flood.counts())

    def test_5_qemu_killed(self):
        """QEMU is killed: the binding goes; while its tap is there nothing forged arrives"""
        os.kill(guest()[0], signal.SIGKILL)
        until({})
        text = judge(self.flood.end(), lost=True)
        assert nwfilterd.run('ip', 'link', 'show', PORT, check=False).returncode, 'the tap stays'
        return text

    def test_6_both_killed(self):
        """driver and QEMU are killed: the next driver takes the binding away"""
        self.embed.order('create', domain(nic()))
        tap = guest_tap()  # so that the port does not go by itself with its device
        self.embed.kill()
        os.kill(guest()[0], signal.SIGKILL)
        assert bindings() == {PORT: 'vdsm-no-mac-spoofing'}, bindings()
        self.embed = Embed(self.programs[0])
        until({})
        os.close(tap)

    def test_7_bandwidth(self):
        """a NIC with limits: both ways on tcx; on clsact to the guest only, else libvirt's tc fails"""
        if self.hook == 'clsact':
            self.refused('create', domain(nic(limits=INBOUND + OUTBOUND)), EXCLUSIVE.format(PORT))
            until({})
        self.start(nic(limits=INBOUND + (OUTBOUND if self.hook == 'tcx' else '')))
        send_to_guest(FRAMES)
        time.sleep(0.1)  # of flood
        text = judge(self.flood.end())
        assert packets('htb') >= FRAMES, packets('htb')
        # Honest frames come to the limit on the way from the guest, forged ones do not.
        limited = {'tcx': self.flood.honest_sent, 'clsact': None}[self.hook]
        assert packets('ingress') == limited, (packets('ingress'), limited)
        self.embed.order('destroy')
        until({})
        return text

    def test_8_bandwidth_later(self):
        """a running NIC is given limits both ways and another filter, likewise, and they are taken"""
        self.start(nic())
        both = nic('own', [('IP', '10.0.0.2')], INBOUND + OUTBOUND)
        if self.hook == 'clsact':
            self.refused('attach', nic(limits=OUTBOUND, number=2), EXCLUSIVE.format('etap2'))
            self.refused('update', both, EXCLUSIVE.format(PORT))
            assert bindings() == {PORT: 'vdsm-no-mac-spoofing'}, bindings()
        else:
            self.embed.order('update', both)
            assert packets('ingress') > 0
            assert bindings() == {PORT: 'own'}, bindings()
        self.embed.order('update', nic())
        assert bindings() == {PORT: 'vdsm-no-mac-spoofing'}, bindings()
        assert packets('ingress') is None
        # What libvirt had made before its tc failed it leaves there.
        assert (packets('htb') is None) == (self.hook == 'tcx')
        text = judge(self.flood.end())
        self.embed.order('destroy')
        until({})
        self.embed.end()
        return text


def main():
    program, embed, flood, hook = sys.argv[1:]
    daemon = embedding.start(program, hook)
    assert nwfilterd.define(filter_xml('own', OWN_UUID, OWN)) is None
    Path('/proc/sys/net/ipv6/conf/all/disable_ipv6').write_text('1')
    for command in (f'tuntap add {PEER} mode tap', f'link set {PEER} master ebr up'):
        nwfilterd.run('ip', *command.split())
    os.mkdir('/run/bin')
    os.symlink(Path(__file__).resolve().parent / 'tc.py', '/run/bin/tc')
    os.environ['PATH'] = '/run/bin:' + os.environ['PATH']  # the driver's
    status = steps.run(steps.methods_of(Test(embed, flood, hook)))
    daemon.stop()
    if TC_LACKING.exists():
        print('# tc stood in for what the kernel lacks:', *sorted(set(TC_LACKING.read_text().split())))
    sys.exit(status)


if __name__ == '__main__':
    main()
