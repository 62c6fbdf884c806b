# SPDX-License-Identifier: Apache-2.0
"""A lab host with libvirtd and tapwall-agent: what the engine calls a host."""

import json
import os
import re
import signal

import ports
import sanitizer
from errors import LabError, wait_until
from guest import Bridge
from host import Host
from vdsm import Vdsm, VdsmError, dial

LIBVIRT_SECONDS = 30
AGENT_SECONDS = 30
TAPWALLD_SECONDS = 30
BINDINGS = "nwfilter:///system?mode=direct"
PINS = "/sys/fs/bpf/tapwall"
LIST_SECONDS = 10
BASE = ("PREROUTING", "OUTPUT", "POSTROUTING")
TAP = re.compile(r"vnet[0-9]+$|tw[0-9a-f]{12}$")  # libvirt's and the agent's
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
enforcement={enforcement}
"""

TAPWALLD_CONF = """[tapwalld]
grace_seconds=3
"""


class Node:
    def __init__(self, name, folder, programs, listener, pki, domain_type, bridges=("tapwall0",),
                 enforcement="libvirt"):
        """listener: a socket in the caller's network that the agent serves; pki: the engine's, in which
        the host's certificate is made; enforcement: the agent's key of that name."""
        self.name, self.folder, self.programs, self.listener, self.pki = name, folder, programs, listener, pki
        self.conf = os.path.join(folder, "agent.conf")
        self.filter_file = os.path.join(programs, "usr", "share", "tapwall", "nwfilter", "vdsm-no-mac-spoofing.xml")
        self.agent_log = os.path.join(folder, "agent.log")
        self.tapwalld_log = os.path.join(folder, "tapwalld.log")
        self.enforcement = enforcement
        self.libvirtd = self.agent = self.tapwalld = None
        self._bridges = {}
        self.host = Host(name, folder)
        try:
            for bridge in bridges:
                self.host.add_bridge(bridge)
            with open(self.conf, "w", encoding="utf-8") as file:
                file.write(CONF.format(port=ports.number(listener), domain_type=domain_type, pki=pki, name=name,
                                       vm_folders=f"{os.path.dirname(programs)}/guest:{folder}",
                                       filter=self.filter_file, enforcement=enforcement))
            with open(os.path.join(folder, "tapwalld.conf"), "w", encoding="utf-8") as file:
                file.write(TAPWALLD_CONF)
        except BaseException:
            self.host.close()
            raise

    # ---- tapwalld, where it enforces ----

    def start_tapwalld(self):
        """Until it answers libvirt's clients."""
        program = os.path.join(self.programs, "usr", "sbin", "tapwalld")
        self.host.run("mkdir", "-p", "/run/libvirt", "/run/tapwall")
        self.tapwalld = self.host.spawn([program, "--config", os.path.join(self.folder, "tapwalld.conf")],
                                        log="tapwalld.log", environment=sanitizer.OPTIONS)
        wait_until(lambda: self._alive(self.tapwalld, "tapwalld.log") and
                   self.host.try_run("virsh", "-q", "-c", BINDINGS, "nwfilter-binding-list")[0] == 0,
                   TAPWALLD_SECONDS, "tapwalld")

    def stop_tapwalld(self):
        status = self.tapwalld.stop()
        if status != 0:
            raise LabError(f"tapwalld left status {status}; see {self.tapwalld_log}")

    def kill_tapwalld(self):
        self.tapwalld.kill(signal.SIGKILL)
        self.tapwalld.wait()

    def nwfilter(self, *arguments):
        """virsh where this host's filters are."""
        return self.host.run("virsh", "-q", "-c", BINDINGS if self.enforcement == "tapwall" else "qemu:///system",
                             *arguments)

    def bindings(self):
        """[port, filter] of every binding, sorted."""
        listing = self.host.run("virsh", "-q", "-c", BINDINGS, "nwfilter-binding-list")
        return sorted(line.split() for line in listing.splitlines() if line.strip())

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
        self.start_agent_unready()
        self.wait_agent()

    def start_agent_unready(self):
        """Without waiting for what it waits for."""
        program = os.path.join(self.programs, "usr", "sbin", "tapwall-agent")
        self.agent = self.host.spawn([program, "--config", self.conf], log="agent.log", listen=[self.listener],
                                     environment=sanitizer.OPTIONS)

    def wait_agent(self):
        wait_until(lambda: self._alive(self.agent, "agent.log") and self.answers(), AGENT_SECONDS, "the agent")

    def agent_words(self):
        """What it has logged until now, with that of its predecessors."""
        with open(self.agent_log, encoding="utf-8", errors="replace") as file:
            return file.read()

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

    def switch(self, enforcement):
        """As an administrator would: the key, and a restart of the agent."""
        with open(self.conf, encoding="utf-8") as file:
            text = file.read()
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write(text.replace(f"enforcement={self.enforcement}", f"enforcement={enforcement}"))
        self.enforcement = enforcement
        self.stop_agent()
        self.start_agent()

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

    def in_force(self):
        """What enforces filters on this host's ports now, as text to compare, the port's name in each line."""
        if self.enforcement == "libvirt":
            return self.rules()
        indexes = {str(link["ifindex"]): link["ifname"] for link in self.links()}
        pins = self.host.run("find", PINS, "-name", "[0-9]*-*", "-printf", "%f\\n").split()
        hooks = [f"hook {pin} of {indexes.get(pin.split('-')[0], 'no device')}" for pin in pins]
        return sorted([f"binding {port} {name}" for port, name in self.bindings()] + hooks)

    def filters_of(self, vm_id):
        """The filters that are really on a VM's NICs, whoever enforces them."""
        xml = self.domain_xml(vm_id)
        if self.enforcement == "libvirt":
            return re.findall(r"<interface.*?<filterref filter='([^']*)'", xml, re.DOTALL)
        taps = re.findall(r"<target dev='([^']*)' managed='no'/>", xml)
        return [name for port, name in self.bindings() if port in taps]

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
        return sorted(link["ifname"] for link in self.links() if TAP.match(link["ifname"]))

    def links(self):
        return json.loads(self.host.run("ip", "-json", "link", "show"))

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
