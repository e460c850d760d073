"""Reads every Arrow file below a folder with pyarrow and checks it: `python read_store.py FOLDER`. Prints one JSON line."""
import json
import pathlib
import sys

import pyarrow as pa

files = rows = compressed = 0
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.arrow")):
    with pa.memory_map(str(path)) as source:
        reader = pa.ipc.open_file(source)
        for i in range(reader.num_record_batches):
            batch = reader.get_batch(i)
            batch.validate(full=True)
            rows += batch.num_rows
    raw = path.read_bytes()
    compressed += b"\x28\xb5\x2f\xfd" in raw
    files += 1
print(json.dumps({"files": files, "rows": rows, "zstd": compressed}))
