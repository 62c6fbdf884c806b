# SPDX-License-Identifier: Apache-2.0
"""libvirt's real qemu driver beside a tapwalld, in namespaces of the test's own.

The guests have no disk and stay in their firmware, or paused: what is looked at is who gets which
filter, when.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'compat'))

import nwfilterd  # noqa: E402
from calls import filter_xml  # noqa: E402
from daemon import Daemon  # noqa: E402

UUID = 'b5e1fa2c-5a1f-4f6e-9d5e-0d6c1e9a2b77'
INCLUDES = "<filterref filter='no-mac-spoofing'/><filterref filter='no-arp-mac-spoofing'/>"
QEMU_CONF = ('user = "root"\ngroup = "root"\ndynamic_ownership = 0\nremember_owner = 0\n'
             'security_driver = "none"\nstdio_handler = "file"\nnamespaces = []\n'
             'cgroup_controllers = []\n')
ROOT = Path('/run/embed')


def nic(number, name='vdsm-no-mac-spoofing', parameters=(), inside='', model='virtio'):
    words = ''.join(f"<parameter name='{k}' value='{v}'/>" for k, v in parameters)
    ref = f"<filterref filter='{name}'>{words}</filterref>" if name else ''
    return (f"<interface type='bridge'><mac address='52:54:00:00:00:0{number}'/><source bridge='ebr'/>"
            f"<target dev='etap{number}'/><model type='{model}'/>{inside}{ref}</interface>")


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

    def kill(self):
        self.process.kill()
        self.process.wait(60)

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(60) == 0, self.process.returncode


def bindings():
    listed = nwfilterd.virsh('nwfilter-binding-list').stdout
    return dict(line.split() for line in listed.splitlines() if line.strip())


def until(wanted, seconds=30):
    deadline = time.monotonic() + seconds
    while bindings() != wanted and time.monotonic() < deadline:
        time.sleep(0.05)  # libvirt says nothing to others of what it has done
    assert bindings() == wanted, bindings()


def reap():
    """Returns in a child. The first process of a namespace gets everybody's orphans, QEMU among them,
    and libvirt waits long for those whose end nobody takes note of."""
    child = os.fork()
    while child:
        ended, status = os.wait()
        if ended == child:
            os._exit(os.waitstatus_to_exitcode(status) & 0xff)


def start(program, hook):
    """Enters the namespaces, and starts tapwalld there where libvirt looks for its own daemon."""
    nwfilterd.enter()
    reap()
    for path in nwfilterd.PRIVATE:
        nwfilterd.run('mount', '-t', 'tmpfs', '-o', 'mode=755', 'embed', path)
    (ROOT / 'etc').mkdir(parents=True)
    (ROOT / 'etc' / 'qemu.conf').write_text(QEMU_CONF)
    for command in ('link set lo up', 'link add ebr type bridge forward_delay 0', 'link set ebr up'):
        nwfilterd.run('ip', *command.split())
    add_account('/etc/passwd', 'libvirt-qemu:x:64055:64055::/nonexistent:/usr/sbin/nologin')
    add_account('/etc/group', 'libvirt-qemu:x:64055:')
    daemon = Daemon(program, socket='/run/libvirt/virtnwfilterd-sock',
                    socket_ro='/run/libvirt/virtnwfilterd-sock-ro', readers='all',
                    hook='any' if hook == 'tcx' else hook)
    daemon.socket, daemon.socket_ro = '/run/libvirt/virtnwfilterd-sock', '/run/libvirt/virtnwfilterd-sock-ro'
    daemon.start()
    assert nwfilterd.define(filter_xml('vdsm-no-mac-spoofing', UUID, INCLUDES)) is None
    return daemon
