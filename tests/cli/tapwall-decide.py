#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tapwall explain, diff, prove and lint, and show --as ir, run as their users run them.

Each row of TABLE is one run: arguments, standard input, exit status, and how stdout and stderr look
(regular expressions for the whole of each). usage: tapwall-decide.py TAPWALL SOURCE_DIR
"""

import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

STOCK = ['--filters', '/usr/share/libvirt/nwfilter']
MAC = ['--var', 'MAC=52:54:00:00:00:01']
IP = ['--var', 'IP=10.0.0.1']
OWN, OTHER, ALL = '525400000001', '525400000002', 'ffffffffffff'
ARP = '0001080006040001'
GOOD_ARP = f'{ALL}{OWN}0806{ARP}{OWN}0a000001{"00" * 6}0a000002'
BAD_ARP = f'{ALL}{OWN}0806{ARP}{OTHER}0a000001{"00" * 6}0a000002'
TAGGED_BAD_ARP = f'{ALL}{OWN}810000000806{ARP}{OTHER}0a000001{"00" * 6}0a000002'
SNAP_BAD_ARP = f'{ALL}{OWN}0024aaaa030000000806{ARP}{OTHER}0a000001{"00" * 6}0a000002'
FORGED = f'{ALL}{OTHER}88b500'


def ip4(source, target, protocol, rest):
    size = 20 + len(bytes.fromhex(rest))
    return f'4500{size:04x}0001000040{protocol:02x}0000{source}{target}{rest}'


A, B = '0a000001', '0a000002'
SYN = f'out:{OTHER}{OWN}0800' + ip4(A, B, 6, '10000016' + '00' * 8 + '5002ffff00000000')
SYN_ACK = f'in:{OWN}{OTHER}0800' + ip4(B, A, 6, '00161000' + '00' * 8 + '5012ffff00000000')
STRAY_ACK = f'in:{OWN}{OTHER}0800' + ip4(B, A, 6, '00161001' + '00' * 8 + '5010ffff00000000')
UNREACHABLE = f'in:{OWN}{OTHER}0800' + ip4(
    B, A, 1, '0301000000000000' + ip4(A, B, 6, '1000001600000000'))
ECHO = f'out:{OTHER}{OWN}0800' + ip4(A, B, 1, '0800000000010001')
ECHO_REPLY = f'in:{OWN}{OTHER}0800' + ip4(B, A, 1, '0000000000010001')
OTHER_REPLY = f'in:{OWN}{OTHER}0800' + ip4(B, A, 1, '0000000000020001')


def udp(port):
    return f'out:{OTHER}{OWN}0800' + ip4(A, B, 17, f'{port:04x}000900080000')


FIRST_FRAGMENT = f'{OTHER}{OWN}08004500001c00072000401100000a0000010a00000200440043' + '00080000'
LATER_FRAGMENT = f'{OTHER}{OWN}08004500001c00070001401100000a0000010a00000200440043' + '00080000'
OTHER_FRAGMENT = LATER_FRAGMENT.replace('00070001', '00080001')

FILES = {
    'state.xml': """<filter name='state'>
<rule action='accept' direction='out' priority='100'><tcp dstportstart='22'/></rule>
<rule action='accept' direction='in' priority='110'><all state='RELATED'/></rule>
<rule action='accept' direction='inout' priority='120'><icmp/></rule>
<rule action='drop' direction='inout' priority='500'><tcp comment='no other TCP'/></rule>
<rule action='drop' direction='out' priority='510'><udp connlimit-above='1'/></rule>
</filter>""",
    'same.xml': """<filter name='same'>
<rule action='drop' direction='out'><ip srcipaddr='10.0.0.0' srcipmask='31'/></rule>
</filter>""",
    'same2.xml': """<filter name='same2'>
<rule action='drop' direction='out'><ip srcipaddr='10.0.0.1'/></rule>
<rule action='drop' direction='out'><ip srcipaddr='10.0.0.0'/></rule>
</filter>""",
    'dead.xml': """<filter name='dead'>
<rule action='accept' direction='out'><ip/></rule>
<rule action='drop' direction='out'><ip srcipaddr='10.0.0.1'/></rule>
<rule action='drop' direction='out'><mac protocolid='ipv4'/></rule>
<rule action='drop' direction='inout' priority='900'/>
</filter>""",
    'one-mac.xml': """<filter name='one-mac'>
