"""Pages with golds as the bench's scripts read them, and the list that dump.ts reads.

    python bench/extraction/pages.py [--pages DIR] [--folds 0,1,2,3,4] > build/extraction/pages.jsonl

prints a JSON line {file_id, path, url} a page. The pages are those of ../shared/data/wcxb-dev, which the repository does not hold; those of the
lock box (split.py) are listed only where `--folds -1` asks for them.
"""
import argparse
import gzip
import json
from pathlib import Path

from split import records, split

PAGES = "../shared/data/wcxb-dev"


class Page:
    """One page with its gold. `fold` is -1 in the lock box."""

    def __init__(self, folder, record, fold):
        truth = record["ground_truth"]
        self.id = record["file_id"]
        self.url = record.get("url") or ""
        self.fold = fold
        self.type = ((record.get("_internal") or {}).get("page_type") or {}).get("primary") or "?"
        self.gold = truth.get("main_content") or ""
        self.wanted = [s for s in truth.get("with") or [] if s.strip()]
        self.unwanted = [s for s in truth.get("without") or [] if s.strip()]
        self.path = Path(folder) / "html" / f"{self.id}.html.gz"

    def bytes(self):
        with gzip.open(self.path) as file:
            return file.read()

    def html(self):
        return self.bytes().decode("utf-8", "replace")


class Pages(list):
    """All pages in the golds' order; `folds` keeps those of some folds."""

    def __init__(self, folder=PAGES, folds=None):
        if not (Path(folder) / "ground-truth.jsonl.gz").exists():
            raise SystemExit(f"skipped: {folder}/ground-truth.jsonl.gz is not there")
        found = records(folder)
        fold = split(found)
        super().__init__(Page(folder, r, fold[r["file_id"]]) for r in found)
        if folds is not None:
            self[:] = [page for page in self if page.fold in folds]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--pages", default=PAGES)
    parser.add_argument("--folds", default="0,1,2,3,4")
    given = parser.parse_args()
    for page in Pages(given.pages, {int(f) for f in given.folds.split(",")}):
        print(json.dumps({"file_id": page.id, "path": str(page.path), "url": page.url}))
