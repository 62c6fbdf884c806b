# SPDX-License-Identifier: Apache-2.0
"""The agent and a real libvirt, without an engine: VDSM's verbs and events as a client sees them."""

import json
import unittest
import uuid

import labs
from errors import wait_until
from scenario import CMDLINE
from vdsm import VdsmError

FILTER = "vdsm-no-mac-spoofing"


class Agent(unittest.TestCase):
    def setUp(self):
        self.bare = labs.bare()
        self.node = self.bare.node
        self.client = self.node.connect()
        self.addCleanup(self.client.close)
        self.vms = []
        self.addCleanup(self.destroy_all)

    def destroy_all(self):
        with self.node.connect() as client:
            for vm_id in self.vms:
                try:
                    client.call("VM.destroy", vmID=vm_id)
                except VdsmError as error:
                    self.assertEqual(error.code, 1)
        self.assertEqual(self.node.rules(), [])
        self.assertEqual(self.node.taps(), [])

    def nic(self, number=1, **members):
        return {"type": "interface", "device": "bridge", "nicModel": "pv", "network": self.bare.bridge,
                "macAddr": f"52:54:00:aa:00:{number:02x}", "linkActive": True, **members}

    def create(self, *nics, **members):
        vm_id = str(uuid.uuid4())
        kernel, initramfs = self.bare.lab.image
        self.vms.append(vm_id)
        params = {"vmId": vm_id, "vmName": f"vm-{vm_id[:8]}", "memSize": "128", "kernel": kernel,
                  "initrd": initramfs, "kernelArgs": CMDLINE, "devices": list(nics), **members}
        return vm_id, self.client.call("VM.create", vmID=vm_id, vmParams=params)

    def running(self, *nics):
        vm_id, answer = self.create(*nics)
        self.assertEqual(answer["status"], "WaitForLaunch")
        state = self.client.wait_event(vm_id, lambda params: params["status"] in ("Up", "Powering up", "Down"))
        self.assertNotEqual(state["status"], "Down", state.get("exitMessage"))
        wait_until(lambda: self.node.taps(), 30, "the VM's tap")
        return vm_id

    def reported(self, vm_id):
        """The NICs of a VM as getVMFullList has them."""
        full = self.client.call("Host.getVMFullList", vmList=[vm_id])[0]
        return [device for device in full["devices"] if device.get("type") == "interface"]

    def refuse(self, code, method, **params):
        with self.assertRaises(VdsmError) as caught:
            self.client.call(method, **params)
        self.assertEqual(caught.exception.code, code, caught.exception)
        return caught.exception.message

    # ---- the filter of a NIC ----

    def test_filter_of_a_list(self):
        vm_id = self.running(self.nic(filters=[FILTER]))
        self.assertEqual([nic.get("filter") for nic in self.reported(vm_id)], [FILTER])
        xml = self.client.call("Host.dumpxmls", vmList=[vm_id])[vm_id]
        self.assertIn(f"<filterref filter='{FILTER}'/>", xml)
        self.assertTrue(self.node.rules())

    def test_filter_of_the_later_form_with_parameters(self):
        parameters = [{"name": "IP", "value": "192.0.2.1"}, {"name": "IP", "value": "192.0.2.2"}]
        vm_id = self.running(self.nic(filter="clean-traffic", filterParameters=parameters))
        nic = self.reported(vm_id)[0]
        self.assertEqual(nic["filter"], "clean-traffic")
        self.assertEqual([each for each in nic["filterParameters"] if each["name"] == "IP"], parameters)

    def test_no_filter_asked_for(self):
        vm_id = self.running(self.nic())
        self.assertFalse(self.reported(vm_id)[0].get("filter"))
        self.assertNotIn("filterref", self.node.domain_xml(vm_id))
        self.assertEqual(self.node.rules(), [])

    def test_two_filters(self):
        with self.assertRaises(VdsmError) as caught:
            self.create(self.nic(filters=["no-mac-spoofing", "no-arp-mac-spoofing"]))
        self.assertIn(caught.exception.code, (11, 91))
        self.assertIn("one", caught.exception.message)

    def test_unknown_filter(self):
        vm_id, answer = self.create(self.nic(filters=["no-such-filter"]))
        self.assertEqual(answer["status"], "WaitForLaunch")
        down = self.client.wait_event(vm_id, lambda params: params["status"] == "Down")
        self.assertIn("no-such-filter", down["exitMessage"])
        self.assertIn("missing", down["exitMessage"])
        self.assertEqual(int(down["exitCode"]), 1)

    def test_hot_plug_update_and_unplug(self):
        vm_id = self.running(self.nic())
        plugged = self.nic(2, filters=[FILTER])
        self.client.call("VM.hotplugNic", vmID=vm_id, params={"vmId": vm_id, "nic": plugged})
        nic = next(each for each in self.reported(vm_id) if each["macAddr"] == plugged["macAddr"])
        self.assertEqual(nic["filter"], FILTER)
        update = {"vmId": vm_id, "deviceType": "interface", "alias": nic["alias"], "linkActive": False}
        self.client.call("VM.updateDevice", vmID=vm_id, params=update)
        nic = next(each for each in self.reported(vm_id) if each["macAddr"] == plugged["macAddr"])
        self.assertEqual(nic["filter"], FILTER, "an update that says nothing of the filter keeps it")
        self.assertIn(nic["linkActive"], (False, "false"))
        self.assertIn(f"<filterref filter='{FILTER}'/>", self.node.domain_xml(vm_id))
        self.assertTrue(self.node.rules())
        message = self.refuse(49, "VM.hotplugNic", vmID=vm_id,
                              params={"vmId": vm_id, "nic": self.nic(3, filters=["no-such-filter"])})
        self.assertIn("no-such-filter", message)
        self.assertEqual(len(self.reported(vm_id)), 2)

    # ---- what is refused ----

    def test_bad_calls(self):
        absent = str(uuid.uuid4())
        self.assertIn(absent, self.refuse(1, "VM.getStats", vmID=absent))
        self.refuse(1, "VM.destroy", vmID=absent)
        self.refuse(-32601, "VM.fly", vmID=absent)
        self.refuse(11, "VM.create", vmID=absent, vmParams={"vmId": absent})
        self.refuse(11, "VM.create", vmID="x", vmParams={"vmId": "x", "memSize": 128})
        self.assertTrue(self.client.call("Host.ping2"))

    def test_a_vm_twice(self):
        vm_id = self.running(self.nic())
        self.refuse(4, "VM.create", vmID=vm_id, vmParams={"vmId": vm_id, "memSize": 128})
        other = str(uuid.uuid4())
        message = self.refuse(91, "VM.create", vmID=other,
                              vmParams={"vmId": other, "memSize": 128, "devices": [self.nic()]})
        self.assertIn("52:54:00:aa:00:01", message)

    def test_a_network_the_host_has_not(self):
        vm_id = str(uuid.uuid4())
        message = self.refuse(91, "VM.create", vmID=vm_id, vmParams={
            "vmId": vm_id, "memSize": 128, "devices": [self.nic(network="nowhere")]})
        self.assertIn("nowhere", message)

    def test_a_file_that_is_not_for_vms(self):
        vm_id = str(uuid.uuid4())
        for key, value in [("serialLog", "/etc/cron.d/x"), ("kernel", "/etc/shadow"),
                           ("initrd", f"{self.node.folder}/../x"), ("drives", [{"path": "/dev/sda"}])]:
            message = self.refuse(91, "VM.create", vmID=vm_id, vmParams={"vmId": vm_id, "memSize": 128, key: value})
            self.assertIn("vm_folders", message)

    def test_a_plug_asked_for_twice(self):
        vm_id = self.running(self.nic())
        plug = {"vmId": vm_id, "nic": self.nic(2, filter=FILTER)}
        with self.node.connect() as other:
            first, second = [client.ask("VM.hotplugNic", vmID=vm_id, params=plug) for client in (self.client, other)]
            for answer in (self.client.answer(first), other.answer(second)):
                self.assertIn("52:54:00:aa:00:02", str(answer["devices"]))
        self.assertEqual(self.node.domain_xml(vm_id).count("52:54:00:aa:00:02"), 1 + 1)  # and in our metadata

    # ---- clients beside each other ----

    def test_what_vdsms_python_client_sends(self):
        """CONNECT and SUBSCRIBE at once, a call as a list of one, no DISCONNECT."""
        queue, subscription, call = [str(uuid.uuid4()) for _ in range(3)]
        body = json.dumps([{"jsonrpc": "2.0", "method": "Host.ping2", "params": {}, "id": call}])
        said = (f"CONNECT\naccept-version:1.2\nheart-beat:0,24000\n\n\0"
                f"SUBSCRIBE\ndestination:{queue}\nack:auto\nid:{subscription}\n\n\0"
                f"SEND\ndestination:jms.topic.vdsm_requests\ncontent-type:application/json\nreply-to:{queue}\n"
                f"ovirtCorrelationId:abc\ncontent-length:{len(body)}\n\n{body}\0")
        with self.node.dial() as connection:
            connection.sendall(said.encode())
            heard = b""
            while heard.count(b"\0") < 2:
                part = connection.recv(65536)
                self.assertTrue(part, heard)
                heard += part
            connection.sendall(f"UNSUBSCRIBE\nid:{subscription}\n\n\0".encode())
        connected, message = [frame.decode().lstrip("\n").split("\n\n") for frame in heard.split(b"\0")[:2]]
        self.assertEqual(connected, ["CONNECTED\nversion:1.2\nheart-beat:24000,0", ""])
        self.assertIn(f"\nsubscription:{subscription}\n", message[0] + "\n")
        self.assertEqual(json.loads(message[1]), {"jsonrpc": "2.0", "id": call, "result": True})
        self.assertTrue(self.client.call("Host.ping2"))

    def test_answers_go_to_the_connection_that_asked(self):
        with self.node.connect() as other:
            mine, theirs = self.client.ask("Host.ping2"), other.ask("Host.getVMList")
            self.assertEqual(mine, theirs)
            self.assertIs(self.client.answer(mine), True)
            self.assertIsInstance(other.answer(theirs), list)

    def test_capabilities(self):
        answer = self.client.call("Host.getCapabilities")
        self.assertIn(FILTER, str(answer))
        self.assertIn("4.7", answer["clusterLevels"])
        self.assertIn("libvirt", answer["packages2"])
