# SPDX-License-Identifier: Apache-2.0
"""Runs every test and counts: Meson's (in the sanitizer build), then the system tests, then the benches
whose figures are the data path's and the filter daemon's (in the plain build).

usage: suite.py [--list] [PATTERN]     PATTERN: part of a test's name

Ends with "N passed, N failed"; the status is 0 only if none failed and some passed. A test that was skipped
has not passed.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import time
import traceback
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tests", "lab"), os.path.join(TOP, "tests", "system")]

from host import end_with_parent  # noqa: E402
import sanitizer  # noqa: E402

MESON_BUILD = os.path.join(TOP, "build", "asan")
BENCH_BUILD = os.path.join(TOP, "build", "dev")
BENCHES = ("tapwalld", "datapath")  # the others are run on request: docs/performance.md
FIGURE = re.compile(r"^[a-z][\w.]* -?[\d.]+ \w+$")
PROGRAM = re.compile(r"^ *\d+/\d+ (\S.*\S) +OK +([\d.]+)s( +\d+ subtests passed)?$")
TAP = re.compile(r"^(not ok|ok)\b *\d* *-? *(.*)$")


class Tally:
    def __init__(self, quiet=False):
        self.passed = 0
        self.failed = []
        self.quiet = quiet

    def say(self, text):
        if not self.quiet:
            print(text, flush=True)

    def add(self, name, good, detail="", seconds=None, listed=True):
        """listed: whether a success is worth a line."""
        took = f" ({seconds:.1f} s)" if seconds is not None else ""
        if good:
            self.passed += 1
            if listed:
                self.say(f"ok      {name}{took}")
            return
        self.failed.append(name)
        self.say(f"FAILED  {name}{took}")
        for line in detail.rstrip().splitlines()[-40:]:
            self.say(f"        {line}")

    def finish(self):
        if self.failed:
            self.say("failed: " + ", ".join(self.failed))
        self.say(f"{self.passed} passed, {len(self.failed)} failed")
        return 1 if self.failed or not self.passed else 0


# ---- Meson's tests ----

def environment():
    """Nothing of the caller's settings, so that tests do the same everywhere."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TERM", "LC_ALL")}
    return dict(kept, **sanitizer.OPTIONS)


