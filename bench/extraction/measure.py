"""The measures of the extraction bench, as functions on texts; ../shared/data/README.md states those of the web pages.

Words are Python's \\w+ of the lower-cased text. A page's score is precision, recall and F1 of two multisets of words; a gold without words
scores 1 for a text without words, else 0. For languages without spaces between words (`characters`), each Han, Kana, Hangul and Thai code
point is a token of its own, vowel signs and tone marks of Thai included; other runs of \\w stay words. The measures see no order.
"""
import re
from collections import Counter

WORD = re.compile(r"\w+")
# Han with its extensions and 々〆〇, Kana with half-width forms, Bopomofo, Hangul syllables and letters, Thai. \w lacks Thai's vowel signs.
CHARACTER = (
    "\u3005-\u3007\u3040-\u30ff\u3100-\u312f\u3131-\u318e\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uff66-\uff9f\u1100-\u11ff\uac00-\ud7af\U00020000-\U0003ffff\u0e01-\u0e3a\u0e40-\u0e4e"
)
CHARACTERS = re.compile(rf"[{CHARACTER}]|[^\W{CHARACTER}]+")
SPACE = re.compile(r"\s+")
BINS = 10
GOOD = 0.8


def words(text):
    return Counter(WORD.findall(text.lower()))


def characters(text):
    return Counter(CHARACTERS.findall(text.lower()))


def agreement(found, gold, tokens=words):
    """(precision, recall, F1) of a text against its gold."""
    a, b = tokens(found), tokens(gold)
    if not b:
        same = 0.0 if a else 1.0
        return same, same, same
    common = sum((a & b).values())
    if not common:
        return 0.0, 0.0, 0.0
    p, r = common / a.total(), common / b.total()
    return p, r, 2 * p * r / (p + r)


def squeeze(text):
    return SPACE.sub("", text).casefold()


def snippets(text, wanted, unwanted):
    """How many of `wanted` and of `unwanted` stand in the text, case folded and without white space."""
    body = squeeze(text)
    return sum(squeeze(s) in body for s in wanted), sum(squeeze(s) in body for s in unwanted)


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else float("nan")


def calibration(pairs):
    """(expected calibration error, rows) of (confidence, F1) pairs for the claim "F1 >= 0.8", in ten bins of equal width.

    A row is (lower edge, pages, mean confidence, share that held)."""
    bins = [[] for _ in range(BINS)]
    for confidence, f1 in pairs:
        bins[min(BINS - 1, max(0, int(confidence * BINS)))].append((confidence, f1 >= GOOD))
    rows = [(i / BINS, len(b), mean(c for c, _ in b), mean(float(h) for _, h in b)) for i, b in enumerate(bins) if b]
    total = sum(n for _, n, _, _ in rows)
    return sum(n * abs(c - h) for _, n, c, h in rows) / max(1, total), rows
