#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A file as a C array, for programs that carry it. usage: embed.py FILE NAME OUTPUT"""

import sys


def main(path, name, output):
    with open(path, 'rb') as file:
        octets = file.read()
    with open(output, 'w', encoding='ascii') as out:
        out.write('/* SPDX-License-Identifier: (GPL-2.0 OR Apache-2.0) */\n'
                  '#include "datapath/object.h"\n\n'
                  f'const size_t {name}_size = {len(octets)};\n'
                  f'const unsigned char {name}[] __attribute__((aligned(8))) = {{\n')
        for at in range(0, len(octets), 24):
            out.write(','.join(map(str, octets[at:at + 24])) + ',\n')
        out.write('};\n')


if __name__ == '__main__':
    main(*sys.argv[1:])
