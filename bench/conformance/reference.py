"""Gopher's, FineWeb's and C4's definitions in plain Python, from the papers (arXiv 2112.11446, 2406.17557, 1910.10683) and the published clean_page;
and DCLM's from what its filters are documented to do. Slow and simple on purpose: the second writing of what native/text does.

    python reference.py PROFILE < texts.jsonl > answers.jsonl

A line a text: {"values": {rule: what it compares, null where it compares nothing}, "verdict": first rule that drops or null, "text": what is
left of the text after the profile's edits, null where it was dropped before}. All rules are evaluated, also after a verdict.
"""

import itertools
import json
import re
import sys
from collections import Counter

sys.path.pop(0)  # files beside this one bear the names of packages

from datatrove.utils.text import TERMINAL_PUNCTUATION  # noqa: E402
from uniseg.wordbreak import words as uniseg_words  # noqa: E402

STOP = ("the", "be", "to", "of", "and", "that", "have", "with")


def ratio(part, whole):
    return part / whole if whole else None


def occurrences(words, n):
    """n-gram -> the places at which it begins."""
    places = {}
    for i in range(len(words) - n + 1):
        places.setdefault(tuple(words[i : i + n]), []).append(i)
    return places


def within(words, starts, n):
    """Characters of the words that n-grams at these places cover, each word once."""
    covered = set(itertools.chain.from_iterable(range(i, i + n) for i in starts))
    return sum(len(words[i]) for i in covered)


def later_copies(pieces):
    seen, later = set(), []
    for piece in pieces:
        (later.append if piece in seen else seen.add)(piece)
    return later


def all_copies(pieces):
    counts = Counter(pieces)
    return [piece for piece in pieces if counts[piece] > 1]


def size(pieces):
    return sum(map(len, pieces))


def stripped(pieces):
    return [piece.strip() for piece in pieces if piece.strip()]


# --- Gopher and FineWeb, as their papers say it


def paper(text):
    words = text.split()
    lines = stripped(text.split("\n"))
    paragraphs = stripped(re.split(r"\n{2,}", text))
    total = size(words)
    values = {
        "characters": len(text),
        "words": len(words),
        "mean": ratio(total, len(words)),
        "hashes": ratio(text.count("#"), len(words)),
        "ellipses": ratio(text.count("...") + text.count("…"), len(words)),
        "bullets": ratio(sum(line[0] in "•‣◦*-" for line in lines), len(lines)),
        "ellipsis lines": ratio(sum(line.endswith(("...", "…")) for line in lines), len(lines)),
        "alphabetic": ratio(sum(any(c.isalpha() for c in word) for word in words), len(words)),
        "stop words": len({word.lower() for word in words} & set(STOP)),
        "lines": ratio(len(later_copies(lines)), len(lines)),
        "paragraphs": ratio(len(later_copies(paragraphs)), len(paragraphs)),
        "line characters": ratio(size(later_copies(lines)), size(lines)),
        "paragraph characters": ratio(size(later_copies(paragraphs)), size(paragraphs)),
        "terminal": ratio(sum(line[-1] in TERMINAL_PUNCTUATION for line in lines), len(lines)),
        "short": ratio(sum(len(line) < 30 for line in lines), len(lines)),
    }
    for n in (2, 3, 4):
        places = [p for p in occurrences(words, n).values() if len(p) > 1]
        most = max(map(len, places), default=0)
        values[f"top {n}"] = ratio(max((within(words, p, n) for p in places if len(p) == most), default=0), total)
    for n in range(5, 11):
        starts = [i for p in occurrences(words, n).values() if len(p) > 1 for i in p]
        values[f"duplicate {n}"] = ratio(within(words, starts, n), total)
    return values


