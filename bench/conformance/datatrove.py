"""Texts for conformance with datatrove 0.10.1, and what its own filters say of them.

    python datatrove.py version                                  what verdicts depend on: they may be kept under this name
    python datatrove.py texts COUNT [--shared ../shared/data]   JSON lines {"from", "text"}: the same ones on every run
    python datatrove.py judge                                    JSON lines {"text"} from standard input -> one line of verdicts each
    python datatrove.py time FILE                                CPU seconds of the chain over FILE (JSON lines), verdicts behind them

Filters run as published, with their own defaults, on spaCy's words and sentences. What they ask of one text twice (words, sentences) is
remembered while that text is judged; `time` remembers nothing. Development pages come from WCXB where they are at hand, its lock box left out.
"""

import hashlib
import importlib
import importlib.metadata
import itertools
import json
import pkgutil
import random
import re
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:] = [folder for folder in sys.path if Path(folder).resolve() != Path(__file__).resolve().parent]  # this file is named as the package

# What rules look at, and what splits words, lines and sentences in unexpected places.
MARKS = (
    "...|…|#|•|-|[1]|[edit]|[citation needed]|[１２]|{|}|Javascript|lorem Ipsum|Lorem ipsum dolor|use cooKies|uses cookies|Terms of Use|Privacy Policy"
    "|\0|😀|👩‍👩‍👧|。|！|\u0085|\u2028|\u2029|\u00a0|\r\n|\r|\v|\f|\x1c|\x1d|\x1e|\x1f|\t|\n\n|\n \n|\n\n\n|İ|ſ|é|e\u0301|中文|ไทย|\"|'|”|’|١٢|Ⅻ|\u3000|\ufeff|\u200b"
    "|:)|:-(|o.O|don't|can't|I'm|U.S.|e.g.|Mr.|a.m.|10km|$5|50%|C++|http://x.org/a?b=c|me@x.org|well-known|and/or|(|)|[|]|*|**|`|```|--|—|?|!|?!|.|. .|;"
    "|cannot|gonna|dunno|LEMMA|ORTH|the|that|with|\u1680|\u2003|\u202f|\u205f|ﬁ|ß|K|½|²|№|°C|«|»|¿|¡|‹|›|„|‚|†|§|¶|€|£|\U0001f1e9\U0001f1ea|\U00020000"
).split("|") + ["|", "x" * 1001, "y" * 1000, "long" * 300]

HOSTILE = [
    "", " ", "\n", "\n\n", "a", ".", "...", "…", "\0", "\u0085", "\u2028", "\x1c", "\r\n", "{", "#", "-", "•", "😀", "中", "\ufeff", "\u200b", " a", "a ", "\ta\n",
    "\n \n", ". . .", "?!", ":)", "[1]", "[edit]", "...\n...", "a\n\nb", "a\n\n\nb\n", "- a\n- b", "IS_ALPHA", "ORTH IS_ALPHA LEMMA", "don't", "''", "\"\"",
    "a" * 1000, "a" * 1001, "a " * 30, "word " * 49, "word " * 50, "ab " * 60, "the be " * 40, "- the be to of and\n" * 60, "The end...\n" * 60, "# the be\n" * 50,
    "😀 " * 60, "中文。" * 100, "é" * 5000, "." * 3000, "\n" * 3000, "\x1c" * 100, "a\u2028" * 100, "a\x85b\x1cc\x1dd\x1ee\x0bf\x0cg\rh\r\ni\n" * 20,
]


def documents():
    for path in sorted((ROOT / "node_modules").glob("**/*.md")):
        text = path.read_text("utf-8", "replace")
        for start in range(0, min(len(text), 120_000), 12_000):
            yield "package docs", text[start : start + 12_000]


def docstrings():
    for name in sorted(sys.stdlib_module_names):
        if name in ("antigravity", "this", "idlelib") or name.startswith("_"):
            continue
        try:
            module = importlib.import_module(name)
        except BaseException:  # noqa: BLE001 - a module of another platform
            continue
        members = [module] + [vars(module)[key] for key in sorted(vars(module))]
        inner = [vars(each)[key] for each in members if isinstance(each, type) for key in sorted(vars(each))]
        for each in members + inner:
            text = getattr(each, "__doc__", None)
            if isinstance(text, str) and len(text) > 120 and text != __doc__:
                yield "docstrings", re.sub(r"0x[0-9a-f]{6,}", "0x0", text)
        if getattr(module, "__file__", None) and module.__file__.endswith(".py"):
            source = Path(module.__file__).read_text("utf-8", "replace")
            yield "source", source[:8000]


