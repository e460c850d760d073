"""Scores tables against golds written from the source: F1 of cells, and TEDS.

    python bench/extraction/tables.py [TEXTS.jsonl] [--mode balanced] [--golds DIR] [--worst N]

TEXTS holds {file_id, text} a line, file_id being the page's file name and the text Markdown with GFM and HTML tables; without it the pages are
extracted here (dump.ts). What a gold is stands in test/pipelines/extract/tables/README.md.

A cell is (row, column, rowspan, colspan, text), cells that are empty and span nothing left out; F1 is over all cells of all tables, so a table
that is no data counts with all its cells. TEDS is that of Zhong et al. 2020 (PubTabNet): one minus the tree edit distance over the larger number of
nodes; trees of table, thead, tbody, tr and td, cells alike where their spans are, and then by the normalised edit distance of their
characters; a table within a cell is that cell's child. The figure is the mean over golds and over tables found that are none, which count 0. Beside it
stands the same without thead and tbody, since GFM makes a head of the first row of every table.
White space is collapsed; within dollars, white space and braces are left out, as a^{2} and a^2 are one formula. The exit code is 1 under a bar.
"""
import argparse
import html
import json
import re
import sys
from collections import Counter
from pathlib import Path

from apted import APTED, Config
from lxml import html as lxml_html
from rapidfuzz.distance import Levenshtein

from code_blocks import extracted, read

CELLS, TEDS = 0.90, 0.85
DELIMITER = re.compile(r"^\|(\s*:?-{3,}:?\s*\|)+$")
SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")


def plain(text):
    """Text as compared."""
    text = re.sub(r"\s+", " ", text).strip()
    return re.sub(r"\$\$?([^$]+)\$\$?", lambda m: "$" + re.sub(r"[\s{}]", "", m[1]) + "$", text)