<rule action='drop' direction='out'><mac match='no' srcmacaddr='52:54:00:00:00:01'/></rule>
</filter>""",
    'ports.xml': """<filter name='ports'>
<rule action='drop' direction='out'><udp dstportstart='67'/></rule>
</filter>""",
}

# Where libvirt 9 does something else than the rule says: docs/semantics.md has them all.
FILES |= {
    'icmp.xml': """<filter name='icmp'>
<rule action='drop' direction='inout'><icmp type='8'/></rule></filter>""",
    'dscp.xml': """<filter name='dscp'>
<rule action='drop' direction='out'><ip dscp='46'/></rule></filter>""",
    'arpmask.xml': """<filter name='arpmask'>
<rule action='drop' direction='out'>
<arp arpsrcipaddr='1.2.3.0' arpsrcipmask='24' arpdstipaddr='5.6.7.8'/></rule></filter>""",
    'leak.xml': """<filter name='leak'>
<rule action='drop' direction='out'><arp arpsrcipmask='24' arpdstipaddr='5.6.7.8'/></rule>
<rule action='drop' direction='out'><tcp srcportend='5'/></rule>
<rule action='drop' direction='out'><tcp ipset='s' ipsetflags='src'/></rule>
<rule action='drop' direction='out'><all ipset='s'/></rule>
<rule action='continue' direction='out'><tcp/></rule></filter>""",
    'reject.xml': """<filter name='reject'>
<rule action='reject' direction='out'><mac protocolid='arp'/></rule></filter>""",
    'ports.not.xml': """<filter name='ports.not'>
<rule action='drop' direction='out'><udp match='no' dstportstart='67'/></rule></filter>""",
    'reply.xml': """<filter name='reply'>
<rule action='accept' direction='out'><udp srcmacaddr='52:54:00:00:00:01'/></rule>
<rule action='drop' direction='inout'><udp/></rule></filter>""",
    'above.xml': """<filter name='above'>
<rule action='accept' direction='out'><tcp connlimit-above='1'/></rule>
<rule action='drop' direction='inout'><tcp/></rule></filter>""",
    'stp.xml': """<filter name='stp' chain='stp'>
<rule action='drop' direction='out'/></filter>""",
}
ECHO_IN = f'in:{OWN}{OTHER}0800' + ip4(B, A, 1, '0800000000010001')
UDP_OUT = f'out:{OTHER}{OWN}0800' + ip4(A, B, 17, '1000001600080000')
UDP_IN = f'in:{OWN}{OTHER}0800' + ip4(B, A, 17, '0016100000080000')
TOS_184, TOS_46 = UDP_OUT.replace('08004500', '080045b8'), UDP_OUT.replace('08004500', '0800452e')
PEERS = [f'{ALL}{OWN}0806{ARP}{OWN}{source}{"00" * 6}{target}' for source, target in (
    ('01020304', '05060708'), ('01020304', '05060709'), ('01020404', '05060708'))]


def trap(name, verdicts, *frames):
    """One row of TABLE: the frames' verdicts and what decides, in order."""
    return (['explain', '--filter', f'{{}}/{name}.xml', '--hex', *frames], '', 0,
            ''.join(f'{verdict}\t[^\\n]+\\n' for verdict in verdicts), '')


VDSM = ['vdsm-no-mac-spoofing', *STOCK, *MAC]
EXPLAIN = ['explain', '--filter', *VDSM]
STATE = ['explain', '--filter', '{}/state.xml', '--hex-file', '-']

