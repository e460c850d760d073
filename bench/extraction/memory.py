"""Resident memory of one process over many pages: flat, and within the bar.

    python bench/extraction/memory.py [--count 100000] [--pages DIR] [--node PATH]

The pages outside the lock box again and again, each read from disk and extracted in batches as a unit child does, with its setting of the C
library's allocator (activities/runner.ts). Every 500 pages resident memory after a collection; the peak before it. Flat: the mean of the last
tenth is at most 5 % above the mean of the second tenth (the first fills caches and buffers).
"""
import argparse
import os
import sys

from measure import mean
from pages import PAGES, Pages
from score import Bars
from speed import HERE, LISTS, NODE, fresh, write_list

MOST = 300
GROWTH = 1.05


def main(given):
    LISTS.mkdir(parents=True, exist_ok=True)
    listed = write_list(Pages(given.pages, {0, 1, 2, 3, 4}), "memory.jsonl")
    command = [given.node, "--disable-warning=ExperimentalWarning", "--expose-gc", str(HERE / "time.ts"), listed, "memory", str(given.count)]
    os.environ["MALLOC_ARENA_MAX"] = "2"
    found = fresh(command)
    resident, peak = [mib for _, mib in found["resident"]], found["peak"]
    tenth = max(1, len(resident) // 10)
    early, late = mean(resident[tenth : 2 * tenth] or resident), mean(resident[-tenth:])
    print(f"{given.count} pages: {early:.0f} MiB in the second tenth, {late:.0f} MiB in the last, {peak:.0f} MiB at most\n\nbars")
    bars = Bars()
    bars.check("resident memory, MiB", peak, MOST, least=False)
    bars.check("last tenth over second tenth", late / early, GROWTH, least=False)
    return 1 if bars.missed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100000)
    parser.add_argument("--pages", default=PAGES)
    parser.add_argument("--node", default=NODE)
    sys.exit(main(parser.parse_args()))
