#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: run.sh FUZZER CORPUS RUNS LONGEST [SEEDS...]
# A short run on top of the kept corpus and the directories of seeds. What it finds beside goes to a
# directory that is thrown away; a crashing input stays in the build directory and its path is
# printed.
set -eu
found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT
fuzzer=$1 corpus=$2 runs=$3 longest=$4
shift 4
"$fuzzer" -runs="$runs" -max_len="$longest" -seed=1 -verbosity=0 -timeout=10 -error_exitcode=1 \
    -print_final_stats=1 -artifact_prefix="$fuzzer-" "$found" "$corpus" "$@" 2>&1
