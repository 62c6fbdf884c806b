#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`tapwall explain` says the same with the kernel's programs as with the reference, and shows the path.

usage: explain.py TAPWALL. Needs root.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

OWN, PEER, ALL = '525400000001', '525400000002', 'ffffffffffff'
ARP = '0001080006040001'
UDP = '0800' '4500001c0001000040110000' '{}' '{}' '{}' '00080000'
HERE, THERE = '0a000001', '0a000009'
FRAMES = [
    'out:' + ALL + OWN + '0806' + ARP + OWN + HERE + '000000000000' + THERE,
    'out:' + ALL + OWN + '0806' + ARP + PEER + HERE + '000000000000' + THERE,
    'out:' + ALL + OWN + '81000000' + '0806' + ARP + PEER + THERE + '000000000000' + HERE,
    'in:' + OWN + PEER + UDP.format(THERE, HERE, '003503e8'),
    'out:' + PEER + OWN + UDP.format(HERE, THERE, '03e80035'),
    'in:' + OWN + PEER + UDP.format(THERE, HERE, '003503e8'),
    'out:' + PEER + OWN + UDP.format(THERE, HERE, '03e80035'),
    'out:' + PEER + PEER + '88b5',
]
AGREED = '  = bpf and eval agree'
FILTER = """<filter name='answers' chain='root'>
  <rule action='accept' direction='out'><udp/></rule>
  <rule action='drop' direction='inout'><all/></rule>
</filter>
"""


def explain(tapwall, name, engine, *options):
    run = subprocess.run([tapwall, 'explain', '--filter', name, '--with', engine, '--var',
                          'MAC=52:54:00:00:00:01', '--var', 'IP=10.0.0.1', *options, *FRAMES],
                         capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    return run.stdout


def main(tapwall):
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder, 'answers.xml')
        own.write_text(FILTER)
        for name in ('clean-traffic', 'no-mac-spoofing', 'no-ip-spoofing', str(own)):
            expected, found = (explain(tapwall, name, engine) for engine in ('eval', 'bpf'))
            assert found == expected, f'{name}:\n{expected}\nbut with bpf\n{found}'
            assert len(found.splitlines()) == len(FRAMES)
            path = explain(tapwall, name, 'bpf', '-v').splitlines()
            assert path.count(AGREED) == len(FRAMES), path
            path = [line for line in path if line != AGREED]
            assert path == explain(tapwall, name, 'eval', '-v').splitlines(), path
    words = [line.split('\t')[0] for line in found.splitlines()]
    assert words[3:6] == ['drop', 'pass', 'pass'], words  # the answer passes, and only then
    print('explained alike')


if __name__ == '__main__':
    main(sys.argv[1])
