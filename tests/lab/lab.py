# SPDX-License-Identifier: Apache-2.0
"""A whole installation: one engine, some hosts, ready for use."""

import fcntl
import os
import shutil

import image
import ports
import probe
import sanitizer
from engine import Engine
from errors import LabError
from node import Node

TOP = image.REPOSITORY
BUILD = os.path.join(TOP, "build")
LABS = os.path.join(BUILD, "labs")
BRIDGE = "tapwall0"


def _sweep():
    """Removes the folders of labs that are gone: a living one holds a lock on its own."""
    for name in os.listdir(LABS):
        folder = os.path.join(LABS, name)
        try:
            with open(os.path.join(folder, "lock"), "ab") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except (BlockingIOError, FileNotFoundError, NotADirectoryError):
            pass


def _make_folder():
    os.makedirs(LABS, exist_ok=True)
    _sweep()
    folder = os.path.join(LABS, str(os.getpid()))
    serial = 0
    while os.path.exists(folder):
        serial += 1
        folder = os.path.join(LABS, f"{os.getpid()}-{serial}")
    os.makedirs(folder)
    lock = open(os.path.join(folder, "lock"), "ab")  # held for as long as the lab lives
    fcntl.flock(lock, fcntl.LOCK_EX)
    return folder, lock


class Lab:
    def __init__(self, stage="stage", engine_listener=None, engine_extra=""):
        """stage: which staged installation below build/."""
        self.programs = os.path.join(BUILD, stage)
        self.folder, self.lock = _make_folder()
        self.image = image.build(os.path.join(BUILD, "guest"))
        self.domain_type = probe.domain_type(self.image, os.path.join(BUILD, "guest"))
        self.nodes = []
        self.runs = 0
        self.keep = False  # whether the logs stay
        self.engine = Engine(os.path.join(self.folder, "engine"), self.programs,
                             engine_listener or ports.listen(0), engine_extra)
        self.api = None

    def start_engine(self):
        self.engine.init()
        self.engine.start()
        self.api = self.engine.api()

    def add_node(self, name, listener=None, enforcement="libvirt"):
        """A host with everything running on it; the engine is not told."""
        pki = os.path.join(self.engine.folder, "pki")
        self.issue_certificate(name)
        node = Node(name, os.path.join(self.folder, name), self.programs, listener or ports.listen(0), pki,
                    self.domain_type, [BRIDGE], enforcement)
        self.nodes.append(node)
        if enforcement == "tapwall":
            node.start_tapwalld()
        node.start_libvirtd()
        node.start_agent()
        return node

    def issue_certificate(self, name):
        self.engine.tool("sbin/tapwall-engine", "--config", self.engine.conf, "--issue", name)

    def next_run(self):
        """A number no earlier traffic of this lab has."""
        self.runs += 1
        return self.runs

    def problems(self):
        """What the sanitizers, or GLib, found in the programs' logs so far."""
        logs = [self.engine.log]
        logs += [log for node in self.nodes for log in (node.agent_log, node.tapwalld_log)]
        return "\n".join(filter(None, map(sanitizer.problems, logs)))

    def shut_down(self):
        """Ends everything as an administrator would, and says what was not right about it ('' if all was)."""
        found = []
        daemons = [node.stop_agent for node in self.nodes if node.agent]
        daemons += [node.stop_tapwalld for node in self.nodes if node.tapwalld]
        for what in [self.engine.stop] + daemons:
            try:
                status = what()
                if status:
                    found.append(f"the engine left status {status}")
            except LabError as error:
                found.append(str(error))
        found.append(self.problems())
        self.close()
        return "\n".join(filter(None, found))

    def close(self):
        """Ends everything at once."""
        self.engine.kill()
        for node in self.nodes:
            node.close()
            node.listener.close()
        self.nodes = []
        self.engine.listener.close()
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.lock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
