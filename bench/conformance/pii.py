"""Texts with personal data in them, and what datatrove 0.10.1 and dolma 1.2.1 make of them.

    python pii.py [--cases N] [--seed N] [--shared ../shared/data]
        JSON lines {"from", "text", "datatrove", "dolma", "counts"}: the text as datatrove's own PIIFormatter leaves it, with one replacement
        for each kind; as Dolma's own tagger and mixer leave it; and the tagger's count of emails, telephone numbers and addresses.
    python pii.py time FILE
        JSON lines {"text"} -> {"seconds", "bytes"}: CPU time of PIIFormatter over them.

Made cases are strings drawn from pieces of addresses and numbers, with what separates them, and short strings over an alphabet of marks. Real
texts are package docs, the standard library and development pages (left out where absent, their lock box always). What the packages import
beyond what they need here is stubbed where it is not installed. The mixer's rule for spans that overlap (src/shard.rs) is written out below.
"""

import argparse
import gzip
import importlib.abc
import importlib.machinery
import importlib.util
import json
import random
import sys
import sysconfig
import time
from pathlib import Path
from unittest.mock import MagicMock

ROOT = Path(__file__).resolve().parents[2]
sys.path[:] = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]  # has a datatrove.py
STUBS = [name for name in ("loguru regex huggingface_hub fsspec humanize dill multiprocess tqdm rich orjson necessary msgspec blingfire nltk uniseg zstandard omegaconf "
         "smart_open presidio_analyzer typing_extensions").split() if importlib.util.find_spec(name) is None]


