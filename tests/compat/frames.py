#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The same frames through a real libvirt's rules and through ours.

Bridges with two ports each. On one port of the first libvirt puts a filter, on one of the second and
third our programs judge: as libvirt sees a frame (opaque), and with what it carries (inspect). One
more has no filter: what does not arrive there is the kernel's own doing and no verdict; and once more
with the bridged IP going through iptables, as libvirt's inet rules need it.

Into each filter go the frames of world.py and those its own constants make (classes.py), from the VM
to another port and to the bridge's host, and to the VM from both. What compare.py holds of each.

usage: frames.py JUDGE PORT SOURCE_DIR [--only=NAME]
"""

import re
import subprocess
import sys
import time
from pathlib import Path

import classes
import decisions
import nwfilterd
import packet
import wire
import workers
import world
from bench import HOST_MAC, Bench, Control, Live
from compare import Count, Played, compare

VM_MAC = '52:54:00:12:34:56'
INET = re.compile(r'<(tcp|udp|udplite|esp|ah|sctp|icmp|igmp|all|icmpv6)(-ipv6)?[ />]')
TICK = 0.012  # seconds, more than one of the kernel's ticks
SHOWN = 12  # differences of one filter that are printed
STOCK_VARIABLES = [('IP', '10.0.0.1'), ('IPV6', 'fd00::1'), ('DHCPSERVER', '10.0.0.2'),
                   ('GATEWAY_MAC', '02:aa:00:00:00:02')]
CLEAR = ''.join(f'add table {table}; delete table {table}\n' for table in (
    'bridge nat', 'bridge filter', 'ip filter', 'ip6 filter'))


# ---- filters ----

class Case:
    def __init__(self, name, variables, texts):
        self.name, self.variables = name, variables
        self.values = [('MAC', VM_MAC), *variables]
        self.lists = {'MAC': [VM_MAC]}
        for key, value in variables:
            self.lists.setdefault(key, []).append(value)
        self.texts = [texts[one] for one in included(name, texts)]
        self.has_inet = any(INET.search(texts[one]) for one in included(name, texts))
        self.has_limit = any('connlimit-above' in text for text in self.texts)
        self.specs, self.matching = classes.specs(name, texts, self.lists)


def included(name, texts):
    found, left = set(), [name]
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left += re.findall(r"<filterref filter='([^']+)'", texts[one])
    return found


def read_filters(source):
    """{name: text} of all, and [(name, variables)] of those that are tried."""
    texts, cases = {}, []
    paths = sorted(nwfilterd.STOCK.glob('*.xml')) + sorted((source / 'data/nwfilter').glob('*.xml'))
    for path in paths:
        texts[path.stem] = path.read_text(encoding='utf-8')
        six = path.stem == 'allow-dhcpv6-server'
        cases.append((path.stem, [('DHCPSERVER', 'fd00::2')] if six else STOCK_VARIABLES))
    for path in sorted((source / 'tests/compat/filters').glob('*.xml')):
        texts[path.stem] = path.read_text(encoding='utf-8')
        words = re.search(r'<!-- variables:(.*?)-->', texts[path.stem], re.S)
        cases.append((path.stem, [tuple(word.split('=')) for word in words[1].split()] if words else []))
    return texts, cases


# ---- exchanges: frames that belong together, [(end, octets)] ----

def content_of(spec, is_swapped, src, dst):
    return (packet.swapped(spec) if is_swapped else spec) | {'src': src, 'dst': dst}


def paths(spec):
    """One description as frames from the VM and to it, as written and with its sides changed."""
    src, dst = spec['src'], spec['dst']
    is_group = dst >> 40 & 1
    to_src = world.PEER if src == world.VM else src
    to_dst = world.VM if dst == world.PEER else dst
    yield 'vm', spec
    if dst == world.PEER:
        yield 'vm', spec | {'dst': world.HOST}
    yield 'vm', content_of(spec, True, src, dst)
    yield 'peer', spec | {'src': to_src, 'dst': to_dst}
    back = (world.PEER, world.VM) if is_group else (dst, src)
    yield 'peer', content_of(spec, True, *back)
    yield 'host', content_of(spec, True, *back)


def exchanges(case):
    """{exchange: what it is}"""
    found = {}
    own = [(f"the filter's {number}", spec) for number, spec in enumerate(case.specs, 1)]
    others = [] if case.has_limit else [*world.HONEST.items(), *world.FORGED.items()]
    for label, spec in [*others, *own]:
        for end, one in paths(spec):
            found.setdefault(((end, packet.build(one)),), label)
    if case.has_limit:
        for spec in case.matching:
            for end in ('vm', 'peer'):
                talk = tuple((end, packet.build(one)) for one in world.many(spec, end))
                found.setdefault(talk, 'many connections')
    else:
        for label, lines in world.SEQUENCES.items():
            found.setdefault(tuple((end, packet.build(one)) for end, one in lines), label)
    if case.has_inet:
        for spec in [world.HONEST['ip4 tcp'], world.HONEST['ip4 udp'], world.HONEST['ip4 icmp'],
                     world.HONEST['ip6 tcp'], world.HONEST['ip6 udp'], *case.matching]:
            for first, second in (('vm', 'peer'), ('peer', 'vm')):
                for start in (spec, packet.swapped(spec)):
                    src, dst = (world.VM, world.PEER) if first == 'vm' else (world.PEER, world.VM)
                    lines = world.conversation(start | {'src': src, 'dst': dst}, first, second,
                                               packet.build)
                    talk = tuple((end, packet.build(one)) for end, one in lines)
                    found.setdefault(talk, 'conversation')
    found.pop((), None)
    return found


def flow_of(octets):
    """What two frames of one connection have in common, whatever the way."""
    kind = octets[12:14]
    if kind == b'\x08\x00' and len(octets) >= 38:
        at, proto, sides = 14 + (octets[14] & 15) * 4, octets[23], (octets[26:30], octets[30:34])
    elif kind == b'\x86\xdd' and len(octets) >= 58:
        at, proto, sides = 54, octets[20], (octets[22:38], octets[38:54])
    else:
        return None
    if proto in (6, 17, 132, 136):
        sides = (sides[0] + octets[at:at + 2], sides[1] + octets[at + 2:at + 4])
    return proto, frozenset(sides)


def batches(found, has_limit):
    """Lists of exchanges no two of which are of one connection; with a limit of connections each is
    alone."""
    if has_limit:
        return [[exchange] for exchange in found]
    lists, seen = [], {}
    for exchange in found:
        keys = {flow_of(octets) for _, octets in exchange} - {None}
        number = max((seen.get(key, 0) for key in keys), default=0)
        for key in keys:
            seen[key] = number + 1
        while len(lists) <= number:
            lists.append([])
        lists[number].append(exchange)
    return lists


# ---- what our decisions are ----

def judge(program, case, folder, lists):
    """{exchange: [(opaque, its reason, inspect, its reason), ...]}"""
    lines = []
    for batch in lists:
        lines.append('reset')
        lines += [f"{'out' if end == 'vm' else 'in'} {octets.hex()}"
                  for exchange in batch for end, octets in exchange]
    given = [f'--var={name}={value}' for name, value in case.values]
    done = subprocess.run([program, case.name, f'--filters={folder}', *given], text=True,
                          input='\n'.join(lines) + '\n', capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    answers = iter(done.stdout.splitlines())
    verdicts = {}
    for batch in lists:
        for exchange in batch:
            verdicts[exchange] = []
            for _ in exchange:
                opaque, inspect = next(answers).split('\t')
                verdicts[exchange].append((*opaque.split(' ', 1), *inspect.split(' ', 1)))
    return verdicts


# ---- one filter ----

def bind(case, number, tools):
    """Its bench of libvirt's; ours have the filter, too."""
    port = f'v{number}'
    wire.filter_ip(case.has_inet)
    bench = Bench(wire.Bridge(f'b{number}', port, HOST_MAC))
    try:
        refusal = nwfilterd.bind_existing(port, VM_MAC, case.name, case.variables)
        assert refusal is None, refusal
        for live in tools.lives.values():
            live.bind(case.name, tools.folder, case.values)
    except BaseException:
        unbind(bench)
        raise
    return bench


