# SPDX-License-Identifier: Apache-2.0
"""What ./run shows, in steps: a data center, a cluster, a host, a network, two VMs with a NIC each."""

import os
import time

from guest import BOOT_SECONDS, Guest

CMDLINE = "console=ttyS0 quiet loglevel=1 ipv6.disable=1 panic=-1"
MEMORY = 128 << 20
UNPLUG_SECONDS = 30


class Site:
    """A data center with a cluster, a host and a network, in the engine."""

    def __init__(self, api, name, agent_port, bridge, level=(4, 7)):
        self.api, self.name, self.bridge = api, name, bridge
        self.data_center = api.add("datacenters", name=name)
        self.cluster = self.add_cluster(name, level)
        self.network = api.add("networks", name=name, vdsm_name=bridge,
                               data_center={"id": self.data_center["id"]})
        self.host = api.add("hosts", name=name, address="127.0.0.1", port=str(agent_port),
                            cluster={"id": self.cluster["id"]})

    def add_cluster(self, name, level):
        return self.api.add("clusters", name=name, data_center={"id": self.data_center["id"]},
                            version={"major": str(level[0]), "minor": str(level[1])})

    def wait_host(self, wanted=("up",), seconds=60):
        return self.api.wait_status(f"hosts/{self.host['id']}", wanted, seconds)


class Machine:
    """A VM of the engine whose guest is the test guest."""

    def __init__(self, site, image, name, folder, cluster=None, nics=1):
        self.site, self.api, self.name = site, site.api, name
        self.serial = os.path.join(folder, f"console-{name}.log")
        kernel, initramfs = image
        self.vm = self.api.add(
            "vms", name=name, memory=str(MEMORY), cluster={"id": (cluster or site.cluster)["id"]},
            template={"name": "Blank"},
            os={"kernel": kernel, "initrd": initramfs, "cmdline": CMDLINE},
            custom_properties={"custom_property": [{"name": "serial_log", "value": self.serial}]})
        self.id = self.vm["id"]
        self.nics = [self.add_nic(f"nic{number + 1}") for number in range(nics)]
        self.guest = Guest(name, self.mac if self.nics else None, self.serial)

    @property
    def mac(self):
        return self.nics[0]["mac"]["address"]

    def add_nic(self, name, **members):
        return self.api.add(f"vms/{self.id}/nics", name=name, interface="virtio",
                            network={"id": self.site.network["id"]}, **members)

    def remove_nic(self, nic):
        """Unplugs, waits until it is gone from the guest, and forgets it."""
        path = f"vms/{self.id}/nics/{nic['id']}"
        self.api.act(path, "deactivate")
        self.guest.console.wait("gone", nic["mac"]["address"])
        self.api.remove_when_possible(path, UNPLUG_SECONDS)

    def nic(self, number=0):
        """As the engine now knows it."""
        return self.api.get(f"/vms/{self.id}/nics/{self.nics[number]['id']}")

    def nic_filter(self, number=0):
        """The filter the host reports to be on the NIC, or None."""
        return self.nic(number).get("network_filter", {}).get("name")

    def nic_enforcement(self, number=0):
        """Who enforces it, in the host's words, or None."""
        return self.nic(number).get("network_filter_enforcement")

    def nic_statistics(self, number=0):
        """What is counted at the NIC, by name."""
        listed = self.api.get(f"/vms/{self.id}/nics/{self.nics[number]['id']}/statistics")
        return {each["name"]: int(each["values"]["value"][0]["datum"]) for each in listed.get("statistic", [])}

    def start(self):
        if os.path.exists(self.serial):
            os.unlink(self.serial)  # the lines of an earlier life would be taken for this one's
        self.started = time.time()
        self.api.act(f"vms/{self.id}", "start")

    def wait(self, *wanted, seconds=60):
        return self.api.wait_status(f"vms/{self.id}", wanted, seconds)

    def first_frame_seconds(self, bridge, seconds=BOOT_SECONDS):
        """From the request to start it until its first frame came by on the bridge."""
        return bridge.wait_first(self.mac, seconds) - self.started

    def start_and_boot(self):
        self.start()
        self.wait("up", "powering_up")
        self.guest.wait_ready()

    def stop(self):
        self.api.act(f"vms/{self.id}", "stop")
        self.wait("down")

    def remove(self):
        self.api.remove(f"vms/{self.id}")
