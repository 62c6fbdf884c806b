#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What bash offers when a user presses Tab, with the real engine-config behind its own.

usage: completion.py COMPLETION_DIR ENGINE_CONFIG MAKE_STORE
"""

import subprocess
import sys
import tempfile
from pathlib import Path

KEY = 'EnableMACAntiSpoofingFilterRules'

# program, the words as bash splits them (the last is the one being typed), what is offered
CASES = [
    ('engine-config', ['--s'], ['--set']),
    ('engine-config', ['-'], ['--list', '--all', '--get', '--set', '--merge', '--diff', '--help']),
    ('engine-config', ['-g', 'EnableM'], [KEY]),
    ('engine-config', ['--get', '=', 'EnableM'], [KEY]),
    ('engine-config', ['-s', 'EnableM'], [KEY + '=']),
    ('engine-config', ['-g', KEY, '--cv'], ['--cver']),
    ('engine-config', ['-g', KEY, '--cver', '='], ['general']),
    ('engine-config', ['-g', KEY, '--cver', '=', 'gen'], ['general']),
    ('engine-config', ['--get', '=', KEY, '--cver', '=', 'gen'], ['general']),
    ('engine-config', ['-l', '--log-level', '=', 'DE'], ['DEBUG']),
    ('engine-config', ['-g', 'Nonsense'], []),
    ('tapwall', [''], ['capture', 'check', 'counters', 'diff', 'doctor', 'explain', 'lint', 'ports', 'prove', 'show', 'watch',
                       '--help', '--version']),
    ('tapwall', ['sh'], ['show']),
    ('tapwall', ['check', 'a'], ['a.xml', 'apart']),
    ('tapwall', ['show', '--filters', 'apart', 'only-h'], ['only-here']),
    ('tapwall', ['show', '--filters', '=', 'apart', 'only-h'], ['only-here']),
    ('tapwall', ['show', './b'], ['./b.xml']),
    ('tapwall', ['show', '--as', ''], ['xml', 'plan', 'ir', 'bpf']),
    ('tapwall', ['show', '--as', '=', 'p'], ['plan']),
    ('tapwall', ['show', '--as', '='], ['xml', 'plan', 'ir', 'bpf']),
    ('tapwall', ['show', '--var', 'M'], ['MAC=']),
    ('tapwall', ['explain', '--filters', 'apart', '--filter', 'only-h'], ['only-here']),
    ('tapwall', ['explain', '--with', 'b'], ['bpf']),
    ('tapwall', ['explain', '--d'], ['--direction']),
    ('tapwall', ['prove', 'x', '--no'], ['--no-forged-mac', '--no-forged-arp']),
    ('tapwall', ['lint', '--no'], []),
    ('tapwall', ['ports', '--'], ['--socket', '--json', '--help']),
    ('tapwall', ['watch', '--c'], ['--count']),
    ('tapwall', ['doctor', '--p'], ['--pins']),
    ('tapwall', ['capture', '--write', 'a.t'], ['a.txt']),
    ('vdsm-tool', [''], ['define-filter', 'nwfilter']),
    ('vdsm-tool', ['def'], ['define-filter']),
    ('vdsm-tool', ['define-filter', 'a'], ['a.xml', 'apart']),
    ('vdsm-tool', ['nwfilter', '--c'], ['--config', '--connect']),
]

DRIVER = '''
set -u
compopt() { :; } # only valid while bash itself completes
source "$1"; program=$2; shift 2
COMP_WORDS=("$program" "$@"); COMP_CWORD=$#; COMPREPLY=()
"$(complete -p "${program##*/}" | sed 's/.*-F \\([^ ]*\\).*/\\1/')" \\
    "$program" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
'''


def make_files(folder, engine_config, make_store):
    """A store, a wrapper that always uses it, and something for file names to match."""
    subprocess.run([make_store, str(folder / 'engine.db')], check=True)
    (folder / 'engine.conf').write_text(f'[engine]\nstore={folder}/engine.db\n')
    wrapper = folder / 'engine-config'
    wrapper.write_text(f'#!/bin/sh\nexec "{engine_config}" "$@" --config "{folder}/engine.conf"\n')
    wrapper.chmod(0o755)
    for name in ('a.xml', 'a.txt', 'b.xml'):
        (folder / name).touch()
    (folder / 'apart').mkdir()
    (folder / 'apart' / 'only-here.xml').touch()


def offered(folder, completions, program, words):
    run = subprocess.run(['bash', '-c', DRIVER, 'driver', f'{completions}/{program}',
                          f'{folder}/{program}', *words], cwd=folder, capture_output=True,
                         text=True, timeout=60)
    if run.returncode or run.stderr:
        return [f'status {run.returncode}: {run.stderr.strip()}']
    return run.stdout.split()


def main(completions, engine_config, make_store):
    failed = 0
    print(f'1..{len(CASES)}')
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_files(folder, Path(engine_config).resolve(), Path(make_store).resolve())
        for number, (program, words, expected) in enumerate(CASES, 1):
            got = offered(folder, completions, program, words)
            good = got == expected
            failed += not good
            print(f'{"ok" if good else "not ok"} {number} {program} {" ".join(words)}')
            if not good:
                print(f'#  expected {expected}, got {got}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
