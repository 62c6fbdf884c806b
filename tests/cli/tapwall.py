#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tapwall, run as its users run it, and the golden plans.

Each row of TABLE is one run: arguments, exit status, and how stdout and stderr look (regular
expressions for the whole of each). Golden plans (tests/golden/plan) are what `show --as plan` prints
for the 24 filters of libvirt-daemon-config-nwfilter and the shipped one; --update writes them anew.

usage: tapwall.py TAPWALL SOURCE_DIR [--update]
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

STOCK = Path('/usr/share/libvirt/nwfilter')  # as the package installs them
PORT = ['MAC=52:54:00:00:00:01', 'IP=10.0.0.1', 'IP=10.0.0.2', 'IPV6=2001:db8::1',
        'DHCPSERVER=10.0.0.254', 'GATEWAY_MAC=52:54:00:00:00:fe']
PORT6 = ['DHCPSERVER=fe80::1']  # the same variable as an IPv6 address

FILES = {
    'good.xml': "<filter name='good' chain='mac'>\n<rule action='drop' direction='out'>"
                "<mac srcmacaddr='$MAC' match='no'/></rule>\n<filterref filter='inner'/></filter>\n",
    'inner.xml': "<filter name='inner'><rule action='drop' direction='in' priority='7'>"
                 "<ip srcipaddr='$IP'/></rule></filter>\n",
    'bad.xml': "<filter name='bad'>\n<rule action='drop' direction='out'>\n"
               "<mac srcmacaddr='1'/></rule>\n<rul/></filter>\n",
    'alone.xml': "<filter name='alone'>\n<filterref filter='nowhere'/></filter>\n",
    'loop.xml': "<filter name='loop'>\n<filterref filter='pool'/></filter>\n",
    'pool.xml': "<filter name='pool'>\n<filterref filter='loop'/></filter>\n",
    'user.xml': "<filter name='user'>\n<filterref filter='bad'/></filter>\n",
    'long.xml': "<filter name='long'>\n" + ''.join(
        "<rule action='drop' direction='out'><ip srcipaddr='$A' dstipaddr='$B' protocol='udp' "
        f"srcportstart='{n}' dstportstart='{n + 1}'/></rule>\n" for n in range(1, 4000)) + '</filter>',
    'counted.xml': "<filter name='counted'>\n" + ''.join(
        f"<rule action='drop' direction='in'><tcp dstportstart='{n}' connlimit-above='2'/></rule>\n"
        for n in range(1, 10)) + '</filter>',
    'wrong.xml': "<filter name='other'/>\n",
    'path.xml': "<filter name='../q'/>\n",
    'dots.xml': "<filter name='..'/>\n",
    'passwd.xml': "<filter name='passwd'>\n<filterref filter='../../etc/passwd'/></filter>\n",
    'a b.xml': "<filter name='a b'/>\n",
    'deep.xml': "<filter name='deep'>" + "<rule action='drop' direction='out'>" * 5000,
    'huge.xml': "<filter name='huge'>" + "<rule action='drop' direction='out'/>\n" * 50000,
    'bytes.xml': b"<filter name='bytes'>\n<rule comment='\xff'/></filter>\n",
    'latin.xml': b"<?xml version='1.0' encoding='ISO-8859-1'?>\n<filter name='caf\xe9'/>\n",
    'nul.xml': "<filter name='nul'>\0</filter>\n",
    'empty.xml': '',
    'cut.xml': "<filter name='cut'>\n<rule action='drop'",
    '-good.xml': "<filter name='-good'/>\n",
    '-cut.xml': "<filter name='cut'>\n<rule action='drop'",
    'entity.xml': "<!DOCTYPE f [<!ENTITY a 'aaaa'>]>\n<filter name='e'>&a;</filter>\n",
    **{f'c{i}.xml': f"<filter name='c{i}'><filterref filter='c{i + 1}'/></filter>\n"
       for i in range(33)},
    'c33.xml': "<filter name='c33'/>\n",
}