def unbind(bench):
    bench.bridge.close()
    wire.run('ip', 'link', 'del', bench.bridge.name)
    wire.run('nft', '-f', '-', text=CLEAR)


def play(case, tools, bench, exchange):
    """The exchange on every bridge."""
    played = tuple((end, decisions.as_the_kernel_reads(octets)) for end, octets in exchange)
    return Played(case, exchange, tools.controls[case.has_inet].play(played), bench.play(played),
                  tools.controls[False].play(exchange),
                  {name: live.play(exchange) for name, live in tools.lives.items()})


def differences(case, tools, bench, count):
    found = exchanges(case)
    lists = batches(found, case.has_limit) if case.has_inet else [list(found)]
    verdicts = judge(tools.judge, case, tools.folder, lists)
    for batch in lists:
        if case.has_inet:
            for one in (bench, *tools.lives.values()):
                one.forget()
        if case.has_limit:
            time.sleep(TICK)  # the kernel's count forgets a connection once a tick
        for exchange in batch:
            for words in compare(play(case, tools, bench, exchange), verdicts[exchange], count):
                yield f'{found[exchange]}: {words}'


def run_case(case, number, tools, count):
    bench = bind(case, number, tools)
    try:
        wrong = list(differences(case, tools, bench, count))
    finally:
        unbind(bench)
    assert not wrong, '\n'.join([f'{len(wrong)} differences', *wrong[:SHOWN]])


