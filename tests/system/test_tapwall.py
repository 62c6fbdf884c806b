# SPDX-License-Identifier: Apache-2.0
"""The same promises where tapwalld enforces: the agent's own taps, bound before they join a bridge, beside a libvirtd
that knows nothing of it. And what only tapwalld promises: never a gap."""

import labs
import test_life
import test_spoofing
import traffic
from errors import wait_until
from vdsm import VdsmError

FILTER = test_spoofing.FILTER
SECOND_BRIDGE = "tapwall1"


class Spoofing(test_spoofing.Spoofing):
    LAB = labs.TAPWALL

    def test_5_dropped_frames_are_shown(self):
        """What tapwalld counts at the port reaches the API."""
        first, second = self.shared.machine("first"), self.shared.machine("second")
        before = first.nic_statistics().get("data.dropped.filter.tx", 0)
        self.measure(first, second, filtered=True)
        sent = sum(20 for kind in test_life.frames.KINDS if not kind.honest)
        wait_until(lambda: first.nic_statistics().get("data.dropped.filter.tx", 0) >= before + sent, 30,
                   f"{sent} more dropped frames to be reported")

    def test_6_libvirt_has_no_part_in_it(self):
        self.shared.machine("first")
        self.assertEqual(self.node.rules(), [])


class Destroy(test_life.Destroy):
    LAB = labs.TAPWALL


class Restart(test_life.Restart):
    LAB = labs.TAPWALL

    def test_tapwalld_restarted(self):
        def restart():
            self.node.stop_tapwalld()
            self.node.start_tapwalld()
        self.survives(restart)

    def test_tapwalld_killed(self):
        def restart():
            self.node.kill_tapwalld()
            self.node.start_tapwalld()
        self.survives(restart)

    def test_all_at_once(self):
        def restart():
            self.node.kill_tapwalld()
            self.node.kill_agent()
            self.node.libvirtd.kill(9)
            self.node.libvirtd.wait()
            self.node.start_agent_unready()
            self.node.start_libvirtd()
            self.node.start_tapwalld()
            self.node.wait_agent()
        self.survives(restart)


class Flow(test_life.Flow):
    LAB = labs.TAPWALL

    def disturb(self):
        self.node.kill_tapwalld()
        self.node.start_tapwalld()
        self.node.host.run("nft", "flush", "ruleset")
        super().disturb()


class Trouble(test_life.Trouble):
    LAB = labs.TAPWALL

    def test_a_start_without_tapwalld(self):
        """A clear error, and no tap is left; what runs goes on."""
        first, second = self.shared.machine("first"), self.shared.machine("second")
        machine = self.shared.new_machine("alone")
        before, taps = self.node.in_force(), self.node.taps()
        self.node.kill_tapwalld()
        try:
            machine.start()
            down = machine.wait("down")
            wait_until(lambda: "virtnwfilterd-sock" in self.shared.api.get(f"/vms/{machine.id}").get(
                "status_detail", ""), 10, f"the reason, not {down.get('status_detail')}")
            self.assertEqual(self.node.taps(), taps)
            self.check_filtered()
        finally:
            self.node.start_tapwalld()
        self.check_gone(before, taps)
        machine.start_and_boot()
        self.assertEqual(self.node.filters_of(machine.id), [FILTER])
        machine.stop()
        machine.remove()
        self.assertEqual([first.nic_filter(), second.nic_filter()], [FILTER, FILTER])

    def test_tapwalld_comes_after_the_agent(self):
        """The agent's filter is defined when it does."""
        for name in ("first", "second"):
            self.shared.machine(name).stop()
        self.node.nwfilter("nwfilter-undefine", FILTER)
        self.node.stop_tapwalld()
        self.node.stop_agent()
        line = f"filter={FILTER} defined"
        before = self.node.agent_words().count(line)
        self.node.start_agent()
        self.assertEqual(self.node.agent_words().count(line), before)
        self.node.start_tapwalld()
        wait_until(lambda: self.node.agent_words().count(line) > before, 30, "the filter to be defined")
        self.shared.site.wait_host()
        self.check_filtered()

    def test_a_binding_that_is_gone(self):
        """A NIC found unbound is out of its network until it is bound."""
        first = self.shared.machine("first")
        tap = self.tap_of(first)
        before = self.node.in_force()
        self.node.kill_agent()
        self.node.nwfilter("nwfilter-binding-delete", tap)
        self.node.start_agent()
        wait_until(lambda: self.node.in_force() == before, 30, "the NIC to be bound again")
        self.assertIn("it was unbound, and was out of its network until it was bound", self.node.agent_words())
        self.check_filtered()

    def test_what_is_left_over(self):
        """A tap of a VM that is gone, and one of no VM at all."""
        before, taps = self.node.in_force(), self.node.taps()
        machine = self.shared.new_machine("orphan")
        machine.start_and_boot()
        tap = self.tap_of(machine)
        self.node.kill_agent()
        self.node.host.call("kill", pid=self.node.qemu_pid(machine.id), signal=9)
        wait_until(lambda: self.node.qemu_pid(machine.id) is None, 10, "QEMU's end")
        self.assertIn(tap, self.node.taps())
        self.node.start_agent()
        machine.wait("down")
        self.check_gone(before, taps)
        machine.remove()

    def tap_of(self, machine):
        return "tw" + machine.mac.replace(":", "")


