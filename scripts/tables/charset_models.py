"""Makes native/html/charset_models.inc: how likely each letter beyond ASCII is behind another, by language, for the detector of charsets.

Run with:
  pip download --no-deps --no-binary :all: langdetect==1.0.9   (unpack it)
  pip download --no-deps django==5.2.19
  python scripts/tables/charset_models.py PATH/langdetect-1.0.9 PATH/django-5.2.19-py3-none-any.whl

Counts of neighbouring letters are langdetect's profiles, made from abstracts of Wikipedia (Apache License 2.0); languages that it lacks, and
Vietnamese, whose letters it folds together, are counted in Django's translations (BSD 3-Clause). Only these shares are kept.

A model is its letters (lower case, the commonest first), their capitals and the prices: a row for what stands before (anything but a letter;
a to z, or one row for all of them where the script is not Latin; each letter), a column for each letter, quarters of a bit as characters
from '0' on; where the script is Latin, behind it a row for each letter with a column for each of a to z behind that letter. Vietnamese is written as in windows-1258: the tone is a letter of its own behind its vowel.
"""
import io
import json
import math
import re
import sys
import unicodedata
import zipfile
from collections import Counter
from pathlib import Path

LATIN = "da de es fi fr it nl no pt sv ca af sq is cs hr hu pl ro sk sl tr et lt lv vi".split()
SCRIPTS = {
    "CYRILLIC": "ru uk be bg mk sr".split(), "GREEK": ["el"], "HEBREW": ["he"], "ARABIC": ["ar", "fa"], "THAI": ["th"],
}
FROM_DJANGO = {"is": "is", "be": "be", "sr": "sr", "vi": "vi"}
RAREST = 4e-5  # of all letters; a rarer letter is none of the language's
MOST = 70
USUAL = 0.05  # share of letters beyond ASCII in a Latin language
TONES = "\u0300\u0301\u0303\u0309\u0323"
ENTRY = re.compile(r'^msgstr(?:\[\d\])? ((?:"(?:[^"\\]|\\.)*"\s*)+)', re.M)


def vietnamese(text):
    out = []
    for letter in text:
        parts = unicodedata.normalize("NFD", letter)
        rest = unicodedata.normalize("NFC", "".join(c for c in parts if c not in TONES))
        out.append(rest + "".join(c for c in parts[1:] if c in TONES))
    return "".join(out)


def of_langdetect(folder, language):
    counts = json.loads((folder / "langdetect" / "profiles" / language).read_text())["freq"]
    return Counter({key: n for key, n in counts.items() if len(key) == 2})


def of_django(wheel, language):
    pairs = Counter()
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith(f"/locale/{FROM_DJANGO[language]}/LC_MESSAGES/django.po"):
                for entry in ENTRY.findall(io.TextIOWrapper(archive.open(name), encoding="utf-8").read())[1:]:
                    text = unicodedata.normalize("NFC", re.sub(r"%\(\w+\)\w|\\n", " ", "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', entry))))
                    text = vietnamese(text) if language == "vi" else text
                    text = re.sub(rf"[^\w{TONES}]|[\d_]", " ", text)
                    pairs.update(a + b for a, b in zip(" " + text, text))
    return pairs


def model(language, pairs, script):
    lower = Counter()
    for pair, n in pairs.items():
        lower[pair.lower() if len(pair.lower()) == 2 else pair] += n
    shares = Counter()
    for pair, n in lower.items():
        shares[pair[1]] += n
    total = sum(n for c, n in shares.items() if c != " ")

    def belongs(c):
        if c in TONES:
            return language == "vi"
        named = unicodedata.name(c, "")
        return ord(c) > 127 and unicodedata.category(c)[0] in "LM" and named.startswith(script) and "SMALL LETTER" in named + ("" if script in ("LATIN", "CYRILLIC", "GREEK") else "SMALL LETTER")

    letters = [c for c, n in shares.most_common() if belongs(c) and n >= RAREST * total][:MOST]
    ascii_letters = [chr(c) for c in range(97, 123)]
    rows = [[" "], *([[c] for c in ascii_letters] if script == "LATIN" else [ascii_letters]), *([c] for c in letters)]
    # Letters of a to z are not priced, so a Latin language must not be paid for using many others: as if all used them equally often.
    frequency = sum(shares[c] for c in letters) / total / USUAL if script == "LATIN" else 1
    prices = []
    for row in rows:
        before = sum(n for pair, n in lower.items() if pair[0] in row)
        for c in letters:
            n = sum(lower[r + c] for r in row)
            # Twenty occurrences more in each row, shared out by how common the letters are: no pair is impossible.
            expected = (n + 20 * shares[c] / (total + shares[" "]) + 0.02) / (before + 20 + 0.02 * len(letters))
            prices.append(min(60, max(0, round(-4 * math.log2(expected / frequency)))))
    after = []
    for c in letters if script == "LATIN" else []:
        following = [sum(n for pair, n in lower.items() if pair[0] == c and pair[1] in " " + "".join(letters))] + [lower[c + a] for a in ascii_letters]
        after += [min(60, max(0, round(-4 * math.log2((n + 0.5) / (sum(following) + 13.5))))) for n in following[1:]]
    prices += after
    capitals = ["İ" if c == "ı" else c.upper() if len(c.upper()) == 1 and c.upper() != c and ord(c.upper()) > 127 else "\0" for c in letters]
    return letters, capitals, "".join(chr(48 + p) for p in prices)


def quoted(text):
    return "".join("\\\\" if c == "\\" else "\\?" if c == "?" else '\\"' if c == '"' else c for c in text)


def main(langdetect, django):
    out = [
        "// Generated by scripts/tables/charset_models.py from the profiles of langdetect 1.0.9 and the translations of Django 5.2.19. Do not edit.",
        "// MODEL(language, script, letters, capitals, prices)",
    ]
    languages = [(language, "LATIN") for language in LATIN] + [(language, script) for script, group in SCRIPTS.items() for language in group]
    for language, script in languages:
        pairs = of_django(django, language) if language in FROM_DJANGO else of_langdetect(Path(langdetect), language)
        letters, capitals, prices = model(language, pairs, script)
        points = lambda cs: "{" + ", ".join(f"0x{ord(c):x}" for c in cs) + "}"  # noqa: E731
        lines = "\n    ".join(f'"{quoted(prices[i : i + 120])}"' for i in range(0, len(prices), 120))
        wrap = lambda text: re.sub(r"(.{1,130})(?: |$)", r"\1\n    ", text).rstrip()  # noqa: E731
        out.append(f"MODEL({language}, {'latin' if script == 'LATIN' else 'other'}, {len(letters)},\n    ARRAY({wrap(points(letters)[1:-1])}),\n    ARRAY({wrap(points(capitals)[1:-1])}),\n    {lines})")
        print(language, len(letters), "".join(letters))
    (Path(__file__).resolve().parents[2] / "native" / "html" / "charset_models.inc").write_text("\n".join(out) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:3])
