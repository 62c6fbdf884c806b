#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `tapwall` shows of a running tapwalld: ports, counters, drops as they happen, and captures.

usage: watching.py TAPWALLD TAPWALL. Needs root. All in namespaces of its own.
"""

import ctypes
import http.client
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from kernelcall import LINK_CREATE, OBJ_PIN, PROG_LOAD, bpf, pointer

INSIDE = 'TAPWALL_OPERATOR_INSIDE'
SECONDS = 30  # for anything
OWN, PEER, ALL = '525400000001', '525400000002', 'ffffffffffff'
HONEST = ALL + OWN + '88b5' + '00' * 46
FORGED = ALL + PEER + '88b5' + '00' * 46
TAGGED = ALL + PEER + '81000005' + '88b5' + '00' * 200
STATUS = """<filterbindingstatus>
  <filterbinding>
    <owner><name>web {number}</name><uuid>2a9e5cf4-4b6e-4b57-9d5c-0123456789a{number}</uuid></owner>
    <portdev name='p{number}'/>
    <mac address='52:54:00:00:00:0{number}'/>
    <filterref filter='guarded'/>
  </filterbinding>
</filterbindingstatus>
"""
FILTER = """<filter name='guarded' chain='root'>
  <rule action='drop' direction='out' priority='-800'>
    <mac match='no' srcmacaddr='$MAC' comment='not its own address'/>
  </rule>
