"""What other programs say of texts and labels, for fasttext.ts. Texts are JSON lines; so are answers, one for each text.

    python fasttext_peers.py predict MODEL TEXTS K           fasttext-predict: [[label, score], ...]
    python fasttext_peers.py langid TEXTS                    py3langid: a language
    python fasttext_peers.py languages                       py3langid: every language that it knows
    python fasttext_peers.py install FOLDER                  fastText with training, which has the same module name as fasttext-predict
    python fasttext_peers.py train FOLDER ROWS MODEL JSON    trains on a file in fastText's form; prints CPU seconds
    python fasttext_peers.py ask FOLDER MODEL TEXTS K        fastText with training: [[label, score], ...]
    python fasttext_peers.py time MODEL TEXTS                fasttext-predict, one thread: CPU seconds over texts that are strings already
"""

import json
import subprocess
import sys
import time

TRAINING = "fasttext-numpy2==0.10.4"


def texts(path):
    with open(path, encoding="utf-8", newline="\n") as lines:
        return [json.loads(line) for line in lines]


def predict(model, path, k):
    import fasttext

    found = fasttext.load_model(model)
    for text in texts(path):
        labels, scores = found.predict(text.replace("\n", " "), k=int(k))
        print(json.dumps(list(zip(labels, map(float, scores)))))


def langid(path):
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_pickled_model(MODEL_FILE)
    for text in texts(path):
        print(json.dumps(identifier.classify(text)[0]))


def languages():
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    for label in LanguageIdentifier.from_pickled_model(MODEL_FILE).nb_classes:
        print(json.dumps(label))


def install(folder):
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", folder, TRAINING], check=True)


def train(folder, rows, model, options):
    sys.path.insert(0, folder)
    import fasttext

    start = time.process_time()
    # Of its input matrix fastText draws a tenth for each thread and leaves the rest zero: with fewer than ten it learns less.
    made = fasttext.train_supervised(rows, thread=10, verbose=0, **json.loads(options))
    print(json.dumps(time.process_time() - start))
    made.save_model(model)


def ask(folder, model, path, k):
    sys.path.insert(0, folder)
    predict(model, path, k)


def timed(model, path):
    import fasttext

    found = fasttext.load_model(model)
    given = [text.replace("\n", " ") for text in texts(path)]
    found.predict("warm")
    start = time.process_time()
    for text in given:
        found.predict(text)
    print(json.dumps(time.process_time() - start))


if __name__ == "__main__":
    {"predict": predict, "langid": langid, "languages": languages, "install": install, "train": train, "ask": ask, "time": timed}[sys.argv[1]](*sys.argv[2:])