# (arguments, {} being the folder of FILES; stdin; status; stdout; stderr)
TABLE = [
    (['explain'], '', 2, '', r'tapwall: explain: expected --filter NAME or FILE\n'),
    (['explain', '--filter', 'x'], '', 2, '',
     r'tapwall: explain: expected --hex, --hex-file or --pcap\n'),
    ([*EXPLAIN, '--hex', 'zz'], '', 2, '', r"tapwall: expected pairs of hex digits at 'zz'\n"),
    ([*EXPLAIN, '--hex-file', '-'], '00\nxx\n', 2, '',
     r"tapwall: line 2: expected pairs of hex digits at 'xx'\n"),
    ([*EXPLAIN, '--pcap', '{}/state.xml'], '', 2, '',
     r'tapwall: not a capture file of the pcap format\n'),
    ([*EXPLAIN, '--direction', 'up', '--hex', '00'], '', 2, '',
     r'tapwall: --direction up: expected out or in\n'),
    ([*EXPLAIN, '--with', 'magic', '--hex', '00'], '', 2, '', r'tapwall: --with magic: expected .*'),
    (['explain', '--filter', 'no-mac-spoofing', '--filters={}/none', '--hex', '00'], '', 1, '',
     r'.*no-mac-spoofing.*|.*unresolvable variables.*'),
    ([*EXPLAIN, '--hex', GOOD_ARP, BAD_ARP, TAGGED_BAD_ARP, SNAP_BAD_ARP, FORGED], '', 0,
     r'pass\tdefault\t[^\n]+\ndrop\tno-arp-mac-spoofing:6\t[^\n]+\n'
     r'(drop\tno-arp-mac-spoofing:6\t[^\n]+carries\)\n){2}drop\tno-mac-spoofing:7\t[^\n]+\n', ''),
    ([*EXPLAIN, '--encapsulation', 'opaque', '--hex', TAGGED_BAD_ARP, SNAP_BAD_ARP], '', 0,
     r'(pass\tdefault\t[^\n]+\n){2}', ''),
    ([*EXPLAIN, '--direction', 'in', '--hex', FORGED], '', 0, r'pass\tdefault\t[^\n]+\n', ''),
    ([*EXPLAIN, '-v', '--hex', BAD_ARP], '', 0,
     r'.*chain arp-mac.*not arp\.sha in set 0.*\ndrop\tno-arp-mac-spoofing:6\t.*\n', ''),
    ([*EXPLAIN, '--hex', '5254'], '', 0, r'drop\trefused\t.*\n', ''),
    ([*EXPLAIN, '--pcap', '{}/two.pcap'], '', 0,
     r'pass\tdefault\t.*\ndrop\tno-mac-spoofing:7\t.*\n', ''),
    ([*EXPLAIN, '--hex-file', '-'], f'# honest\n\n{GOOD_ARP}\n', 0, r'pass\tdefault\t.*\n', ''),
    # connections: the answer passes, a stray segment does not, an error about the flow does
    (STATE, f'{SYN}\n{SYN_ACK}\n{STRAY_ACK}\n{UNREACHABLE}\n', 0,
     r'pass\tstate:2\t.*\npass\tstate:2\t.*\ndrop\tstate:5\tno other TCP\npass\tstate:3\t.*\n', ''),
    (STATE, f'{SYN_ACK}\n{UNREACHABLE}\n', 0,
     r'drop\tstate:5\t.*\npass\tstate:4\t.*\n', ''),
    (STATE, f'{ECHO}\n{ECHO_REPLY}\n{OTHER_REPLY}\n', 0, r'(pass\tstate:4\t.*\n){3}', ''),
    (STATE, f'{udp(1)}\n{udp(2)}\n{udp(1)}\n', 0,
     r'pass\tdefault\t.*\ndrop\tstate:6\t.*\npass\tdefault\t.*\n', ''),
    (['explain', '--filter', '{}/ports.xml', '--hex-file', '-'],
     f'{LATER_FRAGMENT.replace("00070001", "00090001")}\n', 0, r'drop\tfragment\t.*\n', ''),
    trap('icmp', ['drop\ticmp:2'] * 2, ECHO, ECHO_IN),
    trap('dscp', ['drop\tdscp:2', 'pass\tdefault'], TOS_184, TOS_46),
    trap('arpmask', ['drop\tarpmask:2', 'pass\tdefault', 'pass\tdefault'], *PEERS),
    trap('reject', ['drop\treject:2'], GOOD_ARP),
    trap('ports.not', ['drop\tports.not:2', 'pass\tdefault'], UDP_OUT,
         UDP_OUT.replace('10000016', '10000043')),
    trap('reply', ['pass\treply:2', 'drop\treply:3'], UDP_OUT, UDP_IN),
    trap('above', ['drop\tabove:3'] * 2, SYN, SYN_ACK),
    (['check', '{}/leak.xml'], '', 1, '',
     r'\S+:2: arpsrcipmask has no effect without arpsrcipaddr\n'
     r'\S+:3: srcportend has no effect without srcportstart\n'
     r'\S+:4: ipset is not supported[^\n]+\n\S+:4: ipsetflags is not supported[^\n]+\n'
     r'\S+:5: ipset is not supported[^\n]+\n\S+:6: [^\n]*continue[^\n]*\n'),
    (['show', '{}/stp.xml'], '', 0, r"<filter name='stp' chain='stp'>\n.*", ''),
    (['show', '{}/stp.xml', '--as', 'plan'], '', 0, r'.*\n  chain stp 0\n.*', ''),
    (['show', 'vdsm-no-mac-spoofing', *STOCK, '--as', 'ir', *MAC], '', 0,
     r'program vdsm-no-mac-spoofing out\n.*return no-mac-spoofing:3 if eth.src == \$MAC\[0\]\n'
     r'.*program vdsm-no-mac-spoofing in\n.*', ''),
    (['show', 'vdsm-no-mac-spoofing', *STOCK, '--as', 'ir'], '', 0,
     r'program .*\nset 0 = 48: \$MAC\[@0\]\n.*', ''),
    (['diff', '{}/same.xml'], '', 2, '', r'tapwall: diff: expected two filters.*\n'),
    (['diff', '{}/same.xml', '{}/same2.xml'], '', 0, r'equal\n', ''),
    (['diff', '{}/same.xml', '{}/dead.xml'], '', 1,
     r'(out|in):[0-9a-f]+\n(pass|drop)\t\S+/same.xml\t\S+\n(pass|drop)\t\S+/dead.xml\t\S+\n', ''),
    (['diff', 'clean-traffic', 'clean-traffic', *STOCK, *MAC], '', 2, '',
     r'Cannot instantiate filter due to unresolvable variables.*: IP; give values with --var NAME=VALUE\n'),
    (['prove', *VDSM, '--no-forged-mac', '--no-forged-arp'], '', 0,
     r'no forged MAC: proved\nno forged ARP: proved\n', ''),
    (['prove', *VDSM, '--no-forged-arp', '--encapsulation', 'opaque'], '', 1,
     r'no forged ARP: does not hold\nout:[0-9a-f]{12}525400000001(8100|88a8)[0-9a-f]+\n'
     r'pass\tvdsm-no-mac-spoofing\tdefault\n', ''),
    (['prove', 'clean-traffic', *STOCK, *MAC, *IP, '--no-forged-mac', '--no-forged-arp'], '', 0,
     r'no forged MAC: proved\nno forged ARP: proved\n', ''),
    (['prove', *VDSM, *IP, '--no-forged-arp'], '', 1,
     r'no forged ARP: does not hold\nout:[0-9a-f]+\npass\t.*\n', ''),
    (['prove', *VDSM], '', 2, '', r'tapwall: prove: expected one filter, and --no-forged-mac.*\n'),
    (['prove', 'vdsm-no-mac-spoofing', *STOCK, '--no-forged-mac', '--no-forged-arp'], '', 0,
     r'no forged MAC: proved for every MAC\nno forged ARP: proved for every MAC\n', ''),
    (['prove', 'clean-traffic', *STOCK, *IP, '--no-forged-mac', '--no-forged-arp'], '', 0,
     r'no forged MAC: proved for every MAC\nno forged ARP: proved for every MAC\n', ''),
    (['prove', 'allow-arp', *STOCK, '--no-forged-arp'], '', 1,
     r'no forged ARP: does not hold with MAC=52:54:00:00:00:01\nout:[0-9a-f]+\n'
     r'pass\tallow-arp\tallow-arp:\d+\n', ''),
    (['prove', '{}/one-mac.xml', '--no-forged-mac'], '', 1,
     r'no forged MAC: does not hold with MAC=(?!52:54:00:00:00:01)\S+\n'
     r'out:[0-9a-f]{12}525400000001[0-9a-f]+\npass\tone-mac\tdefault\n', ''),
    (['prove', '{}/one-mac.xml', *MAC, '--no-forged-mac'], '', 0, r'no forged MAC: proved\n', ''),
    (['prove', 'clean-traffic', *STOCK, '--no-forged-mac'], '', 2, '',
     r'Cannot instantiate filter due to unresolvable variables.*: IP; give values with --var NAME=VALUE\n'),
    (['lint', 'clean-traffic', *STOCK, *MAC, *IP], '', 0, '', ''),
    (['lint', '{}/dead.xml'], '', 1,
     r'dead:3: this drop rule never decides about any frame\n'
     r'dead:4: this drop rule never decides about any frame\n', ''),
    (['lint', 'clean-traffic', *STOCK, *IP], '', 0, '', ''),
    (['lint', *VDSM], '', 1,
     r'vdsm-no-mac-spoofing: a tag or SNAP walks around it.*\nout:[0-9a-f]{12}525400000001'
     r'(8100|88a8)[0-9a-f]+\npass\topaque\tdefault\ndrop\tinspect\tno-arp-mac-spoofing:6\n', ''),
]


