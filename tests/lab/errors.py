# SPDX-License-Identifier: Apache-2.0
"""What the lab's parts raise, and how they wait."""

import time


class LabError(Exception):
    """Something did not happen, with a sentence that says what."""


def wait_until(condition, seconds, what, interval=0.02):
    """Waits until condition() is true, and returns its value; for states nobody sends an event about."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise LabError(f"waited {seconds} s in vain for {what}")
        time.sleep(interval)
