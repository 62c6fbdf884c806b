# SPDX-License-Identifier: Apache-2.0
"""Sends every kind of test frame from one guest to another, and judges what arrived."""

from dataclasses import dataclass

import frames

COUNT = 20  # frames of each kind


@dataclass
class Row:
    kind: frames.Kind
    sent: int
    expected: int
    guest: int
    guest_total: int
    bridge: int

    @property
    def good(self):
        # The total counts repetitions too: nothing may arrive twice.
        return self.guest == self.guest_total == self.bridge == self.expected


@dataclass
class Outcome:
    rows: list
    stolen: bool  # the bridge believes the second guest's MAC to be at the first guest's port
    filtered: bool

    @property
    def forged(self):
        """How many forged frames were sent."""
        return sum(row.sent for row in self.rows if not row.kind.honest)

    @property
    def good(self):
        return all(row.good for row in self.rows) and self.stolen == (not self.filtered)

    def problems(self):
        found = [f"{row.kind.text}: {row.expected} of {row.sent} should arrive, but {row.guest_total} did at "
                 f"the second guest and {row.bridge} at the bridge" for row in self.rows if not row.good]
        if self.stolen and self.filtered:
            found.append("the bridge was made to believe that the second guest is at the first one's port")
        if not self.stolen and not self.filtered:
            found.append("the bridge was not fooled about where the second guest is")
        return found


def send_kind(kind, bridge, sender, receiver, run, parties, filtered, count):
    sender.send(bridge, kind.frame(parties, run), count, mac=parties.own)
    bridge.wait_marker(run, kind.number)
    unique, total = receiver.received(run, kind.number)
    expected = count if kind.passes(filtered) else 0
    return Row(kind, count, expected, unique, total, bridge.count(run, kind.number))


def measure(host, bridge, sender, receiver, run, filtered, sender_mac=None, kinds=None, count=COUNT):
    """filtered: what should be the case. sender_mac: which of the sender's interfaces to use."""
    parties = frames.Parties(own=sender_mac or sender.mac, peer=receiver.mac)
    rows, stolen = [], False
    receiver.order(bridge, b"announce")
    home = host.bridge_port_of(bridge.name, receiver.mac)
    for kind in kinds or frames.KINDS:
        rows.append(send_kind(kind, bridge, sender, receiver, run, parties, filtered, count))
        if kind is frames.STEALING:
            stolen = host.bridge_port_of(bridge.name, receiver.mac) != home
            receiver.order(bridge, b"announce")
    return Outcome(rows, stolen, filtered)


def table(outcome):
    """The table for people."""
    head = ("what the first guest sent", "sent", "should arrive", "at the second guest", "at the bridge", "")
    lines = [(("honest  " if row.kind.honest else "forged  ") + row.kind.text, str(row.sent),
              str(row.expected), str(row.guest_total), str(row.bridge), "ok" if row.good else "WRONG")
             for row in outcome.rows]
    widths = [max(len(line[i]) for line in [head, *lines]) for i in range(len(head))]

    def layout(line):
        cells = [line[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(line[1:5], widths[1:5])]
        return "  ".join(cells + [line[5]]).rstrip()

    text = [layout(head), "-" * (sum(widths) + 10)] + [layout(line) for line in lines]
    where = "at the first guest's port" if outcome.stolen else "at its own port"
    verdict = "ok" if outcome.stolen != outcome.filtered else "WRONG"
    text.append(f"afterwards the bridge looks for the second guest {where}: {verdict}")
    text.append("(a bridge refuses the MACs zero and group by itself, filter or not)")
    return "\n".join(text)
