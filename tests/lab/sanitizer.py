# SPDX-License-Identifier: Apache-2.0
"""How programs of the sanitizer build report, and how their logs are judged."""

import re

OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=1:exitcode=86:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "LSAN_OPTIONS": "print_suppressions=0",
}
REPORT = re.compile(r"^.*(ERROR: (Address|Leak|UndefinedBehavior)Sanitizer|runtime error:|Sanitizer:DEADLYSIGNAL).*$",
                    re.MULTILINE)
CRITICAL = re.compile(r"^.*-(CRITICAL|ERROR) \*\*.*$|^.*: (CRITICAL|GLib-\w*-CRITICAL).*$", re.MULTILINE)


def problems(path):
    """What a sanitizer, or GLib's own assertions, found: text from the first report on, or ''."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
    except FileNotFoundError:
        return ""
    found = REPORT.search(text) or CRITICAL.search(text)
    return f"{path}:\n{text[found.start():found.start() + 4000]}" if found else ""
