"""Real TeX to make MathML from: the formulas in the docstrings of scipy and scikit-learn, as the oracle environment has them.

    python bench/extraction/tex.py > formulas.jsonl

One JSON string a line, each formula once, in the order of sha256. Taken: `:math:` roles and `.. math::` directives with a backslash, ^ or _.
Which half a formula belongs to is decided by its hash alone (bench/extraction/mathml.ts), so nobody chooses.
"""
import ast
import hashlib
import json
import re
from pathlib import Path

import scipy
import sklearn

ROLE = re.compile(r":math:`([^`]+)`")
DIRECTIVE = re.compile(r"^([ \t]*)\.\. math::[ \t]*(.*)\n((?:[ \t]*\n|\1[ \t]+.*\n)*)", re.M)


def docstrings(package):
    for path in sorted(Path(package.__file__).parent.rglob("*.py")):
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, UnicodeDecodeError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "math" in node.value:
                yield node.value + "\n"


def formulas(text):
    for match in ROLE.finditer(text):
        yield match[1]
    for match in DIRECTIVE.finditer(text):
        for paragraph in re.split(r"\n[ \t]*\n", match[2] + "\n" + match[3]):
            lines = [line for line in paragraph.split("\n") if not re.match(r"\s*:(label|nowrap|name):", line)]
            yield " ".join(lines)


found = set()
for package in (scipy, sklearn):
    for text in docstrings(package):
        for formula in formulas(text):
            formula = re.sub(r"\s+", " ", formula).strip()
            if re.search(r"[\\^_]", formula) and 3 < len(formula) < 2000:
                found.add(formula)
for formula in sorted(found, key=lambda f: hashlib.sha256(f.encode()).digest()):
    print(json.dumps(formula, ensure_ascii=False))
