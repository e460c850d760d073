"""Scores of NeMo Curator 1.4.0's 28 English heuristics, by the package itself; for nemo.ts and bench/nemo.ts.

    python nemo.py scores < texts.jsonl > scores.jsonl    one list a text, in the order of the pipeline's file; null where the package raises
    python nemo.py chain < texts.jsonl > first.jsonl      the name of the first filter that drops the text, null if none, for the whole chain
    python nemo.py time < texts.jsonl                     CPU seconds of all scores and verdicts of these texts, texts in memory

What the package imports for other modalities is replaced; the two modules of filters and their helpers run as shipped. One thing is put in its
place: of several n-grams that are most frequent the package takes the one that a set of strings yields first, which changes with
every process; here a set yields in the order of insertion ("scores"; "time" runs it as it is).
"""

import importlib
import json
import sys
import time
import types
from pathlib import Path
from unittest.mock import MagicMock


class Ordered:
    """What the filters ask of a set, in the order of insertion."""

    def __init__(self, items):
        self.items = dict.fromkeys(items)

    def __len__(self):
        return len(self.items)

    def __iter__(self):
        return iter(self.items)


def load():
    spec = importlib.util.find_spec("nemo_curator")
    root = Path(spec.submodule_search_locations[0])
    for name in ("nemo_curator", "nemo_curator.stages", "nemo_curator.stages.text", "nemo_curator.stages.text.filters", "nemo_curator.stages.text.utils"):
        package = types.ModuleType(name)
        package.__path__ = [str(root.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = package
    sys.modules.setdefault("loguru", MagicMock())
    base = "nemo_curator.stages.text.filters.heuristic"
    package = types.ModuleType(base)
    package.__path__ = [str(root / "stages/text/filters/heuristic")]
    sys.modules[base] = package
    return root, importlib.import_module(f"{base}.string"), importlib.import_module(f"{base}.repetition.repetition")


def filters():
    import yaml

    root, string, repetition = load()
    made = []
    for stage in yaml.safe_load((root / "config/text/heuristic_filter_english_pipeline.yaml").read_text())["stages"]:
        config = stage.get("filter_obj")
        if config is None:
            continue
        name = config.pop("_target_").rsplit(".", 1)[1]
        made.append(getattr(string if hasattr(string, name) else repetition, name)(**config))
    assert len(made) == 28, len(made)
    return made, repetition


def score(each, text):
    try:
        return each.score_document(text)
    except (ZeroDivisionError, ValueError):
        return None


def main(what):
    made, repetition = filters()
    if what != "time":
        repetition.set = Ordered
    texts = [json.loads(line) for line in sys.stdin]
    if what == "time":
        start = time.process_time()
        for text in texts:
            for each in made:
                each.keep_document(each.score_document(text))
        print(json.dumps({"seconds": time.process_time() - start, "bytes": sum(len(text.encode()) for text in texts)}))
        return
    for text in texts:
        scores = [score(each, text) for each in made]
        kept = [None if value is None else bool(each.keep_document(value)) for each, value in zip(made, scores)]
        print(json.dumps([scores, kept]))


if __name__ == "__main__":
    main(sys.argv[1])