# (arguments, {} being the folder of FILES, status, stdout, stderr)
TABLE = [
    ([], 2, '', r'Usage: tapwall COMMAND.*'),
    (['--help'], 0, r'Usage: tapwall COMMAND.*check FILE….*show NAME\|FILE.*', ''),
    (['--version'], 0, r'tapwall \d+\.\d+\.\d+\n', ''),
    (['frobnicate'], 2, '', r"tapwall: 'frobnicate' is not a command; see tapwall --help\n"),
    (['check'], 2, '', r'tapwall: check: expected one or more files\n'),
    (['check', '--frob'], 2, '', r'tapwall: Unknown option --frob\n'),
    (['check', '{}/good.xml'], 0, '', ''),
    (['check', '{}/good.xml', '{}/inner.xml'], 0, '', ''),
    (['check', '{}/alone.xml'], 0, '',
     r"\S*/alone.xml:2: note: referenced filter 'nowhere' is missing\n"),
    (['check', '{}/wrong.xml'], 0, '', ''),
    (['check', '{}/wrong.xml', '{}/good.xml', '--filters', '{}/.'], 0, '',
     r"\S*/wrong.xml:1: note: from this folder filter 'other' is read only [^\n]* other.xml\n"),
    (['check', '{}/bad.xml', '{}/good.xml'], 1, '',
     r'\S*/bad.xml:3: srcmacaddr has illegal value 1: expected a MAC address such as \S+\n'
     r'\S*/bad.xml:4: <rul> is not possible in <filter>: expected uuid, rule or filterref\n'),
    (['check', '{}/loop.xml'], 1, '',
     r'\S*/pool.xml:2: filter would introduce a loop\n'),
    (['check', '{}/c0.xml'], 1, '',
     r"\S*/c32.xml:1: filter 'c32' is included too deep: expected at most 32\n"),
    (['check', '{}/c1.xml', '{}/a b.xml', '{}/latin.xml'], 0, '', ''),
    (['check', '{}/path.xml', '{}/dots.xml', '{}/passwd.xml', '{}/good.xml'], 1, '',
     r"\S*/path.xml:1: illegal filter name '../q': expected a name without '/' [^\n]*\n"
     r"\S*/dots.xml:1: illegal filter name '..': [^\n]*\n"
     r"\S*/passwd.xml:2: illegal filter name '../../etc/passwd': [^\n]*\n"),
    (['check', '{}/deep.xml'], 1, '', r'\S*/deep.xml:1: Excessive depth in document[^\n]*\n'),
    (['check', '{}/huge.xml'], 1, '',
     r'\S*/huge.xml: filter of \d+ bytes is too large: expected at most \d+\n'),
    (['check', '{}/bytes.xml', '{}/nul.xml', '{}/empty.xml', '{}/cut.xml'], 1, '',
     r'\S*/bytes.xml:2: Input is not proper UTF-8[^\n]*\n\S*/nul.xml:1: [^\n]*\n'
     r'\S*/empty.xml:1: Document is empty\n\S*/cut.xml:2: [^\n]*\n'),
    (['check', '{}/entity.xml'], 1, '', r'\S*/entity.xml: DOCTYPE is not allowed in a filter\n'),
    (['check', '--', '-good.xml'], 0, '', ''),
    (['check', '--', '-cut.xml'], 1, '', r'-cut.xml:2: [^\n]*\n'),
    (['check', '{}/user.xml'], 1, '', r'\S*/bad.xml:3: srcmacaddr has illegal value 1.*\n'),
    (['check', '{}/long.xml'], 1, '',
     r'\S*/long.xml:1: filter long: its program has more than 8192 branches\n'),
    (['check', '{}/counted.xml'], 1, '',
     r'\S*/counted.xml:1: filter counted has 9 rules with connlimit-above .* 8 are possible\n'),
    (['check', '{}/missing.xml'], 1, '', r'cannot read \S*/missing.xml: No such file.*\n'),
    (['check', '{}'], 1, '', r'cannot read \S*: Is a directory\n'),
    (['show'], 2, '', r'tapwall: show: expected one filter, by its name or its file\n'),
    (['show', 'a', 'b'], 2, '', r'tapwall: show: expected one filter.*\n'),
    (['show', '--as', 'poem', '{}/good.xml'], 2, '',
     r'tapwall: --as poem: expected one of xml, plan\b.*\n'),
    (['show', 'no-such-filter'], 1, '', r"no filter 'no-such-filter' in the directories.*\n"),
    (['show', '{}/bad.xml'], 1, '', r'\S*/bad.xml:3: srcmacaddr has illegal value 1.*\n'),
    (['show', 'wrong', '--filters', '{}'], 1, '',
     r"\S*/wrong.xml:1: the filter in it is called 'other', not 'wrong'\n"),
    (['show', 'good', '--filters', '{}'], 0,
     r"<filter name='good' chain='mac' priority='-800'>\n  <rule .*</filter>\n", ''),
    (['show', '{}/good.xml', '--as', 'xml'], 0, r"<filter name='good'.*</filter>\n", ''),
    (['show', '{}/good.xml', '--as', 'plan'], 0,
     r'plan good\nvariable \$MAC\nvariable \$IP\nfrom the VM\n  chain mac -800\n'
     r'    500 drop out mac !srcmacaddr=\$MAC    good:2\nto the VM\n'
     r'  7 drop in ip srcipaddr=\$IP    inner:1\ninet\n', ''),
    (['show', '{}/good.xml', '--as', 'plan', '--var', 'MAC=52:54:0:0:0:1', '--var', 'IP=10.0.0.1',
      '--var=IP=10.0.0.2'], 0,
     r'.*!srcmacaddr=52:54:00:00:00:01 .*srcipaddr=10.0.0.1 .*srcipaddr=10.0.0.2 .*', ''),
    (['show', '{}/good.xml', '--as', 'plan', '--var', 'MAC=52:54:0:0:0:1'], 1, '',
     r'Cannot instantiate filter due to unresolvable variables .*: IP; give values with --var NAME=VALUE\n'),
    (['show', '{}/good.xml', '--as', 'plan', '--var', 'MAC=1', '--var', 'IP=10.0.0.1'], 1, '',
     r'good:2: variable MAC has illegal value 1: expected a MAC address.*\n'),
    (['show', '{}/good.xml', '--as', 'plan', '--var', 'MAC'], 1, '',
     r"--var 'MAC': expected NAME=VALUE\n"),
    (['show', '{}/good.xml', '--as', 'plan', '--var', 'A-B=1'], 1, '',
     r"Variable name 'A-B' is not allowed.*\n"),
    (['show', '{}/alone.xml', '--as', 'plan'], 1, '',
     r"alone:2: referenced filter 'nowhere' is missing\n"),
]


