#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A kernel that lacks what tapwalld needs: clear words, and nothing is open.

usage: lacking.py TAPWALLD. Needs root. All in namespaces of its own.
"""

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import seccomp

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'compat'))

import nwfilterd  # noqa: E402
import rpc  # noqa: E402
import steps  # noqa: E402
from calls import binding_xml, filter_xml  # noqa: E402
from daemon import Daemon  # noqa: E402

WITHOUT = '--without'
MAP_CREATE, PROG_LOAD, OBJ_PIN, OBJ_GET = 0, 5, 6, 7  # enum bpf_cmd of linux/bpf.h
OWN, PEER = '525400000001', '525400000002'
FILTER, UUID = 'mine', 'a0a0a0a0-1ab5-4a22-8618-4560ef5fac2c'
RULE = "<rule action='drop' direction='out' priority='{}'><mac match='no' srcmacaddr='$MAC'/></rule>"
SECONDS = 60


def run_without(command, *program):
    """Becomes a program for which the kernel does not know this command of bpf(2), or all of them."""
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    if command == 'all':
        rules.add_rule(seccomp.ERRNO(errno.ENOSYS), 'bpf')
    else:
        rules.add_rule(seccomp.ERRNO(errno.EINVAL), 'bpf', seccomp.Arg(0, seccomp.EQ, int(command)))
    rules.load()
    os.execv(program[0], program)


def make_host():
    nwfilterd.run('mount', '-t', 'tmpfs', '-o', 'mode=755', 'test', '/run')
    Path('/proc/sys/net/ipv6/conf/default/disable_ipv6').write_text('1')
    nwfilterd.run('ip', 'link', 'add', 'bridge0', 'type', 'bridge', 'forward_delay', '0')
    for port, guest in (('t0', 'g0'), ('peer', 'far')):
        nwfilterd.run('ip', 'link', 'add', port, 'type', 'veth', 'peer', 'name', guest)
        nwfilterd.run('ip', 'link', 'set', port, 'master', 'bridge0', 'up')
        nwfilterd.run('ip', 'link', 'set', guest, 'up')
    nwfilterd.run('ip', 'link', 'set', 'bridge0', 'up')


def arrivals():
    """Whose of an honest and two forged frames of the first guest's arrive at the second: the honest one is last."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as guest, \
            socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88b5)) as far:
        guest.bind(('g0', 0))
        far.bind(('far', 0))
        far.settimeout(2)
        for source in (PEER, PEER, OWN):
            guest.send(bytes.fromhex('ff' * 6 + source + '88b5') + bytes(46))
        seen = []
        while OWN not in seen:
            seen.append(far.recv(2048)[6:12].hex())
    return seen


def connected(daemon):
    client = rpc.Client(daemon.socket, timeout=SECONDS)
    assert client.open() == b''
    return client


def good(answer):
    assert not isinstance(answer, rpc.Fault), answer
    return answer


def create(client, number):
    mac = f'52:54:00:00:{(number + 1) >> 8:02x}:{(number + 1) & 255:02x}'
    return client.call(rpc.BINDING_CREATE, rpc.text(binding_xml(f't{number}', mac, FILTER)) + rpc.uint(0))


def define(client, priority):
    good(client.call(rpc.DEFINE, rpc.text(filter_xml(FILTER, UUID, RULE.format(priority)))))


def bindings(client):
    return rpc.Reader(client.call(rpc.BINDINGS, rpc.uint(0) + rpc.uint(0))[4:]).int()


def refusal(daemon, command):
    """What a daemon says that does not start."""
    done = subprocess.run([sys.executable, __file__, WITHOUT, str(command), daemon.program, '-c', str(daemon.config)],
                          capture_output=True, text=True, timeout=SECONDS)
    lines = done.stderr.strip().splitlines()
    assert done.returncode == 1 and len(lines) == 1, (done.returncode, done.stderr)
    return lines[0]


def start_without(daemon, command):
    program, wrapper = daemon.program, daemon.folder / 'without'
    wrapper.write_text(f'#!/bin/sh\nexec {sys.executable} {os.path.abspath(__file__)} {WITHOUT} {command} {program} "$@"\n')
    wrapper.chmod(0o700)
    daemon.program = str(wrapper)
    daemon.start()
    daemon.program = program


def test_kernels(program):
    """a kernel without something that is needed: one line, no daemon, and what was in force stays"""
    fresh = Daemon(program, '/run/fresh')
    for command, words in ((MAP_CREATE, 'refuses the data path'), (PROG_LOAD, 'refuses the data path'),
                           (OBJ_PIN, 'pinning'), ('all', 'refuses the data path')):
        line = refusal(fresh, command)
        assert words in line, (command, line)
        assert arrivals() == [PEER, PEER, OWN]
    daemon = Daemon(program, '/run/bound').start()
    with connected(daemon) as client:
        define(client, 1)
        good(create(client, 0))
    assert arrivals() == [OWN]
    daemon.kill()
    for command in (OBJ_GET, 'all'):
        refusal(daemon, command)
        assert arrivals() == [OWN], command
    start_without(daemon, PROG_LOAD)  # what is there does without
    assert arrivals() == [OWN]
    assert 'what was in force before stays' in daemon.log.read_text()
    daemon.kill()
    daemon.start()
    assert 'damaged' not in daemon.log.read_text() + ' '.join(os.listdir(daemon.pins / 'tapwall'))
    assert arrivals() == [OWN]
    with connected(daemon) as client:
        assert bindings(client) == 1
    daemon.stop()


TESTS = (test_kernels,)


def main(program):
    nwfilterd.enter()
    make_host()
    sys.exit(steps.run(TESTS, program))


if __name__ == '__main__':
    if sys.argv[1] == WITHOUT:
        run_without(*sys.argv[2:])
    main(*sys.argv[1:])
