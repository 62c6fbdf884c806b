# SPDX-License-Identifier: Apache-2.0
"""Process 1 of a lab host: makes the host's private file systems, starts programs, reaps everything.

Runs inside fresh network, mount, pid, uts and ipc namespaces (host.py starts it there), as
    hostinit.py NAME SOCKET
where SOCKET is a connected SOCK_SEQPACKET socket. Each request is a JSON object with "op"; each gets one
answer, {"value": ...} or {"error": text}. Apart from answers there are {"exit": pid, "status": n} for every
started program that ends. When the socket closes the host ends, and the kernel ends all in it.
"""

import array
import ctypes
import glob
import json
import os
import selectors
import signal
import shutil
import socket
import subprocess
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
MESSAGE_MAX = 1 << 20
PRIVATE = ["/run", "/etc/libvirt", "/var/lib/libvirt", "/var/cache/libvirt", "/var/log/libvirt"]
FILTERS = "/usr/share/libvirt/nwfilter"

LIBVIRTD_CONF = """host_uuid = "{uuid}"
auth_unix_ro = "none"
auth_unix_rw = "none"
unix_sock_group = "root"
max_clients = 200
"""

QEMU_CONF = """user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
stdio_handler = "file"
namespaces = []
cgroup_controllers = []
"""


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True, stdout=subprocess.DEVNULL)


def private_file_systems():
    """Everything a host's programs write to becomes the host's own; nothing reaches the outside."""
    for path in PRIVATE:
        if not os.path.isdir(path):
            raise RuntimeError(f"{path} is missing: is libvirt-daemon installed?")
        mount("-t", "tmpfs", "-o", "mode=755", "lab", path)
    mount("-t", "proc", "proc", "/proc")
    # The outside's cgroups would otherwise stay visible below the new sysfs.
    subprocess.run(["umount", "--recursive", "--lazy", "/sys"], check=True)
    mount("-t", "sysfs", "sysfs", "/sys")
    mount("-t", "bpf", "bpf", "/sys/fs/bpf")
    mount("-t", "devpts", "-o", "newinstance,ptmxmode=0666,mode=620", "devpts", "/dev/pts")


