"""Which documents share a band of datatrove's MinHash: numpy and xxhash, none of our code. JSON lines of texts in, JSON pairs out.

Used by minhash.test.ts. The formulas are curation.md 2.6's.
"""
import json
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import xxhash

sys.path.insert(0, str(Path(__file__).parents[2] / "native" / "dedup"))
from simplify_vectors import words  # noqa: E402  (the steps of 2.6 in Python)

PRIME = np.uint64((1 << 61) - 1)
random = np.random.RandomState(1)
a = random.randint(1, PRIME, dtype=np.uint64, size=(1, 112))
b = random.randint(0, PRIME, dtype=np.uint64, size=(1, 112))

buckets = {}
for i, line in enumerate(sys.stdin):
    tokens = words(json.loads(line))
    shingles = [xxhash.xxh64_intdigest(" ".join(tokens[j : j + 5]).encode()) for j in range(len(tokens) - 4)]
    if not shingles:
        continue
    minima = ((np.array(shingles, dtype=np.uint64).reshape(-1, 1) * a + b) % PRIME).min(axis=0)
    for band, values in enumerate(np.split(minima, 14)):
        buckets.setdefault((band, *values.tolist()), []).append(i)

pairs = sorted({pair for members in buckets.values() for pair in combinations(members, 2)})
print(json.dumps(pairs))