class Stubs(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in STUBS:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        module = MagicMock(__path__=[], __spec__=spec, __name__=spec.name)
        if spec.name == "msgspec":
            module.Struct = type("Struct", (), {})
        if spec.name == "necessary":
            module.necessary.return_value.__enter__.return_value = False
        return module

    def exec_module(self, module):
        pass


sys.meta_path.append(Stubs())

from datatrove.pipeline.formatters.pii import PIIFormatter  # noqa: E402


def dolma_module(name):
    """One module of the package, without the package's own __init__, which needs much."""
    folder = Path(sysconfig.get_path("purelib")) / "dolma"
    for parent in ("dolma", "dolma.core", "dolma.taggers"):
        if parent not in sys.modules:
            spec = importlib.machinery.ModuleSpec(parent, None, is_package=True)
            spec.submodule_search_locations = [str(folder.joinpath(*parent.split(".")[1:]))]
            sys.modules[parent] = importlib.util.module_from_spec(spec)
    return importlib.import_module(name)


Document = dolma_module("dolma.core.data_types").Document
tagger = dolma_module("dolma.taggers.pii").FastPiiRegex()
ONE = PIIFormatter(email_replacement="email@example.com", ip_replacement="22.214.171.124")
KINDS = ("EMAIL_ADDRESS", "PHONE_NUMBER", "IP_ADDRESS")


def dolma(text):
    found = tagger.predict(Document(source="", id="0", text=text)).spans
    spans = [span for kind in KINDS for span in found if span.type == kind]
    out, at = [], 0
    for span in sorted(spans, key=lambda each: each.start):
        if span.start < at:
            continue
        out += [text[at : span.start], f" |||{span.type}||| "]
        at = span.end
    return "".join(out) + text[at:], [sum(span.type == kind for span in spans) for kind in KINDS]


LOCAL = "a jo.doe x+y first_last A.B.C o'neil 1 99 info git =q mail=x ! #a $b% {x} a..b .a a. -x x- _ x_ /p/q ?s é xé éx Ж中 ٣ a@b ( (( (. ,x ;".split(" ")
HOST = ("b.com x.co.uk mail.x.org 1.2.3.4 10.0.0.1 [1.2.3.4] [10.1.2.256] [1.2.3.x:] [1.2.3.a-b:] [1.2.3.-:] [1.2.3.] localhost b b. b.c. b..c b-.c -b.c b.c- b.c-d "
        "b.-c 18.2.0 x.y.z.w B.COM xn--a.xn--b é.com b.é b_c.com b.c_d . .. .b a.b.c...d 0.0 1.b b.1").split(" ")
ADDRESS = ("8.8.8.8 1.2.3.4 10.0.0.1 127.0.0.1 192.168.1.1 172.16.0.1 172.32.0.1 100.64.0.1 169.254.1.1 192.0.0.1 192.0.0.8 192.0.0.170 192.0.2.7 198.18.0.1 198.51.100.1 "
           "203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 0.0.0.0 256.1.1.1 1.256.1.1 1.1.1.256 1.1.1.999 01.1.1.1 1.1.1.01 1.1.1.00 00.0.0.0 1.2.3 "
           "1.2.3.4.5 1.2.3.4.5.6.7.8 1256.1.1.1 1.1.1.1000 9.25.259.259 1..2.3.4 .1.2.3.4. 1.2.3.4- v1.2.3.4 25.250.251.252 249.250.199.200 2.20.200.26").split(" ")
PHONE = ("(212) 555-0123|212-555-0123|212.555.0123|2125550123|+1 212 555 0123|1-800-555-0199|(212)5550123|212 - 555.0123|212..555-0123|21 555 0123|2125550123456|"
         "٢١٢-٥٥٥-٠١٢٣|(212-555-0123|212)555-0123|212 555  0123|123 456 78901|$212 5550123").split("|")
BETWEEN = [" ", " ", " ", ", ", ". ", "\n", "\n\n", "\t", "  ", "", "", ":", ";", "(", ")", "<", ">", "@", "@ ", ".", "-", "/", "\u2003", "\u00a0", "\x1c", "\x85", "\u2028", "\r\n",
           "?", "!", " (", ") ", "mailto:", "é", "中", "_", "0", "9", "\u200b", "\ufeff", "'", "\"", "|", "= ", " isbn ", "#"]
ALPHABET = "a1.@-( )\n[:]é_?"


def address(random):
    return ".".join(str(random.choice((0, 1, 9, 10, 25, 99, 100, 192, 199, 200, 249, 250, 255, 256, 260, 999, random.randrange(300)))) for _ in range(4))


def made(count, seed):
    chosen = random.Random(seed)
    pick = chosen.choice
    makers = (
        lambda: f"{pick(LOCAL)}@{pick(HOST)}",
        lambda: f"{pick(LOCAL)}{pick(BETWEEN)}{pick(LOCAL)}@{pick(HOST)}{pick(BETWEEN)}{pick(HOST)}",
        lambda: pick(ADDRESS),
        lambda: address(chosen),
        lambda: pick(PHONE),
        lambda: pick(("word", "the", "@", "x", "1", ".", "a.b", "2024")),
    )
    for i in range(count):
        if i % 5 == 4:
            yield "".join(pick(ALPHABET) for _ in range(chosen.randrange(1, 24)))
        else:
            yield "".join(pick(makers)() + pick(BETWEEN) for _ in range(chosen.randrange(1, 9)))
    for piece in ("a@", "@", "a.", "a@a.", "1.", "1.1.1.", ":@. ", "(@", " (", " 123 - ", "a@[1.1.1.", ". @. ", "(@.(a@b.c ", "@.@ ."):
        yield piece * 200
    yield "a@b.co \n" + "?" * 10_000
    yield "a@b.co \n" + "?" * 10_001


def real(shared):
    for path in sorted((ROOT / "node_modules").glob("**/*.md")):
        text = path.read_text("utf-8", "replace")
        yield from (("package docs", text[start : start + 20_000]) for start in range(0, min(len(text), 60_000), 20_000))
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        yield "standard library", path.read_text("utf-8", "replace")[:60_000]
    if not (shared / "wcxb-dev").exists():
        print(f"left out: development pages, no {shared}/wcxb-dev", file=sys.stderr)
        return
    sys.path.append(str(ROOT / "bench" / "extraction"))
    from split import records, split

    pages = records(shared / "wcxb-dev")
    folds = split(pages)
    for page in pages:
        if folds[page["file_id"]] < 0:
            continue
        text = (page.get("ground_truth") or {}).get("main_content")
        if text:
            yield "development pages", text
        if folds[page["file_id"]] == 0:
            with gzip.open(shared / "wcxb-dev" / "html" / f"{page['file_id']}.html.gz") as file:
                yield "development markup", file.read().decode("utf-8", "replace")[:200_000]


def measure(path):
    with open(path, encoding="utf-8", newline="\n") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    start = time.process_time()
    for text in texts:
        ONE.format(text)
    print(json.dumps({"seconds": time.process_time() - start, "bytes": sum(len(text.encode()) for text in texts)}))


def main():
    if sys.argv[1:2] == ["time"]:
        return measure(sys.argv[2])
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--cases", type=int, default=20_000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--shared", type=Path, default=ROOT.parent / "shared" / "data")
    given = arguments.parse_args()
    for origin, text in [("made", text) for text in made(given.cases, given.seed)] + list(real(given.shared)):
        text = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
        replaced, counts = dolma(text)
        print(json.dumps({"from": origin, "text": text, "datatrove": ONE.format(text), "dolma": replaced, "counts": counts}))


if __name__ == "__main__":
    main()