def run(tapwall, arguments, folder=None):
    return subprocess.run([Path(tapwall).resolve(), *arguments], capture_output=True, text=True,
                          timeout=30, cwd=folder, env={'LC_ALL': 'C.UTF-8'})


def check_row(tapwall, folder, row):
    arguments, status, out, err = row
    done = run(tapwall, [a.replace('{}', folder) for a in arguments], folder)
    assert done.returncode == status, (arguments, done)
    assert re.fullmatch(out, done.stdout, re.S), (arguments, done)
    assert re.fullmatch(err, done.stderr, re.S), (arguments, done)


def golden_filters(source):
    return sorted(STOCK.glob('*.xml')) + [source / 'data/nwfilter/vdsm-no-mac-spoofing.xml']


def plan_of(tapwall, path):
    """Two views in one text: the shape, and bound to a port."""
    port = [v for v in PORT if not (path.stem == 'allow-dhcpv6-server' and v.startswith('DHCP'))]
    port += PORT6 if path.stem == 'allow-dhcpv6-server' else []
    text = ''
    for more in ([], [f'--var={value}' for value in port]):
        done = run(tapwall, ['show', str(path), '--as', 'plan', f'--filters={STOCK}', *more])
        assert done.returncode == 0 and not done.stderr, done
        text += done.stdout
    return text


def check_golden(tapwall, source, path, update):
    golden = source / 'tests/golden/plan' / f'{path.stem}.plan'
    text = plan_of(tapwall, path)
    if update:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text)
    assert golden.read_text() == text, f'{golden} differs from:\n{text}'


def cases(tapwall, source, folder, update):
    for row in TABLE:
        yield ' '.join(row[0]) or '(nothing)', lambda: check_row(tapwall, folder, row)
    for path in golden_filters(source):
        yield f'plan of {path.stem}', lambda: check_golden(tapwall, source, path, update)


def main(tapwall, source, update):
    failed = 0
    assert len(golden_filters(source)) == 25, 'expected the 24 filters of libvirt and ours'
    with tempfile.TemporaryDirectory() as folder:
        for name, text in FILES.items():
            Path(folder, name).write_bytes(text.encode() if isinstance(text, str) else text)
        number = 0
        for number, (name, check) in enumerate(cases(tapwall, source, folder, update), 1):
            try:
                check()
                print(f'ok {number} {name}')
            except AssertionError as error:
                failed += 1
                print(f'not ok {number} {name}')
                print(''.join(f'# {line}\n' for line in str(error).splitlines()), end='')
        print(f'1..{number}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), '--update' in sys.argv))
