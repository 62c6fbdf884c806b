#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Frames through libvirt's rules, through the reference interpreter and through our programs: the same
arrive.

Each stock filter and each of filters.py is bound by a real libvirtd to a tap on a bridge; all frames
of vectors.py go through it, both ways, and `tapwall explain --encapsulation opaque` is asked about the
same frames in the same order, with eval and with bpf, which must say the same and by the same rule. A
frame that does not even pass an unfiltered bridge is left out. What differs must be in DECIDED, with
its reason.

Of the filters of one rule that are there with direction out and inout, the suite takes a third of the
former; --all takes all of them.

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


# What docs/semantics.md decides otherwise: words in the filter's text, which frames, why.
DECIDED = [
    ('', is_truncated, 'a transport header that is cut off where a rule must read it is dropped'),
    (r'<stp.*-|<stp.*type|<stp.*port|<stp.*age', to_stp,
     'the kernel reads the fields of a BPDU one octet too early'),
    ('encap-protocol', is_tagged, 'ebtables-nft compares the octets of the type turned round'),
    (r"match='no' dstportstart", any_frame, 'libvirt forgets the sign'),
    (r"inout.*<icmp(v6)? type", any_frame, 'libvirt makes no rule at all'),
    ('connlimit-above', passes_with_us,
     'right after a refused connection the kernel counts it, also against those that are open'),
    ('state=', is_udplite, 'no checksum is looked at'),
]


def is_decided(text, frame, said):
    return any(re.search(words, text) and of(frame, said) for words, of, _ in DECIDED)


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


def compare(program, port, name, path, values, frames, baseline):
    """The frames judged differently, as text."""
    text = Path(path).read_text(encoding='utf-8')
    bind(name, values)
    theirs = port.deliveries(frames)
    nwfilterd.virsh('nwfilter-binding-delete', bridge.FILTERED)
    said = ours(program, path, values, frames, 'eval')
    assert len(said) == len(frames), (len(said), len(frames))
    yield from engines_differ(program, path, values, frames, said)
    for (direction, frame), passed, line, possible in zip(frames, theirs, said, baseline):
        if possible and passed != (line[0] == 'pass') and not is_decided(text, frame, line):
            yield f'{direction}:{frame.hex()}: libvirt {"passes" if passed else "drops"}, ' \
                  f'we: {" ".join(line)}'


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
    """(name, path, values); wanted: names, or --all, or nothing."""
    for path in sorted(nwfilterd.STOCK.glob('*.xml')):
        values = [v for v in STOCK_VALUES if v[0] != 'DHCPSERVER'] + SIX \
            if path.stem == 'allow-dhcpv6-server' else STOCK_VALUES
        yield path.stem, str(path), values
    for name, text in filters.filters():
        if not wanted and re.fullmatch(r'out-\d+', name) and int(name[4:]) % 3:
            continue
        path = Path(f'/run/{name}.xml')
        path.write_text(text, encoding='utf-8')
        yield name, str(path), filters.VALUES


def main(program, source, wanted):
    nwfilterd.enter()
    nwfilterd.start()
    port = bridge.Bridge()
    frames = vectors.frames()
    baseline = port.deliveries(frames)
    failed = number = judged = 0
    for name, path, values in cases(wanted):
        if wanted and '--all' not in wanted and name not in wanted:
            continue
        number += 1
        if not path.startswith(str(nwfilterd.STOCK)):
            refused = nwfilterd.define(Path(path).read_text(encoding='utf-8'))
            assert refused is None, (name, refused)
        differ = list(compare(program, port, name, path, values, frames, baseline))
        judged += sum(baseline)
        print(f'{"not ok" if differ else "ok"} {number} {name}')
        for line in differ[:20]:
            print(f'# {line}')
        failed += bool(differ)
        sys.stdout.flush()
    print(f'# {len(frames)} frames, {sum(baseline)} of them pass an unfiltered bridge, '
          f'{judged} verdicts compared')
    print(f'1..{number}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:]))
