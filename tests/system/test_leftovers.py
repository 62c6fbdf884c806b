# SPDX-License-Identifier: Apache-2.0
"""./run leaves nothing behind: no process, namespace, link, mount or port, however it ends."""

import json
import os
import select
import signal
import subprocess
import time
import unittest
import uuid

import ports
from errors import LabError, wait_until
from host import die_with_parent
from lab import TOP

MARK = "TAPWALL_TEST_MARK"
NAMESPACES = ("net", "mnt", "pid")
RUN_SECONDS = 180
GONE_SECONDS = 15


def processes():
    return [name for name in os.listdir("/proc") if name.isdigit()]


def marked(mark):
    """The processes that inherited our mark."""
    found = []
    for pid in processes():
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                if f"{MARK}={mark}".encode() in file.read().split(b"\0"):
                    found.append(pid)
        except OSError:
            pass
    return found


def begun_before(seconds):
    """The processes that there were at this CLOCK_BOOTTIME: a namespace of later ones can have the number of
    one that is gone."""
    found = []
    for pid in processes():
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                ticks = int(file.read().rpartition(")")[2].split()[19])
        except OSError:
            continue
        if ticks / os.sysconf("SC_CLK_TCK") <= seconds:
            found.append(pid)
    return found


def namespaces(pids):
    found = set()
    for pid in pids:
        for kind in NAMESPACES:
            try:
                found.add(os.readlink(f"/proc/{pid}/ns/{kind}"))
            except OSError:
                pass
    return found


def surroundings():
    """What of the caller's own must be as it was."""
    links = json.loads(subprocess.run(["ip", "-json", "link"], stdout=subprocess.PIPE, check=True).stdout)
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        mounts = sorted(line.split(" ", 2)[2] for line in file)
    return sorted(link["ifname"] for link in links), mounts


class Run:
    """./run as a child with a mark that all of its own inherit."""

    def __init__(self, *arguments):
        self.mark = str(uuid.uuid4())
        self.before = surroundings()
        self.seen = set()
        self.text = ""
        self.ended = None
        command = [os.path.join(TOP, "run"), *arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, env=dict(os.environ, **{MARK: self.mark}),
                                        preexec_fn=die_with_parent)
        os.set_blocking(self.process.stdout.fileno(), False)

    def read_until(self, wanted):
        """Until wanted is in the output; notes the namespaces that are made meanwhile."""
        end = time.monotonic() + RUN_SECONDS
        while wanted is None or wanted not in self.text:
            if time.monotonic() > end:
                raise LabError(f"waited in vain for \"{wanted}\"; ./run said:\n{self.text}")
            select.select([self.process.stdout], [], [], 0.2)
            part = self.process.stdout.read()
            if part:
                self.text += part.decode()
            elif part == b"":
                if wanted is None:
                    return
                raise LabError(f"./run ended before \"{wanted}\":\n{self.text}")
            self.note()

    def note(self):
        self.seen |= namespaces(marked(self.mark)) - namespaces([os.getpid()])
        return self.seen

    def finish(self):
        """Reads to the end; the status."""
        self.read_until(None)
        return self.process.wait(RUN_SECONDS)

    def leftovers(self):
        """What is still there, as text."""
        found = []
        for pid in marked(self.mark):
            found.append(f"process {pid}")
        for name in namespaces(begun_before(self.ended)) & self.seen:
            found.append(f"namespace {name}")
        if surroundings() != self.before:
            found.append(f"links or mounts: {self.before} became {surroundings()}")
        return found

    def check_gone(self):
        self.ended = time.clock_gettime(time.CLOCK_BOOTTIME)
        try:
            wait_until(lambda: not self.leftovers(), GONE_SECONDS, "everything to be gone")
        except LabError:
            raise AssertionError(f"left behind: {self.leftovers()}") from None


