"""The extractors that we are compared with, each with the settings that its users have by default, on decoded strings.

    python bench/extraction/peers.py [--pages DIR] [--out build/extraction/peers] [name …]

One JSON line a page, {file_id, text}, in OUT/<name>-<version>.jsonl; a file that is there is not made again. trafilatura runs with
its defaults, which keep comments, and without comments, as its own evaluation runs it; resiliparse as DCLM runs it; `-url` tells the peer the page's URL, which ours is always told.
"""
import argparse
import json
import os
import sys
from importlib.metadata import version
from pathlib import Path

from pages import PAGES, Pages


def trafilatura(include_comments=True, **options):
    from trafilatura import extract

    return lambda html, url: extract(html, include_comments=include_comments, **options)


def resiliparse(**options):
    from resiliparse.extract.html2text import extract_plain_text

    return lambda html, url: extract_plain_text(html, main_content=True, **options)


def rs_trafilatura(with_url=False):
    from rs_trafilatura import extract

    return lambda html, url: extract(html, url=(with_url and url) or None).main_content


PEERS = {
    "trafilatura": ("trafilatura", trafilatura),
    "resiliparse": ("resiliparse", resiliparse),
    "rs-trafilatura": ("rs-trafilatura", rs_trafilatura),
    "rs-trafilatura-url": ("rs-trafilatura", lambda: rs_trafilatura(with_url=True)),
    "trafilatura-no-comments": ("trafilatura", lambda: trafilatura(include_comments=False)),
    "trafilatura-precision": ("trafilatura", lambda: trafilatura(favor_precision=True)),
    "trafilatura-recall": ("trafilatura", lambda: trafilatura(favor_recall=True)),
    "trafilatura-fast": ("trafilatura", lambda: trafilatura(fast=True)),
}
USUAL = ["trafilatura", "trafilatura-no-comments", "resiliparse", "rs-trafilatura", "rs-trafilatura-url"]


def output_of(name, out="build/extraction/peers"):
    return Path(out) / f"{name}-{version(PEERS[name][0])}.jsonl"


def run(name, pages, out="build/extraction/peers"):
    """Path of the peer's texts; made where absent. A page on which the peer fails has an empty text and an `error`."""
    path = output_of(name, out)
    if path.exists():
        return path
    extract = PEERS[name][1]()
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}")
    with open(unfinished, "w") as file:
        for page in pages:
            row = {"file_id": page.id}
            try:
                row["text"] = extract(page.html(), page.url) or ""
            except Exception as error:  # a peer's failure is a result
                row |= {"text": "", "error": f"{type(error).__name__}: {error}"[:200]}
            file.write(json.dumps(row) + "\n")
    unfinished.rename(path)
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--pages", default=PAGES)
    parser.add_argument("--out", default="build/extraction/peers")
    given = parser.parse_args()
    for name in given.names or USUAL:
        if name not in PEERS:
            sys.exit(f"no peer {name!r}; there are {', '.join(PEERS)}")
        print(run(name, Pages(given.pages), given.out))
