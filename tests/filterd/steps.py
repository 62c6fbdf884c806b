# SPDX-License-Identifier: Apache-2.0
"""A test's steps, one after the other, as TAP."""

import time


def methods_of(test):
    """Its test_ methods by name."""
    return [getattr(test, name) for name in dir(test) if name.startswith('test_')]


def run(steps, *arguments):
    """Each called with the arguments; its docstring is its name, what it returns is told. Gives the exit
    status."""
    status = 0
    print(f'1..{len(steps)}', flush=True)
    for number, step in enumerate(steps, 1):
        began = time.monotonic()
        try:
            told = step(*arguments)
            print(f'ok {number} - {step.__doc__}{f": {told}" if told else ""}\n# {time.monotonic() - began:.1f} s', flush=True)
        except Exception as error:  # the others still have something to say
            status = 1
            text = f'{type(error).__name__}: {error}'
            print(f'not ok {number} - {step.__doc__}\n# ' + '\n# '.join(text.splitlines()), flush=True)
    return status
