"""datatrove 0.10.1's filters over texts, with our `simple` splitter in place of spaCy's; an independent second writing of that splitter.

Reads JSON lines {"text": …} from standard input; writes one JSON line per text: reason of each filter run alone and of FineWeb's chain
(null: kept), the text after C4, and the statistics by datatrove's own helper functions or by the plainest Python. What datatrove imports beyond numpy is stubbed.
"""

import json
import re
import sys
import unicodedata

import stubs  # noqa: F401
from datatrove.data import Document  # noqa: E402
from datatrove.pipeline.filters import c4_filters, fineweb_quality_filter, gopher_quality_filter, gopher_repetition_filter  # noqa: E402
from datatrove.utils.text import PUNCTUATION_SET, TERMINAL_PUNCTUATION  # noqa: E402


def words_of(text, language=None):
    words = []
    for chunk in text.split():
        core = chunk.strip("".join(PUNCTUATION_SET))
        before = len(chunk) - len(chunk.lstrip("".join(PUNCTUATION_SET)))
        if not core:
            words += list(chunk)
        else:
            words += [*chunk[:before], core, *chunk[before + len(core) :]]
    return words


def sentences_of(text, language=None):
    sentences, open_, ended = [], [], False
    for word in words_of(text):
        if ended and word not in PUNCTUATION_SET:
            sentences.append(open_)
            open_, ended = [], False
        ended = ended or word in TERMINAL_PUNCTUATION
        open_.append(word)
    return [*sentences, open_] if open_ else sentences


for module in (c4_filters, fineweb_quality_filter, gopher_quality_filter, gopher_repetition_filter):
    for name, ours in (("split_into_words", words_of), ("split_into_sentences", sentences_of)):
        if hasattr(module, name):
            setattr(module, name, ours)

FILTERS = {
    "repetition": gopher_repetition_filter.GopherRepetitionFilter(),
    "quality": gopher_quality_filter.GopherQualityFilter(),
    "c4": c4_filters.C4QualityFilter(),
    "c4_fineweb": c4_filters.C4QualityFilter(filter_no_terminal_punct=False),
    "fineweb": fineweb_quality_filter.FineWebQualityFilter(),
}
for filter_ in FILTERS.values():
    filter_.stat_update = lambda *_, **__: None


def statistics(text):
    r, n, words = gopher_repetition_filter, len(text), words_of(text)
    real = [w for w in words if any(c not in PUNCTUATION_SET for c in w)]
    lines = text.splitlines()
    full = [line for line in text.split("\n") if line.strip()]
    letters = sum(c.isalpha() for c in text)

    def over(part, whole):
        return None if whole == 0 else part / whole

    paragraphs = re.split(r"\n{2,}", text.strip())
    blocks = re.split(r"\n+", text)
    out = {
        "characters": n,
        "words": len(words),
        "real_words": len(real),
        "mean_word_length": over(sum(map(len, real)), len(real)),
        "hash_ratio": over(text.count("#"), len(words)),
        "ellipsis_ratio": over(text.count("...") + text.count("…"), len(words)),
        "lines": len(lines),
        "bullet_lines": over(sum(s.lstrip().startswith(("•", "-")) for s in lines), len(lines)),
        "ellipsis_lines": over(sum(s.rstrip().endswith(("...", "…")) for s in lines), len(lines)),
        "alphabetic_words": over(sum(any(c.isalpha() for c in w) for w in words), len(words)),
        "stop_words": len(set(gopher_quality_filter.STOP_WORDS) & set(words)),
        "paragraphs": len(paragraphs),
        "dup_paragraphs": r.find_duplicates(paragraphs)[0] / len(paragraphs),
        "dup_paragraph_characters": over(r.find_duplicates(paragraphs)[1], n),
        "dup_lines": r.find_duplicates(blocks)[0] / len(blocks),
        "dup_line_characters": over(r.find_duplicates(blocks)[1], n),
        "sentences": len(sentences_of(text)),
        "text_lines": len(full),
        "terminal_lines": over(sum(line.endswith(tuple(TERMINAL_PUNCTUATION)) for line in full), len(full)),
        "short_lines": over(sum(len(line) <= 30 for line in full), len(full)),
        "dup_text_characters": over(r.find_duplicates(full)[1], len(text.replace("\n", ""))),
        "newlines_per_word": over(text.count("\n"), len(words)),
        "longest_line": max(map(len, lines), default=0),
        "mean_line": over(sum(map(len, lines)), len(lines)),
        "letter_share": over(letters, n),
        "decimal_share": over(sum(c.isdecimal() for c in text), n),
        "alphanumeric_share": over(sum(c.isalnum() for c in text), n),
        "upper_share": over(sum(c.isupper() for c in text if c.isalpha() or c.isupper()), letters),
        "encoded_run": max(map(len, re.findall(r"[A-Za-z0-9+/=\n]+", text)), default=0),
    }
    for size in (2, 3, 4):
        grams = r.get_n_grams(words, size)
        out[f"top_{size}_gram"] = r.find_top_duplicate(grams) / n if grams else None
    for size in range(5, 11):
        out[f"dup_{size}_grams"] = over(r.find_all_duplicate(words, size), n)
    return out


print(json.dumps({"unicode": unicodedata.unidata_version}))
for line in sys.stdin:
    text = json.loads(line)["text"]
    row = {"statistics": statistics(text)}
    for name, filter_ in FILTERS.items():
        document = Document(text=text, id="0")
        try:
            result = filter_.filter(document)
        except ZeroDivisionError:
            result = (False, "ZeroDivisionError")
        row[name] = result[1] if isinstance(result, tuple) else None
        if name.startswith("c4"):
            row[f"{name}_text"] = document.text
    row["chain"], document = None, Document(text=text, id="0")
    for name in ("repetition", "quality", "c4_fineweb", "fineweb"):
        result = FILTERS[name].filter(document)
        if isinstance(result, tuple):
            row["chain"] = result[1]
            break
    row["chain_text"] = document.text
    print(json.dumps(row))
