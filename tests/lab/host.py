# SPDX-License-Identifier: Apache-2.0
"""One lab host, seen from outside: private namespaces in which libvirtd, the agent and guests run.

Nothing of it outlives the process that made it, however that ends: process 1 of the host's pid namespace is
killed with it, and the kernel takes the rest down.
"""

import array
import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time

from errors import LabError

HERE = os.path.dirname(os.path.abspath(__file__))
LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
START_SECONDS = 20
ANSWER_SECONDS = 20
COMMAND_SECONDS = 60


def die_with_parent():
    """For preexec_fn: the child is killed when the lab's main thread ends."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def end_with_parent():
    """Likewise, but the child gets to end its own children."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Process:
    """A program started in a host."""

    def __init__(self, host, pid, name):
        self.host, self.pid, self.name = host, pid, name

    @property
    def status(self):
        """None while it runs, else its exit status (negative: the signal)."""
        self.host.pump(0)
        return self.host.exits.get(self.pid)

    def kill(self, number=signal.SIGTERM):
        self.host.call("kill", pid=self.pid, signal=int(number))

    def wait(self, seconds=COMMAND_SECONDS):
        self.host.wait_for(lambda: self.pid in self.host.exits, seconds, f"the end of {self.name}")
        return self.host.exits[self.pid]

    def stop(self, seconds=COMMAND_SECONDS):
        """Ends it politely, then not; returns the status."""
        self.kill()
        try:
            return self.wait(seconds)
        except LabError:
            self.kill(signal.SIGKILL)
            self.wait()
            raise


class Host:
    def __init__(self, name, folder):
        """folder: where the host's programs write their logs."""
        self.name, self.folder = name, folder
        self.exits = {}
        self.answers = []
        os.makedirs(folder, exist_ok=True)
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = ["unshare", "--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child",
                   sys.executable, os.path.join(HERE, "hostinit.py"), name, str(theirs.fileno())]
        with open(os.path.join(folder, "init.log"), "ab") as log:
            self.init = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
                                         stdout=log, stderr=log, preexec_fn=die_with_parent)
        theirs.close()
        try:
            self.wait_for(lambda: self.answers, START_SECONDS, f"host {name}")
            self._take_answer()
        except BaseException:
            self.close()
            raise

    def close(self):
        """Ends the host and all in it, and waits until it is gone."""
        self.control.close()
        self.init.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- talking to process 1 ----

    def pump(self, seconds):
        """Takes at most one message, waiting for it at most so long."""
        self.control.settimeout(seconds)
        try:
            data, ancillary, _, _ = self.control.recvmsg(1 << 20, socket.CMSG_SPACE(16 * 4))
        except (BlockingIOError, TimeoutError):
            return
        if not data:
            raise LabError(f"host {self.name} ended unexpectedly; see {self.folder}/init.log")
        message = json.loads(data)
        if "exit" in message:
            self.exits[message["exit"]] = message["status"]
            return
        descriptors = array.array("i")
        for _, _, payload in ancillary:
            descriptors.frombytes(payload)
        self.answers.append((message, list(descriptors)))

    def wait_for(self, condition, seconds, what):
        end = time.monotonic() + seconds
        while not condition():
            left = end - time.monotonic()
            if left <= 0:
                raise LabError(f"waited {seconds} s in vain for {what}")
            self.pump(left)

    def _take_answer(self):
        message, descriptors = self.answers.pop(0)
        if "error" in message:
            raise LabError(f"host {self.name}: {message['error']}")
        return message["value"], descriptors

    def _ask(self, operation, descriptors=(), **arguments):
        data = json.dumps({"op": operation, **arguments}).encode()
        self.control.settimeout(ANSWER_SECONDS)
        ancillary = []
        if descriptors:
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        self.control.sendmsg([data], ancillary)
        self.wait_for(lambda: self.answers, ANSWER_SECONDS, f"{operation} on host {self.name}")
        return self._take_answer()

    def call(self, operation, **arguments):
        return self._ask(operation, **arguments)[0]

    # ---- programs ----

    def spawn(self, argv, log=None, listen=(), environment=None):
        """Starts a program whose output goes to folder/log; listen: sockets handed over to it."""
        path = os.path.join(self.folder, log) if log else os.devnull
        with open(path, "ab") as output, open(os.devnull, "rb") as nothing:
            descriptors = [nothing.fileno(), output.fileno(), output.fileno()]
            descriptors += [each.fileno() for each in listen]
            pid, _ = self._ask("spawn", descriptors, argv=argv, environment=environment or {})
        return Process(self, pid, os.path.basename(argv[0]))

    def try_run(self, *argv, seconds=COMMAND_SECONDS):
        """Runs a command to its end: (status, stdout and stderr)."""
        end = time.monotonic() + seconds
        read, write = os.pipe()
        with open(os.devnull, "rb") as nothing, os.fdopen(read, "rb", buffering=0) as output:
            pid, _ = self._ask("spawn", [nothing.fileno(), write, write], argv=list(argv), environment={})
            os.close(write)
            process = Process(self, pid, argv[0])
            text = b""
            while True:
                if not select.select([output], [], [], max(0, end - time.monotonic()))[0]:
                    process.kill(signal.SIGKILL)
                    raise LabError(f"host {self.name}: {' '.join(argv)} did not end within {seconds} s")
                part = output.read(65536)
                if not part:
                    return process.wait(seconds), text.decode(errors="replace")
                text += part

    def run(self, *argv, seconds=COMMAND_SECONDS):
        status, text = self.try_run(*argv, seconds=seconds)
        if status != 0:
            raise LabError(f"host {self.name}: {' '.join(argv)}: status {status}: {text.strip()}")
        return text

    def packet_socket(self, interface):
        """A packet socket on one of the host's interfaces, promiscuous, usable from here."""
        _, descriptors = self._ask("packet", interface=interface)
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, fileno=descriptors[0])
        return raw

    def processes(self):
        """[pid, argv] of every process of the host."""
        return self.call("processes")

    def add_bridge(self, name):
        self.run("ip", "link", "add", name, "type", "bridge", "forward_delay", "0", "stp_state", "0",
                 "mcast_snooping", "0")
        self.run("sysctl", "-qw", f"net.ipv6.conf.{name}.disable_ipv6=1")
        self.run("ip", "link", "set", name, "up")

    def bridge_port_of(self, bridge, mac):
        """The port on which the bridge believes mac to be, or None."""
        for entry in json.loads(self.run("bridge", "-json", "fdb", "show", "br", bridge) or "[]"):
            if entry["mac"] == mac and "permanent" not in entry.get("flags", []) + [entry.get("state")]:
                return entry["ifname"]
        return None
