"""Trains the models of native/extract on the development pages and writes native/extract/weights.inc and the cross-validated texts.

    build/bench-venv/bin/python bench/extraction/pages.py > build/extraction/train.jsonl
    node bench/extraction/features.ts build/extraction/train.jsonl build/extraction/features.bin
    node bench/extraction/features.ts build/extraction/train.jsonl build/extraction/features.bin.unread --unread
    build/bench-venv/bin/python bench/extraction/train.py [--trees 100] [--unread 0.3] [--no-weights]

Pages of the lock box (split.py) are not read. Five folds by registered domain. For every fold, everything that its pages' result depends on
is trained without it: the linear model, the first forest, the second forest (which sees predictions of the first that are themselves out of
fold), confidence and type. Writes build/extraction/folds.jsonl and folds-MODE.jsonl {file_id, fold, text, confidence, type} for score.py, and
the weights trained on all five folds. A run takes some minutes of two cores and some 4 GB.
"""
import argparse
import hashlib
import itertools
import json
import subprocess
import sys
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np

import learn
import weights
from pages import PAGES, Pages

BUILD = Path("build/extraction")
FOLDS = range(5)
TYPES = ["article", "collection", "documentation", "forum", "listing", "product", "service"]
TYPE_TREES = dict(num_leaves=7, min_data_in_leaf=15, learning_rate=0.1, bagging_fraction=0.8, feature_fraction=0.3, lambda_l2=2)

parser = argparse.ArgumentParser()
parser.add_argument("--trees", type=int, default=100)
parser.add_argument("--pages", default=PAGES)
parser.add_argument("--features", default=str(BUILD / "features.bin"))
parser.add_argument("--unread", type=float, default=0.3, help="share of pages that are trained on a second time as if their words were not known")
parser.add_argument("--workers", type=int, default=2)
parser.add_argument("--no-weights", action="store_true")
given = parser.parse_args()

start = time.time()
pages = Pages(given.pages, set(FOLDS))
data = learn.Data(given.features, pages)
if given.unread:
    data.add_unread(given.features + ".unread", given.unread)
priors = {}


def without(*folds):
    return np.nonzero(~np.isin(data.fold, folds))[0]


def of(fold):
    return np.nonzero(data.fold == fold)[0]


def pages_without(*folds):
    return np.nonzero(~np.isin(data.page_fold, folds))[0]


def matrix(rows, excluded, around=None):
    """Columns that a forest sees; each fold's prior comes from a model that saw neither it nor the excluded folds."""
    x = data.x[rows][:, : data.context_column].copy()
    for fold in FOLDS:
        mine = data.fold[rows] == fold
        if mine.any():
            x[mine, data.prior_column] = learn.apply_prior(data, priors[tuple(sorted({*excluded, fold}))], rows[mine])
    return x if around is None else np.column_stack([x, around])


def fit_prior(folds):
    return learn.fit_prior(data, without(*folds))


def first_pair(pair):
    """Without two folds: its predictions for either are inner ones for the other."""
    rows = without(*pair)
    model = learn.boost(matrix(rows, pair), data.y[rows], data.weight[rows], given.trees)
    return {(b, a): model.predict(matrix(of(a), pair)) for a, b in (pair, pair[::-1])}


def first(fold):
    """Without one fold (None: with all): predictions for it, and the model."""
    excluded = () if fold is None else (fold,)
    rows = without(*excluded)
    model = learn.boost(matrix(rows, excluded), data.y[rows], data.weight[rows], given.trees)
    return fold, None if fold is None else model.predict(matrix(of(fold), excluded)), model.model_to_string()


def second(fold):
    excluded = () if fold is None else (fold,)
    rows = without(*excluded)
    q = np.zeros(len(data.y))
    for other in FOLDS:
        if other != fold:
            q[data.fold == other] = outer[other] if fold is None else inner[fold, other]
    around = learn.context(data, pages_without(*excluded), q)
    model = learn.boost(matrix(rows, excluded, around), data.y[rows], data.weight[rows], given.trees)
    if fold is None:
        return fold, None, model.model_to_string()
    q[data.fold == fold] = outer[fold]
    around = learn.context(data, np.nonzero(data.page_fold == fold)[0], q)
    found = model.predict(matrix(of(fold), excluded, around))
    return fold, np.where(outer[fold] < learn.SURE, outer[fold], found), model.model_to_string()


def report(name, q, mode="balanced"):
    rows = []
    for k, page in enumerate(data.pages[: data.scored]):
        if page["gold"]:
            rows.append((page["page"].type, *learn.score(page, learn.choose(data, k, q[data.rows(k)], mode))))
    by_type = {t: round(float(np.mean([r[3] for r in rows if r[0] == t])), 3) for t in TYPES}
    p, r, f = np.mean([row[1:] for row in rows], 0)
    print(f"{name:8} {mode:9} P {p:.4f} R {r:.4f} F1 {f:.4f} {by_type}", flush=True)
    return f


