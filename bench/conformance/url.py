"""Addresses, lists for them, and what datatrove 0.10.1's own URL filter says.

    python url.py lists FOLDER [--seed N] [--archive] [--shared ../shared/data]   writes domains, urls, bannedWords, softWords, bannedSubwords
                                                                          and addresses.jsonl into FOLDER
    python url.py judge FOLDER                                            JSON lines: reason, or null where the address is kept

Words are those of the package. Domains are drawn from the addresses: the registered domain, the whole host, or what only looks like one of
them; with --archive the package's own list of 4.6 million is joined, and addresses are drawn from it, too. Made addresses come from a grammar
of schemes, users, ports, hosts (numeric, IDN, punycode, without suffix, with wildcards of the suffix list), dots at the end, upper case and
paths with listed words. tldextract 5.4.0 reads its own copy of the public suffix list: nothing is fetched.
"""

import argparse
import json
import random
import re
import sys
import tarfile
from pathlib import Path
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[2]
sys.path[:] = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]  # has a datatrove.py

import tldextract  # noqa: E402
from datatrove.data import Document  # noqa: E402
from datatrove.pipeline.filters.url_filter import URLFilter  # noqa: E402
from datatrove.utils._import_utils import ASSETS_PATH  # noqa: E402

LISTS = ("domains", "urls", "bannedWords", "softWords", "bannedSubwords")
WORDS = {"bannedWords": "banned_words.txt", "softWords": "soft_banned_words.txt", "bannedSubwords": "banned_subwords.txt"}
extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)

SCHEMES = ["http://", "https://", "HTTP://", "ftp://", "//", "", "view-source:http://", "ht tp://", "http:/", "http:", "://", "git+ssh://", "a//", "é://", "http:////"]
USERS = ["", "", "", "", "me@", "me:pw@", "a@b@", "@", "http://x@"]
PORTS = ["", "", "", "", ":80", ":", ":x", ":80:90"]
ENDS = ["", "", "", ".", "..", "\u3002", ".\uff0e\uff61", " ", "\u00a0", "\t"]
NAMES = "a www example Bad xn--a xn--80ak6aa92e xn--com- xn--  münchen MÜNCHEN пример ПРИМЕР 例え faß İstanbul ſ a_b -x x- 1 99 * !www city www.city co b.c a..b . spam".split(" ")
SUFFIXES = ("com org net co.uk CO.UK uk ck www.ck kobe.jp city.kobe.jp jp tokyo.jp nom.br er mm.mm blogspot.com github.io museum localhost local internal corp "
            "xn--p1ai xn--fiqs8s xn--55qx5d.cn 公司.cn рф РФ ελ ΕΛ 中国 ac.ir com.br gov.au Kerr ne.jp notasuffix 1 0.1 sch.uk x.sch.uk \u212aerr").split(" ")
NUMERIC = "10.0.0.1 8.8.8.8 256.1.1.1 1.2.3 1.2.3.4.5 0x7f.1 127.0.0.1. [::1] [2001:db8::1] [bad] [::1 ::1 [1.2.3.4] 1.2.3.4.com 08.8.8.8 ８.8.8.8".split(" ")
HOST = re.compile(r"(?:[A-Za-z0-9_-]|(?!\s)[^\x00-\x7f])+(?:\.(?:[A-Za-z0-9_-]|(?!\s)[^\x00-\x7f])+)*")  # what our lists take for one
MARKS = ["-", "_", "/", "%20", "+", ".", "=", "é", "", "0"]


def words(name):
    with open(Path(ASSETS_PATH) / WORDS[name], encoding="utf-8") as lines:
        return lines.read().split("\n")


def archive(name):
    with tarfile.open(Path(ASSETS_PATH) / "url_filterblacklistsv0_3_0.tar.gz") as tar:
        return tar.extractfile(name).read().decode("utf-8").split("\n")


def development(shared):
    if not (shared / "wcxb-dev").exists():
        print(f"left out: development pages, no {shared}/wcxb-dev", file=sys.stderr)
        return []
    sys.path.append(str(ROOT / "bench" / "extraction"))
    from split import records, split

    pages = records(shared / "wcxb-dev")
    folds = split(pages)
    return [page["url"] for page in pages if page.get("url") and folds[page["file_id"]] >= 0]