GOPHER = [
    ("gopher_few_words", "words", "<", 50), ("gopher_many_words", "words", ">", 100_000), ("gopher_short_words", "mean", "<", 3),
    ("gopher_long_words", "mean", ">", 10), ("gopher_hashes", "hashes", ">", 0.1), ("gopher_ellipses", "ellipses", ">", 0.1),
    ("gopher_bullets", "bullets", ">", 0.9), ("gopher_ellipsis_lines", "ellipsis lines", ">", 0.3), ("gopher_alphabetic_words", "alphabetic", "<", 0.8),
    ("gopher_stop_words", "stop words", "<", 2), ("gopher_duplicate_lines", "lines", ">", 0.3), ("gopher_duplicate_paragraphs", "paragraphs", ">", 0.3),
    ("gopher_duplicate_line_characters", "line characters", ">", 0.2), ("gopher_duplicate_paragraph_characters", "paragraph characters", ">", 0.2),
    ("gopher_top_2gram", "top 2", ">", 0.20), ("gopher_top_3gram", "top 3", ">", 0.18), ("gopher_top_4gram", "top 4", ">", 0.16),
    ("gopher_duplicate_5grams", "duplicate 5", ">", 0.15), ("gopher_duplicate_6grams", "duplicate 6", ">", 0.14),
    ("gopher_duplicate_7grams", "duplicate 7", ">", 0.13), ("gopher_duplicate_8grams", "duplicate 8", ">", 0.12),
    ("gopher_duplicate_9grams", "duplicate 9", ">", 0.11), ("gopher_duplicate_10grams", "duplicate 10", ">", 0.10),
]  # fmt: skip
FINEWEB = [
    ("fineweb_terminal_lines", "terminal", "<=", 0.12),
    ("fineweb_duplicate_line_characters", "line characters", ">=", 0.1),
    ("fineweb_short_lines", "short", ">=", 0.67),
]

# --- C4

POLICY = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")


def sentences(line):
    """A simple count of end marks, and what stands behind the last."""
    ends = list(re.finditer(r"[.?!]+[\"'”’)\]]*(?=\s|$)", line))
    return len(ends) + bool(line[ends[-1].end() if ends else 0 :].strip())


def c4(text, min_words, end_marks):
    kept, count = [], 0
    told = {"lorem": 0, "bracket": 0, "sentences": None}
    for line in text.splitlines():
        line = line.strip()
        if any(len(word) > 1000 for word in line.split()):
            continue
        line = re.sub(r"\[\d*\]|\[edit\]|\[citation needed\]", "", line)
        if end_marks and (not line.endswith((".", "?", "!", '"')) or line.endswith("...")):
            continue
        if len(line.split()) < min_words:
            continue
        lower = line.lower()
        if "lorem ipsum" in lower:
            return "\n".join(kept).strip(), {**told, "lorem": 1}
        if "javascript" in lower:
            continue
        if "{" in line:
            return "\n".join(kept).strip(), {**told, "bracket": 1}
        if any(phrase in lower for phrase in POLICY):
            continue
        count += sentences(line)
        kept.append(line)
    return "\n".join(kept).strip(), {**told, "sentences": count}


def c4_rules(least):
    return [("c4_lorem_ipsum", "lorem", ">", 0), ("c4_curly_bracket", "bracket", ">", 0), ("c4_few_sentences", "sentences", "<", least)]


# --- DCLM


def dclm(text):
    split = text.split()
    tokens = [t for t in re.split(r"[ \n\r\t\v\f\0]+", text) if t and t[0].isalnum()]
    words = [w for w in uniseg_words(text) if w[0].isalnum()]
    lines, paragraphs = stripped(text.split("\n")), stripped(text.split("\n\n"))
    total = size(words)
    values = {
        "tokens": len(tokens),
        "mean": ratio(size(split), len(split)),
        "symbols": ratio(sum(map(text.count, ("#", "...", ". . .", "…"))), len(split)),
        "bullets": ratio(sum(line.startswith(("●", "•", "*", "-")) for line in lines), len(lines)),
        "ellipsis": ratio(sum(line.endswith(("...", ". . .", "…")) for line in lines), len(lines)),
        "blind": ratio(sum(not any(c.isalpha() for c in word) for word in split), len(split)),
        "stop words": sum(word.lower() in STOP for word in split),
        "lines": ratio(len(all_copies(lines)), len(lines)),
        "paragraphs": ratio(len(all_copies(paragraphs)), len(paragraphs)),
        "line characters": ratio(size(all_copies(lines)), size(lines)),
        "paragraph characters": ratio(size(all_copies(paragraphs)), size(paragraphs)),
    }
    for n in (2, 3, 4):
        counts = Counter(zip(*(words[i:] for i in range(n))))
        most = max(counts.values(), default=0)
        longest = max((size(gram) for gram, count in counts.items() if count == most), default=0)
        values[f"top {n}"] = longest * most / total if most > 1 else 0
    for n in range(5, 11):
        starts = [i for p in occurrences(words, n).values() if len(p) > 1 for i in p]
        values[f"duplicate {n}"] = ratio(within(words, starts, n), total) or 0
    return values


