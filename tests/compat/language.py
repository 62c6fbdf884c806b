#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The filter language against a real libvirt: what it reads, what it prints, in which order it judges.

  golden   for each filter of tests/golden/nwfilter libvirt dumps what lies beside it, and so do we
           (--update writes those files anew)
  stock    likewise the 24 filters of the package
  words    each row of words.py: who takes it and with which words it is refused
  bind     what we refuse because libvirt would fail on every port: that it does
  order    filters over filters with random chains and priorities, and lists of every kind: the rules
           stand in ebtables and iptables in the order of our plan

usage: language.py TAPWALL SOURCE_DIR [--update]
"""

import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import nwfilterd
from words import FAILS_AT_BIND, WHOLE, WORDS

MAC = '52:54:00:12:34:56'
CHAINS = ('mac', 'vlan', 'stp', 'arp', 'rarp', 'ipv4', 'ipv6')
BPDU = '0180c2000000' '525400123456' '0026' '424203' '0000000000' '{}' + '00' * 38
SEED = 20261127
N_ORDERS = 8
UUID = re.compile(r'  <uuid>[0-9a-f-]{36}</uuid>\n')


def tapwall(program, *arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=30,
                          env={'LC_ALL': 'C.UTF-8'})


def show(program, *arguments):
    done = tapwall(program, 'show', *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---- what is printed ----

def name_of(text):
    return re.search(r"<filter\s+name='([^']*)'", text)[1]


def check_golden(program, path, update):
    text = path.read_text(encoding='utf-8')
    refusal = nwfilterd.define(text)
    assert refusal is None, refusal
    dump = nwfilterd.dump(name_of(text))
    if '<uuid>' not in text:
        dump = UUID.sub('', dump)
    kept = path.with_suffix('.dump')
    if update:
        kept.write_text(dump, encoding='utf-8')
    assert dump == kept.read_text(encoding='utf-8'), f'libvirt dumps:\n{dump}'
    ours = show(program, str(path))
    assert dump == ours, f'libvirt dumps:\n{dump}and we:\n{ours}'


def check_stock(program, path):
    dump = UUID.sub('', nwfilterd.dump(path.stem))
    ours = show(program, str(path))
    assert dump == ours, f'libvirt dumps:\n{dump}and we:\n{ours}'


# ---- what is taken ----

def check_words(program, text, theirs, ours):
    """theirs, ours: None for taken, else what the refusal's words contain."""
    virsh_says = nwfilterd.define(text)
    path = Path('/run/words.xml')
    path.write_text(text, encoding='utf-8')
    done = tapwall(program, 'check', str(path))
    we_say = done.stderr if done.returncode else None
    for who, said, expected in (('libvirt', virsh_says, theirs), ('tapwall', we_say, ours)):
        assert (said is None) == (expected is None), f'{who} says {said!r}, not {expected!r}'
        assert expected is None or expected in said, f'{who} says {said!r}, not {expected!r}'


def words_cases():
    for number, (inside, theirs, ours) in enumerate(WORDS):
        text = (f"<filter name='words-{number}' chain='root'><rule action='accept' direction='out'>"
                f'{inside}</rule></filter>')
        yield inside, text, theirs, ours
    for number, (text, theirs, ours) in enumerate(WHOLE):
        yield text, text.replace('NAME', f'whole-{number}'), theirs, ours


def check_bind(port, inside):
    """libvirt takes the filter and fails on a port, where $X is 1 and $HEX 0x10."""
    rule = inside if inside.startswith('<rule') else (
        f"<rule action='accept' direction='out'>{inside}</rule>")
    refusal = nwfilterd.define(f"<filter name='bind-{port}' chain='root'>{rule}</filter>")
    assert refusal is None, refusal
    refusal = nwfilterd.bind(port, MAC, f'bind-{port}', [('X', '1'), ('HEX', '0x10')])
    assert refusal is not None, 'libvirt puts it on a port'


def check_hex(program):
    """libvirt hands a variable's text to ebtables, which reads decimal ranges only; ours is its number."""
    rule = "<rule action='drop' direction='out'><stp root-priority='$HEX'/></rule>"
    check_bind('hex', rule)
    with tempfile.NamedTemporaryFile('w', suffix='.xml') as file:
        file.write(f"<filter name='hex'>{rule}</filter>")
        file.flush()
        done = tapwall(program, 'explain', '--filter', file.name, '--var', 'HEX=0x10', '--hex',
                       *(BPDU.format(priority) for priority in ('0010', '000a')))
    assert [line.split('\t')[0] for line in done.stdout.splitlines()] == ['drop', 'pass'], done


# ---- the order ----

