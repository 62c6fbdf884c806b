# SPDX-License-Identifier: Apache-2.0
"""Several libvirtds at a time: binding takes long because libvirt waits for some hundred commands, and
these for the kernel, while nobody computes.

Each worker is a process with a network and mounts of its own, inside those of nwfilterd.enter(), and
takes every Nth case.
"""

import multiprocessing

import nwfilterd
import wire

CLONE_NEWNS = 0x00020000
N_WORKERS = 4


def serve(results, filters, make, function, cases):
    wire.libc('unshare', wire.CLONE_NEWNET | CLONE_NEWNS)
    nwfilterd.start(filters)
    state = make()
    for case in cases:
        results.send(function(state, *case))
    state.close()


def run(filters, make, function, cases):
    """function(state, *case) of each case, in their order. make() gives a worker's state, which has
    close(); its libvirtd has `filters` (texts by name) besides the stock ones."""
    context = multiprocessing.get_context('fork')
    cases, processes, results = list(cases), [], []
    for number in range(N_WORKERS):
        receiver, sender = context.Pipe(duplex=False)
        processes.append(context.Process(target=serve, args=(sender, filters, make, function,
                                                             cases[number::N_WORKERS])))
        processes[-1].start()
        sender.close()
        results.append(receiver)
    for number, _ in enumerate(cases):
        yield results[number % N_WORKERS].recv()
    for process in processes:
        process.join()
        if process.exitcode:
            raise RuntimeError(f'a worker ended with {process.exitcode}')
