"""Texts with personal data in them, and what datatrove 0.10.1 and dolma 1.2.1 make of them.

    python pii.py [--cases N] [--seed N] [--shared ../shared/data]
        JSON lines {"from", "text", "datatrove", "dolma", "counts"}: the text as datatrove's own PIIFormatter leaves it, with one replacement
        for each kind; as Dolma's own tagger and mixer leave it; and the tagger's count of emails, telephone numbers and addresses.
    python pii.py time FILE
        JSON lines {"text"} -> {"seconds", "bytes"}: CPU time of PIIFormatter over them.

Made cases are strings drawn from pieces of addresses and numbers, with what separates them, and short strings over an alphabet of marks. Real
texts are package docs, the standard library and development pages (left out where absent, their lock box always). What the packages import
beyond what they need here is stubbed where it is not installed.
"""

import argparse
import gzip
import importlib.abc
import importlib.machinery
import importlib.util
import ipaddress
import json
import os
import random
import sys
import sysconfig
import tempfile
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


def tagged(text):
    """Spans by kind: [[start, end, 1.0], …]."""
    found = tagger.predict(Document(source="", id="0", text=text)).spans
    return {kind: [[span.start, span.end, 1.0] for span in found if span.type == kind] for kind in KINDS}


def mixed(texts, spans):
    """The texts as Dolma's mixer leaves them, with its configuration for Dolma 1.5 but for the rule on the count."""
    binary = next((Path(sysconfig.get_path("platlib")) / "dolma").glob("dolma.*.so"))
    spec = importlib.util.spec_from_file_location("dolma.dolma", binary)
    rust = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(rust)
    os.environ.update(AWS_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true")  # its client for S3 is made, not used
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        parts = {name: root / name / "a.json.gz" for name in ("documents", "attributes/pii")}
        for path in parts.values():
            path.parent.mkdir(parents=True)
        with gzip.open(parts["documents"], "wt", 1) as documents, gzip.open(parts["attributes/pii"], "wt", 1) as attributes:
            for i, (text, found) in enumerate(zip(texts, spans)):
                documents.write(json.dumps({"id": str(i), "text": text, "source": ""}) + "\n")
                attributes.write(json.dumps({"id": str(i), "attributes": {f"pii__{kind}": found[kind] for kind in KINDS}}) + "\n")
        replacement = [{"span": f"$.attributes.pii__{kind}", "min_score": 0.5, "replacement": f" |||{kind}||| "} for kind in KINDS]
        output = {"path": str(root / "out"), "max_size_in_bytes": 2**40, "discard_fields": ["attributes"]}
        stream = {"name": "out", "documents": [str(parts["documents"])], "attributes": ["pii"], "output": output, "span_replacement": replacement}
        work = {"input": str(root / "input"), "output": str(root / "output")}
        rust.mixer_entrypoint(json.dumps({"streams": [stream], "work_dir": work, "processes": 1}))
        with gzip.open(root / "out" / "out-0000.json.gz", "rt", encoding="utf-8", newline="\n") as lines:
            return [json.loads(line)["text"] for line in lines]


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
    rows = [("made", text) for text in made(given.cases, given.seed)] + list(real(given.shared))
    rows = [(origin, text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")) for origin, text in rows]
    if not ipaddress.ip_address("192.0.0.8").is_global:
        print("left out: texts with 192.0.0., of which this Python says other things than 3.11.9", file=sys.stderr)
        rows = [row for row in rows if "192.0.0." not in row[1]]
    spans = [tagged(text) for _, text in rows]
    for (origin, text), found, replaced in zip(rows, spans, mixed([text for _, text in rows], spans), strict=True):
        counts = [len(found[kind]) for kind in KINDS]
        print(json.dumps({"from": origin, "text": text, "datatrove": ONE.format(text), "dolma": replaced, "counts": counts}))


if __name__ == "__main__":
    main()
