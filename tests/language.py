#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""docs/language.md ends with the table of attributes as the parser has it.

usage: language.py DESCRIBE LANGUAGE_MD [--update]
"""

import subprocess
import sys
from pathlib import Path

MARK = '<!-- The rest is printed from the table that the parser reads. -->\n'


def main(describe, page, update):
    table = subprocess.run([describe], capture_output=True, text=True, check=True).stdout
    prose, mark, rest = page.read_text(encoding='utf-8').partition(MARK)
    assert mark, f'{page} has no line {MARK}'
    if update:
        page.write_text(f'{prose}{mark}\n{table}', encoding='utf-8')
        return 0
    if rest != f'\n{table}':
        print(f'{page} is not what the table says; run {" ".join(sys.argv)} --update')
        return 1
    print(f'{len(table.splitlines()) - 2} rows')
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), '--update' in sys.argv))
