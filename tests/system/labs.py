# SPDX-License-Identifier: Apache-2.0
"""The labs that system tests share, since starting one takes seconds; suite.py closes them."""

import ports
from lab import BRIDGE, Lab
from scenario import Machine, Site

STAGE = "stage-asan"
# So that what takes a minute in earnest takes seconds here.
IMPATIENT = """poll_seconds=2
heartbeat_ms=1000
reply_timeout_seconds=60
grace_seconds=3"""
_labs = {}


class Shared:
    """A lab with one host, known to the engine as a site, and a pair of guests when asked for."""

    def __init__(self, name, engine_extra=IMPATIENT, enforcement="libvirt"):
        self.lab = Lab(STAGE, engine_extra=engine_extra)
        self.name = name
        try:
            self.lab.start_engine()
            self.node = self.lab.add_node("host1", enforcement=enforcement)
            self.site = Site(self.lab.api, "site", ports.number(self.node.listener), BRIDGE)
            self.site.wait_host()
        except BaseException:
            self.lab.keep = True
            self.lab.close()
            raise
        self.bridge = self.node.bridge(BRIDGE)
        self._machines = {}

    @property
    def api(self):
        return self.lab.api

    def machine(self, name, cluster=None):
        """A VM that is up, with its guest booted; the same one for every caller of that name."""
        machine = self._machines.get(name)
        if machine is None:
            machine = Machine(self.site, self.lab.image, name, self.node.folder, cluster)
            self._machines[name] = machine
        if self.api.get(f"/vms/{machine.id}")["status"] == "down":
            machine.start_and_boot()
            machine.wait("up")
        return machine

    def new_machine(self, name, cluster=None, nics=1):
        """A VM of the caller's own, not started."""
        return Machine(self.site, self.lab.image, name, self.node.folder, cluster, nics)


class Bare:
    """A host with its agent, but no engine: only the engine's certificates are made."""

    def __init__(self):
        self.lab = Lab(STAGE)
        self.bridge = BRIDGE
        try:
            self.lab.engine.init()
            self.node = self.lab.add_node("bare")
        except BaseException:
            self.lab.keep = True
            self.lab.close()
            raise


def bare():
    if "agent" not in _labs:
        _labs["agent"] = Bare()
    return _labs["agent"]


MAIN = {"name": "main"}
TAPWALL = {"name": "tapwall", "enforcement": "tapwall"}  # its filters are tapwalld's


def shared(name="main", **arguments):
    if name not in _labs:
        _labs[name] = Shared(name, **arguments)
    return _labs[name]


def close_all():
    """Shuts every lab down; yields (name, what was wrong about it, or '')."""
    while _labs:
        name, each = _labs.popitem()
        problem = each.lab.shut_down()
        yield f"shut down lab {name} without leak or error", problem
