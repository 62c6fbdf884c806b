# SPDX-License-Identifier: Apache-2.0
"""Thousands of taps, t0 and on, in a network namespace of the test's own."""

import contextlib
import fcntl
import os
import subprocess
from pathlib import Path

GROUP = '77'  # of all of them
BATCH = Path('/run/taps')


def batch(lines):
    BATCH.write_text(''.join(f'{line}\n' for line in lines))
    subprocess.run(['ip', '-batch', str(BATCH)], check=True)


def is_there(number):
    return Path(f'/proc/sys/net/ipv4/conf/t{number}').exists()


def make(first, count):
    batch(f'tuntap add dev t{n} mode tap' for n in range(first, first + count))


@contextlib.contextmanager
def short_grace_periods():
    """Under the lock that tapwalld takes for the same, or one of both would put back what the other set."""
    with open('/sys/kernel/rcu_expedited', 'r+', encoding='ascii') as setting:
        fcntl.flock(setting, fcntl.LOCK_EX)
        before = setting.read()
        try:
            os.pwrite(setting.fileno(), b'1', 0)
            yield
        finally:
            os.pwrite(setting.fileno(), before.encode(), 0)


def remove(count, kept=()):
    """Those of the first `count` that are there, but for some. Hooks on a device make the kernel wait for
    grace periods as it goes, with a lock that all network configuration of the machine needs: short ones,
    and all devices at once, before the namespace ends."""
    batch(f'link set dev t{n} group {GROUP}' for n in range(count)
          if n not in kept and is_there(n))
    with short_grace_periods():
        batch([f'link del group {GROUP}'])


def make_missing(count):
    """Those of the first `count` that are not there."""
    batch(f'tuntap add dev t{n} mode tap' for n in range(count) if not is_there(n))


def mac(number):
    return f'52:54:00:{number >> 16:02x}:{number >> 8 & 255:02x}:{number & 255:02x}'
