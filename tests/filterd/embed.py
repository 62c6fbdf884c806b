#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""libvirt's real qemu driver with tapwalld for its filter daemon: qemu:///embed and virt-qemu-run.

usage: embed.py TAPWALLD EMBED tcx|clsact [--bench STARTS]. Needs root. All in its own namespaces.
The guests have no disk and stay in their firmware, or paused: what is looked at is who gets which
filter, when. --bench: how much longer a start takes with a filter, in turns.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'compat'))

import libvirt  # noqa: E402
import nwfilterd  # noqa: E402
from calls import binding_xml, filter_xml  # noqa: E402
from daemon import Daemon  # noqa: E402

UUID = 'b5e1fa2c-5a1f-4f6e-9d5e-0d6c1e9a2b77'
INCLUDES = "<filterref filter='no-mac-spoofing'/><filterref filter='no-arp-mac-spoofing'/>"
QEMU_CONF = ('user = "root"\ngroup = "root"\ndynamic_ownership = 0\nremember_owner = 0\n'
             'security_driver = "none"\nstdio_handler = "file"\nnamespaces = []\n'
             'cgroup_controllers = []\n')
ROOT = Path('/run/embed')
UPDATES = 100


def nic(number, name='vdsm-no-mac-spoofing', parameters=(), inside=''):
    words = ''.join(f"<parameter name='{k}' value='{v}'/>" for k, v in parameters)
    ref = f"<filterref filter='{name}'>{words}</filterref>" if name else ''
    return (f"<interface type='bridge'><mac address='52:54:00:00:00:0{number}'/><source bridge='ebr'/>"
            f"<target dev='etap{number}'/><model type='virtio'/>{inside}{ref}</interface>")


def domain(nics, name='embedded'):
    return (f"<domain type='qemu'><name>{name}</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>"
            f"<os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features><devices>"
            f"<emulator>/usr/bin/qemu-system-x86_64</emulator><memballoon model='none'/>"
            f"{nics}</devices></domain>")


def add_account(path, line):
    """A private /etc/passwd or /etc/group with the account that the driver wants to exist."""
    text = Path(path).read_text()
    if line.split(':')[0] + ':' in text:
        return
    own = Path('/run') / Path(path).name
    own.write_text(text + line + '\n')
    nwfilterd.run('mount', '--bind', str(own), path)