def capture(frames):
    """A pcap file of these frames in hex."""
    data = struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)
    for frame in (bytes.fromhex(f) for f in frames):
        data += struct.pack('<IIII', 0, 0, len(frame), len(frame)) + frame
    return data


def check_row(tapwall, folder, row):
    arguments, given, status, out, err = row
    done = subprocess.run([tapwall, *(a.replace('{}', folder) for a in arguments)], input=given,
                          capture_output=True, text=True, timeout=60, env={'LC_ALL': 'C.UTF-8'})
    assert done.returncode == status, (arguments, done)
    assert re.fullmatch(out, done.stdout, re.S), (arguments, done)
    assert re.fullmatch(err, done.stderr, re.S), (arguments, done)


def check_fragments(tapwall, folder):
    """Fragments follow the first of their datagram, also when a port rule could not see ports."""
    done = subprocess.run(
        [tapwall, 'explain', '--filter', f'{folder}/ports.xml', '--hex', FIRST_FRAGMENT,
         LATER_FRAGMENT, OTHER_FRAGMENT], capture_output=True, text=True, timeout=60)
    verdicts = [line.split('\t')[:2] for line in done.stdout.splitlines()]
    assert verdicts == [['drop', 'ports:2'], ['drop', 'fragment'], ['drop', 'fragment']], done
    passing = FIRST_FRAGMENT.replace('00440043', '00440045')
    done = subprocess.run(
        [tapwall, 'explain', '--filter', f'{folder}/ports.xml', '--hex', passing, LATER_FRAGMENT],
        capture_output=True, text=True, timeout=60)
    verdicts = [line.split('\t')[:2] for line in done.stdout.splitlines()]
    assert verdicts == [['pass', 'default'], ['pass', 'fragment']], done


