"""How fast pages become text, in CPU seconds of one core: ours from bytes, the peers from decoded strings, the same pages for each ratio.

    python bench/extraction/speed.py [--runs 5] [--sample 150] [--pages DIR] [--node PATH]

Every figure is from a fresh process that has the pages in memory and has done a few uncounted; runs are interleaved and the median counts. The
fast ones read all pages outside the lock box, trafilatura and rs-trafilatura a fixed sample by hash of the page's id. Latencies are wall clock, of each page the
median over the runs. Ratios are what counts: the machine is what it is. Parsing is compared with lexbor through selectolax, which gets UTF-8 bytes.
"""
import argparse
import hashlib
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import peers as others
from pages import PAGES, Pages
from score import NODE, Bars

HERE = Path(__file__).parent
LISTS = Path("build/extraction")
WARM = 5


def worker(name, path):
    """In the fresh process: one peer over the listed pages."""
    import gzip

    with open(path) as file:
        listed = [json.loads(line) for line in file]
    data = [gzip.open(row["path"]).read() for row in listed]
    urls = [row["url"] for row in listed]
    if name == "selectolax":
        from selectolax.lexbor import LexborHTMLParser

        def call(page, url):
            LexborHTMLParser(page)
    else:
        call = others.PEERS[name][1]()
        data = [page.decode("utf-8", "replace") for page in data]
    for page, url in zip(data[:WARM], urls):
        call(page, url)
    begin = time.process_time()
    for page, url in zip(data, urls):
        try:
            call(page, url)
        except Exception:  # counted with the time that it took
            pass
    print(json.dumps({"seconds": time.process_time() - begin}))


def fresh(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def write_list(pages, name):
    path = LISTS / name
    path.write_text("".join(json.dumps({"file_id": p.id, "path": str(p.path), "url": p.url}) + "\n" for p in pages))
    return str(path)


def main(given):
    pages = Pages(given.pages, {0, 1, 2, 3, 4})
    sizes = [len(page.bytes()) for page in pages]
    by_hash = sorted(range(len(pages)), key=lambda i: hashlib.sha256(f"speed {pages[i].id}".encode()).digest())
    sample = sorted(by_hash[: given.sample])
    LISTS.mkdir(parents=True, exist_ok=True)
    every = write_list(pages, "speed-all.jsonl")
    some = write_list([pages[i] for i in sample], "speed-sample.jsonl")
    total, part = sum(sizes), sum(sizes[i] for i in sample)
    ours = [given.node, "--disable-warning=ExperimentalWarning", str(HERE / "time.ts")]
    peer = [sys.executable, str(Path(__file__)), "--worker"]
    jobs = {
        "ours": ours + [every, "extract"],
        "ours, page by page": ours + [every, "pages"],
        "resiliparse": peer + ["resiliparse", every],
        "ours, sample": ours + [some, "extract"],
        "trafilatura, sample": peer + ["trafilatura", some],
        "rs-trafilatura, sample": peer + ["rs-trafilatura", some],
        "ours, parse": ours + [every, "parse"],
        "selectolax, parse": peer + ["selectolax", every],
    }
    seconds, each = {name: [] for name in jobs}, []
    for _ in range(given.runs):
        for name, command in jobs.items():
            result = fresh(command)
            seconds[name].append(result["seconds"])
            each += [result["each"]] if "each" in result else []
    median = {name: statistics.median(values) for name, values in seconds.items()}
    print(f"{len(pages)} pages of {total / len(pages) / 1e3:.0f} KB, largest {max(sizes) / 1e6:.1f} MB; sample of {len(sample)} of {part / len(sample) / 1e3:.0f} KB")
    print(f"median of {given.runs} interleaved runs{'':14} docs/CPU-s     MB/s   (least to most)")
    for name, value in median.items():
        count, size = (len(sample), part) if name.endswith("sample") else (len(pages), total)
        low, high = count / max(seconds[name]), count / min(seconds[name])
        print(f"{name:36} {count / value:12.1f} {size / value / 1e6:8.1f}   ({low:.0f} to {high:.0f})")
    latency = [statistics.median(values) for values in zip(*each)]
    ranked = sorted(latency)
    p50, p99 = ranked[len(ranked) // 2], ranked[int(len(ranked) * 0.99)]
    largest = latency[max(range(len(pages)), key=lambda i: sizes[i])]
    print(f"latency of a page: p50 {p50:.2f} ms, p99 {p99:.2f} ms, most {ranked[-1]:.2f} ms, largest page {largest:.2f} ms\n\nbars")
    bars = Bars()
    bars.check("times trafilatura", median["trafilatura, sample"] / median["ours, sample"], 30)
    bars.check("times resiliparse", median["resiliparse"] / median["ours"], 1.8)
    bars.check("times selectolax, parse alone", median["selectolax, parse"] / median["ours, parse"], 1.2)
    bars.check("p99, ms", p99, 40, least=False)
    bars.check("largest page, ms", largest, 100, least=False)
    return 1 if bars.missed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--sample", type=int, default=150)
    parser.add_argument("--pages", default=PAGES)
    parser.add_argument("--node", default=NODE)
    parser.add_argument("--worker", nargs=2)
    given = parser.parse_args()
    sys.exit(worker(*given.worker) if given.worker else main(given))