</filter>
"""
CONF = """[tapwalld]
filters={0}/filters
state={0}/state
pins={0}/bpf/pins
socket={0}/libvirt
socket_ro={0}/libvirt-ro
operator_socket={0}/own
metrics={0}/metrics
"""


def enter():
    """Returns only inside the namespaces; all processes end with this one."""
    if os.environ.get(INSIDE):
        return
    if os.geteuid() != 0:
        sys.exit('this test needs root')
    os.environ[INSIDE] = '1'
    os.execvp('unshare', ['unshare', '-n', '-m', '-p', '-f', '--kill-child', '--mount-proc', sys.executable,
                          *sys.argv])


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


class Host:
    """A tapwalld with the port p1 of a bridge, whose guest's end is g1, and p2, of which there is no device."""

    def __init__(self, folder, tapwalld, tapwall):
        self.folder, self.tapwalld, self.tapwall_path = folder, tapwalld, tapwall
        self.daemon = None
        for name in ('filters', 'state/bindings', 'bpf'):
            (folder / name).mkdir(parents=True)
        run('mount', '-t', 'bpf', 'bpf', str(folder / 'bpf'))
        (folder / 'filters/guarded.xml').write_text(FILTER)
        (folder / 'conf').write_text(CONF.format(folder))
        for number in (1, 2):
            (folder / f'state/bindings/p{number}.xml').write_text(STATUS.format(number=number))
        run('ip', 'link', 'add', 'bridge', 'type', 'bridge')
        run('ip', 'link', 'add', 'p1', 'type', 'veth', 'peer', 'name', 'g1')
        run('ip', 'link', 'set', 'p1', 'master', 'bridge')
        for name in ('bridge', 'p1', 'g1'):
            Path(f'/proc/sys/net/ipv6/conf/{name}/disable_ipv6').write_text('1')
            run('ip', 'link', 'set', name, 'up')
        self.guest = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.guest.bind(('g1', 0))

    def start(self):
        log = open(self.folder / 'log', 'a', encoding='utf-8')
        self.daemon = subprocess.Popen([self.tapwalld, '--config', self.folder / 'conf'], stderr=log)
        until(lambda: (self.folder / 'own').exists() or self.daemon.poll() is not None)
        assert self.daemon.poll() is None, (self.folder / 'log').read_text()

    def stop(self):
        self.daemon.terminate()
        status = self.daemon.wait(SECONDS)
        assert status == 0, (status, (self.folder / 'log').read_text())

    def command(self, *arguments):
        return [self.tapwall_path, arguments[0], '--socket', str(self.folder / 'own'), *arguments[1:]]

    def tapwall(self, *arguments, status=0):
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=SECONDS)
        assert done.returncode == status, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stdout if status < 2 else done.stderr

    def send(self, *frames):
        for frame in frames:
            self.guest.send(bytes.fromhex(frame))

    def tapwall_while_sending(self, frame, *arguments):
        """What a command that ends by itself says while such frames are dropped."""
        with subprocess.Popen(self.command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
            end = time.monotonic() + SECONDS
            while running.poll() is None:
                assert time.monotonic() < end, arguments
                self.send(frame)
                try:
                    running.wait(0.05)
                except subprocess.TimeoutExpired:
                    pass
            out, problems = running.communicate()
        assert running.returncode == 0, problems
        return out


def until(condition):
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def check_ports(host):
    host.send(HONEST, HONEST, HONEST, FORGED, FORGED)
    rows = json.loads(host.tapwall('ports', '--json'))
    assert [row['port'] for row in rows] == ['p1', 'p2'], rows
    row = rows[0]
    assert row['frames']['out'] == {'passed': 3, 'dropped': 2}, row
    assert (row['vmName'], row['filter'], row['state']) == ('web 1', 'guarded', 'filtered'), row
    assert row['variables'] == {'MAC': ['52:54:00:00:00:01']} and row['parameters'] == {}, row
    assert abs(row['since'] / 1000 - time.time()) < 60 and row['ifindex'] == socket.if_nametoindex('p1'), row
    assert (rows[1]['state'], rows[1]['ifindex'], rows[1]['variables']) == ('waiting', 0, None), rows
    assert [one['port'] for one in json.loads(host.tapwall('ports', '--json', 'p1', 'nobody'))] == ['p1']
    assert json.loads(host.tapwall('ports', '--json', 'nobody', status=1)) == []
    table = host.tapwall('ports').splitlines()
    assert len({line.index(word) for line, word in zip(table, ('FILTER', 'guarded', 'guarded'))}) == 1, table
    assert 'MAC=52:54:00:00:00:01' in table[1], table


def check_counters(host):
    found = json.loads(host.tapwall('counters', 'p1', '--json'))
    rule = [row for row in found['counters'] if row['filter']]
    assert rule == [{'direction': 'out', 'filter': 'guarded', 'line': 2, 'name': 'not its own address',
                     'action': 'drop', 'frames': 2}], found
    passed = [row for row in found['counters'] if row['name'] == 'default' and row['direction'] == 'out']
    assert [row['frames'] for row in passed] == [3], found
    lines = [line.split() for line in host.tapwall('counters', 'p1').splitlines()]
    assert ['2', 'out', 'drop', 'guarded:2', 'not', 'its', 'own', 'address'] in lines, lines
    assert 'binding not found' in host.tapwall('counters', 'nobody', status=2)


def check_watch(host):
    words = 'p1 out drop guarded:2 (not its own address): 52:54:00:00:00:02 > ff:ff:ff:ff:ff:ff'
    line = host.tapwall_while_sending(FORGED, 'watch', '-n', '1').decode()
    assert f'{words} type 0x88b5, 60 octets' in line, line
    line = host.tapwall_while_sending(TAGGED, 'watch', '-n', '1', '--port', 'p1', '--json').decode()
    event = json.loads(line)
    assert (event['port'], event['tagType'], event['tagTci'], event['length']) == ('p1', 0x8100, 5, 214), event
    watching = subprocess.Popen(host.command('watch', '--port', 'p2'), stdout=subprocess.PIPE)
    host.tapwall_while_sending(FORGED, 'watch', '-n', '1')
    watching.terminate()
    assert watching.communicate(timeout=SECONDS)[0] == b'' and watching.returncode == 0  # nothing of p1


def check_capture(host):
    path = host.folder / 'pcap'
    host.tapwall_while_sending(TAGGED, 'capture', 'p1', '-n', '2', '-w', str(path))
    octets = path.read_bytes()
    magic, _, _, _, _, _, link = struct.unpack_from('<IHHiIII', octets)
    assert (magic, link) == (0xa1b23c4d, 1)
    at, frames = 24, []
    while at < len(octets):
        seconds, _, length, original = struct.unpack_from('<IIII', octets, at)
        assert abs(seconds - time.time()) < 60
        frames.append((octets[at + 16:at + 16 + length], original))
        at += 16 + length
    whole = bytes.fromhex(TAGGED)
    assert frames == [(whole[:132], len(whole))] * 2, frames
    if shutil.which('tcpdump'):
        assert 'vlan 5' in run('tcpdump', '-e', '-n', '-r', str(path))
    piped = host.tapwall_while_sending(FORGED, 'capture', 'p1', '-n', '1')
    assert piped[40:] == bytes.fromhex(FORGED), piped


def check_absent(host):
    assert 'tapwalld does not run' in host.tapwall('ports', status=2)
    assert 'tapwalld does not run' in host.tapwall('watch', status=2)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__('localhost', timeout=SECONDS)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def get(path, what):
    connection = UnixConnection(path)
    connection.request('GET', what)
    return connection.getresponse()


def check_metrics(host):
    path = str(host.folder / 'metrics')
    assert os.stat(path).st_mode & 0o7777 == 0o600
    answer = get(path, '/metrics')
    assert answer.status == 200 and answer.getheader('Content-Type') == 'text/plain; version=0.0.4'
    text = answer.read().decode()
    values = dict(line.rsplit(' ', 1) for line in text.splitlines() if not line.startswith('#'))
    row, = json.loads(host.tapwall('ports', '--json', 'p1'))
    out = row['frames']['out']
    assert values['tapwall_port_frames_total{port="p1",direction="out",verdict="dropped"}'] == str(out['dropped'])
    assert values['tapwall_dropped_frames{reason="rule"}'] == str(out['dropped']) != '0'
    assert values['tapwall_ports{state="filtered"}'] == values['tapwall_ports{state="waiting"}'] == '1'
    assert values['tapwall_filters'] == '1' and values['tapwall_stray_frames_total'] == '0', values
    assert len([name for name in values if 'port="p1"' in name]) == 5, values
    assert get(path, '/other').status == 404
    hold = [UnixConnection(path) for _ in range(17)]
    for one in hold:
        one.connect()
    assert hold[16].sock.recv(1) == b''  # there are sixteen already
    for one in hold:
        one.close()


def foreign_program(name):
    """The descriptor of a program that passes all."""
    code = ctypes.create_string_buffer(bytes.fromhex('b7000000ffffffff' '9500000000000000'))
    licence = ctypes.create_string_buffer(b'GPL')
    return bpf(PROG_LOAD, 3, 2, *pointer(code), *pointer(licence), 0, 0, 0, 0, 0, 0,
               *struct.unpack('<4I', name.encode().ljust(16, b'\0')))


def attach_foreign(host):
    """One before ours from the VM, which goes with the returned descriptor, and one after ours to it."""
    link = bpf(LINK_CREATE, foreign_program('early'), socket.if_nametoindex('p1'), 46, 1 << 3)
    path = str(host.folder / 'bpf/late')
    name = ctypes.create_string_buffer(path.encode())
    bpf(OBJ_PIN, *pointer(name), foreign_program('late'))
    run('tc', 'qdisc', 'add', 'dev', 'p1', 'clsact')
    run('tc', 'filter', 'add', 'dev', 'p1', 'egress', 'bpf', 'direct-action', 'object-pinned', path)
    return link


def attach_xdp():
    """A program that passes all, before everything else. It goes with the returned descriptor."""
    code = ctypes.create_string_buffer(bytes.fromhex('b700000002000000' '9500000000000000'))
    licence = ctypes.create_string_buffer(b'GPL')
    program = bpf(PROG_LOAD, 6, 2, *pointer(code), *pointer(licence), 0, 0, 0, 0, 0, 0,
                  *struct.unpack('<4I', b'first'.ljust(16, b'\0')))
    return bpf(LINK_CREATE, program, socket.if_nametoindex('p1'), 37, 2)  # BPF_XDP, generic


def check_doctor(host):
    said = host.tapwall('doctor', status=1).splitlines()
    assert any(line.startswith('good') and '1 of 1 ports' in line for line in said), said
    problems = [line for line in said if line.startswith('problem')]
    assert problems == ['problem  port p2: there is no such device'], said
    early = attach_foreign(host)
    first = attach_xdp()
    said = host.tapwall('doctor', status=1).splitlines()
    found = [line.split(': ', 1)[1] for line in said if 'foreign' in line]
    assert [re.sub('[0-9]+', 'N', line) for line in found] == [
        'a foreign program, first (id N), runs before ours on frames from the VM, at XDP',
        'a foreign program, early (id N), runs before ours on frames from the VM, at tcx',
        'a foreign program, late (id N), runs after ours on frames to the VM, at clsact'], said
    assert any(line.startswith('problem') and 'early' in line for line in said), said
    os.close(early)
    os.close(first)
    run('tc', 'qdisc', 'del', 'dev', 'p1', 'clsact')


def check_doctor_alone(host):
    """Without the daemon: what has a filter must have its hooks; then one is gone, and a pin."""
    pins = host.folder / 'bpf/pins'
    ask = ('doctor', '--pins', str(pins))
    said = host.tapwall(*ask, status=1)
    assert 'tapwalld does not run' in said and '1 of 1 ports' in said and said.count('problem') == 1, said
    link, = pins.glob('*-links/*-out')
    link.unlink()
    next(pins.glob('*/flows')).unlink()
    (pins / '0').mkdir()
    said = host.tapwall(*ask, status=1)
    assert 'port p1: our program is not attached: frames from the VM are not filtered' in said, said
    assert 'frames to the VM are not' not in said and 'the pin flows is missing' in said, said
    assert 'pins/0: not of this version' in said, said


CHECKS = (check_ports, check_counters, check_watch, check_capture, check_metrics, check_doctor)


def check_all(host):
    check_absent(host)
    host.start()
    assert os.stat(host.folder / 'own').st_mode & 0o7777 == 0o600
    try:
        for check in CHECKS:
            check(host)
            print('ok', check.__name__, flush=True)
    finally:
        host.stop()
    check_absent(host)
    check_doctor_alone(host)
    print('ok check_doctor_alone')


def main(tapwalld, tapwall):
    enter()
    with tempfile.TemporaryDirectory() as name:
        host = Host(Path(name), tapwalld, tapwall)
        try:
            check_all(host)
        finally:
            run('umount', str(host.folder / 'bpf'))


if __name__ == '__main__':
    main(*sys.argv[1:])