class Update(test_life.Life):
    """VM.updateDevice under a flood of forged frames from the guest: none arrives, whatever changes."""

    LAB = labs.TAPWALL
    FLOOD, INTERVAL_MS = 12000, 1

    def setUp(self):
        super().setUp()
        self.client = self.node.connect()
        self.addCleanup(self.client.close)

    def update(self, machine, **members):
        self.client.call("VM.updateDevice", vmID=machine.id,
                         params={"vmId": machine.id, "deviceType": "interface", "macAddr": machine.mac, **members})

    def flood(self, machine, other, text, run, count=FLOOD):
        kind = next(kind for kind in test_life.frames.KINDS if kind.text == text)
        parties = test_life.frames.Parties(own=machine.mac, peer=other.mac)
        machine.guest.send(self.shared.bridge, kind.frame(parties, run), count, interval_ms=self.INTERVAL_MS)
        return kind.number

    def test_filter_and_parameters(self):
        """100 changes; honest frames to the NIC pass all the while."""
        first, second = self.shared.machine("first"), self.shared.machine("second")
        run, bridge = self.shared.lab.next_run(), self.shared.bridge
        forged = self.flood(first, second, "MAC of nobody, broadcast", run)
        honest = self.flood(second, first, "own MAC, broadcast", run)
        for turn in range(50):
            self.update(first, filter="no-mac-spoofing")
            self.update(first, filter=FILTER, filterParameters=[{"name": "TURN", "value": str(turn)}])
        self.assertNotIn((run, forged), bridge.markers, "the flood ended before the changes did")
        for kind in (forged, honest):
            bridge.wait_marker(run, kind, seconds=60)
        self.assertEqual(bridge.count(run, forged), 0)
        self.assertEqual(second.guest.received(run, forged), (0, 0))
        self.assertEqual(bridge.count(run, honest), self.FLOOD)
        self.assertEqual(first.guest.received(run, honest), (self.FLOOD, self.FLOOD))
        self.update(first, filterParameters=[])
        self.assertEqual(self.node.filters_of(first.id), [FILTER])
        self.check_filtered()

    def test_network(self):
        first, second = self.shared.machine("first"), self.shared.machine("second")
        self.node.host.add_bridge(SECOND_BRIDGE)
        other = self.node.bridge(SECOND_BRIDGE)
        run, bridge = self.shared.lab.next_run(), self.shared.bridge
        forged = self.flood(first, second, "MAC of nobody, broadcast", run)
        for _ in range(10):
            self.update(first, network=SECOND_BRIDGE)
            self.assertEqual(self.master_of(first), SECOND_BRIDGE)
            self.update(first, network=bridge.name)
        self.assertEqual(self.master_of(first), bridge.name)
        bridge.wait_marker(run, forged, seconds=60)
        other.forget(first.mac)  # reads all that came
        self.assertEqual(bridge.count(run, forged), 0)
        self.assertEqual(other.count(run, forged), 0)
        self.check_filtered()

    def master_of(self, machine):
        tap = "tw" + machine.mac.replace(":", "")
        return next(link.get("master") for link in self.node.links() if link["ifname"] == tap)

    def test_what_cannot_be(self):
        """A refused change leaves the NIC as it was."""
        first = self.shared.machine("first")
        before = self.node.in_force()
        for members in ({"filter": "no-such-filter"}, {"network": "no-such-bridge"},
                        {"filter": "clean-traffic", "filterParameters": [{"name": "CTRL_IP_LEARNING", "value": "none"}]}):
            with self.assertRaises(VdsmError):
                self.update(first, **members)
            self.assertEqual(self.node.in_force(), before)
        self.assertEqual(first.nic_filter(), FILTER)
        self.check_filtered()