def pages(shared):
    folder = Path(shared) / "wcxb-dev"
    if not (folder / "ground-truth.jsonl.gz").exists():
        return
    sys.path.insert(0, str(ROOT / "bench/extraction"))
    import split

    records = split.records(folder)
    places = split.split(records)
    for record in records:
        text = (record.get("ground_truth") or {}).get("main_content")
        if text and places[record["file_id"]] >= 0:
            yield "pages", text[:20_000]


def pieces(bases, numbers):
    """Runs of lines or words of a text: what is near the limits of length, sentences, and shares of lines."""
    for number in numbers:
        rng = random.Random(f"piece {number}")
        text = rng.choice(bases)
        if rng.random() < 0.5:
            lines = text.split("\n")
            start = rng.randrange(len(lines))
            yield "pieces", "\n".join(lines[start : start + rng.randint(1, 60)])
        else:
            start = rng.randrange(max(1, len(text) - 100))
            yield "pieces", text[start : start + rng.randint(1, 3000)]


def mutations(bases, numbers):
    for number in numbers:
        rng = random.Random(f"mutation {number}")
        words = rng.choice(bases)[: rng.randint(200, 5000)].split(" ")
        for _ in range(rng.randrange(40)):
            at = rng.randrange(len(words) + 1)
            kind = rng.randrange(6)
            if kind == 0:
                words[at:at] = words[at : at + rng.randrange(30)]
            elif kind == 1:
                words[at:at] = [rng.choice(MARKS)]
            elif kind == 2 and at < len(words):
                place = rng.randrange(len(words[at]) + 1)
                words[at] = words[at][:place] + rng.choice(MARKS) + words[at][place:]
            else:
                words[at:at] = [(words[at] if at < len(words) else "") + rng.choice(MARKS) + rng.choice(MARKS)]
        yield "mutations", rng.choice([" ", " ", " ", "\n", "  "]).join(words)