class Marks:
    """Each rule has a number of its own in what it matches, by which it is found again."""

    def __init__(self):
        self.last = 0

    def rule(self, dice):
        self.last += 1
        kind = dice.choice(('mac', 'arp', 'ip', 'ipv6', 'none', 'tcp', 'udp-ipv6'))
        mac = f'02:00:00:00:{self.last >> 8:02x}:{self.last & 0xff:02x}'
        if kind in ('tcp', 'udp-ipv6'):
            inside = f"<{kind} srcportstart='{1000 + self.last}'/>"
        else:
            inside = f"<{'mac' if kind == 'none' else kind} srcmacaddr='{mac}'/>"
        direction = dice.choice(('in', 'out', 'inout'))
        # A dropping inet rule stands in both lists, so that each shows the whole order.
        return (f"<rule action='drop' direction='{direction}' "
                f"priority='{dice.randrange(-1000, 1001, 50)}'>{inside}</rule>")


def random_filters(dice, prefix):
    """Texts of filters that include one another; the last includes the first ones all. Priorities of
    chains differ: libvirt's order of equal ones is that of a hash."""
    marks, texts = Marks(), []
    priorities = list(range(-1000, 1001, 25))
    dice.shuffle(priorities)
    for number in range(6):
        chain = dice.choice(('root', 'root', *CHAINS)) if number < 5 else 'root'
        if chain != 'root':
            chain += f'-{dice.randrange(2)}'
        head = f"<filter name='{prefix}-{number}' chain='{chain}'"
        head += '>' if chain == 'root' else f" priority='{priorities.pop()}'>"
        entries = [marks.rule(dice) for _ in range(dice.randrange(1, 6))]
        includes = range(number) if number == 5 else range(number)[:dice.randrange(2)]
        entries += [f"<filterref filter='{prefix}-{i}'/>" for i in includes]
        dice.shuffle(entries)
        texts.append(head + ''.join(entries) + '</filter>')
    return texts


def mark_of(line):
    """The number in a rule's line, of ebtables, iptables or a plan."""
    mac = re.search(r'02:0?0:0?0:0?0:([0-9a-f]{1,2}):([0-9a-f]{1,2})', line)
    if mac:
        return int(mac[1], 16) << 8 | int(mac[2], 16)
    port = re.search(r'(?:srcportstart=|--sport |--dport )(\d+)', line)
    return int(port[1]) - 1000 if port else None


def ebtables_order(port, letter):
    """The root's order, chains in place: ['mac-1', [3, 1], 7, ...]."""
    listing = nwfilterd.run('ebtables', '-t', 'nat', '-L').stdout
    chains, current = {}, None
    for line in listing.splitlines():
        head = re.match(r'Bridge chain: ([^,]+),', line)
        if head:
            current = chains.setdefault(head[1], [])
        elif line.strip() and current is not None:
            current.append(line)
    order = []
    for line in chains.get(f'libvirt-{letter}-{port}', []):
        jump = re.search(rf'-j {letter}-{port}-(\S+)', line)
        if jump:
            order.append(jump[1])
            order.append([mark_of(l) for l in chains[f'{letter}-{port}-{jump[1]}']])
        else:
            order.append(mark_of(line))
    return order


def plan_tree(plan, title):
    """The same from our plan."""
    order = []
    lines = plan.splitlines()
    for line in lines[lines.index(title) + 1:]:
        if not line.startswith(' '):
            break
        if line.startswith('  chain '):
            order += [line.split()[1], []]
        elif line.startswith('    '):
            order[-1].append(mark_of(line))
        else:
            order.append(mark_of(line))
    return order


def without_repeats(marks):
    return list(dict.fromkeys(marks))


def iptables_order(program, chain):
    lines = nwfilterd.run(program, '-S').stdout.splitlines()
    marks = [mark_of(line) for line in lines if line.startswith(f'-A {chain} ')]
    return without_repeats([mark for mark in marks if mark is not None])


def plan_inet(plan, word):
    lines = plan.splitlines()
    lines = lines[lines.index('inet') + 1:]
    return without_repeats([mark_of(line) for line in lines if f' {word} ' in line])


