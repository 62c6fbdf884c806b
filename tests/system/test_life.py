# SPDX-License-Identifier: Apache-2.0
"""A VM's rules go when it goes, however it goes; and nothing else makes them go."""

import random
import unittest

import frames
import labs
import traffic
from errors import wait_until

FILTER = "vdsm-no-mac-spoofing"
SEED = 20120819


class Life(unittest.TestCase):
    LAB = labs.MAIN

    def setUp(self):
        self.shared = labs.shared(**self.LAB)
        self.node, self.api = self.shared.node, self.shared.api

    def events_of(self, machine):
        return [event["description"] for event in self.api.events()
                if event.get("vm", {}).get("id") == machine.id]

    def check_filtered(self):
        """The pair of guests that live through everything is as it should be."""
        first, second = self.shared.machine("first"), self.shared.machine("second")
        outcome = traffic.measure(self.node.host, self.shared.bridge, first.guest, second.guest,
                                  self.shared.lab.next_run(), True)
        self.assertEqual(outcome.problems(), [])


    def check_gone(self, before, taps):
        """Nothing is there but what was there before. libvirt has cleared its rules by the time it says that a VM
        has ended; agent and tapwalld do so when they hear of it."""
        if self.node.enforcement == "tapwall":
            wait_until(lambda: self.node.in_force() == before and self.node.taps() == taps, 10,
                       "taps, bindings and pins to go")
        self.assertEqual(self.node.in_force(), before)
        self.assertEqual(self.node.taps(), taps)


class Destroy(Life):
    """Answers the seed's open question: are the rules cleared once the VM is destroyed?"""

    def run_and_end(self, name, end):
        self.shared.machine("second")
        before, taps = self.node.in_force(), self.node.taps()
        machine = self.shared.new_machine(name)
        machine.start_and_boot()
        machine.wait("up")
        new = set(self.node.taps()) - set(taps)
        self.assertEqual(len(new), 1)
        tap = new.pop()
        self.assertTrue(any(tap in line for line in self.node.in_force()), "the VM has no filter while it runs")
        end(machine)
        machine.wait("down")
        self.check_gone(before, taps)
        machine.remove()
        return machine

    def test_stop_by_the_api(self):
        self.run_and_end("stopped", lambda machine: self.api.act(f"vms/{machine.id}", "stop"))

    def test_shutdown_by_the_api(self):
        self.run_and_end("shut", lambda machine: self.api.act(f"vms/{machine.id}", "shutdown"))

    def test_power_off_by_the_guest(self):
        self.run_and_end("off", lambda machine: self.power_off(machine))

    def power_off(self, machine):
        machine.guest.tell(self.shared.bridge, b"poweroff", "power")

    def test_killing_qemu(self):
        def end(machine):
            pid = self.node.qemu_pid(machine.id)
            self.assertIsNotNone(pid)
            self.node.host.call("kill", pid=pid, signal=9)
        self.run_and_end("killed", end)


class Restart(Life):
    """A VM keeps running, filtered, over restarts of the agent, libvirtd and the engine."""

    def pids(self):
        return [self.node.qemu_pid(self.shared.machine(name).id) for name in ("first", "second")]

    def survives(self, restart):
        pids = self.pids()
        self.assertNotIn(None, pids)
        before = self.node.in_force()
        restart()
        self.shared.site.wait_host()
        for name in ("first", "second"):
            machine = self.shared.machine(name)
            machine.wait("up")
            wait_until(lambda: machine.nic_filter() == FILTER, 30, "the NIC's filter to be reported again")
        self.assertEqual(self.pids(), pids)
        wait_until(lambda: self.node.in_force() == before, 30, "what enforces filters to be as before")
        self.check_filtered()

    def test_agent_restarted(self):
        def restart():
            self.node.stop_agent()
            self.node.start_agent()
        self.survives(restart)

    def test_agent_killed(self):
        def restart():
            self.node.kill_agent()
            self.node.start_agent()
        self.survives(restart)

    def test_libvirtd_restarted(self):
        def restart():
            self.node.libvirtd.stop()
            self.node.start_libvirtd()
        self.survives(restart)

    def test_libvirtd_killed(self):
        def restart():
            self.node.libvirtd.kill(9)
            self.node.libvirtd.wait()
            self.node.start_libvirtd()
        self.survives(restart)

    def test_engine_restarted(self):
        self.survives(self.shared.lab.engine.restart)

    def test_engine_killed(self):
        def restart():
            self.shared.lab.engine.kill()
            self.shared.lab.engine.start()
        self.survives(restart)

    def test_all_at_once(self):
        def restart():
            self.shared.lab.engine.kill()
            self.node.kill_agent()
            self.node.libvirtd.kill(9)
            self.node.libvirtd.wait()
            self.node.start_libvirtd()
            self.node.start_agent()
            self.shared.lab.engine.start()
        self.survives(restart)


class Flow(Life):
    """While frames flow all the time, agent, libvirtd and engine are restarted: no forged frame slips through,
    and no honest one is lost."""

    COUNT, INTERVAL_MS = 1000, 8

    def drip(self, machine, other, text, run):
        kind = next(kind for kind in frames.KINDS if kind.text == text)
        parties = frames.Parties(own=machine.mac, peer=other.mac)
        machine.guest.send(self.shared.bridge, kind.frame(parties, run), self.COUNT, interval_ms=self.INTERVAL_MS)
        return kind.number

    def disturb(self):
        self.node.stop_agent()
        self.node.start_agent()
        self.node.libvirtd.stop()
        self.node.start_libvirtd()
        self.shared.lab.engine.restart()

    def test_restarts(self):
        first, second = self.shared.machine("first"), self.shared.machine("second")
        run, bridge = self.shared.lab.next_run(), self.shared.bridge
        forged = self.drip(first, second, "MAC of nobody, broadcast", run)
        honest = self.drip(second, first, "own MAC, broadcast", run)
        self.disturb()
        self.assertNotIn((run, forged), bridge.markers)
        for kind in (forged, honest):
            bridge.wait_marker(run, kind, seconds=60)
        self.assertEqual(bridge.count(run, forged), 0)
        self.assertEqual(second.guest.received(run, forged), (0, 0))
        self.assertEqual(bridge.count(run, honest), self.COUNT)
        self.assertEqual(first.guest.received(run, honest), (self.COUNT, self.COUNT))
        self.shared.site.wait_host()


