#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""libvirt's real qemu driver with tapwalld for its filter daemon: qemu:///embed and virt-qemu-run.

usage: embed.py TAPWALLD EMBED tcx|clsact [--bench STARTS]. Needs root. All in its own namespaces.
The guests have no disk and stay in their firmware, or paused: what is looked at is who gets which
filter, when. --bench: how much longer a start takes with a filter, in turns.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'compat'))

import embedding  # noqa: E402
import libvirt  # noqa: E402
import nwfilterd  # noqa: E402
import steps  # noqa: E402
from calls import binding_xml  # noqa: E402
from embedding import ROOT, Embed, bindings, domain, nic, until  # noqa: E402

UPDATES = 100


class Test:
    def __init__(self, program, hook):
        self.embed, self.hook = Embed(program), hook

    def parameter(self, port, name):
        dump = nwfilterd.virsh('nwfilter-binding-dumpxml', port).stdout
        return [part.split("'")[1] for part in dump.split(f"name='{name}' value=")[1:]]

    def test_1_start(self):
        """a guest starts with its NIC bound"""
        self.embed.order('create', domain(nic(1)))
        assert bindings() == {'etap1': 'vdsm-no-mac-spoofing'}, bindings()

    def test_2_plug(self):
        """a NIC is plugged, with clean-traffic and an address"""
        self.embed.order('attach', nic(2, 'clean-traffic', [('IP', '10.0.0.2')]))
        assert bindings() == {'etap1': 'vdsm-no-mac-spoofing', 'etap2': 'clean-traffic'}
        assert self.parameter('etap2', 'IP') == ['10.0.0.2']

    def test_3_updates(self):
        """100 updates of a NIC's filter and parameters"""
        for turn in range(UPDATES):
            name, given = ('clean-traffic', [('IP', f'10.0.1.{turn}')]) if turn % 3 else \
                ('no-mac-spoofing', [])
            self.embed.order('update', nic(2, name, given))
            assert bindings()['etap2'] == name
        assert self.parameter('etap2', 'IP') == ([f'10.0.1.{UPDATES - 1}'] if (UPDATES - 1) % 3 else [])

    def test_4_no_filter(self):
        """what is not there fails the plug with tapwalld's words, and leaves no NIC"""
        try:
            self.embed.order('attach', nic(3, 'nowhere'))
        except RuntimeError as error:
            assert "referenced filter 'nowhere' is missing" in str(error), error
        else:
            raise AssertionError('it was plugged')
        assert 'etap3' not in bindings()

    def test_5_bandwidth(self):
        """a queueing discipline for bandwidth on the way in: tcx minds it not, clsact is refused"""
        tap = 'etap9'
        nwfilterd.run('ip', 'tuntap', 'add', tap, 'mode', 'tap')
        nwfilterd.run('tc', 'qdisc', 'add', 'dev', tap, 'ingress')
        message = nwfilterd.bind_existing(tap, '52:54:00:00:00:09', 'no-mac-spoofing')
        if self.hook == 'tcx':
            assert message is None, message
            nwfilterd.virsh('nwfilter-binding-delete', tap)
        else:
            assert message and 'ingress' in message, message
        nwfilterd.run('ip', 'link', 'del', tap)

    def test_6_unplug(self):
        """unplugged and stopped, nothing stays bound"""
        self.embed.order('destroy')
        until({})

    def test_7_start_fails(self):
        """a guest whose filter is missing does not start"""
        try:
            self.embed.order('create', domain(nic(1, 'nowhere')))
        except RuntimeError as error:
            assert "referenced filter 'nowhere' is missing" in str(error), error
        else:
            raise AssertionError('it started')
        until({})

    def test_8_virt_qemu_run(self):
        """virt-qemu-run's guest is bound while it runs"""
        self.embed.end()  # one driver a root, and the second need not ask QEMU again what it can
        path = Path('/run/run.xml')
        path.write_text(domain(nic(4), 'run'))
        log = Path('/run/virt-qemu-run.log')
        with open(log, 'wb') as output:
            run = subprocess.Popen(['virt-qemu-run', '-r', str(ROOT), str(path)], stdout=output,
                                   stderr=output)
        try:
            until({'etap4': 'vdsm-no-mac-spoofing'}, 60)
        except AssertionError:
            raise AssertionError(log.read_text()) from None
        finally:
            run.terminate()
            run.wait(60)
        until({})


def bench(program, starts):
    """Starts with and without a filter, in turns; paused guests."""
    embed = Embed(program)
    taken = {'filtered': [], 'bare': []}
    for turn in range(2 * starts + 2):
        kind = 'filtered' if turn % 2 else 'bare'
        spent = embed.order('create', domain(nic(1, 'vdsm-no-mac-spoofing' if turn % 2 else None)))
        embed.order('destroy')
        if turn > 1:  # the first of each warms the caches
            taken[kind].append(spent)
    for kind, values in taken.items():
        print(f'embed.start_{kind}_p50 {statistics.median(values):.2f} ms')
    added = [a - b for a, b in zip(taken['filtered'], taken['bare'])]
    print(f'embed.start_added_p50 {statistics.median(added):.2f} ms')
    embed.end()
    calls()


def calls():
    """What the driver does for a NIC, call by call: starts differ by more than this takes."""
    taken = []
    for number in range(100):
        nwfilterd.run('ip', 'tuntap', 'add', f'ctap{number}', 'mode', 'tap')
        began = time.perf_counter()
        connection = libvirt.open('nwfilter:///system')
        connection.nwfilterBindingCreateXML(
            binding_xml(f'ctap{number}', f'52:54:00:00:01:{number:02x}', 'vdsm-no-mac-spoofing'), 0)
        connection.close()
        taken.append(1000 * (time.perf_counter() - began))
    print(f'embed.filter_calls_p50 {statistics.median(taken):.2f} ms')
    print(f'embed.filter_calls_p99 {sorted(taken)[98]:.2f} ms')


def main():
    daemon = embedding.start(sys.argv[1], sys.argv[3])
    if '--bench' in sys.argv:
        bench(sys.argv[2], int(sys.argv[-1]))
        daemon.stop()
        return
    status = steps.run(steps.methods_of(Test(sys.argv[2], sys.argv[3])))
    daemon.stop()
    sys.exit(status)


if __name__ == '__main__':
    main()