def add_account(path, line):
    """Makes a private version of path, /etc/passwd or /etc/group, that has line's name in it."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if any(each.split(":")[0] == line.split(":")[0] for each in text.splitlines()):
        return
    private = os.path.join("/run", os.path.basename(path))
    with open(private, "w", encoding="utf-8") as file:
        file.write(f"{text}{line}\n")
    mount("--bind", private, path)


def accounts():
    """Debian's libvirt wants its user to exist even when told to use root; libvirt-daemon-system, which would
    have made it, is not needed otherwise."""
    add_account("/etc/passwd", "libvirt-qemu:x:64055:64055:Libvirt Qemu:/var/lib/libvirt:/usr/sbin/nologin")
    add_account("/etc/group", "libvirt-qemu:x:64055:")


def libvirt_files(name):
    """A libvirt configuration as after installing the packages, but for a root user without services."""
    uuid = f"7a97a110-0000-4000-8000-{sum(name.encode()) & 0xffff:04x}{os.getppid() & 0xffff:08x}"
    os.makedirs("/etc/libvirt/qemu/networks", mode=0o700)
    os.makedirs("/var/lib/libvirt/qemu")
    shutil.copytree(FILTERS, "/etc/libvirt/nwfilter")
    for path, text in [("libvirtd.conf", LIBVIRTD_CONF.format(uuid=uuid)), ("qemu.conf", QEMU_CONF)]:
        with open(os.path.join("/etc/libvirt", path), "w", encoding="utf-8") as file:
            file.write(text)


class Init:
    def __init__(self, control):
        self.control = control
        self.started = set()
        self.operations = {"spawn": self.spawn, "kill": self.kill, "packet": self.packet,
                           "processes": self.processes}

    def send(self, message, descriptors=()):
        ancillary = []
        if descriptors:
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        self.control.sendmsg([json.dumps(message).encode()], ancillary)

    def reap(self):
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self.started:
                self.started.discard(pid)
                self.send({"exit": pid, "status": os.waitstatus_to_exitcode(status)})

    # ---- operations: each returns (value, descriptors to send) ----

    def spawn(self, request, descriptors):
        """argv, environment (added to ours); descriptors: stdin, stdout, stderr, then what is passed on by
        the LISTEN_FDS protocol of sd_listen_fds(3). Returns the pid as this host sees it."""
        pid = os.fork()
        if pid == 0:
            self.become(request, descriptors)
        self.started.add(pid)
        return pid, ()

    def become(self, request, descriptors):
        try:
            os.setsid()
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            environment = dict(os.environ, **request.get("environment", {}))
            if len(descriptors) > 3:
                environment["LISTEN_PID"] = str(os.getpid())
                environment["LISTEN_FDS"] = str(len(descriptors) - 3)
            # Out of the way first: a target number may still be a source.
            high = [os.dup(descriptor) for descriptor in descriptors]
            while min(high) < len(high):
                high = [os.dup(descriptor) for descriptor in high]
            for target, source in enumerate(high):
                os.dup2(source, target, inheritable=True)
            os.closerange(len(high), 1024)
            os.execvpe(request["argv"][0], request["argv"], environment)
        except Exception as error:
            os.write(2, f"cannot start {request['argv'][0]}: {error}\n".encode())
        finally:
            os._exit(127)

    def kill(self, request, _descriptors):
        """Sends signal to pid; false when there is no such process any more."""
        try:
            os.kill(request["pid"], request["signal"])
        except ProcessLookupError:
            return False, ()
        return True, ()

    def packet(self, request, _descriptors):
        """A packet socket on an interface of this host, for the lab to use from outside."""
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
        raw.bind((request["interface"], 0x0003))
        return None, (raw.detach(),)

    def processes(self, _request, _descriptors):
        """Every process of this host: [pid, command line]."""
        found = []
        for path in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                with open(path, "rb") as file:
                    words = file.read().decode(errors="replace").split("\0")
            except OSError:
                continue  # it ended meanwhile
            if words != [""]:
                found.append([int(path.split("/")[2]), words[:-1]])
        return found, ()

    def serve_one(self):
        """False when the lab is gone."""
        data, ancillary, _, _ = self.control.recvmsg(MESSAGE_MAX, socket.CMSG_SPACE(16 * 4))
        descriptors = array.array("i")
        for level, kind, payload in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                descriptors.frombytes(payload[:len(payload) - len(payload) % descriptors.itemsize])
        if not data:
            return False
        request = json.loads(data)
        handed = ()
        try:
            value, handed = self.operations[request["op"]](request, list(descriptors))
            self.send({"value": value}, handed)
        except OSError as error:
            self.send({"error": f"{request['op']}: {error}"})
        finally:
            for descriptor in [*descriptors, *handed]:
                os.close(descriptor)
        return True

    def run(self):
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_read, False)
        os.set_blocking(wake_write, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        selector = selectors.DefaultSelector()
        selector.register(wake_read, selectors.EVENT_READ)
        selector.register(self.control, selectors.EVENT_READ)
        self.send({"value": "up"})
        while True:
            ready = {key.fileobj for key, _ in selector.select()}
            if wake_read in ready:
                os.read(wake_read, 4096)
            self.reap()
            if self.control in ready and not self.serve_one():
                return


def main():
    name, descriptor = sys.argv[1], int(sys.argv[2])
    control = socket.socket(fileno=descriptor)
    control.set_inheritable(False)
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the lab decides; a terminal's Ctrl-C is for the lab
    try:
        private_file_systems()
        accounts()
        libvirt_files(name)
        socket.sethostname(name)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
        control.send(json.dumps({"error": str(error)}).encode())
        return
    Init(control).run()


main()
