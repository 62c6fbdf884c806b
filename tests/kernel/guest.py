# SPDX-License-Identifier: Apache-2.0
"""Runs kernel tests on another kernel than this machine's: in a guest without a network, on one emulated CPU.

usage: guest.py [--kernel FOLDER] [--only NAME] --own FOLDER PROGRAM...

--kernel's FOLDER holds "vmlinuz" and the tree "modules", as ./test unpacks Debian's kernel into build/guest (the
default). --own's: our filters. PROGRAM: an executable of this folder or of filterd, run as TESTS says. Emulation is slow,
so they try every so manyeth frame only. Speaks TAP: a line for each test with its seconds, behind its output.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lab"))

from host import die_with_parent  # noqa: E402
import image  # noqa: E402
import sanitizer  # noqa: E402

STOCK = "/usr/share/libvirt/nwfilter"
TOOLS = ["/usr/sbin/ip", "/usr/sbin/bridge", "/usr/sbin/tc"]
MODULES = ["llc", "stp", "bridge", "veth", "tun", "sch_ingress", "cls_bpf"]
MEMORY_MIB = 2048
CMDLINE = "console=ttyS0 quiet loglevel=1 panic=-1 oops=panic"
TEST_SECONDS = 300

# Test, program, its arguments ("OWN": our filters' folder), and which share of the frames: one in that many.
TESTS = [
    ("verdict", "test-kernel-verdict", [STOCK, "OWN"], 7),
    ("oracle", "test-kernel-oracle", ["397"], 7),
    ("flow", "test-kernel-flow", [], 4),
    ("live", "test-kernel-live", [STOCK, "OWN", "no-tcx"], 1),
    ("learn", "test-filterd-learn", [STOCK, "OWN", "clsact"], 1),
    ("gso", "test-kernel-gso", [STOCK, "OWN", "no-tcx"], 1),
    ("flips", "test-kernel-flips", [], 8),
    ("quota", "test-kernel-quota", [], 1),
    ("capacity", "test-kernel-capacity", ["-p", "/capacity/sets", "-p", "/capacity/large prefixes",
                                          "-p", "/capacity/flows", "-p", "/capacity/sources"], 1),
]

INIT = """#!/bin/busybox sh
export PATH=/usr/sbin:/bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
for module in {modules}; do
    insmod /modules/$module.ko || echo "tw: cannot load $module"
done
{environment}
run() {{
    name=$1 every=$2 begin=$(cut -d. -f1 /proc/uptime)
    shift 2
    echo "tw: begin $name"
    TAPWALL_TEST_EVERY=$every timeout -s KILL {seconds} "$@" > /log 2>&1
    status=$?
    seconds=$(($(cut -d. -f1 /proc/uptime) - begin))
    head -c 20000 /log | sed 's/^/tw: | /'
    echo "tw: end $name $status $seconds"
}}
echo "tw: kernel $(uname -r)"
ip link set lo up
{runs}
poweroff -f
"""


def libraries(program):
    """The paths a program's loader opens, itself among them."""
    listed = subprocess.run(["ldd", program], stdout=subprocess.PIPE, text=True, check=True).stdout
    return re.findall(r"(?:=> |^\s*)(/\S+) \(0x", listed, re.MULTILINE)


def add_path(archive, path, known):
    """A file or a folder's files, at the paths they have here."""
    if os.path.isdir(path):
        for name in sorted(os.listdir(path)):
            add_path(archive, os.path.join(path, name), known)
        return
    if path not in known:
        add_folder(archive, os.path.dirname(path), known)
        archive.file(path.lstrip("/"), image.read(path))
        known.add(path)


def add_folder(archive, path, known):
    if path not in known and path != "/":
        add_folder(archive, os.path.dirname(path), known)
        archive.directory(path.lstrip("/"))
        known.add(path)


def plain(program):
    """The same program without sanitizers, which would take an emulated CPU many minutes and have seen all of it on
    this machine: the one of build/dev, which ./test builds beside its sanitizer build."""
    if not any("libasan" in path for path in libraries(program)):
        return program
    other = os.path.join(image.REPOSITORY, "build", "dev", "tests", os.path.basename(os.path.dirname(program)),
                         os.path.basename(program))
    if not os.path.exists(other):
        sys.exit(f"there is no {other}, which runs in the guest instead of {program}: ./test builds it")
    return other


