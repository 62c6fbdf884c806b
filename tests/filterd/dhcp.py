#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A real DHCP client behind a port with clean-traffic, a real server on the bridge, and addresses learned.

usage: dhcp.py TAPWALLD. Needs root. All in namespaces of its own; the guest's is another one.
"""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'compat'))

import nwfilterd  # noqa: E402
import rpc  # noqa: E402
from calls import binding_xml  # noqa: E402
from daemon import Daemon  # noqa: E402

PORT, NIC, MAC = 'tap7', 'guest7', '52:54:00:00:00:07'
SERVER, LEASED, OTHER = '10.77.0.1', '10.77.0.50', '10.77.0.99'
SECONDS = 30
FOLDER = Path('/run/dhcp')
SERVER_CONF = f"""start {LEASED}
end {LEASED}
interface br0
lease_file {FOLDER}/leases
pidfile {FOLDER}/server.pid
option subnet 255.255.255.0
option lease 120
"""
CLIENT_SCRIPT = f"""#!/bin/busybox sh
[ "$1" = bound ] && ip addr add $ip/24 dev $interface && echo $ip > {FOLDER}/bound
exit 0
"""


class Guest:
    """A network namespace with the other end of the port's veth."""

    def __init__(self):
        self.holder = subprocess.Popen(['unshare', '-n', 'sh', '-c', 'echo; exec cat'], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE)
        self.holder.stdout.readline()
        self.enter = ['nsenter', '-t', str(self.holder.pid), '-n']
        nwfilterd.run('ip', 'link', 'add', PORT, 'type', 'veth', 'peer', 'name', NIC, 'address', MAC,
                      'netns', str(self.holder.pid))
        nwfilterd.run('ip', 'link', 'set', PORT, 'master', 'br0', 'up')
        self.run('ip', 'link', 'set', NIC, 'up')

    def run(self, *command):
        return nwfilterd.run(*self.enter, *command)

    def address(self, verb, address):
        self.run('ip', 'addr', verb, f'{address}/24', 'dev', NIC)

    def reaches(self, source, seconds=1):
        """The milliseconds of one ping, which begins with ARP; None when nothing comes back."""
        self.run('ip', 'neigh', 'flush', 'all')
        done = subprocess.run([*self.enter, 'busybox', 'ping', '-c', '1', '-W', str(seconds), '-I', source, SERVER],
                              capture_output=True, text=True, timeout=SECONDS)
        found = re.search(r'time=([0-9.]+) ms', done.stdout)
        return float(found[1]) if found else None

    def client(self):
        return subprocess.Popen([*self.enter, 'busybox', 'udhcpc', '-f', '-i', NIC, '-t', '20', '-T', '1', '-s',
                                 str(FOLDER / 'script')], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Test:
    def __init__(self, tapwalld):
        self.daemon = Daemon(tapwalld).start()
        self.guest = Guest()
        self.number, self.failed = 0, False

    def result(self, name, good):
        self.number += 1
        self.failed |= not good
        print(f'{"ok" if good else "not ok"} {self.number} - {name}', flush=True)

    def call(self, procedure, payload):
        with rpc.Client(self.daemon.socket) as client:
            client.open()
            answer = client.call(procedure, payload)
            assert not isinstance(answer, rpc.Fault), answer
            return answer

    def bind(self, mode):
        parameters = f"<parameter name='CTRL_IP_LEARNING' value='{mode}'/>"
        if mode == 'dhcp':
            parameters += f"<parameter name='DHCPSERVER' value='{SERVER}'/>"
        self.call(rpc.BINDING_CREATE, rpc.text(binding_xml(PORT, MAC, 'clean-traffic', parameters)) + rpc.uint(0))

    def unbind(self):
        self.call(rpc.BINDING_DELETE, rpc.binding(PORT))

    def learned(self):
        xml = self.call(rpc.BINDING_XML, rpc.binding(PORT) + rpc.uint(0))
        return re.findall(rb"name='IP' value='([0-9.]+)'", xml)

    def waits(self, wanted):
        deadline = time.monotonic() + SECONDS
        while not wanted() and time.monotonic() < deadline:
            time.sleep(0.02)  # for other processes
        return wanted()

    # ----

    def leases(self):
        self.bind('dhcp')
        self.guest.address('add', OTHER)
        self.result('dhcp: nothing passes without a lease', self.guest.reaches(OTHER) is None)
        client = self.guest.client()
        bound = self.waits((FOLDER / 'bound').exists)
        self.result('dhcp: the client is given an address', bound)
        self.result('dhcp: which is learned', self.waits(lambda: self.learned() == [LEASED.encode()]))
        self.result('dhcp: and passes', self.guest.reaches(LEASED) is not None)
        self.result('dhcp: another one does not', self.guest.reaches(OTHER) is None)
        self.daemon.kill()
        self.daemon.start()
        self.result('dhcp: after a kill and a start, too',
                    self.guest.reaches(LEASED) is not None and self.guest.reaches(OTHER) is None)
        client.send_signal(signal.SIGUSR2)  # release
        self.result('dhcp: what is given back is forgotten', self.waits(lambda: self.learned() == []))
        self.result('dhcp: and passes no more', self.guest.reaches(LEASED) is None)
        client.terminate()
        client.wait(SECONDS)
        self.unbind()

    def any(self):
        self.bind('any')
        first = self.guest.reaches(OTHER)
        self.result(f'any: the first ping of all comes back, after {first} ms', first is not None)
        second = self.guest.reaches(OTHER)
        self.result(f'any: the next after {second} ms', second is not None)
        self.result('any: another address does not pass', self.guest.reaches(LEASED) is None)
        self.result('any: the first one is learned', self.learned() == [OTHER.encode()])


def main(tapwalld):
    nwfilterd.enter()
    nwfilterd.run('mount', '-t', 'tmpfs', 'none', '/run')
    FOLDER.mkdir()
    (FOLDER / 'conf').write_text(SERVER_CONF)
    (FOLDER / 'leases').touch()
    (FOLDER / 'script').write_text(CLIENT_SCRIPT)
    (FOLDER / 'script').chmod(0o755)
    nwfilterd.run('ip', 'link', 'add', 'br0', 'type', 'bridge')
    nwfilterd.run('ip', 'addr', 'add', f'{SERVER}/24', 'dev', 'br0')
    nwfilterd.run('ip', 'link', 'set', 'br0', 'up')
    server = subprocess.Popen(['busybox', 'udhcpd', '-f', str(FOLDER / 'conf')], stderr=subprocess.DEVNULL)
    test = Test(tapwalld)
    try:
        test.leases()
        test.any()
    finally:
        server.terminate()
        server.wait(SECONDS)
        test.guest.holder.kill()
    test.daemon.stop()
    print(f'1..{test.number}')
    return test.failed


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
