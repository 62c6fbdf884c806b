# SPDX-License-Identifier: Apache-2.0
"""A lab host with libvirtd and tapwall-agent: what the engine calls a host."""

import json
import os
import signal

import ports
import sanitizer
from errors import LabError, wait_until
from guest import Bridge
from host import Host
from vdsm import Vdsm, VdsmError, dial

LIBVIRT_SECONDS = 30
AGENT_SECONDS = 30
LIST_SECONDS = 10
BASE = ("PREROUTING", "OUTPUT", "POSTROUTING")
RECOVERING = 99  # VDSM's code for "still looking for the VMs that run"

CONF = """[agent]
address=127.0.0.1
port={port}
ca={pki}/ca.pem
certificate={pki}/{name}.pem
key={pki}/private/{name}-key.pem

[libvirt]
domain_type={domain_type}
vm_folders={vm_folders}
poll_seconds=2

[filter]
file={filter}
"""


class Node:
    def __init__(self, name, folder, programs, listener, pki, domain_type, bridges=("tapwall0",)):
        """listener: a socket in the caller's network that the agent serves; pki: the engine's, in which
        the host's certificate is made."""
        self.name, self.folder, self.programs, self.listener, self.pki = name, folder, programs, listener, pki
        self.conf = os.path.join(folder, "agent.conf")
        self.filter_file = os.path.join(programs, "usr", "share", "tapwall", "nwfilter", "vdsm-no-mac-spoofing.xml")
        self.agent_log = os.path.join(folder, "agent.log")
        self.libvirtd = self.agent = None
        self._bridges = {}
        self.host = Host(name, folder)
        try:
            for bridge in bridges:
                self.host.add_bridge(bridge)
            with open(self.conf, "w", encoding="utf-8") as file:
                file.write(CONF.format(port=ports.number(listener), domain_type=domain_type, pki=pki, name=name,
                                       vm_folders=f"{os.path.dirname(programs)}/guest:{folder}",
                                       filter=self.filter_file))
        except BaseException:
            self.host.close()
            raise

    # ---- libvirtd ----

    def start_libvirtd(self):
        self.libvirtd = self.host.spawn(["libvirtd"], log="libvirtd.log")
        wait_until(lambda: self._alive(self.libvirtd, "libvirtd.log") and self.virsh("version", check=False)[0] == 0,
                   LIBVIRT_SECONDS, "libvirtd")

    def virsh(self, *arguments, check=True):
        status, text = self.host.try_run("virsh", "-q", "-c", "qemu:///system", *arguments)
        if check and status != 0:
            raise LabError(f"virsh {' '.join(arguments)}: {text.strip()}")
        return status, text

    def _alive(self, process, log):
        if process.status is not None:
            raise LabError(f"{process.name} ended with status {process.status}; see {self.folder}/{log}")
        return True

    # ---- the agent ----

    def start_agent(self):
        program = os.path.join(self.programs, "usr", "sbin", "tapwall-agent")
        self.agent = self.host.spawn([program, "--config", self.conf], log="agent.log", listen=[self.listener],
                                     environment=sanitizer.OPTIONS)
        wait_until(lambda: self._alive(self.agent, "agent.log") and self.answers(), AGENT_SECONDS, "the agent")

    def connect(self):
        """A client of the agent, with the engine's certificate."""
        return Vdsm(*self._way_to_agent())

    def dial(self):
        """The bare connection of such a client."""
        return dial(*self._way_to_agent())

    def _way_to_agent(self):
        return (ports.number(self.listener), f"{self.pki}/ca.pem", f"{self.pki}/engine.pem",
                f"{self.pki}/private/engine-key.pem")

    def answers(self):
        """Whether the agent serves requests."""
        try:
            with self.connect() as client:
                return client.call("Host.ping2")
        except VdsmError as error:
            if error.code == RECOVERING:
                return False
            raise
        except (OSError, LabError):
            return False

    def stop_agent(self):
        status = self.agent.stop()
        if status != 0:
            raise LabError(f"the agent left status {status}; see {self.agent_log}")

    def kill_agent(self):
        self.agent.kill(signal.SIGKILL)
        self.agent.wait()

    # ---- looking ----

    def bridge(self, name):
        """The lab's ear and mouth on one of the host's bridges."""
        if name not in self._bridges:
            self._bridges[name] = Bridge(self.host, name)
        return self._bridges[name]

    def rules(self):
        """The rules libvirt has made for guests: the names of its ebtables chains and the jumps to them."""
        lines = self.ebtables().splitlines()
        chains = [line for line in lines if line.startswith("Bridge chain: ") and line.split()[2].strip(",") not in BASE]
        jumps = [line for line in lines if "libvirt-" in line and line not in chains]
        return sorted(chains + jumps)  # libvirtd starts its VMs' filters anew in any order

    def ebtables(self):
        # It reads rule by rule, and fails when libvirt changes something meanwhile.
        def listing():
            status, text = self.host.try_run("ebtables", "-t", "nat", "-L")
            return text if status == 0 else None
        return wait_until(listing, LIST_SECONDS, "a listing of ebtables' rules")

    def taps(self):
        """The bridge ports of guests."""
        links = json.loads(self.host.run("ip", "-json", "link", "show"))
        return sorted(link["ifname"] for link in links if link["ifname"].startswith("vnet"))

    def qemu_pid(self, vm_id):
        """The process of a VM as its host numbers it, or None."""
        for pid, argv in self.host.processes():
            if "qemu" in os.path.basename(argv[0]) and vm_id in argv:
                return pid
        return None

    def domain_xml(self, vm_id):
        return self.virsh("dumpxml", vm_id)[1]

    def close(self):
        for bridge in self._bridges.values():
            bridge.socket.close()
        self.host.close()
