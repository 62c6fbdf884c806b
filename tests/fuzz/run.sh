#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: run.sh FUZZER CORPUS RUNS LONGEST
# A short run on top of the kept corpus. What it finds beside goes to a directory that is thrown
# away; a crashing input stays in the build directory and its path is printed.
set -eu
found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT
"$1" -runs="$3" -max_len="$4" -seed=1 -verbosity=0 -timeout=10 -error_exitcode=1 -print_final_stats=1 \
    -artifact_prefix="$1-" "$found" "$2" 2>&1
