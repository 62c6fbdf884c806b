# SPDX-License-Identifier: Apache-2.0
"""Bridges that frames are played on: without a filter, with libvirt's, with ours."""

import os
import subprocess
from pathlib import Path

import packet
import wire

HOST_MAC = '02:bb:00:00:00:01'


class Bench:
    """A bridge and what arrived of exchanges on it."""

    def __init__(self, bridge):
        self.bridge = bridge

    def play(self, exchange):
        """For each frame the places it came to, None when it could not be sent; and those whose
        source the bridge learned."""
        places, learned = [set() for _ in exchange], []
        for number, (end, octets) in enumerate(exchange):
            arrived = self.bridge.send(end, octets)
            if arrived is None:
                places[number] = None
                learned.append(False)
                continue
            for place, frames in arrived.items():
                for one in frames:
                    self.note(exchange[:number + 1], places, place, one)
            learned.append(self.bridge.learned(end, octets))
        return places, learned

    @staticmethod
    def note(sent, places, place, arrived):
        for number in range(len(sent) - 1, -1, -1):
            end, octets = sent[number]
            if end == place or places[number] is None or place in places[number]:
                continue
            whole = octets[14:] if place == 'input' else octets
            if whole.startswith(arrived) or (place == 'input' and packet.same_content(octets, arrived)):
                places[number].add(place)
                return

    def forget(self):
        self.bridge.connections.flush()


class Apart(Bench):
    """A bridge in a namespace of its own."""

    def __init__(self, name, is_ip):
        self.namespace = wire.Namespace()
        with self.namespace:
            wire.prepare()
            wire.filter_ip(is_ip)
            super().__init__(wire.Bridge(name, f'{name}v', HOST_MAC))


class Control(Apart):
    """Without filter; it remembers what it was asked. is_ip: bridged IP goes through iptables, as
    libvirt's inet rules need it, which drops and puts together what is no verdict of theirs."""

    def __init__(self, is_ip):
        super().__init__('plain', is_ip)
        with self.namespace:
            wire.run('nft', '-f', '-', text=wire.TRACK)
        self.known = {}

    def play(self, exchange):
        if exchange not in self.known:
            self.forget()
            self.known[exchange] = super().play(exchange)
        return self.known[exchange]


class Live(Apart):
    """With our programs on the VM's port: it outlives the filters, which are changed on it."""

    def __init__(self, program, encapsulation):
        super().__init__(encapsulation, is_ip=False)
        pins = Path('/run/bpf', encapsulation)
        if not os.path.ismount(pins.parent):
            pins.parent.mkdir()
            wire.run('mount', '-t', 'bpf', '-o', 'mode=0700', 'bpf', pins.parent)
        with self.namespace:
            self.process = subprocess.Popen([program, pins, self.bridge.port, encapsulation], text=True,
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, *words):
        self.process.stdin.write(' '.join(words) + '\n')
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if answer != 'ok':
            raise RuntimeError(f'{words[0]}: {answer or "the process that binds has ended"}')

    def bind(self, name, folder, values):
        self.ask('bind', name, f'--filters={folder}', *(f'--var={key}={value}' for key, value in values))

    def forget(self):
        self.ask('forget')

    def close(self):
        self.process.stdin.close()
        if self.process.wait(timeout=10):
            raise RuntimeError('the process that binds ended badly')