def init_script(tests, programs, own, modules):
    runs = []
    for name, program, arguments, every in tests:
        words = [name, str(every), programs[program]] + [own if word == "OWN" else word for word in arguments]
        runs.append("run " + shlex.join(words))
    environment = [f"export {name}={shlex.quote(value)}" for name, value in sanitizer.OPTIONS.items()]
    return INIT.format(modules=" ".join(modules), environment="\n".join(environment), seconds=TEST_SECONDS,
                       runs="\n".join(runs)).encode()


def pack(kernel, tests, programs, own):
    """The initramfs: busybox and its names, the programs with their libraries, what they read, modules."""
    archive = image.Archive()
    known = set()
    for folder in ["/bin", "/dev", "/mnt", "/proc", "/sys", "/tmp", "/modules"]:
        add_folder(archive, folder, known)
    archive.add("dev/console", 0o020600, device=(5, 1))
    archive.file("bin/busybox", image.read("/bin/busybox"))
    for name in ["sh", "mount", "insmod", "cut", "timeout", "head", "sed", "uname", "poweroff"]:
        archive.link(f"bin/{name}", "busybox")
    found = image.find_modules(os.path.join(kernel, "modules"), MODULES)
    present = [name for name in MODULES if name in found]
    for name in present:
        archive.file(f"modules/{name}.ko", image.read(found[name]), 0o100644)
    for program in TOOLS + sorted({programs[test[1]] for test in tests}):
        for path in [program] + libraries(program):
            add_path(archive, path, known)
    for path in [STOCK, own]:
        add_path(archive, path, known)
    archive.file("init", init_script(tests, programs, own, present))
    return archive.finish()


def boot(kernel, archive):
    """QEMU, which reads the initramfs from memory of ours."""
    initramfs = os.memfd_create("initramfs")
    with os.fdopen(os.dup(initramfs), "wb") as file:
        file.write(archive)
    command = ["qemu-system-x86_64", "-machine", "pc,accel=tcg", "-m", str(MEMORY_MIB), "-smp", "1", "-nodefaults",
               "-no-reboot", "-display", "none", "-monitor", "none", "-nic", "none", "-serial", "stdio",
               "-kernel", os.path.join(kernel, "vmlinuz"), "-initrd", f"/proc/self/fd/{initramfs}", "-append", CMDLINE]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                            errors="replace", pass_fds=[initramfs], preexec_fn=die_with_parent)


class Report:
    """The console's lines as TAP."""

    def __init__(self, names):
        self.left = list(names)
        self.output = []
        self.failed = 0
        print(f"1..{len(names)}", flush=True)

    def result(self, name, good, comment):
        self.left.remove(name)
        self.failed += not good
        for line in self.output + [f"{name}: {comment}"]:
            print(f"# {line}")
        print(f"{'ok' if good else 'not ok'} - {name}", flush=True)
        self.output = []

    def line(self, text):
        if not text.startswith("tw: "):
            if text:
                self.output.append(text)  # the kernel's
            return
        words = text.split()
        if words[1] == "end":
            name, status, seconds = words[2:]
            self.result(name, status == "0", f"status {status}, {seconds} s")
        elif words[1] == "|":
            self.output.append(text[6:])
        elif words[1] != "begin":
            print(f"# {text[4:]}", flush=True)

    def finish(self):
        for name in list(self.left):
            self.result(name, False, "the guest ended before it did")
        return 1 if self.failed else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kernel", default=os.path.join(image.REPOSITORY, "build", "guest"))
    parser.add_argument("--own", required=True)
    parser.add_argument("--only")
    parser.add_argument("programs", nargs="+")
    arguments = parser.parse_args()
    programs = {os.path.basename(path): plain(os.path.abspath(path)) for path in arguments.programs}
    tests = [test for test in TESTS if arguments.only in (None, test[0])]
    if not os.path.exists(os.path.join(arguments.kernel, "vmlinuz")):
        sys.exit(f"there is no kernel in {arguments.kernel}: ./test fetches it")
    report = Report([test[0] for test in tests])
    guest = boot(arguments.kernel, pack(arguments.kernel, tests, programs, os.path.abspath(arguments.own)))
    for line in guest.stdout:
        report.line(line.strip("\r\n"))
    guest.wait()
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