def meson_names():
    listed = subprocess.run(["meson", "test", "-C", MESON_BUILD, "--no-rebuild", "--list"], env=environment(),
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return [short_name(line.strip()) for line in listed.stdout.splitlines() if " / " in line]


def short_name(name):
    """Without project and suite: "base/mac"."""
    return name.split(" / ")[-1]


def count_record(tally, record):
    """One Meson test: each of its TAP lines is a test; one without them is a test itself."""
    name = short_name(record["name"])
    output = record.get("stdout", "") + record.get("stderr", "")
    lines = [match.groups() for match in map(TAP.match, record.get("stdout", "").splitlines()) if match]
    failures = 0
    for word, text in lines:
        good = word == "ok" and "# SKIP" not in text.upper()
        failures += not good
        tally.add(f"{name}:{text}", good, output, listed=False)
    if record["result"] == "OK":
        if not lines:
            tally.passed += 1
    elif not failures or record["result"] != "FAIL":
        # It failed as a whole: a crash, a leak found at the end, a time-out.
        tally.add(name, False, f"{record['result']}\n{output}", record["duration"])


def subtests(text):
    return f", {text.split()[0]} tests" if text else ""


def stream(tally, command):
    """Runs Meson, saying which test program has passed as soon as it has; its whole output."""
    run = subprocess.Popen(command, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, errors="replace", preexec_fn=end_with_parent)
    output = ""
    for line in run.stdout:
        output += line
        passed = PROGRAM.match(line)
        if passed:
            tally.say(f"ok      {short_name(passed[1])} ({float(passed[2]):.1f} s{subtests(passed[3])})")
    run.wait()
    return output


def run_meson(tally, pattern):
    every = meson_names()
    names = [name for name in every if pattern in name]
    if not names:
        return
    log = os.path.join(MESON_BUILD, "meson-logs", "testlog.json")
    if os.path.exists(log):
        os.unlink(log)
    print(f"running {len(names)} test programs of build/asan ...", flush=True)
    command = ["meson", "test", "-C", MESON_BUILD, "--no-rebuild", "--timeout-multiplier", "4"]
    if names != every:
        command += names
    output = stream(tally, command)
    records = []
    if os.path.exists(log):
        with open(log, encoding="utf-8", errors="replace") as file:
            records = [json.loads(line) for line in file]
    for record in records:
        count_record(tally, record)
    if len(records) < len(names):
        tally.add("meson", False, f"{len(records)} of {len(names)} test programs ran\n{output}")


# ---- system tests ----

class Result(unittest.TestResult):
    def __init__(self, tally):
        super().__init__()
        self.tally, self.begin = tally, 0.0

    def startTest(self, test):
        super().startTest(test)
        self.begin = time.monotonic()
        print(f"        {test_name(test)} ...", flush=True)

    def _add(self, test, good, detail=""):
        seconds = time.monotonic() - self.begin if self.begin else None
        self.tally.add(test_name(test), good, detail, seconds)

    def addSuccess(self, test):
        self._add(test, True)

    def addError(self, test, err):
        self._add(test, False, "".join(traceback.format_exception(*err)))

    def addFailure(self, test, err):
        self.addError(test, err)

    def addSkip(self, test, reason):
        self._add(test, False, f"skipped: {reason}")

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.addError(subtest, err)


def test_name(test):
    return "system:" + test.id().removeprefix("test_")


def all_cases(suite):
    for each in suite:
        if isinstance(each, unittest.TestSuite):
            yield from all_cases(each)
        else:
            yield each


def system_cases(pattern):
    suite = unittest.TestLoader().discover(os.path.join(TOP, "tests", "system"), pattern="test_*.py")
    return [case for case in all_cases(suite) if pattern in test_name(case)]


def run_system(tally, pattern):
    cases = system_cases(pattern)
    if not cases:
        return
    print(f"running {len(cases)} system tests ...", flush=True)
    import labs  # the module of tests/system that holds the labs tests share
    result = Result(tally)
    try:
        unittest.TestSuite(cases).run(result)
    finally:
        result.begin = 0.0
        for name, problem in labs.close_all():
            tally.add(f"system:{name}", not problem, problem)


# ---- figures ----

def bench_names(pattern):
    return [name for name in BENCHES if pattern in f"bench:{name}"]


def run_benches(tally, pattern):
    """Prints what is measured; only a bench that ends with an error has failed."""
    for name in bench_names(pattern):
        print(f"measuring {name} ...", flush=True)
        begin = time.monotonic()
        done = subprocess.run(["meson", "test", "-C", BENCH_BUILD, "--no-rebuild", "--benchmark", "--verbose", name],
                              env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
                              preexec_fn=end_with_parent)
        figures = [line for line in done.stdout.splitlines() if FIGURE.match(line)]
        for line in figures:
            print(f"        {line}", flush=True)
        tally.add(f"bench:{name}", done.returncode == 0 and figures, done.stdout, time.monotonic() - begin)


def main():
    parser = argparse.ArgumentParser(prog="./test")
    parser.add_argument("--list", action="store_true", help="print the tests' names")
    parser.add_argument("pattern", nargs="?", default="", help="run only tests whose name contains this")
    arguments = parser.parse_args()
    if arguments.list:
        for name in meson_names():
            print(name)
        for case in system_cases(""):
            print(test_name(case))
        for name in bench_names(""):
            print(f"bench:{name}")
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    tally = Tally()
    try:
        run_meson(tally, arguments.pattern)
        run_system(tally, arguments.pattern)
        run_benches(tally, arguments.pattern)
    except KeyboardInterrupt:
        print("interrupted")
        tally.finish()
        return 130
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