class Embed:
    """The driver in a process of its own."""

    def __init__(self, program):
        # What libvirt's library leaves behind is not ours to count.
        self.process = subprocess.Popen([program, str(ROOT)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                        bufsize=1, env={**os.environ, 'ASAN_OPTIONS': 'detect_leaks=0'})
        self.read()

    def read(self):
        line = self.process.stdout.readline()
        assert line, 'the driver ended'
        word, _, rest = line.strip().partition(' ')
        if word == 'error':
            raise RuntimeError(rest)
        return float(rest)

    def order(self, word, xml=''):
        path = Path('/run/order.xml')
        path.write_text(xml)
        self.process.stdin.write(f'{word} {path}\n' if xml else f'{word}\n')
        return self.read()

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(60) == 0, self.process.returncode


class Test:
    def __init__(self, daemon, program, hook):
        self.daemon, self.embed, self.hook = daemon, Embed(program), hook

    def bindings(self):
        listed = nwfilterd.virsh('nwfilter-binding-list').stdout
        return dict(line.split() for line in listed.splitlines() if line.strip())

    def parameter(self, port, name):
        dump = nwfilterd.virsh('nwfilter-binding-dumpxml', port).stdout
        return [part.split("'")[1] for part in dump.split(f"name='{name}' value=")[1:]]

    def until(self, wanted, seconds=30):
        deadline = time.monotonic() + seconds
        while self.bindings() != wanted and time.monotonic() < deadline:
            time.sleep(0.05)  # libvirt says nothing to others of what it has done
        assert self.bindings() == wanted, self.bindings()

    def test_1_start(self):
        """a guest starts with its NIC bound"""
        self.embed.order('create', domain(nic(1)))
        assert self.bindings() == {'etap1': 'vdsm-no-mac-spoofing'}, self.bindings()

    def test_2_plug(self):
        """a NIC is plugged, with clean-traffic and an address"""
        self.embed.order('attach', nic(2, 'clean-traffic', [('IP', '10.0.0.2')]))
        assert self.bindings() == {'etap1': 'vdsm-no-mac-spoofing', 'etap2': 'clean-traffic'}
        assert self.parameter('etap2', 'IP') == ['10.0.0.2']

    def test_3_updates(self):
        """100 updates of a NIC's filter and parameters"""
        for turn in range(UPDATES):
            name, given = ('clean-traffic', [('IP', f'10.0.1.{turn}')]) if turn % 3 else \
                ('no-mac-spoofing', [])
            self.embed.order('update', nic(2, name, given))
            assert self.bindings()['etap2'] == name
        assert self.parameter('etap2', 'IP') == ([f'10.0.1.{UPDATES - 1}'] if (UPDATES - 1) % 3 else [])

    def test_4_no_filter(self):
        """what is not there fails the plug with tapwalld's words, and leaves no NIC"""
        try:
            self.embed.order('attach', nic(3, 'nowhere'))
        except RuntimeError as error:
            assert "referenced filter 'nowhere' is missing" in str(error), error
        else:
            raise AssertionError('it was plugged')
        assert 'etap3' not in self.bindings()

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
        self.until({})

    def test_7_start_fails(self):
        """a guest whose filter is missing does not start"""
        try:
            self.embed.order('create', domain(nic(1, 'nowhere')))
        except RuntimeError as error:
            assert "referenced filter 'nowhere' is missing" in str(error), error
        else:
            raise AssertionError('it started')
        self.until({})

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
            self.until({'etap4': 'vdsm-no-mac-spoofing'}, 60)
        except AssertionError:
            raise AssertionError(log.read_text()) from None
        finally:
            run.terminate()
            run.wait(60)
        self.until({})


def bench(daemon, program, starts):
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


def reap():
    """Returns in a child. The first process of a namespace gets everybody's orphans, QEMU among them,
    and libvirt waits long for those whose end nobody takes note of."""
    child = os.fork()
    while child:
        ended, status = os.wait()
        if ended == child:
            os._exit(os.waitstatus_to_exitcode(status) & 0xff)


def main():
    nwfilterd.enter()
    reap()
    for path in nwfilterd.PRIVATE:
        nwfilterd.run('mount', '-t', 'tmpfs', '-o', 'mode=755', 'embed', path)
    (ROOT / 'etc').mkdir(parents=True)
    (ROOT / 'etc' / 'qemu.conf').write_text(QEMU_CONF)
    for command in ('link set lo up', 'link add ebr type bridge', 'link set ebr up'):
        nwfilterd.run('ip', *command.split())
    add_account('/etc/passwd', 'libvirt-qemu:x:64055:64055::/nonexistent:/usr/sbin/nologin')
    add_account('/etc/group', 'libvirt-qemu:x:64055:')
    hook = sys.argv[3]
    daemon = Daemon(sys.argv[1], socket='/run/libvirt/virtnwfilterd-sock',
                    socket_ro='/run/libvirt/virtnwfilterd-sock-ro', readers='all',
                    hook='any' if hook == 'tcx' else hook)
    daemon.socket, daemon.socket_ro = '/run/libvirt/virtnwfilterd-sock', '/run/libvirt/virtnwfilterd-sock-ro'
    daemon.start()
    assert nwfilterd.define(filter_xml('vdsm-no-mac-spoofing', UUID, INCLUDES)) is None
    if '--bench' in sys.argv:
        bench(daemon, sys.argv[2], int(sys.argv[-1]))
        daemon.stop()
        return
    test = Test(daemon, sys.argv[2], hook)
    names = [name for name in dir(Test) if name.startswith('test_')]
    print(f'1..{len(names)}', flush=True)
    for number, name in enumerate(names, 1):
        method = getattr(test, name)
        began = time.monotonic()
        try:
            method()
            print(f'ok {number} - {method.__doc__}\n# {time.monotonic() - began:.1f} s', flush=True)
        except Exception as error:
            text = f'{type(error).__name__}: {error}'
            print(f'not ok {number} - {method.__doc__}\n# ' + '\n# '.join(text.splitlines()), flush=True)
    daemon.stop()


if __name__ == '__main__':
    main()