class Switch(test_life.Life):
    """A host is switched to tapwalld and back while VMs run: each NIC keeps its enforcer, and all are filtered."""

    LAB = {"name": "switch"}

    def test_there_and_back(self):
        first = self.shared.machine("first")  # of libvirt
        before = self.node.rules()
        self.node.start_tapwalld()
        self.node.switch("tapwall")
        self.shared.site.wait_host()
        second = self.shared.machine("second")  # of tapwalld
        nic = first.add_nic("hot")              # of tapwalld, too, beside libvirt's
        first.guest.wait_ready(nic["mac"]["address"])
        first.nics.append(nic)
        self.check_enforcers(first, second)
        self.node.switch("libvirt")
        self.shared.site.wait_host()
        self.check_enforcers(first, second)
        first.remove_nic(first.nics.pop())
        second.stop()
        wait_until(lambda: not self.node.bindings() and len(self.node.taps()) == 1, 10, "tapwalld to have no port")
        second.start_and_boot()  # of libvirt
        wait_until(lambda: second.nic_enforcement() == "libvirt", 30, "libvirt to enforce the second's filter")
        self.assertEqual(self.node.bindings(), [])
        second.stop()
        wait_until(lambda: self.node.rules() == before, 10, "the second's rules to go")
        self.node.stop_tapwalld()
        self.node.tapwalld = None

    def check_enforcers(self, first, second):
        for machine, number, wanted in ((first, 0, "libvirt"), (first, 1, "tapwall"), (second, 0, "tapwall")):
            wait_until(lambda: machine.nic_enforcement(number) == wanted, 30,
                       f"{wanted} to enforce the filter of NIC {number} of {machine.name}")
        self.check_filtered()
        outcome = traffic.measure(self.node.host, self.shared.bridge, first.guest, second.guest,
                                  self.shared.lab.next_run(), True, sender_mac=first.nics[1]["mac"]["address"])
        self.assertEqual(outcome.problems(), [])
        outcome = traffic.measure(self.node.host, self.shared.bridge, second.guest, first.guest,
                                  self.shared.lab.next_run(), True)
        self.assertEqual(outcome.problems(), [])


class Limited(test_life.Life):
    """Bandwidth limits and tapwalld's hooks on one tap. The disciplines are those libvirt uses for <bandwidth>, added
    by hand: libvirt itself also wants sfq and act_police, which not every kernel has."""

    LAB = labs.TAPWALL

    def test_bandwidth(self):
        first, _ = self.shared.machine("first"), self.shared.machine("second")
        tap = "tw" + first.mac.replace(":", "")
        before = self.node.in_force()
        for command in ("qdisc replace dev {} root handle 1: htb default 1",
                        "class add dev {} parent 1: classid 1:1 htb rate 100mbit", "qdisc add dev {} ingress"):
            self.node.host.run("tc", *command.format(tap).split())
        self.check_filtered()
        for command in ("qdisc del dev {} root", "qdisc del dev {} ingress"):
            self.node.host.run("tc", *command.format(tap).split())
        self.check_filtered()
        self.assertEqual(self.node.in_force(), before)