def small_models(q):
    """Type (one forest a type) and confidence, and their out-of-fold results."""
    have = [k for k, page in enumerate(data.pages[: data.scored]) if page["n"]]
    x = np.array([data.x[data.rows(k)][0] for k in have])
    x[:, : data.page_columns.start] = 0
    x[:, data.prior_column :] = 0
    kinds = np.array([TYPES.index(data.pages[k]["page"].type) for k in have])
    folds = data.page_fold[have]
    kept = [learn.choose(data, k, q[data.rows(k)]) for k in have]
    rows = np.array([learn.confidence_rows(data, k, q[data.rows(k)], s) for k, s in zip(have, kept)])
    good = np.array([learn.score(data.pages[k], s)[2] >= 0.8 if data.pages[k]["gold"] else not s.any() for k, s in zip(have, kept)], float)
    even = np.ones(len(have))
    types, trust = np.zeros((len(have), len(TYPES))), np.zeros(len(have))
    trusting = dict(num_leaves=4, min_data_in_leaf=30, learning_rate=0.05, feature_fraction=0.5, lambda_l2=20)
    for fold in FOLDS:
        a, b = folds != fold, folds == fold
        for t in range(len(TYPES)):
            types[b, t] = learn.boost(x[a], (kinds[a] == t).astype(float), even[a], 60, **TYPE_TREES).predict(x[b])
        trust[b] = learn.boost(rows[a], good[a], even[a], 60, **trusting).predict(rows[b])
    right = types.argmax(1) == kinds
    bins = np.minimum((trust * 10).astype(int), 9)
    gap = sum(abs(trust[bins == i].sum() - good[bins == i].sum()) for i in range(10)) / len(trust)
    print(f"type {right.mean():.3f} right; confidence: calibration error {gap:.3f} (good pages {good.mean():.3f})", flush=True)
    forests = [learn.boost(x, (kinds == t).astype(float), even, 60, **TYPE_TREES) for t in range(len(TYPES))]
    return forests, learn.boost(rows, good, even, 60, **trusting), dict(zip(have, trust)), dict(zip(have, types.argmax(1)))


def pool(function, arguments):
    print(function.__name__, round(time.time() - start), "s", file=sys.stderr, flush=True)
    with get_context("fork").Pool(given.workers) as workers:
        return workers.map(function, list(arguments), chunksize=1)


combinations = [c for size in range(4) for c in itertools.combinations(FOLDS, size)]
priors.update(zip(combinations, pool(fit_prior, combinations)))
inner = {}
for found in pool(first_pair, itertools.combinations(FOLDS, 2)):
    inner.update(found)
outer, firsts = {}, {}
for fold, q, model in pool(first, [*FOLDS, None]):
    outer[fold], firsts[fold] = q, model
q = np.zeros(len(data.y))
for fold in FOLDS:
    q[data.fold == fold] = outer[fold]
report("first", q)
seconds = {}
for fold, found, model in pool(second, [*FOLDS, None]):
    seconds[fold] = model
    if fold is not None:
        q[data.fold == fold] = found
q = learn.floored(data, q)
scores = {mode: report("second", q, mode) for mode in learn.WEIGHT_OF_RECALL}
types, confidence, trust, kinds = small_models(q)

BUILD.mkdir(parents=True, exist_ok=True)
np.save(BUILD / "scores.npy", q)
for mode in learn.WEIGHT_OF_RECALL:
    with open(BUILD / ("folds.jsonl" if mode == "balanced" else f"folds-{mode}.jsonl"), "w") as file:
        for k, page in enumerate(data.pages[: data.scored]):
            kept = learn.choose(data, k, q[data.rows(k)], mode)
            text = "\n\n".join(page["raw"][b] for b in np.nonzero(kept)[0])
            row = dict(file_id=page["page"].id, fold=page["page"].fold, text=text, confidence=float(trust.get(k, 0)), type=TYPES[kinds.get(k, 0)])
            file.write(json.dumps(row) + "\n")
if given.no_weights:
    sys.exit()

import lightgbm

digest = hashlib.sha256()
for page in pages:
    digest.update(page.path.read_bytes())
    digest.update(page.gold.encode())
size = weights.write(
    Path("native/extract/weights.inc"),
    [
        f"Written by: python bench/extraction/train.py --trees {given.trees} --unread {given.unread} (LightGBM {lightgbm.__version__}).",
        f"Data: {len(pages)} pages of WCXB's development split outside the lock box, sha256 {digest.hexdigest()[:32]}.",
        f"Five folds by registered domain, word F1 {scores['balanced']:.4f} over pages with a gold.",
    ],
    data.columns, priors[()], lightgbm.Booster(model_str=firsts[None]), lightgbm.Booster(model_str=seconds[None]), types, confidence,
)  # fmt: skip
print(f"native/extract/weights.inc: {size} bytes")
