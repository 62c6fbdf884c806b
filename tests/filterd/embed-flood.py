#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""libvirt's real qemu driver while a guest floods: no forged frame arrives, whatever the driver does.

usage: embed-flood.py TAPWALLD EMBED FLOOD tcx|clsact. Needs root. All in its own namespaces. The
frames are written to QEMU's own tap by a descriptor taken from it, as QEMU does for its guest (an
e1000: without virtio's headers). <bandwidth> is libvirt's own tc; where this kernel lacks what that
asks for (sfq, fw, police), a stand-in asks for something like it: htb and ingress, which are what
meets our hooks, are the real ones.
"""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'compat'))

import embedding  # noqa: E402
import nwfilterd  # noqa: E402
import steps  # noqa: E402
from embedding import Embed, bindings, domain, nic, until  # noqa: E402
from flooding import Flood  # noqa: E402

NAME, PEER, PORT = 'vdsm-no-mac-spoofing', 'epeer', 'etap5'
MAC = '52:54:00:00:00:05'
UPDATES = 100
SYS_PIDFD_GETFD = 438
LIMITS = "<bandwidth><inbound average='100000'/><outbound average='100000'/></bandwidth>"
TC = Path('/usr/sbin/tc')
STAND_IN = """#!/bin/sh
exec /run/tc $(echo "$*" | sed -E 's/ sfq.*/ pfifo/; s/handle [0-9]+ fw /u32 match u32 0 0 /; s/ police .* flowid/ flowid/')
"""


def guest():
    """QEMU's process: not one that the driver only asks what QEMU can."""
    found = [int(path.parent.name) for path in Path('/proc').glob('[0-9]*/cmdline')
             if b'guest=embedded,' in path.read_bytes()]
    assert len(found) == 1, found
    return found[0]


def descriptor_of(pid, tap):
    """The process's own descriptor of the tap, as one of ours."""
    numbers = [path.name for path in Path(f'/proc/{pid}/fdinfo').iterdir()
               if f'iff:\t{tap}\n' in path.read_text()]
    assert len(numbers) == 1, numbers
    process = os.pidfd_open(pid)
    ours = ctypes.CDLL(None, use_errno=True).syscall(SYS_PIDFD_GETFD, process, int(numbers[0]), 0)
    os.close(process)
    assert ours >= 0, os.strerror(ctypes.get_errno())
    os.set_inheritable(ours, True)
    return ours


def make_limits_possible():
    """FALSE where the kernel has all that libvirt's tc asks for."""
    tap = 'tctap'
    nwfilterd.run('ip', 'tuntap', 'add', tap, 'mode', 'tap')
    nwfilterd.run('tc', 'qdisc', 'add', 'dev', tap, 'ingress')
    police = 'police rate 1000kbps burst 128kb mtu 64kb drop flowid :1'.split()
    done = nwfilterd.run('tc', 'filter', 'add', 'dev', tap, 'parent', 'ffff:', 'protocol', 'all', 'u32', 'match',
                         'u32', '0', '0', *police, check=False)
    nwfilterd.run('ip', 'link', 'del', tap)
    if done.returncode:
        Path('/run/tc').write_bytes(TC.read_bytes())
        Path('/run/tc-stand-in').write_text(STAND_IN)
        for path in ('/run/tc', '/run/tc-stand-in'):
            os.chmod(path, 0o755)
        nwfilterd.run('mount', '--bind', '/run/tc-stand-in', str(TC))


class Test:
    def __init__(self, embed, flood, hook):
        self.program, self.flood_program, self.hook = embed, flood, hook
        self.embed, self.flood = Embed(embed), None

    def begin(self, xml):
        self.embed.order('create', domain(xml))
        self.flood = Flood(self.flood_program, f'@{self.take()}', PEER, MAC, [self.taken])

    def take(self):
        self.taken = descriptor_of(guest(), PORT)
        return self.taken

    def end(self):
        self.flood.end()
        os.close(self.taken)

    def judged(self, seconds=0.1, honest=True):
        time.sleep(seconds)  # of flood
        sent, forged, honest_sent, arrived = self.flood.counts()
        assert sent > 0 and forged == 0, f'{forged} of {sent} forged frames arrived'
        assert arrived == honest_sent or not honest, f'{arrived} of {honest_sent} honest ones arrived'
        return f'{forged} of {sent} forged frames arrived, {arrived} of {honest_sent} honest ones'

    def test_1_updates(self):
        """100 updates of a NIC's filter and parameters let no forged frame through"""
        self.begin(nic(5, None, model='e1000'))
        good, counts = self.flood.control()
        assert good, counts
        self.embed.order('update', nic(5, model='e1000'))
        self.flood.counts()
        for turn in range(UPDATES):
            name, given = (NAME, []) if turn % 2 else ('clean-traffic', [('IP', f'10.0.1.{turn}')])
            self.embed.order('update', nic(5, name, given, model='e1000'))
            assert bindings()[PORT] == name
        print('# ' + self.judged(0, honest=False), flush=True)
        self.embed.order('update', nic(5, model='e1000'))
        self.flood.counts()
        self.judged()

    def test_2_driver_killed(self):
        """the driver is killed: the guest's port stays filtered, and the next driver's update is no gap"""
        self.embed.process.kill()
        self.embed.process.wait(60)
        self.judged()
        assert bindings() == {PORT: NAME}, bindings()
        self.embed = Embed(self.program)
        self.judged()
        assert bindings() == {PORT: NAME}, bindings()

    def test_3_qemu_killed(self):
        """QEMU is killed: nothing stays bound"""
        self.end()
        os.kill(guest(), signal.SIGKILL)
        until({})

    def test_4_bandwidth(self):
        """a NIC with limits both ways: filtered on tcx; on clsact libvirt's tc finds its place taken"""
        make_limits_possible()
        xml = nic(5, inside=LIMITS, model='e1000')
        if self.hook == 'clsact':
            try:
                self.embed.order('create', domain(xml))
            except RuntimeError as error:
                assert 'Exclusivity flag on, cannot modify' in str(error), error
            else:
                raise AssertionError('it started')
            until({})
            return
        self.begin(xml)
        disciplines = nwfilterd.run('/run/tc' if Path('/run/tc').exists() else 'tc', 'qdisc', 'show', 'dev', PORT)
        assert 'htb' in disciplines.stdout and 'ingress' in disciplines.stdout, disciplines.stdout
        time.sleep(1)  # until the bridge forwards
        self.flood.counts()
        self.judged()
        self.end()
        self.embed.order('destroy')
        until({})


def main():
    tapwalld, embed, flood, hook = sys.argv[1:]
    daemon = embedding.start(tapwalld, hook)
    for command in (f'tuntap add {PEER} mode tap', f'link set {PEER} master ebr up'):
        nwfilterd.run('ip', *command.split())
    test = Test(embed, flood, hook)
    status = steps.run(steps.methods_of(test))
    daemon.stop()
    sys.exit(status)


if __name__ == '__main__':
    main()
