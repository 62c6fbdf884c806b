# SPDX-License-Identifier: Apache-2.0
"""The guest that floods (flood.c), as a process beside a test."""

import signal
import subprocess
import time


class Flood:
    """Frames from the tap `sender` (or the inherited descriptor of one, "@N"), with the MAC and without,
    and what of them reaches the tap `receiver`."""

    def __init__(self, program, sender, receiver, mac, descriptors=()):
        self.process = subprocess.Popen([program, sender, receiver, mac], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, bufsize=1, pass_fds=descriptors)

    def counts(self):
        """forged sent, forged arrived, honest sent, honest arrived: since the last call."""
        self.process.stdin.write('\n')
        self.process.stdin.flush()
        return self.read()

    def read(self):
        return [int(word) for word in self.process.stdout.readline().split()]

    def control(self):
        """Without a filter all arrive, once the bridge forwards; else none arriving would say nothing."""
        deadline = time.monotonic() + 30
        while True:
            counts = self.counts()
            good = counts[0] == counts[1] > 0 and counts[2] == counts[3] > 0
            if good or time.monotonic() > deadline:
                return good, counts
            time.sleep(0.01)  # of flood

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def end(self):
        """The last counts."""
        self.process.stdin.close()
        counts = self.read()
        assert self.process.wait(30) == 0
        return counts