def from_markdown(cell):
    """The text of a GFM cell: code as it stands, escapes and references resolved elsewhere."""
    cell = cell.replace("\\|", "|")
    parts, at = [], 0
    spans = [(m.start(), m.end(), m[2]) for m in SPAN.finditer(cell) if cell[: m.start()].count("\\") == 0 or cell[m.start() - 1] != "\\"]
    for start, end, code in spans + [(len(cell), len(cell), "")]:
        piece = cell[at:start].replace("<br>", " ")
        # A formula's backslashes are its own.
        pieces = re.split(r"((?<!\\)\$[^$]+(?<!\\)\$)", piece)
        parts += [p if k % 2 else html.unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", p)) for k, p in enumerate(pieces)]
        if end > start:
            parts.append(code[1:-1] if len(code) > 2 and code[0] == code[-1] == " " else code)
        at = end
    return "".join(parts)


class Cell:
    def __init__(self, text, rowspan=1, colspan=1, tables=()):
        self.text, self.rowspan, self.colspan, self.tables = plain(text), rowspan, colspan, list(tables)


class Table:
    """Rows of cells, and how many of them are the head."""

    def __init__(self, rows, head, caption=""):
        self.rows, self.head, self.caption = rows, head, plain(caption)
        width = max((column + cell.colspan for _, column, cell in self.placed()), default=0)
        # Rows that are short are filled up, as readers of HTML and of GFM do.
        taken = Counter()
        for row, _, cell in self.placed():
            for below in range(cell.rowspan):
                taken[row + below] += cell.colspan
        for row, cells in enumerate(self.rows):
            cells += [Cell("") for _ in range(width - taken[row])]

    def placed(self):
        taken = set()
        for row, cells in enumerate(self.rows):
            column = 0
            for cell in cells:
                while (row, column) in taken:
                    column += 1
                yield row, column, cell
                for y in range(cell.rowspan):
                    for x in range(cell.colspan):
                        taken.add((row + y, column + x))

    def cells(self):
        found = Counter()
        for row, column, cell in self.placed():
            if cell.text or cell.rowspan > 1 or cell.colspan > 1:
                found[row, column, cell.rowspan, cell.colspan, cell.text] += 1
        return found

    def all(self):
        """This table and those within."""
        yield self
        for cells in self.rows:
            for cell in cells:
                for table in cell.tables:
                    yield from table.all()


def gold_table(table):
    def cell(value):
        if isinstance(value, str):
            return Cell(value)
        return Cell(value["text"], value.get("rowspan", 1), value.get("colspan", 1), map(gold_table, value.get("tables", [])))

    return Table([[cell(value) for value in row] for row in table["rows"]], table["head"], table.get("caption", ""))


def html_table(element):
    def text_of(node):
        """Text without that of tables within; br is a space."""
        parts = [node.text or ""]
        for child in node:
            if child.tag == "br":
                parts.append(" ")
            elif child.tag != "table":
                parts.append(text_of(child))
            parts.append(child.tail or "")
        return "".join(parts)

    def inner(cell):
        depth = len(cell.xpath("ancestor::table"))
        return [table for table in cell.iter("table") if len(table.xpath("ancestor::table")) == depth]

    rows, head, body = [], 0, False
    for tr in element.xpath("./tr|./thead/tr|./tbody/tr|./tfoot/tr"):
        cells = [child for child in tr if child.tag in ("td", "th")]
        body = body or any(cell.tag == "td" for cell in cells)
        head += not body
        rows.append(
            [
                Cell(text_of(c), int(c.get("rowspan", 1)), int(c.get("colspan", 1)), [html_table(t) for t in inner(c)])
                for c in cells
            ]
        )
    caption = element.find("caption")
    return Table(rows, head if head < len(rows) else 0, "" if caption is None else text_of(caption))


def tables_of(markdown):
    lines = [re.sub(r"^(\s|>)*", "", line) if "|" in line or "<" in line else line for line in markdown.split("\n")]
    found, i, fence = [], 0, ""
    while i < len(lines):
        opening = re.match(r"^\s*(`{3,}|~{3,})", lines[i])
        if fence or opening:
            fence = "" if fence and lines[i].strip() == fence else fence or opening[1]
            i += 1
        elif lines[i].startswith("<table>"):
            depth, begin = 0, i
            while i < len(lines):
                depth += lines[i].count("<table>") - lines[i].count("</table>")
                i += 1
                if depth <= 0:
                    break
            found.append(html_table(lxml_html.fragment_fromstring("\n".join(lines[begin:i]), create_parent="div").find("table")))
        elif lines[i].startswith("|") and i + 1 < len(lines) and DELIMITER.match(lines[i + 1].strip()):
            rows, before = [], next((line for line in reversed(lines[:i]) if line.strip()), "")
            while i < len(lines) and lines[i].startswith("|"):
                if len(rows) != 1 or not DELIMITER.match(lines[i].strip()) or rows[0] is None:
                    rows.append([Cell(from_markdown(cell)) for cell in re.split(r"(?<!\\)\|", lines[i].strip())[1:-1]])
                    if len(rows) == 1:
                        i += 1  # the delimiter
                i += 1
            found.append(Table(rows, 1, from_markdown(before)))
        else:
            i += 1
    return found


class Node:
    def __init__(self, name, children=(), cell=None):
        self.name, self.children, self.cell = name, list(children), cell

    def size(self):
        return 1 + sum(child.size() for child in self.children)


class Costs(Config):
    def rename(self, a, b):
        if a.name != b.name:
            return 1.0
        if a.cell is None:
            return 0.0
        if (a.cell.rowspan, a.cell.colspan) != (b.cell.rowspan, b.cell.colspan):
            return 1.0
        return Levenshtein.normalized_distance(a.cell.text, b.cell.text)

    def children(self, node):
        return node.children


def tree(table, parts):
    rows = [Node("tr", [Node("td", [tree(t, parts) for t in cell.tables], cell) for cell in cells]) for cells in table.rows]
    if not parts:
        return Node("table", rows)
    groups = [("thead", rows[: table.head]), ("tbody", rows[table.head :])]
    return Node("table", [Node(name, group) for name, group in groups if group])


def teds(a, b, parts=True):
    left, right = tree(a, parts), tree(b, parts)
    return 1 - APTED(left, right, Costs()).compute_edit_distance() / max(left.size(), right.size())


def overlap(a, b):
    common = sum((a & b).values())
    return 2 * common / max(1, sum(a.values()) + sum(b.values()))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("texts", nargs="?")
    parser.add_argument("--mode", default="balanced")
    parser.add_argument("--golds", default="test/pipelines/extract/tables")
    parser.add_argument("--worst", type=int, default=10)
    options = parser.parse_args()
    folder = Path(options.golds)
    pages = read(Path(options.texts).read_text(encoding="utf-8")) if options.texts else extracted(folder, options.mode)

    common = expected = given = special = spurious = absent = captions = captioned = 0
    scores = []
    for path in sorted(folder.glob("*.json")):
        gold = json.loads(path.read_text(encoding="utf-8"))
        wanted = [gold_table(table) for table in gold["tables"]]
        text = pages.get(path.stem, "")
        found = tables_of(text)
        words = re.sub(r"[^\w]+", " ", text)
        absent += sum(re.sub(r"[^\w]+", " ", snippet).strip() not in words for snippet in gold.get("outside", []))
        left = list(found)
        for k, table in enumerate(wanted):
            cells = table.cells()
            for within in table.all():
                special += within is not table or any(c.tables or c.rowspan * c.colspan > 1 or "$" in c.text for row in table.rows for c in row)
            best = max(left, key=lambda other: overlap(cells, other.cells()), default=None)
            if best is None or overlap(cells, best.cells()) == 0:
                scores.append((0.0, 0.0, 0.0, f"{path.stem} {k + 1}: not found"))
                expected += sum(sum(t.cells().values()) for t in table.all())
                continue
            left.remove(best)
            captioned += bool(table.caption)
            captions += bool(table.caption) and table.caption in best.caption
            inner, others = list(table.all()), list(best.all())
            own = [0, 0, 0]
            for a, b in zip(inner + [None] * (len(others) - len(inner)), others + [None] * (len(inner) - len(others))):
                a, b = (a.cells() if a else Counter()), (b.cells() if b else Counter())
                own = [own[0] + sum((a & b).values()), own[1] + sum(a.values()), own[2] + sum(b.values())]
            common, expected, given = common + own[0], expected + own[1], given + own[2]
            f1 = 2 * own[0] / max(1, own[1] + own[2])
            scores.append((teds(table, best), teds(table, best, parts=False), f1, f"{path.stem} {k + 1}"))
        for table in left:
            spurious += 1
            given += sum(table.cells().values())
            scores.append((0.0, 0.0, 0.0, f"{path.stem}: a table that is none"))
    mean = lambda i: sum(score[i] for score in scores) / max(1, len(scores))
    f1 = 2 * common / max(1, expected + given)
    print(f"tables: {len(scores) - spurious} golds, {special} with spans, nesting or formulas")
    print(f"  {spurious} found that are none, {absent} texts around layout lost, captions {captions} of {captioned}")
    print(f"  cells F1 {f1:.4f} (bar {CELLS}); TEDS {mean(0):.4f} (bar {TEDS}), without head and body {mean(1):.4f}")
    for score in sorted(scores)[: options.worst]:
        if score[2] < 1 or score[1] < 1:
            print(f"  TEDS {score[0]:.3f} / {score[1]:.3f}, cells {score[2]:.3f}  {score[3]}")
    return 0 if f1 >= CELLS and mean(0) >= TEDS else 1


if __name__ == "__main__":
    sys.exit(main())
