"""Scores texts against the golds of the pages in Chinese, Japanese, Korean and Thai, ours beside the peers.

    python bench/extraction/cjk.py list > build/extraction/cjk-pages.jsonl
    python bench/extraction/cjk.py score TEXTS.jsonl [--worst N]

The pages stand in test/pipelines/extract/cjk, written for this project with all that surrounds text on real ones, in the charsets that each
declares; NAME.txt holds what a careful reader would keep: of articles the body without its title, of threads and answers each post with its
author and time, of the others the title too; never reactions below an article, what links elsewhere, or what sells. About half of the
pages, those whose name has an even first byte of sha256, is for development; the other half is never tuned on, and no output here shows more of it than its mean. F1 is that of
the web pages, over characters (measure.py). Peers get the text decoded as it is declared, ours the bytes.
"""
import argparse
import hashlib
import json
import re
import sys
from pathlib import Path

import peers as others
from measure import agreement, characters, mean

FOLDER = Path("test/pipelines/extract/cjk")
BAR = 0.90
LANGUAGES = {"zh": "Chinese", "ja": "Japanese", "ko": "Korean", "th": "Thai"}
DECLARED = re.compile(rb"charset=[\"']?([\w-]+)", re.IGNORECASE)
PYTHONS = {"gb2312": "gbk", "big5": "big5hkscs", "shift_jis": "cp932", "euc-kr": "cp949", "tis-620": "cp874", "windows-874": "cp874"}


def pages():
    """[(name, language, development?)] in the order of names."""
    names = sorted(path.stem for path in FOLDER.glob("*.html"))
    return [(name, name[:2], hashlib.sha256(name.encode()).digest()[0] % 2 == 0) for name in names if name[:2] in LANGUAGES]


def decoded(name):
    data = (FOLDER / f"{name}.html").read_bytes()
    label = DECLARED.search(data)
    label = label.group(1).decode().lower() if label else "utf-8"
    return data.decode(PYTHONS.get(label, label))


def score(found, name):
    gold = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    return agreement(found.get(name) or "", gold, characters)[2]


def main(given):
    everything = pages()
    with open(given.texts, encoding="utf-8") as file:
        ours = {row["file_id"]: row["text"] for row in map(json.loads, file)}
    columns = {"ours": ours}
    for peer in others.USUAL[:3] + ["rs-trafilatura"]:
        extract = others.PEERS[peer][1]()
        columns[peer] = {name: extract(decoded(name), "") for name, _, _ in everything}
    scores = {peer: {name: score(texts, name) for name, _, _ in everything} for peer, texts in columns.items()}
    print(f"{'F1 of characters':28} {'pages':>5} " + " ".join(f"{peer:>23}" for peer in columns))

    def line(title, names):
        print(f"{title:28} {len(names):5} " + " ".join(f"{mean(scores[peer][name] for name in names):23.4f}" for peer in columns))

    for code, language in LANGUAGES.items():
        line(language, [name for name, c, _ in everything if c == code])
    development = [name for name, _, developed in everything if developed]
    rest = [name for name, _, developed in everything if not developed]
    line("development half", development)
    line("half never tuned on", rest)
    line("all", development + rest)
    for name in sorted(development, key=lambda name: scores["ours"][name])[: given.worst]:
        print(f"  {scores['ours'][name]:.3f} {name}")
    missed = 0
    groups = [("half never tuned on", rest)] + [(LANGUAGES[c], [n for n, code, _ in everything if code == c]) for c in LANGUAGES]
    for title, names in groups:
        value = mean(scores["ours"][name] for name in names)
        missed += value < BAR
        print(f"  {'met   ' if value >= BAR else 'MISSED'} {title}: {value:.4f} (≥ {BAR:.4f})")
    return 1 if missed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["list", "score"])
    parser.add_argument("texts", nargs="?")
    parser.add_argument("--worst", type=int, default=0)
    parser.add_argument("--half", choices=["development", "rest", "both"], default="both")
    given = parser.parse_args()
    if given.what == "score":
        sys.exit(main(given))
    for name, _, developed in pages():
        if given.half == "both" or developed == (given.half == "development"):
            print(json.dumps({"file_id": name, "path": str(FOLDER / f"{name}.html"), "url": ""}))
