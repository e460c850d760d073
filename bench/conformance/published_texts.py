"""Texts on which published definitions are compared: one JSON string a line, the same in every run on the same files.

    python published_texts.py COUNT > texts.jsonl

Pieces of package documentation (node_modules/**/*.md), of this Python's standard library (sources and docstrings), of the main text of
development pages where ../shared/data is at hand (never of the lock box), hostile texts written here, and mutations of all of them: marks,
repeats, shuffles, blank lines, other scripts. Most are 0.2 to 2 KB, one in twenty up to 20 KB.
"""

import ast
import json
import random
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT.parent / "shared/data/wcxb-dev"

HOSTILE = [
    "", " ", "\n", "\n\n", "\n\n\n", "a", ".", "...", "\0", "\u0085", "\u2029\u2029", "😀", "😀😀 😀", "\r\n\r\n", "a\n\n\nb\n\n\n", "\n\na\n\na",
    "a b", "a b c", " a \n a ", "ab c d e f ab c d e f", "x " * 200, "the cat and the dog. " * 60, "- item\n" * 50, "• x y z...\n" * 50, "中文。" * 100,
    "日本語のテキスト。" * 40, "# " * 80, "## #a# #b", "#", "##", "!?" * 300, "word " * 49, "word " * 50, "word " * 51, "the words and more...\n" * 9,
    "of the and to be it " * 16_700, "x" * 1001, "x" * 1000 + " the and", "http://", "https://a", "see http://a.b/c%20d%zz and https://x.y!(1),2*",
    "http://http://a.b", "hhttps://q", "lorem ipsum", "Lorem Ipsum dolor", "We use coo\u212aies here.\n\nprivacy poli\u0130cy",
    "Terms of use\n\nprivacy & cookies policy\n\nx", "a\n\nb\n\na\n\nb", "(((([[[[{{{{⟨⟩}}}}]]]]))))", "١٢٣ ٤٥٦", "²³ ½ Ⅻ", "read more", "READ MORE..", "and -»",
    "a (...)", "a […]", "a [...]\nb …\nc...", "\u200b", "\ufeffbom the and", "e\u0301 " * 60, "\x1c\x1d\x1e\x1f", "a\x1cb\x1dc", "שלום \"עולם\" ג'ירפה", "ｶﾀｶﾅ カタカナ_1",
    "🇩🇪🇫🇷🇮🇹🇬", "👩‍👩‍👧‍👦 👍🏽", "can't won't 3.14 1,000.50 a.b.c x_y 'tis", "3 likes\n1,024K views\n• 7 shares\nplain line of text", "Items in cart\nREAD MORE...\nSign-in now",
    "ITEMS ıN CART here", "ONLY CAPITALS HERE\nsome small ones here\n12345\n", "Read more...", "one\n\ntwo words\n \nthree more words", "{ the and }", "javascript the and of it.",
    "One. Two! Three? \"Four.\" (Five.) six", "[1] [edit] [citation needed] [12] words here and there.", "[١٢] digits of another script in a bracket.", "e.g. i.e. U.S.A. v1.2.3", "a" * 30_000,
    "...\n. . .\n…", "*\n-\n●\n•", "a\u00a0b\u00a0c", "\t\t\t\t", "\b\b\b a", "￼�", "ﬁ ﬂ ǅ ª º", "K\u0131 \u017fhares", "Ａ１　Ｂ２",
]  # fmt: skip

MARKS = [
    "...", "…", "#", "##", "•", "-", "*", "[1]", "[edit]", "{", "}", "(", ")", "javascript", "lorem ipsum", "use cookies", "terms of use", "privacy policy", "\0", "😀", "。", "！",
    "\u0085", "\u2028", "\u00a0", "\r\n", "\v", "\x1c", "\t", "\n\n", "\n \n", "\n", "\n", "İ", "ſ", "é", "中文", "x" * 1001, '"', "'", "١٢", "Ⅻ", "\u3000", "\ufeff", "the", "and", "http://a.b/c",
    "12345", "5 likes", "SIGN-IN", "read more...", "\u0301", "\u200d", "🇩🇪", "ア", "א\"א", "1,234.5", "_", "‣", "⦿", "read more", "-»",
]  # fmt: skip


def docs():
    for path in sorted((ROOT / "node_modules").rglob("*.md")):
        yield path.read_text(errors="replace")


def library():
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py")):
        source = path.read_text(errors="replace")
        yield source
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
                text = ast.get_docstring(node)
                if text and len(text) > 400:
                    yield text


def pages():
    if not PAGES.exists():
        print(f"without development pages: no {PAGES}", file=sys.stderr)
        return
    sys.path.insert(0, str(ROOT / "bench/extraction"))
    from split import records, split

    found = records(PAGES)
    fold = split(found)
    for record in found:
        text = (record.get("ground_truth") or {}).get("main_content")
        if fold[record["file_id"]] >= 0 and text:
            yield text


def clean(text):
    return text.encode("utf-8", "replace").decode("utf-8")


def cut(text, rng):
    size = rng.randrange(2000, 20_000) if rng.random() < 0.05 else int(200 * 10 ** rng.random())
    start = rng.randrange(max(1, len(text) - size))
    start = text.find("\n", start) + 1 if rng.random() < 0.7 else start
    return text[start : start + size]


def mutate(text, rng):
    pieces = text.split(rng.choice([" ", " ", " ", "\n"]))
    for _ in range(rng.randrange(25)):
        at = rng.randrange(len(pieces) + 1)
        kind = rng.random()
        if kind < 0.3:
            pieces[at:at] = pieces[at : at + rng.randrange(30)] * rng.randrange(1, 4)
        elif kind < 0.4:
            del pieces[at : at + rng.randrange(20)]
        elif kind < 0.5 and pieces:
            pieces[at:at] = [rng.choice(pieces)] * rng.randrange(1, 12)
        else:
            mark = rng.choice(MARKS) * rng.choice([1, 1, 1, 2, 5])
            pieces.insert(at, mark if rng.random() < 0.5 else (pieces[at] if at < len(pieces) else "") + mark)
    return rng.choice([" ", " ", " ", "\n", "  ", "\n\n", ". "]).join(pieces)


def texts(count):
    rng = random.Random(20_26)
    sources = [list(each()) for each in (docs, library, pages)]
    sources = [[clean(text) for text in each] for each in sources if each]
    yield from HOSTILE
    for i in range(count - len(HOSTILE)):
        text = cut(rng.choice(rng.choice(sources)), rng)
        if i % 10 == 0:
            text = mutate(rng.choice(HOSTILE[:-1])[:5000] + text, rng)
        elif i % 2 == 0:
            text = mutate(text, rng)
        yield clean(text)


if __name__ == "__main__":
    for text in texts(int(sys.argv[1])):
        print(json.dumps(text))