DCLM = [
    ("page_length_min", "tokens", "<", 50), ("page_length_max", "tokens", ">", 100_000), ("word_length_min", "mean", "<", 3), ("word_length_max", "mean", ">", 10),
    ("symbol_ratio", "symbols", ">", 0.1), ("bullet_count", "bullets", ">", 0.9), ("ellipsis_count", "ellipsis", ">", 0.3),
    ("alphabetic_word_ratio", "blind", ">", 0.2), ("stop_word", "stop words", "<", 2), ("repetition_line", "lines", ">", 0.3),
    ("repetition_paragraph", "paragraphs", ">", 0.3), ("repetition_line_characters", "line characters", ">", 0.2),
    ("repetition_paragraph_characters", "paragraph characters", ">", 0.2), ("repetition_2gram", "top 2", ">", 0.20), ("repetition_3gram", "top 3", ">", 0.18),
    ("repetition_4gram", "top 4", ">", 0.16), ("repetition_5gram", "duplicate 5", ">", 0.15), ("repetition_6gram", "duplicate 6", ">", 0.14),
    ("repetition_7gram", "duplicate 7", ">", 0.13), ("repetition_8gram", "duplicate 8", ">", 0.12), ("repetition_9gram", "duplicate 9", ">", 0.11),
    ("repetition_10gram", "duplicate 10", ">", 0.10),
]  # fmt: skip
COUNTED = "likes|shares|comments|retweets|reposts|quotes|bookmarks|upvotes|downvotes|downloads|views|followers"
COUNTER = re.compile(rf"^\W*\d(?:,|\.|\d)*(?:k|m|b)?\s+(?:{COUNTED})\W*$")
PHRASES = [re.compile(p, re.I) for p in (r"\s?items in cart", r"\s?read more...$", r"^sign-in\s?")]


def dclm_lines(text):
    def keep(text, test, strip=True):
        text = "\n".join(line for line in text.split("\n") if test(line))
        return text.strip() if strip else text

    text = keep(text, lambda line: not line or sum(map(str.isupper, line)) / len(line) <= 0.5)
    text = keep(text, lambda line: not line or sum(map(str.isdigit, line)) / len(line) <= 0.999999)
    text = keep(text, lambda line: not COUNTER.search(line.lower()))
    text = keep(text, lambda line: not line or len(line.split()) >= 2, strip=False)
    for phrase in PHRASES:
        lines = []
        for line in text.split("\n"):
            if len(line.split()) <= 10:
                cut = phrase.sub("", line)
                if line and not cut.strip():
                    continue
                line = cut
            lines.append(line)
        text = "\n".join(lines).strip()
    return text


# --- Profiles: a text to (what rules compare, the text that is left, rules) of one pass after the other


def gopher_paper(text):
    yield paper(text), text, GOPHER


def fineweb_paper(text):
    yield paper(text), text, GOPHER
    text, told = c4(text, 3, end_marks=False)
    yield {**paper(text), **told}, text, c4_rules(5) + FINEWEB


def c4_tfds(text):
    yield {"characters": len(text)}, text, [("c4_long_page", "characters", ">", 190_000)]
    text, told = c4(text, 5, end_marks=True)
    yield told, text, c4_rules(3)


def dclm_baseline(text):
    text = re.sub(r"\n{3,}", "\n\n", text)
    values = dclm(text)
    yield values, text, DCLM
    text = dclm_lines(text)
    before, after = values["tokens"], dclm(text)["tokens"]
    removed = 1 if not text or before == 0 else (before - after) / before
    yield {"removed": removed}, text, [("word_removal_ratio", "removed", ">", 0.05)]


PROFILES = {"gopher-paper": gopher_paper, "fineweb-paper": fineweb_paper, "c4-tfds": c4_tfds, "dclm": dclm_baseline}
DROPS = {"<": lambda a, b: a < b, ">": lambda a, b: a > b, "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b}


def main(profile):
    for line in sys.stdin:
        values, verdict, left = {}, None, None
        for measured, left, rules in PROFILES[profile](json.loads(line)):
            for name, what, drops, threshold in rules:
                values[name] = measured[what]
                if verdict is None and measured[what] is not None and DROPS[drops](measured[what], threshold):
                    verdict = name
        print(json.dumps({"values": values, "verdict": verdict, "text": left if verdict is None else None}))


if __name__ == "__main__":
    main(sys.argv[1])
