"""Formulas of the STEM pages against their golds (shared/data/README.md): every gold once.

    python bench/extraction/formulas.py FOUND.jsonl [PAGES] [--show]

FOUND.jsonl has one line a page: {"file": path, "formulas": [{"latex", "display"}, …]}; PAGES is ../shared/data/stem-pages/ccmath. A page
`NAME.html` has golds in NAME_1.html (display) and NAME_inline_1.html (inline), one formula a line; a page without either is left out. Where
only one of the files is there, the other kind of formula is not counted as spurious, for nobody wrote down whether there are any. Golds and
found formulas are matched as multisets, whichever kind they are; how often the kind agrees is told beside it.

Two formulas are equal when they are the same characters after this:
  references (&lt;) decoded; all white space taken out, and "\\ " with it, of which before a command the backslash stays (golds join lines
  without a space, so a "\\" at a line's end has run into the command that follows)
  one outer {\\displaystyle …} or {\\textstyle …} taken off; \\displaystyle elsewhere taken out
  braces around a single character or a single command taken off: {b}^{2} is b^2; then {…} around a whole group before ^ or _
  \\left and \\right taken out; \\, \\; \\: \\! \\quad \\qquad taken out; a final . or , taken off, also as \\text{.}
  characters and their commands are one: × \\times, ± \\pm, ≤ \\le \\leq, φ \\phi \\varphi (the reference swaps them), ∂ \\mathrm{\\partial}, \\ne \\neq, → \\to \\rightarrow and so on
  \\stackrel{˙}{x} is \\dot{x}, \\stackrel{\\to}{x} is \\vec{x}; \\left(\\genfrac{}{}{0}{}{n}{k}\\right) is \\binom{n}{k}; {array}{ccc} between bars is vmatrix, {array}{rl} is aligned
"""
import html
import json
import re
import sys
from collections import Counter
from pathlib import Path

from score import Bars

NAMES = {
    "×": "\\times", "±": "\\pm", "∓": "\\mp", "≤": "\\le", "\\leq": "\\le", "≥": "\\ge", "\\geq": "\\ge", "≠": "\\ne", "\\neq": "\\ne", "→": "\\to",
    "\\rightarrow": "\\to", "∂": "\\partial", "⋅": "\\cdot", "·": "\\cdot", "∞": "\\infty", "≅": "\\cong", "−": "-", "\\lvert": "|", "\\rvert": "|",
    "\\vert": "|", "\\mid": "|", "∑": "\\sum", "∫": "\\int", "\\lt": "<", "\\gt": ">", "\\ast": "*", "…": "\\ldots", "\\dots": "\\ldots", "\\varphi": "\\phi", "φ": "\\phi", "ϕ": "\\phi", "⋯": "\\cdots", "Δ": "\\Delta",
}
TAKES = {"\\" + name for name in "frac dfrac tfrac sqrt binom text mathrm mathbf mathbb mathcal hat bar vec dot ddot tilde overline underline operatorname".split()}
COMMAND = re.compile(r"\\[A-Za-z]+|\\.|[^\\]", re.S)


def normalised(tex):
    tex = html.unescape(tex)
    tex = re.sub(r"\\(?:quad|qquad)(?![A-Za-z])", "", tex)
    tex = re.sub(r"\\mathrm\s*\{\s*(\\[A-Za-z]+)\s*\}", r"\1 ", tex)
    tex = re.sub(r"(?<!\\)((?:\\\\)*)\\[ \n]+(?!\\)", r"\1", tex)
    tex = re.sub(r"\s+", "", re.sub(r"(\\[A-Za-z]+)\s+(?=[A-Za-z])", r"\1\0", tex))
    tex = re.sub(r"(?<!\\)((?:\\\\)*)\\$", r"\1", tex)
    for style in ("{\\displaystyle", "{\\textstyle"):
        if tex.startswith(style) and tex.endswith("}"):
            tex = tex[len(style):-1]
    tex = re.sub(r"\\(?:displaystyle|textstyle|left|right)(?![A-Za-z])", "", tex).replace("\0", " ")
    tex = re.sub(r"\\[,;:!]", "", tex)
    tex = re.sub(r"\\stackrel\{˙\}", r"\\dot", tex)
    tex = re.sub(r"\\stackrel\{\\to\}", r"\\vec", tex)
    tex = re.sub(r"\\text\{[.,]\}$", "", tex)
    tex = re.sub(r"\(\\genfrac\{\}\{\}\{0(?:pt)?\}\{\}(\{[^{}]*\}\{[^{}]*\})\)", r"\\binom\1", tex)
    tex = re.sub(r"\|\\begin\{array\}\{c+\}(.*?)\\end\{array\}\|", r"\\begin{vmatrix}\1\\end{vmatrix}", tex)
    tex = re.sub(r"\\begin\{array\}\{rl\}(.*?)\\end\{array\}", r"\\begin{aligned}\1\\end{aligned}", tex)
    tokens = [NAMES.get(t, t) for t in COMMAND.findall(tex) if t != " "]
    changed = True
    while changed:  # braces around one token, but where they are an argument's that other commands need: \frac{1}{2} and \frac12 are one
        changed = False
        out, i = [], 0
        while i < len(tokens):
            if tokens[i] == "{" and i + 2 < len(tokens) and tokens[i + 2] == "}" and tokens[i + 1] not in "{}":
                out.append(tokens[i + 1])
                i += 3
                changed = True
            else:
                out.append(tokens[i])
                i += 1
        tokens = out
    tokens = unbraced(tokens)
    return re.sub(r"[.,]+$", "", "".join(tokens))


