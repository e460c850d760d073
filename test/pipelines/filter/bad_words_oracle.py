"""datatrove 0.10.1's C4BadWordsFilter over texts, with lists of ours in place of the ones that it downloads.

Arguments: a folder with one list a language. Reads JSON lines {"text": …, "language": …} from standard input; writes one JSON line each: the
reason, or null where the document stays. What datatrove imports beyond numpy: stubs.py.
"""

import json
import sys

import stubs  # noqa: F401
from datatrove.data import Document  # noqa: E402
from datatrove.pipeline.filters import c4_filters  # noqa: E402

folder = sys.argv[1]
c4_filters.cached_asset_path_or_download = lambda url, **_: f"{folder}/{url.rsplit('/', 1)[1]}.txt"
judge = c4_filters.C4BadWordsFilter(fail_on_missing_language=False)
for number, line in enumerate(sys.stdin):
    row = json.loads(line)
    metadata = {"language": row["language"]} if row["language"] is not None else {}
    kept = judge.filter(Document(text=row["text"], id=str(number), metadata=metadata))
    print(json.dumps(kept[1] if isinstance(kept, tuple) else None))
