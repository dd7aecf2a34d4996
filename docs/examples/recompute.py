#!/usr/bin/env python3
"""Recomputes three figures of a lab run from its table of samples, with Python's own library alone.

    python3 docs/examples/recompute.py lab-out

1. How an allocator's time compares with the leanest one's, per front: the median over blocks of the median over
   workloads of the ratio within a block, as the report pairs them.
2. How much the kernel backs beyond what was asked for, per allocator and front, at the peak.
3. The longest pause in processor time, per policy.
"""
import csv
import math
import statistics
import sys
from collections import defaultdict


def samples(directory):
    """The samples that count: the last of each key that succeeded."""
    identity = ("engine", "workload", "source_hash", "size", "allocator", "front", "policy",
                "memory_limit_bytes", "thp", "warmup", "block", "invocation")
    latest = {}
    with open(f"{directory}/samples.csv", newline="") as file:
        for row in csv.DictReader(file):
            latest[tuple(row[name] for name in identity)] = row
    return [row for row in latest.values() if row["outcome"] == "ok"]


def base_policy(rows):
    """The policy that ran under most allocators."""
    allocators = defaultdict(set)
    for row in rows:
        allocators[row["policy"]].add((row["allocator"], row["front"]))
    return max(sorted(allocators), key=lambda policy: len(allocators[policy]))


def paired(rows, figure, one, other):
    """The ratio of a figure between two set-ups: within blocks, over workloads, over blocks."""
    values = defaultdict(list)
    for row in rows:
        values[row["block"], row["workload"], row["allocator"], row["front"]].append(float(row[figure]))
    blocks = defaultdict(list)
    for (block, workload, *setup), found in values.items():
        if tuple(setup) == other:
            against = values.get((block, workload, *one))
            if against:
                blocks[block].append(math.log(statistics.median(found) / statistics.median(against)))
    each = [statistics.median(logs) for logs in blocks.values()]
    return (math.exp(statistics.median(each)), len(each)) if each else (math.nan, 0)


def main():
    directory = sys.argv[1] if len(sys.argv) > 1 else "lab-out"
    everything = [row for row in samples(directory) if row["engine"] == "tare"]
    if not everything:
        sys.exit(f"{directory}/samples.csv holds no sample of tare that succeeded")
    policy = base_policy(everything)
    rows = [row for row in everything if row["policy"] == policy]
    setups = sorted({(row["allocator"], row["front"]) for row in rows})

    print(f"1. Time on a core against {setups[0][0]} {setups[0][1]}, under {policy}")
    for setup in setups:
        ratio, blocks = paired(rows, "cpu_ns", setups[0], setup)
        print(f"   {setup[0]:<10} {setup[1]:<7} {ratio:6.3f}  ({blocks} blocks)")

    print("2. Anonymous memory over what was asked for, at the peak (median over workloads)")
    for setup in setups:
        shares = defaultdict(list)
        for row in rows:
            if (row["allocator"], row["front"]) == setup and row["peak_asked_bytes"]:
                grown = int(row["peak_rss_anon_bytes"]) - int(row["base_rss_anon_bytes"])
                shares[row["workload"]].append(grown / int(row["peak_asked_bytes"]))
        if shares:
            value = statistics.median(statistics.median(s) for s in shares.values())
            print(f"   {setup[0]:<10} {setup[1]:<7} {value:6.3f}")

    print("3. Longest pause in processor time, by policy")
    longest = defaultdict(int)
    for row in everything:
        longest[row["policy"]] = max(longest[row["policy"]], int(row["pause_cpu_max_ns"]))
    for name, ns in sorted(longest.items()):
        print(f"   {name:<20} {ns / 1e6:8.2f} ms")


if __name__ == "__main__":
    main()