def made(chosen, count, listed):
    pick = chosen.choice

    def host():
        if chosen.random() < 0.15:
            return pick(NUMERIC)
        labels = [pick(NAMES) for _ in range(chosen.randrange(0, 4))] + [pick(SUFFIXES)]
        name = ".".join(labels)
        name = name.upper() if chosen.random() < 0.1 else name
        return name.replace(".", pick("\u3002\uff0e\uff61"), 1) if chosen.random() < 0.1 else name

    def path():
        parts = []
        for _ in range(chosen.randrange(0, 4)):
            word = pick(pick(listed))
            word = pick((word, word, word.upper(), word.replace(" ", "-"), word + "s", word[:-1], "x" + word))
            parts.append(pick(("news", "item", "Page", word)))
        return pick(("/", "?q=", "#", "/", "/", "\\")) + "".join(part + pick(MARKS) for part in parts)

    return [pick(SCHEMES[:4] * 3 + SCHEMES) + pick(USERS) + host() + pick(PORTS) + pick(ENDS) + path() for _ in range(count)]


def prepare(folder, seed, whole, shared):
    chosen = random.Random(seed)
    lists = {name: words(name) for name in WORDS}
    listed = [[word for word in lists[name] if word and word[0] != "#"] for name in WORDS]
    addresses = [("development pages", url) for url in development(shared)] + [("made", url) for url in made(chosen, 12_000, listed)]
    domains, urls = [], []
    if whole:
        domains, urls = archive("domains"), archive("urls")
        for name in chosen.sample(domains, 3000):
            addresses.append(("archive", pick_form(chosen, name)))
        addresses += [("archive", pick_form(chosen, url)) for url in chosen.sample(urls, 500)]
    for _, url in addresses:
        if chosen.random() < 0.25:
            found = extract(url)
            name = chosen.choice((found.top_domain_under_public_suffix, found.fqdn, found.fqdn.lower(), found.suffix, found.domain, found.subdomain + "." + found.domain))
            if name and HOST.fullmatch(name) and len(name.encode()) < 250:
                domains.append(name)
        elif chosen.random() < 0.03 and url.strip() == url and url[0] != "#":
            urls.append(url)
    lists["domains"], lists["urls"] = domains, urls
    folder.mkdir(parents=True, exist_ok=True)
    for name in LISTS:
        (folder / name).write_text("\n".join(entry for entry in lists[name] if entry.strip()) + "\n", "utf-8", newline="\n")
    with open(folder / "addresses.jsonl", "w", encoding="utf-8") as out:
        for origin, url in addresses:
            if url:
                out.write(json.dumps({"from": origin, "url": url}) + "\n")


def pick_form(chosen, name):
    return chosen.choice(("http://{}/", "https://www.{}/a", "http://x.{}:8080/", "{}", "http://{}x/")).format(name)


def judge(folder):
    def entries(name):
        with open(folder / name, encoding="utf-8", newline="\n") as lines:
            return [line for line in lines if line.strip()]

    names = ("extra_domains", "extra_urls", "banned_words", "soft_banned_words", "banned_subwords")
    with patch("tldextract.TLDExtract", lambda: extract):
        filter_ = URLFilter(use_integrated_lists=False, **{argument: entries(name) for argument, name in zip(names, LISTS)})
    with open(folder / "addresses.jsonl", encoding="utf-8", newline="\n") as lines:
        for line in lines:
            result = filter_.filter(Document(text="", id="0", metadata={"url": json.loads(line)["url"]}))
            print(json.dumps(None if result is True else result[1]))


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore", DeprecationWarning)
    arguments = argparse.ArgumentParser()
    arguments.add_argument("what", choices=["lists", "judge"])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--archive", action="store_true")
    arguments.add_argument("--shared", type=Path, default=ROOT.parent / "shared" / "data")
    given = arguments.parse_args()
    if given.what == "lists":
        prepare(given.folder, given.seed, given.archive, given.shared)
    else:
        judge(given.folder)
