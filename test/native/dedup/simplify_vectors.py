"""Makes native/dedup/simplify_vectors.inc: what the steps of curation.md 2.6 say of mixed-up texts, by Python's own Unicode.

Run with: python test/native/dedup/simplify_vectors.py > native/dedup/simplify_vectors.inc     (pip install regex)
Independent of native/dedup and of datatrove's code: the five steps, each over the whole text. Only characters that Python's Unicode
knows are drawn, since the tables of native/dedup are newer.
"""
import random
import unicodedata

import regex

PUNCTUATION = "!/—”:％１〈&(、━\\【#%「」，】；+^]~“《„';’{|∶´[=-`*．（–？！：$～«〉,><》)?）。…@_.\"}►»" + "".join(
    chr(c) for c in [*range(9), 11, 12, *range(13, 32), *range(127, 160)]
)
SPACES = str.maketrans(PUNCTUATION, " " * len(PUNCTUATION))


def words(text):
    text = regex.sub(r"\p{Nd}+([.,،٫⎖⎗⎘]\p{Nd}+)?", "0", text.lower())
    text = unicodedata.normalize("NFD", " ".join(text.translate(SPACES).split()))
    return "".join(c for c in text if unicodedata.category(c) != "Mn").split()


def literal(text):
    return '"' + "".join(chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f"\\{b:03o}" for b in text.encode()) + '"'


def main():
    random.seed(26)
    known = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Cs", "Co")]
    decomposing = [c for c in known if unicodedata.normalize("NFD", c) != c and not 0xAC00 <= ord(c) <= 0xD7A3]
    marks = [c for c in known if unicodedata.category(c) in ("Mn", "Mc", "Me")]
    classed = [c for c in known if unicodedata.combining(c) and unicodedata.category(c) != "Mn"]
    pools = [known, decomposing, marks, list("aB \n\t'Σσ0.,１٣٫"), [c for c in known if c.lower() != c], [chr(c) for c in range(0xAC00, 0xD7A4)], list("ΣΑα\u0301'. "), classed, list("aé3. ")]
    cases = ["", " ", "ΣΑΣ ΑΣ. Σ", "İstanbul I", "3.14 1.2.3 5,x ٣٫٥ 7.", "naïve CAFÉ", "\u0344\u0301 x", "한국어 각", "a\u0085b\u001cc\u00a0d", "Ⅷ ǅ ŉ ẞ", "\u1fef \u037e"]
    for _ in range(300):
        cases.append("".join(random.choice(random.choice(pools)) for _ in range(random.randint(1, 24))))

    print(f"// Made by test/native/dedup/simplify_vectors.py with Unicode {unicodedata.unidata_version}; see there. {{text, words joined by a space}}")
    for text in cases:
        print(f"{{{literal(text)}, {literal(' '.join(words(text)))}}},")


if __name__ == "__main__":
    main()
