#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What tests/compat/filters and world.py together hold is all there is: every protocol, attribute,
sign, list, iterator, action, direction, form of state and tie of the filter language, by the table
that the parser reads; and every class of the catalogue of forged frames.

usage: coverage.py NWFILTER_DESCRIBE SOURCE_DIR
"""

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

import catalogue
import world

ENOUGH = 60  # filters
INET = re.compile(r'(tcp|udp|udplite|esp|ah|sctp|icmp|igmp|all|icmpv6)(-ipv6)?')
ACTIONS, DIRECTIONS = ('accept', 'drop', 'reject', 'return', 'continue'), ('in', 'out', 'inout')
STATES = ('NEW', 'ESTABLISHED', 'RELATED', 'INVALID', 'NONE')
# libvirt reads an IPv4 address there: docs/semantics.md, nwfilter/filter.
UNREADABLE = re.compile(r'.*(-ipv6|icmpv6) dstipto')
CHAINS = {'mac': -800, 'vlan': -750, 'ipv4': -700, 'ipv6': -600, 'arp': -500, 'rarp': -400}
WITHOUT_VARIABLE = ('gratuitous', 'state', 'flags', 'comment')


def language(describe):
    """{'element attribute': purpose} of what is not refused."""
    rows = subprocess.run([describe], capture_output=True, text=True, check=True).stdout.splitlines()[2:]
    found = {}
    for row in rows:
        attribute, elements, _, purpose = [cell.strip() for cell in row.strip('|').split('|')]
        for element in elements.split():
            if purpose != 'refused':
                found[f'{element} {attribute.strip("`")}'] = purpose
    return found


def chain_priority(top):
    """None for a filter of the root."""
    chain = top.get('chain', 'root')
    given = top.get('priority') or CHAINS.get(re.match('[a-z0-9]+', chain)[0], 0)
    return None if chain == 'root' else int(given)


class Uses:
    """What the filters have, as words."""

    def __init__(self, paths):
        self.attributes, self.signs, self.variables = set(), set(), set()
        self.rules, self.forms, self.states, self.ties = set(), set(), set(), set()
        self.chains = {path.stem: chain_priority(ElementTree.parse(path).getroot()) for path in paths}
        for path in paths:
            text = path.read_text(encoding='utf-8')
            given = re.search(r'<!-- variables:(.*?)-->', text, re.S)
            counts = Counter(word.split('=')[0] for word in given[1].split()) if given else {}
            self.lists = {name for name, count in counts.items() if count > 1}
            self.read(ElementTree.fromstring(text))

    def read(self, top):
        orders = []
        for rule in top.iter('rule'):
            elements = list(rule)
            names = {element.tag for element in elements} or {''}
            for name in names:
                half = 'inet' if INET.fullmatch(name) else 'l2'
                self.rules |= {f'{name} {rule.get("direction")}', f'{name} {rule.get("action")}',
                               f'{half} {rule.get("action")} {rule.get("direction")}'}
                orders.append((half, rule.get('priority', '500'), rule.get('action')))
            for element in elements:
                self.read_element(rule, element)
        for half, priority, action in orders:
            if any(one[:2] == (half, priority) and one[2] != action for one in orders):
                self.ties.add(f'{half}, at {"the default" if priority == "500" else "a"} priority')
        jumps = {self.chains.get(one.get('filter')) for one in top.iter('filterref')}
        if jumps & {int(rule.get('priority', '500')) for rule in top.iter('rule')}:
            self.ties.add('of a chain and a rule of the root')

    def read_element(self, rule, element):
        half = 'inet' if INET.fullmatch(element.tag) else 'l2'
        iterators = []
        for name, text in element.attrib.items():
            word = f'{element.tag} {name}'
            self.attributes.add(word)
            if element.get('match') == 'no':
                self.signs.add(word)
            variable = re.fullmatch(r'\$\s*(\w+)(\[\s*@?\s*\d+\s*\])?', text)
            if variable:
                self.variables.add(name)
                form = (variable[2] or '[@0]').replace(' ', '')
                iterators.append(form)
                kind = 'index' if '@' not in form else 'list' if variable[1] in self.lists else 'value'
                self.forms.add(f'{half} {kind}')
        walked = [form for form in iterators if '@' in form]
        if len(set(walked)) < len(walked):
            self.forms.add(f'{half} parallel')
        if len(set(walked)) > 1:
            self.forms.add(f'{half} product')
        if half == 'inet':
            self.read_state(rule, element)

    def read_state(self, rule, element):
        direction, given = rule.get('direction'), element.get('state')
        if rule.get('statematch') in ('false', '0'):
            self.states.add(f'none asked {direction}')
        elif given:
            self.states |= {f'{state} {direction}' for state in given.upper().split(',')}
            self.states |= {f'several {direction}'} if ',' in given else set()
        else:
            self.states.add(f'unsaid {direction}')


def missing(describe, paths):
    """{what: [what of it is nowhere]}"""
    uses, words = Uses(paths), language(describe)
    readable = [word for word in words if not UNREADABLE.fullmatch(word)]
    signed = [word for word in readable if words[word] != 'state of the connection'
              and not word.endswith(' comment')]
    elements = sorted({word.split()[0] for word in words} | {''})
    halves = {element: 'inet' if INET.fullmatch(element) else 'l2' for element in elements}
    rules = [f'{element} {direction}' for element in elements for direction in DIRECTIONS]
    rules += [f'{element} {action}' for element in elements for action in ACTIONS
              if action != 'continue' or halves[element] == 'l2']
    rules += [f'{half} {action} {direction}' for half in ('l2', 'inet') for action in ACTIONS
              for direction in DIRECTIONS if action != 'continue' or half == 'l2']
    found = {
        'attributes': set(readable) - uses.attributes,
        'signs': set(signed) - uses.signs,
        'variables': {word.split()[1] for word in readable} - uses.variables - set(WITHOUT_VARIABLE),
        'forms of variables': {f'{half} {form}' for half in ('l2', 'inet') for form in (
            'value', 'list', 'index', 'parallel', 'product')} - uses.forms,
        'rules': set(rules) - uses.rules,
        'states': {f'{state} {direction}' for state in (*STATES, 'several', 'unsaid', 'none asked')
                   for direction in DIRECTIONS} - uses.states,
        'ties': {f'{half}, at {one} priority' for half in ('l2', 'inet') for one in ('the default', 'a')}
        | {'of a chain and a rule of the root'}}
    found['ties'] -= uses.ties
    if len(paths) < ENOUGH:
        found['filters'] = {f'{ENOUGH - len(paths)} more'}
    return {what: sorted(words) for what, words in found.items()}


def uncatalogued():
    """Classes without a frame, names that no frame has, and frames of no class."""
    names = [name for _, frames in catalogue.CLASSES for name in frames]
    known = {*world.FORGED, *world.SEQUENCES}
    return {'classes of forged frames': [title for title, frames in catalogue.CLASSES if not frames],
            'frames of the classes': sorted(set(names) - known),
            'classes of the frames': sorted(known - set(names))}


def main(describe, source):
    paths = sorted((source / 'tests/compat/filters').glob('*.xml'))
    results = missing(describe, paths) | uncatalogued()
    # A check that sees nothing missing where nothing is would be none.
    results['what is missing from no filter'] = [
        what for what, words in missing(describe, []).items() if not words]
    failed = 0
    for number, (what, words) in enumerate(results.items(), 1):
        print(f'{"not ok" if words else "ok"} {number} {what}{": " if words else ""}{", ".join(words)}')
        failed += bool(words)
    print(f'1..{len(results)}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
