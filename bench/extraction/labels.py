"""Which blocks of a page a reader's gold holds.

Blocks and gold are lower-cased `\\w+` words. A block's label is the share of its words that lie in trigrams which the gold holds in the same
order; each word of the gold is used once, first by the blocks whose surroundings match best, so that a teaser or a second copy of a paragraph
does not count. Blocks of one or two words count where the gold has them between the places of their neighbours.
"""
import bisect
import re
from collections import Counter, defaultdict

import numpy as np

WORD = re.compile(r"\w+")


def words(text):
    return WORD.findall(text.lower())


def label(blocks, gold):
    """blocks: lists of words; gold: list of words. Returns shares 0..1."""
    count = len(blocks)
    share = np.zeros(count)
    if not gold:
        return share
    trigrams, short = defaultdict(list), defaultdict(list)
    for i in range(len(gold)):
        short[(gold[i],)].append(i)
        if i + 1 < len(gold):
            short[(gold[i], gold[i + 1])].append(i)
        if i + 2 < len(gold):
            trigrams[(gold[i], gold[i + 1], gold[i + 2])].append(i)

    raw = np.zeros(count)
    for b, block in enumerate(blocks):
        hit = np.zeros(len(block), bool)
        for i in range(len(block) - 2):
            if (block[i], block[i + 1], block[i + 2]) in trigrams:
                hit[i : i + 3] = True
        raw[b] = hit.mean() if len(block) > 2 else 0
    sizes = np.array([len(block) for block in blocks], float)
    hits = np.concatenate([[0], np.cumsum(raw * sizes)])
    total = np.concatenate([[0], np.cumsum(sizes)])
    ends = [min(count, b + 8) for b in range(count)]
    around = [(hits[e] - hits[max(0, b - 7)]) / max(1, total[e] - total[max(0, b - 7)]) for b, e in enumerate(ends)]

    used = np.zeros(len(gold), bool)
    first, last = np.full(count, -1), np.full(count, -1)
    for b in sorted(np.nonzero(raw)[0], key=lambda b: (-round(around[b], 1), b)):
        block = blocks[b]
        size = len(block)
        diagonals = Counter()
        for i in range(size - 2):
            for p in trigrams.get((block[i], block[i + 1], block[i + 2]), ())[:50]:
                if not used[p + 1]:
                    diagonals[p - i] += 1
        hit = np.zeros(size, bool)
        for shift, _ in diagonals.most_common(4):
            same = [0 <= i + shift < len(gold) and block[i] == gold[i + shift] for i in range(size)]
            for i in range(size):
                q = i + shift
                if not same[i] or hit[i] or used[q]:
                    continue
                if any(k >= 0 and k + 2 < size and same[k] and same[k + 1] and same[k + 2] for k in (i - 2, i - 1, i)):
                    hit[i] = used[q] = True
                    first[b] = q if first[b] < 0 else min(first[b], q)
                    last[b] = max(last[b], q)
        share[b] = hit.mean()

    placed = [b for b in range(count) if share[b] >= 0.5]
    for b, block in enumerate(blocks):
        if not 0 < len(block) <= 2:
            continue
        k = bisect.bisect(placed, b)
        low = last[placed[k - 1]] if k > 0 else None
        high = first[placed[k]] if k < len(placed) else None
        if low is None:
            low = max(-1, (high if high is not None else 0) - 60)
        if high is None:
            high = min(len(gold), low + 60)
        if high < low:
            low, high = high - 3, low + 3
        for p in short.get(tuple(block), ()):
            if low - 1 <= p <= high + 1 and not used[p : p + len(block)].any():
                share[b] = 1
                used[p : p + len(block)] = True
                break
    return share
