"""Segments of UAX #29 by uniseg 0.9.1: for each JSON string on standard input a line with the bytes of each of its segments. For papers.ts."""

import json
import sys

from uniseg.wordbreak import words

for line in sys.stdin:
    print(json.dumps([len(word.encode()) for word in words(json.loads(line))]))
