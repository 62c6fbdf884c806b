#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a program as its service unit has systemd run it, where there is no systemd.

usage: unit.py UNIT FD,... PROGRAM. The descriptors are listening sockets to hand over. Of the unit it
takes what can stand in a program's way: the capabilities, what of the file system can be written, the
system calls, and that no privileges are gained. The caller is root in a mount namespace of its own.
"""

import configparser
import ctypes
import os
import subprocess
import sys

import seccomp

AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY, SYS_MOUNT_SETATTR = -100, 0x8000, 1, 442
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, CLONE_NEWNS = 24, 38, 0x20000
CAPABILITIES = {'CAP_NET_ADMIN': 12, 'CAP_PERFMON': 38, 'CAP_BPF': 39}  # linux/capability.h
LAST_CAPABILITY = '/proc/sys/kernel/cap_last_cap'
FIRST_FD = 3
LIBC = ctypes.CDLL(None, use_errno=True)


class Unit:
    def __init__(self, path):
        parser = configparser.RawConfigParser(strict=False, delimiters=('=',))
        parser.optionxform = str
        parser.read(path)
        self.service = parser['Service']

    def words(self, key):
        return self.service.get(key, '').split()

    def writable(self):
        stated = [path for path in self.words('ReadWritePaths')
                  if not path.startswith('-') or os.path.exists(path[1:])]
        return [*(path.removeprefix('-') for path in stated), *('/run/' + name for name in self.words('RuntimeDirectory')),
                *('/etc/' + name for name in self.words('ConfigurationDirectory'))]


def check(result):
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def mount_read_only(path, read_only, recursive=False):
    attributes = (ctypes.c_uint64 * 4)(MOUNT_ATTR_RDONLY if read_only else 0, 0 if read_only else MOUNT_ATTR_RDONLY,
                                       0, 0)
    check(LIBC.syscall(SYS_MOUNT_SETATTR, AT_FDCWD, path.encode(), AT_RECURSIVE if recursive else 0, attributes,
                       ctypes.sizeof(attributes)))


def close_files(unit):
    assert unit.service['ProtectSystem'] == 'strict' and unit.service['ProtectKernelTunables'] == 'yes'
    for path in unit.writable():
        if path.startswith(('/run', '/etc')):
            os.makedirs(path, exist_ok=True)  # what systemd makes for the unit
        subprocess.run(['mount', '--bind', path, path], check=True)
    mount_read_only('/', True, recursive=True)
    for path in unit.writable():
        mount_read_only(path, False)


def drop_capabilities(unit):
    kept = {CAPABILITIES[name] for name in unit.words('CapabilityBoundingSet')}
    with open(LAST_CAPABILITY, encoding='ascii') as file:
        last = int(file.read())
    for number in range(last + 1):
        if number not in kept:
            check(LIBC.prctl(PR_CAPBSET_DROP, number, 0, 0, 0))
    assert unit.service['NoNewPrivileges'] == 'yes'
    check(LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def system_calls(names):
    for name in names:
        if name.startswith('@'):
            done = subprocess.run(['systemd-analyze', 'syscall-filter', name], check=True, capture_output=True,
                                  text=True)
            inside = [line.strip() for line in done.stdout.splitlines()[1:]]
            yield from system_calls([line for line in inside if line and not line.startswith('#')])
        else:
            yield name


def filter_system_calls(unit):
    allowed = set(system_calls(unit.words('SystemCallFilter')))
    rules = seccomp.SyscallFilter(seccomp.ERRNO(1))
    for name in allowed | {'execve'}:
        try:
            rules.add_rule(seccomp.ALLOW, name)
        except (RuntimeError, ValueError, OSError):
            pass  # not of this machine
    return rules


def hand_over(descriptors):
    high = [os.dup2(descriptor, 100 + i) for i, descriptor in enumerate(descriptors)]
    for i, descriptor in enumerate(high):
        os.dup2(descriptor, FIRST_FD + i)
        os.close(descriptor)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(high)))


def main(unit_path, descriptors, *command):
    unit = Unit(unit_path)
    hand_over([int(number) for number in descriptors.split(',')])
    os.environ['WATCHDOG_PID'] = str(os.getpid())
    check(LIBC.unshare(CLONE_NEWNS))
    rules = filter_system_calls(unit)
    close_files(unit)
    os.umask(int(unit.service['UMask'], 8))
    drop_capabilities(unit)
    rules.load()
    os.execv(command[0], command)


if __name__ == '__main__':
    main(*sys.argv[1:])