def check_decisions(source, shown):
    """The decisions that no frame shows, or of which docs/semantics.md knows nothing."""
    text = (source / 'docs/semantics.md').read_text(encoding='utf-8')
    return [title for title in (*decisions.DECISIONS, decisions.MOVE) if title not in shown or f'({title})' not in text]


class Tools:
    """What a worker judges filters with."""

    def __init__(self, programs, texts):
        self.judge, port = programs
        self.folder = Path('/run/filters')
        self.folder.mkdir()
        for name, text in texts.items():
            (self.folder / f'{name}.xml').write_text(text, encoding='utf-8')
        wire.prepare()
        self.controls = {is_ip: Control(is_ip) for is_ip in (False, True)}
        self.lives = {name: Live(port, name) for name in ('opaque', 'inspect')}

    def close(self):
        for live in self.lives.values():
            live.close()


def try_case(tools, number, case):
    """What is wrong, or None, and the counts."""
    count = Count()
    try:
        run_case(case, number, tools, count)
        return None, count
    except (AssertionError, RuntimeError, subprocess.SubprocessError) as error:
        return str(error), count


def main(programs, source, only):
    nwfilterd.enter()
    texts, names = read_filters(source)
    own = {name: decisions.as_libvirt_writes(text) for name, text in texts.items()
           if not (nwfilterd.STOCK / f'{name}.xml').exists()}
    cases = list(enumerate((Case(name, variables, texts) for name, variables in names if only in name), 1))
    failed, total = 0, Count()
    done = workers.run(own, lambda: Tools(programs, texts), try_case, cases)
    for (number, case), (wrong, count) in zip(cases, done):
        print(f'ok {number} {case.name}' if wrong is None else f'not ok {number} {case.name}')
        print(''.join(f'# {line}\n' for line in [*(wrong or '').splitlines(), str(count)]), end='', flush=True)
        failed += wrong is not None
        total.add(count)
    print(f'# in all {total}')
    if not only:
        unknown = check_decisions(source, total.decided)
        print(f'{"not ok" if unknown else "ok"} {len(cases) + 1} decisions{": " if unknown else ""}{unknown or ""}')
        failed += bool(unknown)
    print(f'1..{len(cases) + (not only)}', flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    ONLY = [word.removeprefix('--only=') for word in sys.argv[4:] if word.startswith('--only=')]
    sys.exit(main(sys.argv[1:3], Path(sys.argv[3]), ONLY[0] if ONLY else ''))
