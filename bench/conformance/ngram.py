"""What KenLM 0.3.0 says of sentences.

    python ngram.py scores MODEL < JSON lines of strings     one JSON list a line: log10 with <s> and </s>, with <s>, with </s>, with neither,
                                                             then the same four as sums, in double precision, of the words' own scores
    python ngram.py time MODEL FILE ROUNDS                   JSON: CPU seconds of Model.score over all lines of FILE, per round
"""

import json
import sys
import time

import kenlm

FLAGS = ((True, True), (True, False), (False, True), (False, False))
config = kenlm.Config()
config.show_progress = False


def scores(model):
    for line in sys.stdin:
        text = json.loads(line)
        row = [model.score(text, bos=bos, eos=eos) for bos, eos in FLAGS]
        row += [sum(score for score, _, _ in model.full_scores(text, bos=bos, eos=eos)) for bos, eos in FLAGS]
        print(json.dumps(row))


def measure(model, path, rounds):
    with open(path, encoding="utf-8") as file:
        sentences = file.read().split("\n")
    seconds = []
    for _ in range(rounds):
        begin = time.process_time()
        total = 0.0
        for sentence in sentences:
            total += model.score(sentence)
        seconds.append(time.process_time() - begin)
    print(json.dumps({"seconds": seconds, "total": total}))


if __name__ == "__main__":
    mode, path = sys.argv[1:3]
    model = kenlm.Model(path, config)
    if mode == "scores":
        scores(model)
    else:
        measure(model, sys.argv[3], int(sys.argv[4]))
