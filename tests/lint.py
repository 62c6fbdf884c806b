#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Size and form of the sources: one check a run, named as first argument.

  size     no function above 100 lines (a flat table in it does not count), no file above 1,000
  spdx     the first line (the second after #!) names the licence
  format   clang-format has nothing to change
  headers  every header compiles on its own

usage: lint.py CHECK SOURCE_DIR [BUILD_DIR]; lint.py self-test
"""

import json
import re
import shlex
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FUNCTION_LINES = 100
FILE_LINES = 1000
C = ('.c', '.h')
SCRIPTS = ('.py', '.sh', '.js', '.css')
ROOTS = ('src', 'tests', 'data', 'docs', 'web')
SPDX = re.compile(r'SPDX-License-Identifier: '
                  r'(Apache-2\.0|\(?GPL-2\.0(-only)? OR Apache-2\.0\)?)\b')


def files(top, suffixes):
    found = [p for root in ROOTS for p in (top / root).rglob('*')
             if p.is_file() and p.suffix in suffixes]
    return sorted(found)


def long_functions(text):
    """(line, length) of each function over the limit. Linux braces, which clang-format keeps:
    a body opens with '{' and closes with '}' alone in the first column."""
    found, begin = [], 0
    for number, line in enumerate(text.splitlines(), 1):
        if line == '{':
            begin = number
        elif line == '}' and begin:
            if number - begin + 1 > FUNCTION_LINES:
                found.append((begin, number - begin + 1))
            begin = 0
    return found


def check_size(top, build):
    for path in files(top, C + SCRIPTS):
        text = path.read_text()
        lines = text.count('\n')
        if lines > FILE_LINES:
            yield path, f'{lines} lines; a file has at most {FILE_LINES}'
        for line, length in long_functions(text) if path.suffix in C else ():
            yield path, f'line {line}: function of {length} lines; at most {FUNCTION_LINES}'


def has_spdx(text):
    lines = text.splitlines()[:2] or ['']
    line = lines[1] if lines[0].startswith('#!') and len(lines) > 1 else lines[0]
    return bool(SPDX.search(line))


def check_spdx(top, build):
    builds = [p for p in top.rglob('meson.build') if 'build' not in p.relative_to(top).parts[:-1]]
    builds += [p for p in (top / 'run', top / 'test') if p.is_file()]
    for path in files(top, C + SCRIPTS) + builds:
        if not has_spdx(path.read_text()):
            yield path, 'no SPDX-License-Identifier in its first line'


def check_format(top, build):
    paths = [str(p) for p in files(top, C)]
    run = subprocess.run(['clang-format', '--dry-run', '-Werror', *paths],
                         cwd=top, capture_output=True, text=True)
    places = re.findall(r'^(.*?):(\d+):\d+: error', run.stderr, re.M)
    for name in sorted({name for name, _ in places}):
        yield Path(name), f'line {[n for f, n in places if f == name][0]}: run clang-format -i'
    if run.returncode and not places:
        yield top, run.stderr.strip()


def compile_flags(top, build):
    """The -I, -D and -std of the build, joined over all its files."""
    flags = {}
    for entry in json.loads((build / 'compile_commands.json').read_text()):
        words = entry.get('arguments') or shlex.split(entry['command'])
        for word in words:
            if word.startswith('-I'):
                word = '-I' + str((Path(entry['directory']) / word[2:]).resolve())
            if word.startswith(('-I', '-D', '-std=', '-pthread')):
                flags[word] = True
    return list(flags)


def proven_by_build(top, header):
    """Its own source includes it before anything else, so that the build has compiled it alone."""
    source = header.with_suffix('.c')
    first = re.search(r'^\s*#\s*include\s*(\S+)', source.read_text() if source.is_file() else '', re.M)
    return bool(first) and first[1] == f'"{header.relative_to(top / "src")}"'


def check_headers(top, build):
    flags = compile_flags(top, build)

    def compile_one(path):
        # The empty file is read from stdin; the header comes before it, and must stand alone.
        return path, subprocess.run(
            ['cc', *flags, '-Wall', '-Wextra', '-Werror', '-fsyntax-only', '-include', str(path),
             '-x', 'c', '-'], input='', capture_output=True, text=True)

    headers = [p for p in files(top, ('.h',))
               if 'bpf' not in p.parts and not (top / 'src' in p.parents and proven_by_build(top, p))]
    with ThreadPoolExecutor(2) as pool:
        for path, run in pool.map(compile_one, headers):
            if run.returncode:
                yield path, 'does not compile alone:\n' + run.stderr.strip()


CHECKS = {'size': check_size, 'spdx': check_spdx, 'format': check_format, 'headers': check_headers}


def self_test():
    body = '    x();\n'
    assert long_functions('void f(void)\n{\n' + body * 98 + '}\n') == []
    assert long_functions('void f(void)\n{\n' + body * 99 + '}\n') == [(2, 101)]
    assert has_spdx('/* SPDX-License-Identifier: Apache-2.0 */\n')
    assert has_spdx('#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n')
    assert not has_spdx('#pragma once\n/* SPDX-License-Identifier: Apache-2.0 */\n')
    assert not has_spdx('')
    with tempfile.TemporaryDirectory() as folder:
        plant(Path(folder))
    print('planted cases judged rightly')


def plant(top):
    """A tree in which each check has something to find."""
    (top / 'src').mkdir()
    (top / 'src/bad.h').write_text('int  f( struct later later_, undefined_t x );\n' * 1001)
    (top / '.clang-format').write_text('BasedOnStyle: LLVM\n')
    (top / 'compile_commands.json').write_text('[]')
    for name, check in CHECKS.items():
        assert list(check(top, top)), f'{name} found nothing'


def main(arguments):
    if arguments == ['self-test']:
        self_test()
        return 0
    top = Path(arguments[1]).resolve()
    build = Path(arguments[2]).resolve() if len(arguments) > 2 else None
    problems = list(CHECKS[arguments[0]](top, build))
    for path, text in problems:
        print(f'{path}: {text}')
    print(f'{arguments[0]}: {len(files(top, C + SCRIPTS))} files, {len(problems)} problems')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
