#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Frames through libvirt's rules, through the reference interpreter and through our programs: the same
arrive.

Each stock filter and each of filters.py is bound by a real libvirtd to a tap on a bridge; all frames
of vectors.py go through it, both ways, and `tapwall explain --encapsulation opaque` is asked about the
same frames in the same order, with eval and with bpf, which must say the same and by the same rule. A
frame that does not even pass an unfiltered bridge is left out. What differs must be in DECIDED, with
its reason.

Of the filters of one rule, each there with direction out and inout, the suite takes every third, with
the one and the other in turns; --all takes all of them. compat/frames has all that they are about.

usage: verdicts.py TAPWALL SOURCE_DIR [--all] [NAME...]
"""

import re
import subprocess
import sys
from pathlib import Path

import bridge
import filters
import nwfilterd
import vectors
import workers

MAC = '52:54:00:00:00:01'
STOCK_VALUES = [('IP', '10.0.0.1'), ('IP', '10.1.2.3'), ('IPV6', 'fd00::1'),
                ('DHCPSERVER', '10.0.0.2'), ('GATEWAY_MAC', '52:54:00:00:00:02')]
SIX = [('DHCPSERVER', 'fd00::2')]


def to_stp(frame, said):
    return frame[:6].hex() == vectors.STP


def is_truncated(frame, said):
    return said[1] == 'truncated'


def is_tagged(frame, said):
    return frame[12:14].hex() == '8100'


def any_frame(frame, said):
    return True


def passes_with_us(frame, said):
    return said[0] == 'pass'


def is_udplite(frame, said):
    return frame[12:14] == b'\x08\x00' and frame[23] == 136


# What docs/semantics.md decides otherwise: its name there, words in the filter's text, which frames.
DECIDED = [
    ('cut off in the transport header', '', is_truncated),
    ('type of a BPDU', r'<stp.*-|<stp.*type|<stp.*port|<stp.*age', to_stp),
    ('encap-protocol', 'encap-protocol', is_tagged),
    ('forgotten sign', r"match='no' dstportstart", any_frame),
    ('ICMP both ways', r'inout.*<icmp(v6)? type', any_frame),
    ('after a refused connection', 'connlimit-above', passes_with_us),
    ('checksum', 'state=', is_udplite),
]


def find(text, frame, said):
    """The decision that explains the difference, or None."""
    for title, words, of in DECIDED:
        if re.search(words, text) and of(frame, said):
            return title
    return None


SHORTEST = {b'\x08\x00': 34, b'\x86\xdd': 54}  # by type, what the kernel's own test of programs takes


def ours(program, path, values, frames, engine):
    arguments = [f'--var={name}={value}' for name, value in [('MAC', MAC), *values]]
    text = ''.join(f'{direction}:{frame.hex()}\n' for direction, frame in frames)
    done = subprocess.run([program, 'explain', '--filter', path, '--filters', str(nwfilterd.STOCK),
                           '--encapsulation', 'opaque', '--with', engine, '--hex-file', '-',
                           *arguments],
                          input=text, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [line.split('\t') for line in done.stdout.splitlines()]


def bind(name, values):
    words = ''.join(f"<parameter name='{n}' value='{v}'/>" for n, v in values)
    Path('/run/binding.xml').write_text(nwfilterd.BINDING.format(
        port=bridge.FILTERED, mac=MAC, filter=name, parameters=words), encoding='utf-8')
    nwfilterd.virsh('nwfilter-binding-create', '/run/binding.xml')


class Port:
    """What a worker judges filters with."""

    def __init__(self, program):
        self.program, self.bridge, self.frames = program, bridge.Bridge(), vectors.frames()
        self.baseline = self.bridge.deliveries(self.frames)

    def close(self):
        pass

    def compare(self, path, values, theirs, shown):
        """The frames judged differently, as text; shown gets the decisions that explain others."""
        said = ours(self.program, path, values, self.frames, 'eval')
        assert len(said) == len(self.frames), (len(said), len(self.frames))
        yield from engines_differ(self.program, path, values, self.frames, said)
        text = Path(path).read_text(encoding='utf-8')
        for (direction, frame), passed, line, possible in zip(self.frames, theirs, said, self.baseline):
            if not possible or passed == (line[0] == 'pass'):
                continue
            title = find(text, frame, line)
            if title:
                shown.add(title)
            else:
                yield f'{direction}:{frame.hex()}: libvirt {"passes" if passed else "drops"}, ' \
                      f'we: {" ".join(line)}'


def try_case(port, name, text, values):
    """The differences, the decisions shown, and how many frames were compared."""
    path, shown = f'/run/{name}.xml', set()
    Path(path).write_text(text, encoding='utf-8')
    bind(name, values)
    theirs = port.bridge.deliveries(port.frames)
    nwfilterd.virsh('nwfilter-binding-delete', bridge.FILTERED)
    return list(port.compare(path, values, theirs, shown)), shown, sum(port.baseline)


def engines_differ(program, path, values, frames, said):
    """The frames that our programs judge otherwise, or by another rule, than eval `said`."""
    whole = [(pair, line) for pair, line in zip(frames, said)
             if len(pair[1]) >= SHORTEST.get(pair[1][12:14], 14)]
    lines = ours(program, path, values, [pair for pair, _ in whole], 'bpf')
    assert len(lines) == len(whole), (len(lines), len(whole))
    for ((direction, frame), line), other in zip(whole, lines):
        if line[:2] != other[:2]:
            yield f'{direction}:{frame.hex()}: eval: {" ".join(line)}, bpf: {" ".join(other)}'


def cases(wanted):
    """(name, text, values); wanted: names, or --all, or nothing."""
    for path in sorted(nwfilterd.STOCK.glob('*.xml')):
        values = [v for v in STOCK_VALUES if v[0] != 'DHCPSERVER'] + SIX \
            if path.stem == 'allow-dhcpv6-server' else STOCK_VALUES
        yield path.stem, path.read_text(encoding='utf-8'), values
    for name, text in filters.filters():
        kind, _, number = name.partition('-')
        if wanted or not number.isdigit() or int(number) % 6 == (3 if kind == 'out' else 5):
            yield name, text, filters.VALUES


def undecided(source, shown):
    """The decisions that no frame shows, or of which docs/semantics.md knows nothing."""
    text = (source / 'docs/semantics.md').read_text(encoding='utf-8')
    return [title for title, _, _ in DECIDED if title not in shown or f'({title})' not in text]


def main(program, source, wanted):
    nwfilterd.enter()
    found = [case for case in cases(wanted) if not wanted or '--all' in wanted or case[0] in wanted]
    failed, judged, decided = 0, 0, set()
    done = workers.run(dict(filters.filters()), lambda: Port(program), try_case, found)
    for number, ((name, _, _), (differ, shown, count)) in enumerate(zip(found, done), 1):
        print(f'{"not ok" if differ else "ok"} {number} {name}')
        print(''.join(f'# {line}\n' for line in differ[:20]), end='', flush=True)
        failed += bool(differ)
        judged += count
        decided |= shown
    print(f'# {judged} verdicts compared')
    if not wanted:
        unknown = undecided(source, decided)
        print(f'{"not ok" if unknown else "ok"} {len(found) + 1} decisions{": " if unknown else ""}{unknown or ""}')
        failed += bool(unknown)
    print(f'1..{len(found) + (not wanted)}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:]))