def unbraced(tokens):
    """{…}^2 as …^2: braces of a base that is no argument of a command."""
    pairs, stack = {}, []
    for i, token in enumerate(tokens):
        if token == "{":
            stack.append(i)
        elif token == "}" and stack:
            pairs[stack.pop()] = i
    drop = set()
    for begin, end in pairs.items():
        before = tokens[begin - 1] if begin else ""
        after = tokens[end + 1] if end + 1 < len(tokens) else ""
        if after in ("^", "_") and before not in ("^", "_", "}", "]") and before not in TAKES:
            drop |= {begin, end}
    return [t for i, t in enumerate(tokens) if i not in drop]


def lines(path):
    return [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


def main():
    arguments = [a for a in sys.argv[1:] if a != "--show"]
    pages = Path(arguments[1] if len(arguments) > 1 else "../shared/data/stem-pages/ccmath")
    found_by_page = {}
    for line in Path(arguments[0]).read_text(encoding="utf-8").split("\n"):
        if line.strip():
            record = json.loads(line)
            found_by_page[Path(record["file"]).stem] = record["formulas"]
    show = "--show" in sys.argv
    total = hit = extra = counted = kinds = 0
    for page in sorted(pages.glob("*.html")):
        name = page.stem
        files = {True: pages / f"{name}_1.html", False: pages / f"{name}_inline_1.html"}
        if re.search(r"_\d$", name) and (pages / f"{re.sub(r'(_inline)?_1$', '', name)}.html").exists() and not files[True].exists():
            continue
        if not any(f.exists() for f in files.values()) or name not in found_by_page:
            continue
        gold = [(normalised(line), display) for display, f in files.items() if f.exists() for line in lines(f)]
        found = [(normalised(f["latex"]), f["display"]) for f in found_by_page[name]]
        want, have = Counter(g for g, _ in gold), Counter(f for f, _ in found)
        hits = sum((want & have).values())
        missed, spurious = want - have, have - want
        unknown = [display for display, f in files.items() if not f.exists()]
        uncounted = sum(min(n, sum(1 for f, d in found if f == text and d in unknown)) for text, n in spurious.items())
        same_kind = sum((Counter(gold) & Counter(found)).values())
        n_spurious = sum(spurious.values()) - uncounted
        print(f"{name:50} golds {len(gold):4}  found {hits:4}  spurious {n_spurious:3}  same kind {same_kind:4}")
        if show:
            for text in missed:
                print("    missed  ", text)
            for text in spurious:
                print("    spurious", text)
        total, hit, extra, counted, kinds = total + len(gold), hit + hits, extra + n_spurious, counted + len(found) - uncounted, kinds + same_kind
    print(f"recall {hit / total:.4f} ({hit} of {total}); spurious {extra / max(counted, 1):.4f} ({extra} of {counted}); same kind {kinds / max(hit, 1):.3f}\n\nbars")
    bars = Bars()
    bars.check("recall", hit / total, 0.97)
    bars.check("spurious", extra / max(counted, 1), 0.03, least=False)
    return 1 if bars.missed else 0


if __name__ == "__main__":
    sys.exit(main())