def define_all(texts, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for text in texts:
        refusal = nwfilterd.define(text)
        assert refusal is None, refusal
        (folder / f'{name_of(text)}.xml').write_text(text, encoding='utf-8')


def check_order(program, port, texts, parameters=()):
    folder = Path('/run/order', port)
    define_all(texts, folder)
    top = name_of(texts[-1])
    given = [f'--var={n}={v}' for n, v in (('MAC', MAC), *parameters)]
    plan = show(program, top, '--as', 'plan', f'--filters={folder}', *given)
    refusal = nwfilterd.bind(port, MAC, top, parameters)
    assert refusal is None, refusal
    for title, letter in (('from the VM', 'I'), ('to the VM', 'O')):
        theirs, ours = ebtables_order(port, letter), plan_tree(plan, title)
        assert theirs == ours, f'{title}: libvirt {theirs}\nours {ours}\n{plan}'
    for command, word in (('iptables', 'tcp'), ('ip6tables', 'udp-ipv6')):
        for letter in ('FI', 'FO', 'HI'):
            theirs, ours = iptables_order(command, f'{letter}-{port}'), plan_inet(plan, word)
            assert theirs == ours, f'{command} {letter}: libvirt {theirs}\nours {ours}\n{plan}'
    nwfilterd.unbind(port)


LISTS = [('A', '10.0.0.1'), ('A', '10.0.0.2'), ('A', '10.0.0.3'), ('A', '10.0.0.1'),
         ('B', '80'), ('B', '90'), ('C', '10.1.0.1'), ('C', '10.1.0.2'), ('C', '10.1.0.3'),
         ('C', '10.1.0.1')]
LIST_RULES = (
    "<ip srcipaddr='$A'/>",
    "<ip srcipaddr='$A[@1]' dstipaddr='$C[@2]'/>",
    "<ip srcipaddr='$A[@2]' dstipaddr='$C[@1]'/>",
    "<ip srcipaddr='$A[@1]' dstipaddr='$C'/>",
    "<ip srcipaddr='$A' dstipaddr='$C'/>",
    "<ip srcipaddr='$A[@3]' dstipaddr='$C[@3]' protocol='udp' srcportstart='$B[@1]'/>",
    "<ip srcipaddr='$A[2]' dstipaddr='$C[@9]'/>",
    "<ip srcipaddr='$A[@1]' dstipaddr='$A[@1]'/>",
    "<ip protocol='tcp' dstportstart='$B[@5]'/><ip srcipaddr='$A[@6]'/>",
)


def tuples_of(lines):
    """(source, destination, ports) of each line that has one."""
    found = []
    for line in lines:
        source = re.search(r'(?:--ip-src |srcipaddr=)(\S+)', line)
        destination = re.search(r'(?:--ip-dst |dstipaddr=)(\S+)', line)
        ports = re.findall(r'(?:--ip-[sd]port |[sd](?:rc|st)portstart=)(\d+)', line)
        if source or destination or ports:
            found.append((source and source[1], destination and destination[1], tuple(ports)))
    return found


def check_lists(program, port, inside):
    text = (f"<filter name='lists-{port}' chain='root'><rule action='drop' direction='out'>{inside}"
            '</rule></filter>')
    define_all([text], Path('/run/order', port))
    given = [f'--var={n}={v}' for n, v in LISTS]
    plan = show(program, f'/run/order/{port}/lists-{port}.xml', '--as', 'plan', *given)
    refusal = nwfilterd.bind(port, MAC, f'lists-{port}', LISTS)
    assert refusal is None, refusal
    theirs = tuples_of(nwfilterd.run('ebtables', '-t', 'nat', '-L', f'libvirt-I-{port}')
                       .stdout.splitlines())
    ours = tuples_of(line for line in plan.splitlines() if line.startswith('  '))
    assert theirs == ours and theirs, f'libvirt {theirs}\nours {ours}\n{plan}'
    nwfilterd.unbind(port)


# ---- all of it ----

def cases(program, source, update):
    for path in sorted((source / 'tests/golden/nwfilter').glob('*.xml')):
        yield f'golden {path.stem}', lambda: check_golden(program, path, update)
    for path in sorted(nwfilterd.STOCK.glob('*.xml')):
        yield f'stock {path.stem}', lambda: check_stock(program, path)
    for title, text, theirs, ours in words_cases():
        yield f'words {title}', lambda: check_words(program, text, theirs, ours)
    for number, inside in enumerate(FAILS_AT_BIND):
        yield f'bind {inside}', lambda: check_bind(f'b{number}', inside)
    yield 'bind a hexadecimal variable', lambda: check_hex(program)
    for number in range(N_ORDERS):
        texts = random_filters(random.Random(SEED + number), f'order{number}')
        yield f'order {number}', lambda: check_order(program, f'o{number}', texts)
    for number, inside in enumerate(LIST_RULES):
        yield f'lists {inside}', lambda: check_lists(program, f'l{number}', inside)


def main(program, source, update):
    nwfilterd.enter()
    nwfilterd.start()
    failed = number = 0
    for number, (name, check) in enumerate(cases(program, source, update), 1):
        try:
            check()
            print(f'ok {number} {name}'.replace('#', '\\#'))
        except (AssertionError, RuntimeError) as error:
            failed += 1
            print(f'not ok {number} {name}'.replace('#', '\\#'))
            print(''.join(f'# {line}\n' for line in str(error).splitlines()), end='')
    print(f'1..{number}', flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), '--update' in sys.argv))
