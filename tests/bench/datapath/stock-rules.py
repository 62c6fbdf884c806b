# SPDX-License-Identifier: Apache-2.0
"""The ebtables rules that a real libvirtd makes when it binds a filter to some ports, as
ebtables-save prints them. usage: stock-rules.py FOLDER FILTER PORTS OUTPUT

FOLDER: more filters to define. PORTS: how many, in the order they are bound; port number n has the
name stock-n and the MAC 52:54:00:00:hh:hh of n in hexadecimal. OUTPUT: written outside the
namespaces that libvirtd runs in.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / 'compat'))
import nwfilterd  # noqa: E402


def mac_of(number):
    return f'52:54:00:00:{number >> 8:02x}:{number & 255:02x}'


def main(folder, name, ports, output):
    nwfilterd.enter()
    out = open(output, 'w', encoding='utf-8')
    nwfilterd.start()
    for path in sorted(Path(folder).glob('*.xml')):
        problem = nwfilterd.define(path.read_text(encoding='utf-8'))
        if problem:
            sys.exit(f'{path}: {problem}')
    for number in range(1, int(ports) + 1):
        problem = nwfilterd.bind(f'stock-{number}', mac_of(number), name)
        if problem:
            sys.exit(f'port {number}: {problem}')
    with out:
        out.write(nwfilterd.run('ebtables-save', '-t', 'nat').stdout)


if __name__ == '__main__':
    main(*sys.argv[1:])
