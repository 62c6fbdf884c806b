#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Which room may include which, and where each outside library has its home.

This table is the design; a file that includes anything else fails the test. A new arrow or a new
library changes the table in the same commit, with its reason. Run with the source tree as argument;
--self-test checks that the checker itself notices each kind of violation.
"""

import re
import sys
import tempfile
from pathlib import Path

# room: (rooms it may include: arrows are transitive, libraries that have their home here)
ROOMS = {
    'base': ((), ('glib', 'gio', 'gnutls')),  # gnutls: the certificates of pki.c
    'nwfilter': (('base',), ('libxml2',)),
    'decide': (('nwfilter',), ()),
    'datapath': (('decide',), ('libbpf',)),
    'jsonrpc': (('base',), ('gio', 'json-glib')),
    'filterd': (('datapath', 'jsonrpc'), ('libtirpc', 'libxml2', 'systemd', 'libsoup')),  # libsoup: metrics
    'virt': (('base',), ('libvirt',)),
    # libmnl: taps and bridges over rtnetlink; systemd: sd_notify in the main program
    'agent': (('jsonrpc', 'virt'), ('libmnl', 'libxml2', 'systemd')),
    'store': (('base',), ('sqlite3', 'libpq')),
    'engine': (('store', 'jsonrpc'), ()),
    'rest': (('engine',), ('libsoup', 'json-glib', 'libxml2', 'crypt', 'systemd')),
    'cli': (('store', 'agent', 'filterd'), ()),  # agent: vdsm-tool defines what the agent does
}

# The idiom every room is written in. These travel along the arrows, in headers too (design rule 2
# keeps all the others inside their home).
SHARED = {'glib', 'gio', 'json-glib'}

LIBRARIES = (  # first match wins
    (r'glib(-unix|/.*)?\.h|glib-object\.h|gmodule\.h', 'glib'),
    (r'gio/.*', 'gio'),
    (r'json-glib/.*', 'json-glib'),
    (r'gnutls/.*', 'gnutls'),
    (r'libxml/.*', 'libxml2'),
    (r'(bpf|linux/bpf)(/.*)?(\.h)?', 'libbpf'),
    (r'(tirpc/)?rpc/.*', 'libtirpc'),
    (r'libmnl/.*', 'libmnl'),
    (r'libvirt(-glib)?/.*', 'libvirt'),  # libvirt-glib: its event loop on ours
    (r'sqlite3\.h', 'sqlite3'),
    (r'libpq-fe\.h|postgresql/.*', 'libpq'),
    (r'libsoup/.*', 'libsoup'),
    (r'crypt\.h', 'crypt'),
    (r'systemd/.*', 'systemd'),
    (r'(sys|linux|net|netinet|netpacket|arpa|asm)/.*', None),
    (r'(assert|ctype|errno|fcntl|ftw|grp|ifaddrs|inttypes|limits|locale|math|netdb|poll|pwd|sched|'
     r'setjmp|signal|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|string|strings|syslog|'
     r'termios|time|unistd|wchar)\.h', None),
)

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.M)


def reachable(room):
    """The room itself and all rooms below it."""
    found, todo = set(), [room]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += ROOMS[name][0]
    return found


def library_of(header):
    """The library's name, None for the C library and the kernel, '?' when the table lacks it."""
    for pattern, name in LIBRARIES:
        if re.fullmatch(pattern, header):
            return name
    return '?'


def check_room(room, target):
    other = target.split('/')[0]
    if '/' not in target:
        return f'"{target}": write includes from src, as "{room}/{target}"'
    if other not in ROOMS:
        return f'"{target}": {other} is not a room'
    if other not in reachable(room):
        return f'"{target}": no arrow from {room} to {other}'
    return None


def check_library(room, header):
    name = library_of(header)
    if name == '?':
        return f'<{header}>: not in the table of libraries'
    at_home = name in ROOMS[room][1]
    shared = name in SHARED and any(name in ROOMS[r][1] for r in reachable(room))
    if name is not None and not at_home and not shared:
        return f'<{header}>: {name} has no home in {room}'
    return None


def includes(path):
    return [(kind == '<', name) for kind, name in INCLUDE.findall(path.read_text())]


def check_file(src, path):
    room = path.relative_to(src).parts[0]
    if room not in ROOMS:
        return [f'{room} is not a room']
    checks = [check_library(room, n) if outside else check_room(room, n)
              for outside, n in includes(path)]
    return [problem for problem in checks if problem]


def check_exports(src):
    """A library's types stay at home: no header that another room includes brings them along."""
    problems = []
    for path in sources(src):
        room = path.relative_to(src).parts[0]
        for outside, name in includes(path):
            if outside or name.split('/')[0] == room or not (src / name).is_file():
                continue
            for deep, leaked in closure(src, name):
                if library_of(leaked) not in SHARED | {None}:
                    problems.append((path, f'"{name}" brings <{leaked}> through {deep}'))
    return problems


def closure(src, header):
    """(header, outside include) of everything a header of ours pulls in."""
    found, todo, seen = [], [header], set()
    while todo:
        name = todo.pop()
        if name in seen or not (src / name).is_file():
            continue
        seen.add(name)
        for outside, target in includes(src / name):
            if outside:
                found.append((name, target))
            else:
                todo.append(target)
    return found


def sources(src):
    return sorted(p for p in src.rglob('*') if p.suffix in ('.c', '.h') and p.parent != src)


def check_tree(src):
    problems = [(path, text) for path in sources(src) for text in check_file(src, path)]
    return problems or check_exports(src)


VIOLATIONS = (  # file, text, expected part of the message
    ('base/x.c', '#include "engine/engine.h"\n', 'no arrow from base to engine'),
    ('store/x.c', '#include <libvirt/libvirt.h>\n', 'libvirt has no home in store'),
    ('virt/x.c', '#include <json-glib/json-glib.h>\n', 'json-glib has no home in virt'),
    ('rest/x.c', '#include <mystery/mystery.h>\n', 'not in the table'),
    ('rest/x.c', '#include "rest.h"\n', 'write includes from src'),
    ('kitchen/x.c', '#include <glib.h>\n', 'is not a room'),
    ('virt/x.h', '#include <libvirt/libvirt.h>\n', None),
    ('agent/x.c', '#include "jsonrpc/x.h"\n#include "virt/x.h"\n', None),
)


def self_test():
    for name, text, expected in VIOLATIONS:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, name)
            path.parent.mkdir()
            path.write_text(text)
            found = [message for _, message in check_tree(Path(folder))]
            assert bool(found) == (expected is not None), (name, found)
            assert expected is None or expected in found[0], (name, found)
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (('virt/x.h', '#include <libvirt/libvirt.h>\n'),
                           ('agent/x.c', '#include "virt/x.h"\n')):
            Path(folder, name).parent.mkdir()
            Path(folder, name).write_text(text)
        found = check_tree(Path(folder))
        assert len(found) == 1 and 'brings <libvirt/libvirt.h>' in found[0][1], found
    print(f'{len(VIOLATIONS) + 1} planted cases judged rightly')


def main(arguments):
    if arguments == ['--self-test']:
        self_test()
        return 0
    src = Path(arguments[0], 'src')
    problems = check_tree(src)
    for path, text in problems:
        print(f'{path.relative_to(src.parent)}: {text}')
    print(f'{len(sources(src))} files, {len(problems)} problems')
    return 1 if problems or not sources(src) else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