def repetitions(bases, numbers):
    """Texts in which a share of lines, paragraphs, n-grams or marks repeats: both sides of every limit."""
    for number in numbers:
        rng = random.Random(f"repetition {number}")
        lines = [line for line in rng.choice(bases)[: rng.randint(500, 4000)].split("\n") if line.strip()] or ["x"]
        kind = rng.randrange(7)
        if kind == 0:
            chosen = [rng.choice(lines) for _ in range(rng.randint(1, 6))]
            for each in chosen:
                lines.insert(rng.randrange(len(lines) + 1), each)
            text = "\n".join(lines)
        elif kind == 1:
            paragraphs = ["\n".join(lines[i : i + 3]) for i in range(0, len(lines), 3)]
            paragraphs += [rng.choice(paragraphs) for _ in range(rng.randint(1, 1 + len(paragraphs) // 2))]
            rng.shuffle(paragraphs)
            text = rng.choice(["\n\n", "\n\n\n", "\n"]).join(paragraphs)
        elif kind == 2:
            words = " ".join(lines).split(" ")
            start, length = rng.randrange(len(words)), rng.randint(2, 14)
            gram = words[start : start + length]
            for _ in range(rng.randint(1, 30)):
                at = rng.randrange(len(words) + 1)
                words[at:at] = gram
            text = " ".join(words)
        elif kind == 3:
            mark = rng.choice(["- ", "• ", "  -", "\t•", "* ", "\u3000-"])
            share = rng.choice([0.5, 0.88, 0.9, 0.92, 1])
            text = "\n".join(mark + line if rng.random() < share else line for line in lines)
        elif kind == 4:
            mark = rng.choice(["...", "…", "... ", "…\t"])
            share = rng.choice([0.2, 0.29, 0.31, 0.5])
            text = "\n".join(line + mark if rng.random() < share else line for line in lines)
        elif kind == 5:
            mark = rng.choice(["#", "...", "…", ".", "1", "*"])
            share = rng.choice([0.05, 0.09, 0.11, 0.2])
            text = " ".join(word + mark if rng.random() < share else word for word in " ".join(lines).split(" "))
        else:
            text = rng.choice(["\n", "\r\n", "\u2028", "\x1c", "\v", "\x85", " \n"]).join(
                line.rstrip(" .") + rng.choice([".", "", "!", "?", '"', "'", "...", "。", ";"]) for line in lines
            )
        yield "repetitions", text


def texts(count, shared):
    seen = set()
    left = count

    def fresh(source):
        nonlocal left
        for origin, text in source:
            text = text.encode("utf-8", "replace").decode("utf-8")
            digest = hashlib.sha256(text.encode()).digest()
            if left > 0 and digest not in seen:
                seen.add(digest)
                left -= 1
                yield origin, text

    bases = []
    for source in (pages(shared), documents(), docstrings()):
        for origin, text in fresh(source):
            bases.append(text)
            yield origin, text
    yield from fresh(("hostile", text) for text in HOSTILE + MARKS)
    bases = [text for text in bases if len(text) > 400]
    for start in itertools.count(step=300):
        if left == 0:
            return
        yield from fresh(mutations(bases, range(start, start + 300)))
        yield from fresh(repetitions(bases, range(start, start + 300)))
        yield from fresh(pieces(bases, range(start, start + 150)))


class Judge:
    def __init__(self, remember):
        from datatrove.data import Document
        from datatrove.pipeline.filters import c4_filters, fineweb_quality_filter, gopher_quality_filter, gopher_repetition_filter

        self.document = Document
        self.filters = {
            "repetition": gopher_repetition_filter.GopherRepetitionFilter(),
            "quality": gopher_quality_filter.GopherQualityFilter(),
            "c4_paper": c4_filters.C4QualityFilter(),
            "c4": c4_filters.C4QualityFilter(filter_no_terminal_punct=False),
            "fineweb": fineweb_quality_filter.FineWebQualityFilter(),
            "paragraphs": c4_filters.C4ParagraphFilter(),
        }
        self.memory = {}
        if not remember:
            return
        for module in (c4_filters, fineweb_quality_filter, gopher_quality_filter, gopher_repetition_filter):
            for name in ("split_into_words", "split_into_sentences"):
                if hasattr(module, name):
                    setattr(module, name, self.remembered(getattr(module, name)))

    def remembered(self, split):
        def lookup(text, language):
            key = (split.__name__, text)
            if key not in self.memory:
                self.memory[key] = split(text, language)
            return self.memory[key]

        return lookup

    def run(self, names, text):
        """(reason or None, text behind the last filter)"""
        document = self.document(text=text, id="0")
        for name in names:
            try:
                result = self.filters[name].filter(document)
            except Exception as error:  # noqa: BLE001 - what upstream raises is what is to be known
                return f"raises {type(error).__name__}", document.text
            if isinstance(result, tuple):
                return result[1], document.text
        return None, document.text

    CHAIN = ("repetition", "quality", "c4", "fineweb")

    def all(self, text):
        self.memory.clear()
        row = {"digest": hashlib.sha256(text.encode()).hexdigest()[:32]}
        for name in self.filters:
            row[name], edited = self.run([name], text)
            if name.startswith("c4") and row[name] is None:
                row[f"{name}_text"] = hashlib.sha256(edited.encode()).hexdigest()[:32]
        row["chain"], edited = self.run(self.CHAIN, text)
        if row["chain"] is None:
            row["chain_text"] = hashlib.sha256(edited.encode()).hexdigest()[:32]
        return row


def lines(file):
    """JSON lines end in LF only; a text's own separators are escaped."""
    for line in file.buffer if hasattr(file, "buffer") else file:
        yield json.loads(line)["text"]


def main(arguments):
    if arguments[0] == "version":
        print("-".join(["v1", *(f"{name}{importlib.metadata.version(name)}" for name in ("datatrove", "spacy", "numpy"))]))
    elif arguments[0] == "texts":
        shared = arguments[arguments.index("--shared") + 1] if "--shared" in arguments else ROOT / "../shared/data"
        for origin, text in texts(int(arguments[1]), shared):
            print(json.dumps({"from": origin, "text": text}))
    elif arguments[0] == "judge":
        judge = Judge(remember=True)
        for text in lines(sys.stdin):
            print(json.dumps(judge.all(text)), flush=True)
    else:
        judge = Judge(remember=False)
        with open(arguments[1], "rb") as file:
            given = list(lines(file))
        judge.run(Judge.CHAIN, "The words of a first text load what loads late. " * 20)
        start = time.process_time()
        verdicts = [judge.run(Judge.CHAIN, text)[0] for text in given]
        print(json.dumps({"seconds": time.process_time() - start, "verdicts": verdicts}))


if __name__ == "__main__":
    main(sys.argv[1:])
