#!/usr/bin/env python3
"""Recomputes three figures of a lab run from its table of samples, with Python's own library alone.

    python3 docs/examples/recompute.py lab-out

1. The heat map of time: each allocator and front against the fixed one, workload by workload.
2. The last column of the memory ledger: what the kernel backs per byte that was asked for, at the peak.
3. The longest pause in processor time of each workload and policy, of the table of figures.

With `--parquet` the table is read from `samples.parquet`, which a lab with the feature `parquet` writes; that needs
pyarrow.
"""
import csv
import math
import statistics
import sys
from collections import defaultdict


def rows(directory, parquet):
    """The lines of the table, every figure as text."""
    if parquet:
        import pyarrow.parquet
        for row in pyarrow.parquet.read_table(f"{directory}/samples.parquet").to_pylist():
            yield {name: "" if value is None else str(value) for name, value in row.items()}
    else:
        with open(f"{directory}/samples.csv", newline="", encoding="utf-8") as file:
            yield from csv.DictReader(file)


def samples(directory, parquet=False):
    """The samples that count: the last of each key, where it succeeded."""
    identity = ("engine", "workload", "source_hash", "size", "allocator", "front", "policy",
                "memory_limit_bytes", "thp", "warmup", "block", "invocation")
    latest = {}
    for row in rows(directory, parquet):
        latest[tuple(row[name] for name in identity)] = row
    return [row for row in latest.values() if row["outcome"] == "ok"]


def base_policy(found):
    """The policy that ran under most allocators, one of QuickJS's where several did."""
    allocators = defaultdict(set)
    for row in found:
        allocators[row["policy"]].add((row["allocator"], row["front"]))
    return max(sorted(allocators), key=lambda policy: (len(allocators[policy]), policy.startswith("quickjs")))


def setups_of(found):
    """Allocators with fronts, the fixed one that others are compared with first."""
    setups = sorted({(row["allocator"], row["front"]) for row in found})
    first = min(setups, key=lambda setup: (setup[0] != "system", setup[1] == "pool", setup))
    return [first] + [setup for setup in setups if setup != first]


def ratio(one, other):
    """How much more the other needs: the trimmed mean over blocks of the middle difference of logarithms."""
    logs, behind = [], []
    for block in sorted(one.keys() & other.keys()):
        a, b = one[block], other[block]
        logs.append(statistics.median(math.log(y) - math.log(x) for x in a for y in b))
        behind.append(min(len(a), len(b)))
    if not logs:
        return None
    least = min(behind)
    cut = len(logs) // 5 if least <= 2 else len(logs) // 10 if least <= 8 else 0
    kept = sorted(logs)[cut:len(logs) - cut] if 2 * cut + 2 <= len(logs) else logs
    return math.exp(statistics.fmean(kept))


def main():
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    directory = words[0] if words else "lab-out"
    everything = [row for row in samples(directory, "--parquet" in sys.argv) if row["engine"] == "tare"]
    if not everything:
        sys.exit(f"{directory}: the table holds no sample of tare that succeeded")
    policy = base_policy(everything)
    under = [row for row in everything if row["policy"] == policy]
    setups = setups_of(under)
    workloads = sorted({row["workload"] for row in under})

    times = defaultdict(lambda: defaultdict(list))
    for row in under:
        times[row["workload"], row["allocator"], row["front"]][row["block"]].append(float(row["cpu_ns"]))
    print(f"1. Time on a core divided by that under {setups[0][0]} {setups[0][1]}, under {policy}")
    for workload in workloads:
        for setup in setups[1:]:
            found = ratio(times[(workload, *setups[0])], times[(workload, *setup)])
            if found is not None:
                print(f"time\t{workload}\t{setup[0]}\t{setup[1]}\t{found:.4f}")

    # A sum over workloads, so that a large heap weighs as it does in a process.
    sums = {}
    common = set.intersection(*({r["workload"] for r in under if (r["allocator"], r["front"]) == s} for s in setups))
    print("2. Anonymous memory per byte asked for, at the peak, over the workloads that all ran")
    for setup in setups:
        asked = anon = 0.0
        for workload in common:
            here = [r for r in under if (r["workload"], r["allocator"], r["front"]) == (workload, *setup)]
            grown = lambda name: statistics.median(int(r[f"peak_{name}"]) - int(r[f"base_{name}"]) for r in here)
            # The engine's own lines begin at zero where the base does not know them.
            asked += statistics.median(int(r["peak_asked_bytes"]) - int(r["base_asked_bytes"] or 0) for r in here)
            anon += grown("rss_anon_bytes")
        sums[setup] = anon / asked if asked else math.nan
        print(f"memory\t{setup[0]}\t{setup[1]}\t{sums[setup]:.2f}")

    longest = defaultdict(int)
    for row in everything:
        key = (row["workload"], row["allocator"], row["front"], row["policy"])
        longest[key] = max(longest[key], int(row["pause_cpu_max_ns"]))
    print("3. Longest pause in processor time, in nanoseconds")
    for key, nanoseconds in sorted(longest.items()):
        print("pause\t" + "\t".join(key) + f"\t{nanoseconds}")


if __name__ == "__main__":
    main()
