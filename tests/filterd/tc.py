#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A stand-in for tc(8), on kernels that lack some of what libvirt's <bandwidth> takes.

Every call is the real tc's. Where that fails since the kernel has no sfq, fw or police, a plain queue
serves for sfq, the filter by marks is left out, and the filter on the way in is made without its
police: nothing is limited then, but the qdiscs are where libvirt puts them, and count. Whatever else
fails, fails. What was replaced is written to /run/tc-lacking.
"""

import subprocess
import sys

LACKING = {'sfq': 'Specified qdisc kind is unknown', 'fw': 'TC classifier not found',
           'police': 'Failed to load TC action module'}


def call(words):
    return subprocess.run(['/usr/sbin/tc', *words], stderr=subprocess.PIPE, text=True)


def instead(words, kind):
    """What is called instead; None when it is left out."""
    at = words.index(kind)
    if kind == 'sfq':
        return words[:at] + ['pfifo']
    return words[:at] + words[words.index('flowid'):] if kind == 'police' else None


def main():
    words = sys.argv[1:]
    done = call(words)
    for kind, text in LACKING.items():
        if kind in words and text in done.stderr:
            with open('/run/tc-lacking', 'a', encoding='utf-8') as file:
                file.write(f'{kind}\n')
            others = instead(words, kind)
            if not others:
                return 0
            done = call(others)
            break
    sys.stderr.write(done.stderr)
    return done.returncode


if __name__ == '__main__':
    sys.exit(main())
