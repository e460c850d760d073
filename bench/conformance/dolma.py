"""What Dolma 1.2.1's own taggers say of texts; for dolma.ts.

    python dolma.py < texts.jsonl > answers.jsonl

A line a text: [text without the lines that c4_v2 tags as having no end mark, whether its defect moves them, attributes of gopher_v1 over what
is left, the same over the whole text]. The mixer's span replacement is done here: it is a program of its own in Rust. The taggers run as shipped;
what their package loads besides is replaced. The defect: c4_v2 lower-cases the text and gives places in that; U+0130 lower-cases to two
characters and moves every place behind it, so it is tagged as I.
"""

import importlib.util
import json
import sys
import types
from pathlib import Path
from unittest.mock import MagicMock


def load():
    sys.path.pop(0)  # this file bears the package's name
    root = Path(importlib.util.find_spec("dolma").submodule_search_locations[0])
    for name, path in (("dolma", root), ("dolma.core", root / "core"), ("dolma.taggers", root / "taggers")):
        package = types.ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package
    registry, taggers = types.ModuleType("dolma.core.registry"), types.ModuleType("dolma.core.taggers")

    class Registry:
        add = staticmethod(lambda name: lambda made: made)

    registry.TaggerRegistry = Registry
    taggers.BaseTagger = object
    sys.modules["dolma.core.registry"] = registry
    sys.modules["dolma.core.taggers"] = taggers
    sys.modules.setdefault("msgspec", MagicMock())
    types_ = types.ModuleType("dolma.core.data_types")

    class Span:
        def __init__(self, start, end, type, score=1.0):
            self.start, self.end, self.type, self.score = start, end, type, score

    class DocResult:
        def __init__(self, doc, spans):
            self.doc, self.spans = doc, spans

    class Document:
        def __init__(self, text):
            self.text = text

    types_.Span, types_.DocResult, types_.Document = Span, DocResult, Document
    sys.modules["dolma.core.data_types"] = types_
    gopher = importlib.import_module("dolma.taggers.gopher")
    c4 = importlib.import_module("dolma.taggers.c4")
    return gopher.GopherTagger().predict, c4.FasterC4Tagger().predict, Document


def cut(c4, tagged, text):
    left, at = [], 0
    for span in c4(tagged).spans:
        if span.type == "lines_with_no_ending_punctuation":
            left.append(text[at : span.start])
            at = span.end
    return "".join([*left, text[at:]])


def attributes(gopher, document):
    return {span.type: span.score for span in gopher(document).spans}


def main():
    gopher, c4, Document = load()
    for line in sys.stdin:
        text = json.loads(line)
        edited = cut(c4, Document(text.replace("\u0130", "I")), text)
        moved = cut(c4, Document(text), text) != edited
        print(json.dumps([edited, moved, attributes(gopher, Document(edited)), attributes(gopher, Document(text))]))


if __name__ == "__main__":
    main()
