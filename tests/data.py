#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What is installed but not compiled: one check a run, named as first argument.

  units      systemd accepts the service units, and finds them at least as closed as stated here
  man        groff has nothing to say about the man pages; each has the parts a reader expects
  installed  every program brings its man page and unit along, and nothing lands outside its place

usage: data.py CHECK SOURCE_DIR BUILD_DIR
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

# systemd-analyze security's exposure, times ten: 0 is closed, 100 is open
EXPOSURE = {'tapwall-engine.service': 15, 'tapwall-agent.service': 27, 'tapwalld.service': 22}

SECTIONS = ('NAME', 'SYNOPSIS', 'DESCRIPTION', 'EXIT STATUS', 'FILES', 'SEE ALSO')


def check_units(source, build):
    """With the programs replaced by one every system has: verify wants to see them."""
    with tempfile.TemporaryDirectory() as folder:
        for name, exposure in EXPOSURE.items():
            text = (build / 'data' / name).read_text()
            program = name.removesuffix('.service')
            stated, count = re.subn(rf'^ExecStart=/\S*/{program}$', 'ExecStart=/bin/true', text,
                                    flags=re.M)
            if count != 1:
                yield f'{name}: expected one ExecStart with the path of {program}'
            path = Path(folder, name)
            path.write_text(stated)
            for listens in (source / 'data/systemd').glob(f'{program}*.socket'):
                Path(folder, listens.name).write_text(listens.read_text())
            sockets = sorted(Path(folder).glob(f'{program}*.socket'))
            for command in (('verify', '--man=no', path, *sockets),
                            ('security', '--no-pager', '--offline=true',
                             f'--threshold={exposure}', path)):
                run = subprocess.run(['systemd-analyze', *command], capture_output=True, text=True)
                if run.returncode or run.stderr:
                    lines = (run.stderr or run.stdout).strip().splitlines()
                    yield f'{name}: systemd-analyze {command[0]}: {lines[-1] if lines else "failed"}'
    if 'KillMode=process' not in (build / 'data/tapwall-agent.service').read_text():
        yield 'tapwall-agent.service: guests would be killed with the agent'


def check_man(source, build):
    pages = sorted((source / 'docs/man').glob('*.[1-9]'))
    for page in pages:
        run = subprocess.run(['groff', '-man', '-Tutf8', '-ww', '-z', str(page)],
                             capture_output=True, text=True)
        if run.stderr:
            yield run.stderr.strip()
        titles = re.findall(r'^\.SH "?([^"\n]+)', page.read_text(), re.M)
        for title in SECTIONS:
            if title not in titles:
                yield f'{page.name}: no section {title}'
    if not pages:
        yield 'no man pages'


def installed_paths(build):
    run = subprocess.run(['meson', 'introspect', '--installed', str(build)], check=True,
                         capture_output=True, text=True,
                         env={**os.environ, 'PATH': '/usr/bin:/usr/sbin:/bin'})
    return list(json.loads(run.stdout).values())


def check_installed(source, build):
    paths = installed_paths(build)
    names = {Path(path).name for path in paths}
    for path in paths:
        if not path.startswith(('/usr/bin/', '/usr/sbin/', '/usr/share/', '/usr/lib/', '/etc/')):
            yield f'{path}: outside the places of a package'
        name = Path(path).name
        if Path(path).parent.name in ('bin', 'sbin') and name + '.8' not in names:
            yield f'{path}: has no man page'
        if Path(path).parent.name == 'sbin' and name + '.service' not in names:
            yield f'{path}: has no unit'
    if 'engine-config' not in names:
        yield 'engine-config is not installed'


CHECKS = {'units': check_units, 'man': check_man, 'installed': check_installed}


def main(name, source, build):
    problems = list(CHECKS[name](Path(source), Path(build)))
    for problem in problems:
        print(problem)
    print(f'{name}: {len(problems)} problems')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