class Trouble(Life):
    def test_a_vm_that_ended_while_the_agent_was_away(self):
        machine = self.shared.new_machine("away")
        machine.start_and_boot()
        machine.wait("up")
        before = self.node.in_force()
        self.node.kill_agent()
        pid = self.node.qemu_pid(machine.id)
        self.node.host.call("kill", pid=pid, signal=9)
        self.node.start_agent()
        machine.wait("down")
        wait_until(lambda: len(self.node.in_force()) < len(before), 10, "its filter to go")
        machine.remove()

    def test_unknown_filter(self):
        """libvirt's own words reach whoever reads the engine's events."""
        first, second = self.shared.machine("first"), self.shared.machine("second")
        first.stop()
        second.stop()  # a filter in use cannot be taken away
        self.node.nwfilter("nwfilter-undefine", FILTER)
        machine = self.shared.new_machine("unknown")
        before, taps = self.node.in_force(), self.node.taps()
        try:
            machine.start()
            wait_until(lambda: any(FILTER in text and "missing" in text for text in self.events_of(machine)), 30,
                       "an event with libvirt's message")
            down = machine.wait("down")
            self.assertIn("missing", down.get("status_detail", ""))
            self.check_gone(before, taps)
        finally:
            tool = f"{self.node.programs}/usr/bin/vdsm-tool"
            self.node.host.run(tool, "define-filter", self.node.filter_file, "--config", self.node.conf)
        self.assertIn(FILTER, self.node.nwfilter("nwfilter-list"))
        machine.start_and_boot()
        self.assertEqual(machine.nic_filter(), FILTER)
        machine.stop()
        machine.remove()

    def test_plugging_faster_than_it_is_done(self):
        """The last wish counts, and what is plugged is filtered."""
        first = self.shared.machine("first")
        before = self.node.in_force()
        nic = first.add_nic("nervous")
        mac, path = nic["mac"]["address"], f"vms/{first.id}/nics/{nic['id']}"
        for action in ["deactivate", "activate"] * 4:
            self.api.act(path, action)
        first.guest.console.wait("nic", mac)
        wait_until(lambda: self.api.get("/" + path).get("network_filter", {}).get("name") == FILTER and
                   mac in self.node.domain_xml(first.id), 60, "the NIC to be plugged")
        for action in ["activate", "deactivate"] * 4:
            self.api.act(path, action)
        wait_until(lambda: mac not in self.node.domain_xml(first.id) and self.node.in_force() == before, 60,
                   "the NIC to be unplugged")
        self.check_all_filtered(first)
        self.api.remove_when_possible(path)

    def test_agent_killed_at_any_moment_of_a_start(self):
        """The VM is either up with its filter, or down without a trace; never anything between."""
        chance = random.Random(SEED)
        machine = self.shared.new_machine("interrupted")
        taps, before = self.node.taps(), self.node.in_force()
        for _ in range(6):
            machine.start()
            self.pause(chance.uniform(0, 0.8))
            self.node.kill_agent()
            self.node.start_agent()
            self.shared.site.wait_host()
            state = machine.wait("up", "down")["status"]
            if state == "up":
                wait_until(lambda: machine.nic_filter() == FILTER, 30, "the filter to be reported")
                self.assertEqual(self.node.filters_of(machine.id), [FILTER])
                machine.stop()
            self.assertIsNone(self.node.qemu_pid(machine.id))
            self.check_gone(before, taps)
        machine.remove()

    def test_agent_killed_at_any_moment_of_a_hot_plug(self):
        chance = random.Random(SEED + 1)
        machine = self.shared.new_machine("replugged")
        machine.start_and_boot()
        machine.wait("up")
        for turn in range(4):
            nic = machine.add_nic(f"hot{turn}")
            self.pause(chance.uniform(0, 0.3))
            self.node.kill_agent()
            self.node.start_agent()
            self.shared.site.wait_host()
            machine.wait("up")
            path = f"vms/{machine.id}/nics/{nic['id']}"
            plugged = self.settled(machine, path, nic["mac"]["address"])
            self.check_all_filtered(machine)
            if plugged:
                self.api.act(path, "deactivate")
                wait_until(lambda: nic["mac"]["address"] not in self.node.domain_xml(machine.id), 30,
                           "the NIC to be unplugged")
            self.api.remove_when_possible(path)
        machine.stop()
        machine.remove()

    def check_all_filtered(self, machine):
        interfaces = self.node.domain_xml(machine.id).count("<interface ")
        self.assertEqual(self.node.filters_of(machine.id), [FILTER] * interfaces)

    def settled(self, machine, path, mac):
        """Whether the NIC is plugged, once engine and libvirt say the same."""
        def same():
            engine = self.api.get("/" + path)["plugged"] == "true"
            libvirt = mac in self.node.domain_xml(machine.id)
            return ("yes" if engine else "no") if engine == libvirt else None
        return wait_until(same, 30, "engine and host to agree about the NIC") == "yes"

    def pause(self, seconds):
        """A moment chosen by chance, not a wait for anything."""
        import time
        time.sleep(seconds)
