#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tapwalld over its socket beside a stock libvirt filter daemon, in one run; `name value unit`.

usage: bench-tapwalld.py TAPWALLD [PART...]. Needs root. Parts: stock binding many clsact. All in namespaces of
its own. A call is timed from its first octet to its answer's last, on a connection
that is open.
"""

import re
import statistics
import sys
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / 'compat'), str(TESTS / 'filterd')]

import nwfilterd  # noqa: E402
import rpc  # noqa: E402
import taps  # noqa: E402
from calls import binding_xml, filter_xml  # noqa: E402
from daemon import Daemon  # noqa: E402

FILTER = 'vdsm-no-mac-spoofing'
UUID = 'b5e1fa2c-5a1f-4f6e-9d5e-0d6c1e9a2b77'
INCLUDES = "<filterref filter='no-mac-spoofing'/><filterref filter='no-arp-mac-spoofing'/>"
TIMED = 500          # calls of which a figure is made
STOCK_BINDINGS = 50
REDEFINITIONS = 20
TAPS = 11000         # more than there ever are


def say(name, value, unit):
    print(f'tapwalld.{name} {value:.3f} {unit}', flush=True)


class Timer:
    def __init__(self, client):
        self.client, self.taken = client, []

    def call(self, procedure, payload):
        before = time.perf_counter()
        answer = self.client.call(procedure, payload)
        self.taken.append(1000 * (time.perf_counter() - before))
        assert not isinstance(answer, rpc.Fault), answer

    def create(self, number):
        self.call(rpc.BINDING_CREATE,
                  rpc.text(binding_xml(f't{number}', taps.mac(number), FILTER)) + rpc.uint(0))

    def delete(self, number):
        self.call(rpc.BINDING_DELETE, rpc.binding(f't{number}'))

    def say(self, name):
        ordered = sorted(self.taken)
        say(f'{name}_p50', statistics.median(ordered), 'ms')
        say(f'{name}_p99', ordered[int(len(ordered) * 0.99)], 'ms')
        return statistics.median(ordered)


def connected(path):
    client = rpc.Client(path, timeout=120)
    assert client.open() == b''
    return client


def define(client, turn):
    return client.call(rpc.DEFINE, rpc.text(filter_xml(
        FILTER, UUID, INCLUDES + f"<rule action='drop' direction='out' priority='{turn}'>"
        f"<mac protocolid='0x9000'/></rule>" * (turn > 0))))


# ---- parts ----

def stock():
    """A libvirtd with its nwfilter driver alone: 50 bindings, one at a time."""
    nwfilterd.start()
    client = connected('/run/libvirt/libvirt-sock')
    define(client, 0)
    taps.make(0, STOCK_BINDINGS)
    create, delete = Timer(client), Timer(client)
    for number in range(STOCK_BINDINGS):
        create.create(number)
    for number in range(STOCK_BINDINGS):
        delete.delete(number)
    return create.say('stock_create'), delete.say('stock_delete')


def clsact(program):
    """With 10,000 bindings, on the hooks of kernels before 6.6."""
    daemon = Daemon(program, folder='/run/clsact', hook='clsact', grace_seconds=0).start()
    client = connected(daemon.socket)
    define(client, 0)
    taps.make(0, 10000 + TIMED)
    fill(client, 0, 10000)
    timed_round(daemon, 10000, '10000_clsact')
    daemon.stop()


def timed_round(daemon, bound, name):
    """Creates and deletes of ports beside `bound` that are there."""
    client = connected(daemon.socket)
    create, delete = Timer(client), Timer(client)
    for number in range(bound, bound + TIMED):
        create.create(number)
    for number in range(bound, bound + TIMED):
        delete.delete(number)
    return create.say(f'create_{name}'), delete.say(f'delete_{name}')


def binding(daemon, stock_figures):
    client = connected(daemon.socket)
    define(client, 0)
    taps.make(STOCK_BINDINGS, TIMED)
    create, delete = Timer(client), Timer(client)
    for number in range(STOCK_BINDINGS):
        create.create(number)
    for number in range(STOCK_BINDINGS):
        delete.delete(number)
    ours = create.say('create_50'), delete.say('delete_50')
    if stock_figures:
        say('create_stock_ratio', stock_figures[0] / ours[0], 'x')
        say('delete_stock_ratio', stock_figures[1] / ours[1], 'x')
    client.close()


def fill(client, first, last):
    timer = Timer(client)
    for number in range(first, last):
        timer.create(number)


def memory(daemon):
    status = Path(f'/proc/{daemon.process.pid}/status').read_text()
    return int(re.search(r'VmRSS:\s+(\d+)', status)[1])


def many(daemon):
    client = connected(daemon.socket)
    define(client, 0)
    say('memory_at_rest', memory(daemon) / 1024, 'MiB')
    at_rest = memory(daemon)
    for bound in (1000, 10000):
        have = 0 if bound == 1000 else 1000
        taps.make_missing(bound + TIMED)
        fill(client, have, bound)
        timed_round(daemon, bound, str(bound))
        say(f'memory_per_binding_{bound}', 1024 * (memory(daemon) - at_rest) / bound, 'octets')
        redefine(client, bound)
        restart(daemon, bound)
        client = connected(daemon.socket)


def redefine(client, bound):
    taken = []
    for turn in range(1, REDEFINITIONS + 1):
        before = time.perf_counter()
        answer = define(client, turn)
        taken.append(1000 * (time.perf_counter() - before))
        assert not isinstance(answer, rpc.Fault), answer
    say(f'redefine_{bound}_p50', statistics.median(taken), 'ms')
    say(f'redefine_{bound}_max', max(taken), 'ms')


def restart(daemon, bound):
    """From its start to an answer that has all bindings, and nothing left to do."""
    taken = []
    for _ in range(5):
        daemon.kill()
        before = time.perf_counter()
        daemon.start()
        with connected(daemon.socket) as client:
            octets = client.call(rpc.BINDINGS, rpc.uint(0) + rpc.uint(0))
            assert rpc.Reader(octets[4:]).int() >= bound, octets
        taken.append(time.perf_counter() - before)
    say(f'restart_{bound}_p50', statistics.median(taken), 's')


def main():
    nwfilterd.enter()
    parts = sys.argv[2:] or ['stock', 'binding', 'many', 'clsact']
    for path in () if 'stock' in parts else ('/run',):
        nwfilterd.run('mount', '-t', 'tmpfs', '-o', 'mode=755', 'bench', path)
    figures = stock() if 'stock' in parts else None
    Path('/proc/sys/net/ipv6/conf/default/disable_ipv6').write_text('1')
    daemon = Daemon(sys.argv[1], grace_seconds=0).start()
    if 'stock' not in parts and 'binding' in parts:
        taps.make(0, STOCK_BINDINGS)
    if 'binding' in parts:
        binding(daemon, figures)
    if 'many' in parts:
        many(daemon)
    daemon.stop()
    taps.remove(TAPS)
    if 'clsact' in parts:
        clsact(sys.argv[1])
        taps.remove(TAPS)


if __name__ == '__main__':
    main()
