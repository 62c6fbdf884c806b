# SPDX-License-Identifier: Apache-2.0
"""The seed's promise, with real guests: filtered and unfiltered, at start and hot-plugged, by cluster level."""

import unittest

import labs
import traffic
from errors import wait_until
from scenario import Machine

FILTER = "vdsm-no-mac-spoofing"
OPTION = "EnableMACAntiSpoofingFilterRules"


class Spoofing(unittest.TestCase):
    LAB = labs.MAIN

    def setUp(self):
        self.shared = labs.shared(**self.LAB)
        self.node, self.bridge = self.shared.node, self.shared.bridge

    def measure(self, sender, receiver, filtered, sender_mac=None):
        outcome = traffic.measure(self.node.host, self.bridge, sender.guest, receiver.guest,
                                  self.shared.lab.next_run(), filtered, sender_mac=sender_mac)
        self.assertEqual(outcome.problems(), [])
        self.assertTrue(outcome.good)

    def test_1_filtered(self):
        first, second = self.shared.machine("first"), self.shared.machine("second")
        self.measure(first, second, filtered=True)
        self.assertEqual(first.nic_filter(), FILTER)
        self.assertEqual(self.node.filters_of(first.id), [FILTER])
        self.assertEqual(first.nic_enforcement(), self.node.enforcement)

    def test_2_hot_plugged_nic_filtered(self):
        first, second = self.shared.machine("first"), self.shared.machine("second")
        before = self.node.in_force()
        nic = first.add_nic("hot")
        mac = nic["mac"]["address"]
        first.guest.wait_ready(mac)
        self.measure(first, second, filtered=True, sender_mac=mac)
        self.assertEqual(self.node.filters_of(first.id), [FILTER, FILTER])
        self.assertNotEqual(self.node.in_force(), before)
        first.remove_nic(nic)
        wait_until(lambda: self.node.in_force() == before, 30, "the unplugged NIC's rules to go")
        self.assertEqual(self.node.filters_of(first.id), [FILTER])

    def test_3_link_down_and_up(self):
        first = self.shared.machine("first")
        path = f"vms/{first.id}/nics/{first.nics[0]['id']}"
        self.shared.api.update(path, linked="false")
        first.guest.console.wait("link", first.mac, "down")
        before = len([line for line in first.guest.console.lines() if line[:3] == ["link", first.mac, "up"]])
        self.shared.api.update(path, linked="true")
        wait_until(lambda: len([line for line in first.guest.console.lines()
                                if line[:3] == ["link", first.mac, "up"]]) > before, 30, "the link to come up again")
        self.assertEqual(first.nic_filter(), FILTER)

    def test_4_switched_off_by_engine_config(self):
        """Machines that run keep their filter; what is started or plugged afterwards has none."""
        lab, first, second = self.shared.lab, self.shared.machine("first"), self.shared.machine("second")
        lab.engine.config("-s", f"{OPTION}=false")
        lab.engine.restart()
        self.shared.site.wait_host()
        first.wait("up")
        self.measure(first, second, filtered=True)
        free = self.shared.new_machine("free")
        try:
            free.start_and_boot()
            self.measure(free, second, filtered=False)
            self.assertIsNone(free.nic_filter())
            self.assertEqual(self.node.filters_of(free.id), [])
            hot = first.add_nic("unfiltered")
            first.guest.wait_ready(hot["mac"]["address"])
            self.measure(first, second, filtered=False, sender_mac=hot["mac"]["address"])
            first.remove_nic(hot)
        finally:
            lab.engine.config("-s", f"{OPTION}=true")
            lab.engine.restart()
            self.shared.site.wait_host()
        free.stop()
        free.remove()


class Levels(unittest.TestCase):
    """The seed's rule: from cluster level 3.2 on; 3.10 is above it."""

    def level(self, major, minor, filtered):
        shared = labs.shared("levels")
        cluster = shared.site.add_cluster(f"level-{major}.{minor}", (major, minor))
        shared.api.update(f"hosts/{shared.site.host['id']}", cluster={"id": cluster["id"]})
        shared.site.wait_host()
        pair = [shared.new_machine(f"level-{major}-{minor}-{name}", cluster) for name in ("a", "b")]
        for machine in pair:
            machine.start()
        for machine in pair:
            machine.guest.wait_ready()
            machine.wait("up")
            xml = shared.node.domain_xml(machine.id)
            self.assertEqual(xml.count(f"<filterref filter='{FILTER}'/>"), 1 if filtered else 0)
            self.assertEqual(machine.nic_filter(), FILTER if filtered else None)
        outcome = traffic.measure(shared.node.host, shared.bridge, pair[0].guest, pair[1].guest,
                                  shared.lab.next_run(), filtered)
        self.assertEqual(outcome.problems(), [])
        for machine in pair:
            machine.stop()
            machine.remove()

    def test_3_1_has_no_filter(self):
        self.level(3, 1, filtered=False)

    def test_3_2_has_the_filter(self):
        self.level(3, 2, filtered=True)

    def test_3_10_has_the_filter(self):
        self.level(3, 10, filtered=True)