class Leftovers(unittest.TestCase):
    def interrupted(self, moment, number, *arguments, status, with_host=True):
        port, agent_port = self.free_ports()
        run = Run("--port", str(port), "--agent-port", str(agent_port), *arguments)
        try:
            run.read_until(moment)
            if with_host:
                wait_until(run.note, GONE_SECONDS, "the host's namespaces to be made", interval=0.005)
            run.process.send_signal(number)
            self.assertEqual(run.finish(), status, run.text)
        finally:
            if run.process.poll() is None:
                run.process.kill()
                run.process.wait()
            run.process.stdout.close()
        run.check_gone()
        for each in (port, agent_port):
            ports.listen(each).close()
        return run.text

    def free_ports(self):
        listeners = [ports.listen(0), ports.listen(0)]
        numbers = [ports.number(each) for each in listeners]
        for each in listeners:
            each.close()
        return numbers

    def test_killed_while_the_host_is_made(self):
        self.interrupted("making a private host", signal.SIGKILL, "--once", status=-signal.SIGKILL)

    def test_killed_while_guests_run(self):
        self.interrupted("sending from the first guest", signal.SIGKILL, "--once", status=-signal.SIGKILL)

    def test_terminated_while_guests_boot(self):
        self.interrupted("starting both", signal.SIGTERM, "--once", status=128 + signal.SIGTERM)

    def test_interrupted_when_it_stays_up(self):
        text = self.interrupted("Ctrl-C ends everything", signal.SIGINT, status=0)
        self.assertIn("result: every honest frame arrived and no forged one did", text)
        self.assertIn("client certificate", text)

    def test_hung_up_while_it_installs(self):
        self.interrupted("installing build/dev", signal.SIGHUP, "--once", status=128 + signal.SIGHUP,
                         with_host=False)

    def test_the_agent_dies_half_way(self):
        """A failure of a part ends the whole with one sentence."""
        port, agent_port = self.free_ports()
        run = Run("--port", str(port), "--agent-port", str(agent_port))
        try:
            run.read_until("Ctrl-C ends everything")
            agents = [pid for pid in marked(run.mark) if self.name_of(pid) == "tapwall-agent"]
            self.assertEqual(len(agents), 1)
            os.kill(int(agents[0]), signal.SIGKILL)
            self.assertEqual(run.finish(), 1)
            self.assertIn("the agent ended by itself", run.text)
        finally:
            if run.process.poll() is None:
                run.process.kill()
            run.process.stdout.close()
        run.check_gone()

    def name_of(self, pid):
        try:
            return os.path.basename(os.readlink(f"/proc/{pid}/exe"))
        except OSError:
            return ""

    def test_twice_at_a_time(self):
        """Two of them beside each other, on ports of their own, the control being one."""
        runs = [Run("--once"), Run("--once", "--unfiltered")]
        try:
            for run in runs:
                self.assertEqual(run.finish(), 0, run.text)
        finally:
            for run in runs:
                if run.process.poll() is None:
                    run.process.kill()
                run.process.stdout.close()
        for run in runs:
            run.check_gone()

    def test_bad_arguments(self):
        for arguments, text in [(["--port", "0"], "port number"), (["--port"], "port number"),
                                (["--frobnicate"], "unknown argument")]:
            with self.subTest(arguments=arguments):
                done = subprocess.run([os.path.join(TOP, "run"), *arguments], stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True, check=False)
                self.assertEqual(done.returncode, 1)
                self.assertIn(text, done.stdout)
                self.assertEqual(len(done.stdout.splitlines()), 1)

    def test_not_root(self):
        for name in ("run", "test"):
            with self.subTest(name=name):
                # Another number, but still able to read the clone, wherever it is.
                done = subprocess.run(["unshare", "--user", "--map-user", "65534", os.path.join(TOP, name)],
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
                self.assertEqual(done.returncode, 1)
                self.assertIn("run it as root", done.stdout)
                self.assertEqual(len(done.stdout.splitlines()), 1)

    def test_no_tun(self):
        """In a /dev without net/tun, as some containers have it."""
        script = 'mount -t tmpfs none /dev/net && exec "$0"'
        done = subprocess.run(["unshare", "--mount", "sh", "-c", script, os.path.join(TOP, "run")],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("there is no /dev/net/tun", done.stdout)
