"""How the development pages are divided: five folds and a lock box, by registered domain, so that no site stands on both sides.

A page's group is its registered domain (public suffix list of the package `tld`); a page without URL is a group of its own. Groups in the
order of sha256("lock " + group) go into the lock box until it holds 300 pages (a group that would overfill it is passed over); the others
fall into fold sha256("fold " + group) mod 5. Pages of the lock box are never trained on, tuned on or looked at.
"""
import gzip
import hashlib
import json
from pathlib import Path

from tld import get_fld

LOCKED = 300
FOLDS = 5


def records(pages):
    """Records of ground-truth.jsonl.gz; LF is their only separator."""
    with gzip.open(Path(pages) / "ground-truth.jsonl.gz") as file:
        return [json.loads(line) for line in file.read().split(b"\n") if line.strip()]


def group(record):
    url = record.get("url")
    domain = get_fld(url, fail_silently=True) if url else None
    if domain:
        return domain
    host = url.split("/")[2].lower() if url and "//" in url else ""
    return host or f"page {record['file_id']}"


def digest(text):
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def split(all_records):
    """{file_id: fold 0..4, or -1 for the lock box}."""
    groups = {}
    for record in all_records:
        groups.setdefault(group(record), []).append(record["file_id"])
    locked, result = 0, {}
    for name in sorted(groups, key=lambda g: digest(f"lock {g}")):
        ids = groups[name]
        lock = locked < LOCKED and locked + len(ids) <= LOCKED
        locked += len(ids) if lock else 0
        for file_id in ids:
            result[file_id] = -1 if lock else digest(f"fold {name}") % FOLDS
    return result


if __name__ == "__main__":
    import sys
    from collections import Counter

    found = records(sys.argv[1] if len(sys.argv) > 1 else "../shared/data/wcxb-dev")
    print(sorted(Counter(split(found).values()).items()))
