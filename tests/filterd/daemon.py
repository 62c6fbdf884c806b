# SPDX-License-Identifier: Apache-2.0
"""tapwalld in private namespaces: enter() there first (tests/compat/nwfilterd.py)."""

import os
import signal
import subprocess
import time
from pathlib import Path

STOCK = Path('/usr/share/libvirt/nwfilter')
SECONDS = 30


class Daemon:
    """Everything of one tapwalld lies below a folder of its own on a tmpfs."""

    def __init__(self, program, folder='/run/tapwall-test', **keys):
        self.program, self.folder = program, Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.filters = self.folder / 'nwfilter'
        self.pins = self.folder / 'bpf'
        self.socket = str(self.folder / 'sock')
        self.socket_ro = str(self.folder / 'sock-ro')
        self.operator = str(self.folder / 'operator')
        self.log = self.folder / 'log'
        self.process = None
        if not self.pins.exists():
            self.pins.mkdir()
            subprocess.run(['mount', '-t', 'bpf', 'bpf', str(self.pins)], check=True)
        if not self.filters.exists():
            subprocess.run(['cp', '-a', str(STOCK), str(self.filters)], check=True)
        keys = {'filters': self.filters, 'state': self.folder / 'state',
                'pins': self.pins / 'tapwall', 'socket': self.socket,
                'socket_ro': self.socket_ro, 'operator_socket': self.operator, **keys}
        self.config = self.folder / 'tapwalld.conf'
        self.config.write_text('[tapwalld]\n' + ''.join(f'{k}={v}\n' for k, v in keys.items()))

    def start(self):
        """Returns when it serves."""
        for path in (self.socket, self.socket_ro):
            Path(path).unlink(missing_ok=True)
        with open(self.log, 'ab') as log:
            self.process = subprocess.Popen([self.program, '-c', str(self.config)], stderr=log)
        deadline = time.monotonic() + SECONDS
        while not os.path.exists(self.socket_ro):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError('tapwalld does not start: ' + self.log.read_text())
            time.sleep(0.005)  # for its socket, the one sign a bare start gives
        return self

    def kill(self, number=signal.SIGKILL):
        self.process.send_signal(number)
        return self.process.wait(SECONDS)

    def stop(self):
        status = self.kill(signal.SIGTERM)
        assert status == 0, f'tapwalld ended with {status}: ' + self.log.read_text()
