#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The same calls to a stock libvirt filter daemon and to tapwalld: the same answers.

usage: differential.py TAPWALLD. Needs root. An answer that differs is a failure unless
different.py lists it with its reason; a listed one that does not differ is a failure, too.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'compat'))

import nwfilterd  # noqa: E402
from calls import SETUP, calls  # noqa: E402
from daemon import Daemon  # noqa: E402
from different import DIFFERENT  # noqa: E402
from rpc import Client, Fault, fault  # noqa: E402

LOST = 'An error occurred, but the cause is unknown'
STOCK_SOCKET = '/run/libvirt/libvirt-sock'


def session(path):
    client = Client(path)
    opened = client.open()
    assert opened == b'', opened
    return client


class Side:
    """One daemon, asked call after call. Each call opens a connection of its own where it must."""

    def __init__(self, path, path_ro):
        self.paths = {'rw': path, 'ro': path_ro}
        self.main = session(path)

    def ask(self, call):
        try:
            if call.raw:
                return self.raw(call)
            if call.on == 'main':
                return self.shape(call, self.main.call(call.procedure, call.payload))
            with Client(self.paths['ro' if call.on == 'ro' else 'rw']) as client:
                if call.on != 'closed':
                    client.open(flags=1 if call.on == 'ro' else 0)
                return self.shape(call, client.call(call.procedure, call.payload))
        except (EOFError, ConnectionError):
            return 'the connection ended'

    def raw(self, call):
        with Client(self.paths['rw'], timeout=3) as client:
            if call.on != 'closed':
                client.open()
            client.send(call.raw)
            try:
                program, procedure, type_, serial, status, octets = client.receive()
            except TimeoutError:
                return 'no answer'
            return (program, procedure, type_, serial, status,
                    self.shape(call, fault(octets) if status else octets))

    @staticmethod
    def shape(call, answer):
        if isinstance(answer, Fault):
            return ('fault', *answer)
        return ('good', call.read(answer) if call.read else answer)


def tidy(answer):
    return '\n'.join(f'#   {line}' for line in repr(answer).splitlines())


def main():
    nwfilterd.enter()
    nwfilterd.start()
    ours = Daemon(sys.argv[1]).start()
    stock, own = Side(STOCK_SOCKET, STOCK_SOCKET), Side(ours.socket, ours.socket_ro)
    for command in SETUP:
        nwfilterd.run(*command)
    known = dict(DIFFERENT)
    script = calls()
    names = [call.name for call in script]
    assert len(set(names)) == len(names), 'two calls of one name'
    print(f'1..{len(script) + 1}', flush=True)
    for number, call in enumerate(script, 1):
        theirs, answer = stock.ask(call), own.ask(call)
        differs, reason = theirs != answer, known.pop(call.name, None)
        if differs and LOST in theirs and answer[0] == 'fault':  # now and then it forgets the reason
            differs = False
        good = differs == (reason is not None)
        print(f'{"ok" if good else "not ok"} {number} - {call.name}'
              + (f': {reason}' if reason else ''), flush=True)
        if not good:
            print(f'# stock:\n{tidy(theirs)}\n# tapwalld:\n{tidy(answer)}', flush=True)
    print(f'{"not ok" if known else "ok"} {len(script) + 1} - every listed difference was met'
          + ''.join(f'\n# {name}' for name in known))
    ours.stop()


if __name__ == '__main__':
    main()
