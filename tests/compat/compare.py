# SPDX-License-Identifier: Apache-2.0
"""What must hold of a frame that went over every bridge:

  * ours pass or drop it as the reference interpreter says, which also gives the reason;
  * opaque is libvirt's verdict, and inspect passes nothing that libvirt drops, but for the decisions
    of docs/semantics.md, which decisions.py names;
  * our bridge learns the source of a frame exactly when it passes, and when a bridge without filter
    does; libvirt's likewise, but for a decision.
"""

import decisions


class Count:
    def __init__(self):
        self.frames = self.verdicts = self.live = self.drops = self.moved = 0
        self.decided = {}

    def add(self, other):
        for key in ('frames', 'verdicts', 'live', 'drops', 'moved'):
            setattr(self, key, getattr(self, key) + getattr(other, key))
        for key, value in other.decided.items():
            self.decided[key] = self.decided.get(key, 0) + value

    def decide(self, title):
        self.decided[title] = self.decided.get(title, 0) + 1

    def __str__(self):
        return (f'{self.frames} frames, {self.verdicts} compared with libvirt, {self.live} deliveries of '
                f'ours, {self.drops} dropped by libvirt and {self.moved} of those moved their source, '
                f'decisions: {self.decided}')


class Played:
    """An exchange and, of each bridge, the places each frame came to and whether its source moved:
    without filter where bridged IP goes through iptables as libvirt needs it (plain), libvirt's,
    without filter and iptables (bare), ours by encapsulation."""

    def __init__(self, case, exchange, plain, theirs, bare, ours):
        self.case, self.exchange = case, exchange
        self.plain, self.theirs, self.bare, self.ours = plain, theirs, bare, ours


def word(counted, arrived):
    """The verdict that a frame's places tell; None when it would be nowhere without a filter."""
    if not counted or arrived is None:
        return None
    arrived &= counted
    return 'pass' if arrived == counted else 'both' if arrived else 'drop'


def libvirts(played, number, end, octets):
    """libvirt's verdict: by the places that are behind all its rules."""
    plain = played.plain[0][number]
    is_inet = played.case.has_inet
    wanted = {'vm': {'peer', 'input'} if is_inet else {'peer', 'up'}, 'peer': {'vm'}, 'host': {'vm'}}[end]
    # The host takes groups, too, but only once it has joined them.
    wanted = wanted - ({'input'} if octets[0] & 1 else set())
    return word(plain and plain & wanted, played.theirs[0][number])


def ours(played, number, end, name):
    bare = played.bare[0][number]
    return word(bare and bare & ({'peer', 'up'} if end == 'vm' else {'vm'}), played.ours[name][0][number])


def own_problems(played, number, end, predicted, count):
    """Where a bridge of ours is not as it should be."""
    for name, expected in predicted.items():
        said = ours(played, number, end, name)
        count.live += said is not None
        if said not in (None, expected):
            yield f'{name} {said}, not {expected}'
        wanted = played.bare[1][number] and not (end == 'vm' and expected == 'drop')
        if played.ours[name][1][number] != wanted:
            yield f'{name} {"lets the source stay" if wanted else "moves the source"}'


def moves_differ(played, number, said, opaque, count):
    """Whether libvirt's bridge learned another source than ours, without a decision that says so."""
    theirs, mine = played.theirs[1][number], played.ours['opaque'][1][number]
    if theirs == mine or said != opaque or said not in ('pass', 'drop'):
        return False
    title = decisions.find_move(played.case, said, theirs)
    count.decide(title)
    return title is None


def compare(played, verdicts, count):
    """Words about each frame with which something does not hold. verdicts: the interpreter's."""
    was_dropped = False  # an earlier frame of the exchange, by libvirt
    for number, (end, octets) in enumerate(played.exchange):
        count.frames += 1
        if played.bare[0][number] is None:
            continue
        opaque, reason, inspect, inner = verdicts[number]
        said = libvirts(played, number, end, octets)
        problems = list(own_problems(played, number, end, {'opaque': opaque, 'inspect': inspect}, count))
        if said is not None:
            count.verdicts += 1
            count.drops += said == 'drop'
            count.moved += said == 'drop' and end == 'vm' and played.theirs[1][number]
            was_dropped, is_later = was_dropped or said == 'drop', was_dropped
            if said != opaque or (inspect == 'pass' and said == 'drop'):
                title = decisions.find(played.case, end, octets, said, (opaque, reason), is_later)
                count.decide(title)
                problems += [f'libvirt {said}'] if title is None else []
            elif end == 'vm' and moves_differ(played, number, said, opaque, count):
                problems.append("libvirt's bridge learns otherwise")
        if problems:
            yield (f'{end} {octets.hex()} [{number + 1} of {len(played.exchange)}]: {", ".join(problems)}; '
                   f'interpreted: {opaque} by {reason}, inspected {inspect} by {inner}')
