# SPDX-License-Identifier: Apache-2.0
"""The start of a VM, where libvirt's own rules enforce its filter ("stock") and where tapwalld does ("tapwall").
What the engine and the agent add to it: from the request to the engine's API until the API says that it runs, less
the time libvirt itself took, as the agent logs it. How long it is until the guest's first honest frame is on the
bridge. And what memory engine and agent take, at rest beside a host that is up.

usage: bench-start.py STAGE     STAGE: the staged installation's folder below build/

Real libvirtd, real guests, in the lab's namespaces. Prints "name value unit", medians of RUNS starts, in which the
two take turns.
"""

import http.client
import json
import os
import re
import statistics
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tests", "lab")]

import ports  # noqa: E402
from api import BASE  # noqa: E402
from errors import LabError  # noqa: E402
from lab import BRIDGE, Lab  # noqa: E402
from scenario import Machine, Site  # noqa: E402

RUNS = 9
START_SECONDS = 120
RUNNING = ("powering_up", "up")
LIBVIRT = re.compile(r"vm=(\S+) libvirt_ms=([0-9.]+) created=yes")


class Connection:
    """One kept connection to the API, so that what is measured is not the handshake."""

    def __init__(self, api):
        self.headers = {"Authorization": api.authorization, "Accept": "application/json",
                        "Content-Type": "application/json"}
        self.http = http.client.HTTPSConnection("127.0.0.1", api.port, context=api.tls, timeout=START_SECONDS)

    def request(self, method, path, body=None):
        self.http.request(method, BASE + path, body=body, headers=self.headers)
        answer = self.http.getresponse()
        data = answer.read()
        if answer.status >= 300:
            raise LabError(f"{method} {path}: HTTP {answer.status}: {data.decode(errors='replace')}")
        return json.loads(data)


def libvirt_times(node, vm_id):
    with open(node.agent_log, encoding="utf-8") as log:
        return [float(ms) for vm, ms in LIBVIRT.findall(log.read()) if vm == vm_id]


def start_once(connection, machine):
    """ms from the request until the API says that the VM runs."""
    begun = time.monotonic()
    connection.request("POST", f"/vms/{machine.id}/start", "{}")
    while connection.request("GET", f"/vms/{machine.id}")["status"] not in RUNNING:
        if time.monotonic() - begun > START_SECONDS:
            raise LabError("the VM does not start")
    return (time.monotonic() - begun) * 1000


def resident(status):
    """MiB, from the text of /proc/PID/status."""
    return int(re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE).group(1)) / 1024


def print_memory(lab, node):
    with open(f"/proc/{lab.engine.process.pid}/status", encoding="utf-8") as file:
        print(f"start.engine_memory_at_rest {resident(file.read()):.1f} MiB")
    status, text = node.host.try_run("cat", f"/proc/{node.agent.pid}/status")
    if status != 0:
        raise LabError(f"the agent's memory: {text}")
    print(f"start.agent_memory_at_rest {resident(text):.1f} MiB")


class Contender:
    """A host of one kind with a VM."""

    def __init__(self, lab, name, enforcement):
        self.name = name
        self.node = lab.add_node(name, enforcement=enforcement)
        self.site = Site(lab.api, name, ports.number(self.node.listener), BRIDGE)
        self.site.wait_host()
        self.machine = Machine(self.site, lab.image, name, self.node.folder)
        self.bridge = self.node.bridge(BRIDGE)
        self.totals, self.firsts = [], []

    def run(self, connection):
        self.bridge.forget(self.machine.mac)
        begun = time.time()
        self.totals.append(start_once(connection, self.machine))
        self.firsts.append(self.bridge.wait_first(self.machine.mac, START_SECONDS) - begun)
        self.machine.stop()

    def print_figures(self):
        times = libvirt_times(self.node, self.machine.id)
        if len(times) != len(self.totals):
            raise LabError(f"{len(self.totals)} starts, but the agent's log tells of {len(times)}")
        added = [total - own for total, own in zip(self.totals, times)][1:]  # the first warms up
        print(f"start.{self.name}_total_p50 {statistics.median(self.totals[1:]):.1f} ms")
        print(f"start.{self.name}_libvirt_p50 {statistics.median(times[1:]):.1f} ms")
        print(f"start.{self.name}_added_p50 {statistics.median(added):.1f} ms")
        print(f"start.{self.name}_added_max {max(added):.1f} ms")
        print(f"start.{self.name}_first_frame_p50 {statistics.median(self.firsts[1:]):.3f} s")


def main():
    with Lab(stage=sys.argv[1]) as lab:
        lab.start_engine()
        contenders = [Contender(lab, "stock", "libvirt"), Contender(lab, "tapwall", "tapwall")]
        print_memory(lab, contenders[0].node)
        connection = Connection(lab.api)
        for _ in range(RUNS + 1):
            for contender in contenders:
                contender.run(connection)
        for contender in contenders:
            contender.print_figures()


if __name__ == "__main__":
    main()
