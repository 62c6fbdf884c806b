# SPDX-License-Identifier: Apache-2.0
"""Those who judge in the lab must notice what is wrong."""

import os
import tempfile
import unittest

import frames
import sanitizer
import traffic
from suite import TAP, Tally, count_record


class Table(unittest.TestCase):
    """The judge itself must notice what is wrong."""

    def outcome(self, **changes):
        rows = []
        for kind in frames.KINDS:
            wanted = 20 if kind.passes(True) else 0
            rows.append(traffic.Row(kind, 20, wanted, wanted, wanted, wanted))
        for name, value in changes.items():
            setattr(rows[0 if value < 20 else -1], name, value)
        return traffic.Outcome(rows, False, True)

    def test_all_well(self):
        self.assertTrue(self.outcome().good)
        self.assertEqual(self.outcome().problems(), [])

    def test_a_lost_honest_frame(self):
        self.assertEqual(len(self.outcome(guest=19).problems()), 1)
        self.assertFalse(self.outcome(guest=19).good)

    def test_a_forged_frame_that_arrives(self):
        self.assertFalse(self.outcome(bridge=20).good)
        self.assertFalse(self.outcome(guest_total=20).good)

    def test_a_stolen_place_in_the_bridge(self):
        outcome = self.outcome()
        outcome.stolen = True
        self.assertFalse(outcome.good)
        self.assertIn("WRONG", traffic.table(outcome))


class Logs(unittest.TestCase):
    def problems(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "log")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            return sanitizer.problems(path)

    def test_a_quiet_log(self):
        self.assertEqual(self.problems("2026-01-01 tapwall-agent info: vm=x status=Up\n"), "")

    def test_reports(self):
        for line in ("==7==ERROR: LeakSanitizer: detected memory leaks", "==7==ERROR: AddressSanitizer: heap-use-after-free",
                     "src/x.c:3:4: runtime error: signed integer overflow",
                     "(process:7): GLib-CRITICAL **: 10:00:00.000: g_strdup: assertion failed"):
            with self.subTest(line=line):
                self.assertIn(line, self.problems(f"before\n{line}\nafter\n"))


class Records(unittest.TestCase):
    """What Meson says of a test program, as counted tests."""

    def count(self, stdout, result):
        tally = Tally(quiet=True)
        count_record(tally, {"name": "tapwall:unit / a/b", "stdout": stdout, "result": result, "duration": 1.0})
        return tally.passed, len(tally.failed)

    def test_lines_are_counted(self):
        self.assertEqual(self.count("1..2\nok 1 /a\nok 2 /b\n", "OK"), (2, 0))
        self.assertEqual(self.count("", "OK"), (1, 0))

    def test_failures(self):
        self.assertEqual(self.count("ok 1 /a\nnot ok 2 /b\n", "FAIL"), (1, 1))
        self.assertEqual(self.count("", "FAIL"), (0, 1))

    def test_a_skipped_test_has_not_passed(self):
        self.assertEqual(self.count("ok 1 /a # SKIP no root\n", "SKIP"), (0, 2))

    def test_a_leak_after_the_last_line(self):
        self.assertEqual(self.count("1..1\nok 1 /a\n", "ERROR"), (1, 1))

    def test_a_line_of_tap(self):
        self.assertEqual(TAP.match("not ok 3 - /x/y").groups(), ("not ok", "/x/y"))
        self.assertIsNone(TAP.match("okay then"))