def check_piped_capture(tapwall, source):
    """A capture on standard input, which cannot be mapped nor asked for its size."""
    done = subprocess.run(
        [tapwall, 'explain', '--filter', f'{source}/data/nwfilter/vdsm-no-mac-spoofing.xml', *STOCK, *MAC,
         '--pcap', '-'], input=capture([GOOD_ARP, BAD_ARP]), capture_output=True, timeout=60)
    verdicts = [line.split(b'\t')[:2] for line in done.stdout.splitlines()]
    assert verdicts == [[b'pass', b'default'], [b'drop', b'no-arp-mac-spoofing:6']], done


def readme_runs(source):
    """(words of a command line, what it prints) for each line of README.md that begins with '$ '."""
    runs = []
    for block in re.findall(r'^```\n(\$ .*?)^```$', (source / 'README.md').read_text(), re.S | re.M):
        for run in re.split(r'^\$ ', block, flags=re.M)[1:]:
            line, _, printed = run.partition('\n')
            runs.append((line.split(), printed))
    return runs


def check_readme(tapwall, source, folder):
    """What README.md shows is what the tool prints."""
    runs = readme_runs(source)
    assert len(runs) > 5, runs
    for words, printed in runs:
        if words[0] == 'cat':
            Path(folder, words[1]).write_text(printed)
            continue
        done = subprocess.run([tapwall, *words[1:], *STOCK, '--filters', source / 'data/nwfilter'],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=60, cwd=folder, env={'LC_ALL': 'C.UTF-8'})
        assert words[0] == 'tapwall' and done.stdout == printed, (words, done)


def cases(tapwall, source, folder):
    for row in TABLE:
        arguments = [*row[0], '--filters', f'{source}/data/nwfilter'] if row[0] else row[0]
        yield ' '.join(row[0])[:70], lambda: check_row(tapwall, folder, (arguments, *row[1:]))
    yield 'README.md', lambda: check_readme(Path(tapwall).resolve(), source, folder)
    yield 'piped capture', lambda: check_piped_capture(tapwall, source)
    yield 'fragments', lambda: check_fragments(tapwall, folder)


def main(tapwall, source):
    failed = number = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, text in FILES.items():
            Path(folder, name).write_text(text)
        Path(folder, 'two.pcap').write_bytes(capture([GOOD_ARP, FORGED]))
        for number, (name, check) in enumerate(cases(tapwall, source, folder), 1):
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
    sys.exit(main(sys.argv[1], Path(sys.argv[2]).resolve()))
