"""The models of native/extract as they are trained: data, linear model, forests, context, choice. See train.py for the order of things."""
import json
import zlib
from collections import Counter
from pathlib import Path

import lightgbm
import numpy as np
import scipy.sparse
from scipy.optimize import minimize

from labels import label, words

PRIOR_SIZE = 1 << 14
SURE = 0.01  # below it the first forest's word is final (native/extract/model.cc)
PARAMETERS = dict(
    objective="cross_entropy", learning_rate=0.08, num_leaves=31, min_data_in_leaf=60, feature_fraction=0.3, bagging_fraction=0.7, bagging_freq=1,
    lambda_l2=5, max_bin=63, min_sum_hessian_in_leaf=1e-3, seed=1, deterministic=True, force_col_wise=True, num_threads=1, verbose=-1,
)  # fmt: skip


class Data:
    """Blocks of all pages behind each other, as features.ts wrote them, with labels and weights from the golds."""

    def __init__(self, path, pages):
        meta = json.loads(Path(f"{path}.json").read_text())
        buffer = np.memmap(path, np.uint8, "r")
        self.columns = meta["columns"]
        width, at, sum_of_tokens, self.pages = len(self.columns), 0, 0, []

        def take(kind, count):
            nonlocal at
            size = np.dtype(kind).itemsize * count
            array = buffer[at : at + size].view(kind)
            at += size + (-size % 4)
            return array

        values, offsets, tokens, labels, weights, folds, masses = [], [np.zeros(1, np.int64)], [], [], [], [], []
        by_id = {page.id: page for page in pages}
        for entry in meta["pages"]:
            n, page = entry["blocks"], by_id[entry["file_id"]]
            values.append(take(np.float32, n * width).reshape(n, width))
            token_offsets = take(np.uint32, n + 1).astype(np.int64)
            tokens.append(take(np.uint16, entry["tokens"]))
            offsets.append(sum_of_tokens + token_offsets[1:])
            sum_of_tokens += entry["tokens"]
            block = take(np.uint32, 4 * n).reshape(n, 4).astype(np.int64)
            masses.append(take(np.float32, n))
            slots = take(np.uint32, 2 * entry["slots"]).reshape(-1, 2).astype(np.int64)
            scores = np.array(take(np.float32, n))
            texts = [words(text) for text in entry["texts"]]
            gold = words(page.gold)
            share = label(texts, gold)
            sizes = np.array([len(t) for t in texts], float)
            # What a wrong block costs in F1: its words against chosen and gold; few words keep some weight.
            scale = (len(gold) + (share * sizes).sum()) / 2 + 40 if gold else sizes.sum() + 100
            labels.append(share)
            weights.append(np.minimum((sizes + 0.7) / scale, 0.3))
            folds.append(np.full(n, page.fold))
            self.pages.append(
                dict(page=page, n=n, slot=block[:, 0], words=block[:, 1].astype(float), hash=block[:, 2] | block[:, 3] << 32, mass=masses[-1],
                     slots=slots, texts=texts, raw=entry["texts"], gold=Counter(gold), scores=scores)
            )  # fmt: skip
        self.x = np.concatenate(values)
        self.y, self.weight, self.fold = np.concatenate(labels), np.concatenate(weights), np.concatenate(folds)
        count = len(self.y)
        matrix = scipy.sparse.csr_matrix((np.ones(sum(map(len, tokens)), np.float32), np.concatenate(tokens).astype(np.int32), np.concatenate(offsets)), shape=(count, PRIOR_SIZE))
        matrix.sum_duplicates()
        self.tokens = matrix
        self.offsets = np.concatenate([[0], np.cumsum([p["n"] for p in self.pages])])
        self.page_fold = np.array([p["page"].fold for p in self.pages])
        self.prior_column, self.context_column = self.columns.index("prior"), self.columns.index("q")
        self.scored = len(self.pages)
        self.page_columns = slice(self.columns.index("page_mass"), self.prior_column)

    def add_unread(self, path, share):
        """Appends the rows of every page whose id falls into a share of hashes, as if its words were not known (features.ts --unread). They are
        trained on and never scored: their fold is that of their page, their pages stand behind `scored`."""
        other = Data(path, [page["page"] for page in self.pages])
        chosen = [k for k, page in enumerate(other.pages) if page["n"] and zlib.crc32(page["page"].id.encode()) % 100 < share * 100]
        rows = np.concatenate([np.arange(other.offsets[k], other.offsets[k + 1]) for k in chosen])
        self.x, self.y = np.concatenate([self.x, other.x[rows]]), np.concatenate([self.y, other.y[rows]])
        self.weight, self.fold = np.concatenate([self.weight, other.weight[rows]]), np.concatenate([self.fold, other.fold[rows]])
        self.tokens = scipy.sparse.vstack([self.tokens, other.tokens[rows]], "csr")
        self.pages = self.pages + [other.pages[k] for k in chosen]
        self.offsets = np.concatenate([[0], np.cumsum([p["n"] for p in self.pages])])
        self.page_fold = np.array([p["page"].fold for p in self.pages])

    def rows(self, page):
        return slice(self.offsets[page], self.offsets[page + 1])


def fit_prior(data, rows, l2=3e-5):
    """Logistic regression on hashed words; the last entry is the bias."""
    a, y, w = data.tokens[rows], data.y[rows], data.weight[rows] / data.weight[rows].sum()
    transposed = a.T.tocsr()

    def loss(v):
        z = a @ v[:-1].astype(np.float32) + v[-1]
        gradient = (w * (1 / (1 + np.exp(-z)) - y)).astype(np.float32)
        value = (w * (np.logaddexp(0, z) - y * z)).sum() + l2 * (v[:-1] ** 2).sum() / 2
        return float(value), np.concatenate([transposed @ gradient + l2 * v[:-1], [gradient.sum()]]).astype(np.float64)

    return minimize(loss, np.zeros(PRIOR_SIZE + 1), jac=True, method="L-BFGS-B", options=dict(maxiter=40)).x


def quantised(model):
    """As weights.py writes it."""
    scale = np.abs(model[:-1]).max() / 127 or 1.0
    return np.concatenate([np.round(model[:-1] / scale) * scale, model[-1:]])


def apply_prior(data, model, rows):
    model = quantised(model)
    return (data.tokens[rows] @ model[:-1].astype(np.float32) + model[-1]).astype(np.float32)


def boost(x, y, weight, trees, **more):
    parameters = {**PARAMETERS, **more}
    return lightgbm.train(parameters, lightgbm.Dataset(x, y, weight=weight * len(weight) / weight.sum()), trees)


def rough_log2(x):
    return ((1 + np.asarray(x, np.float32)).view(np.uint32).astype(np.int64) - 0x3F800000) / np.float32(8388608)


def grouped_means(keys, q, mass):
    _, inverse = np.unique(keys, return_inverse=True)
    return (np.bincount(inverse, q * mass) / np.maximum(1, np.bincount(inverse, mass)))[inverse]


def context(data, pages, scores):
    """native/extract/context.cc for the blocks of `pages`; `scores` is indexed like the data."""
    width = len(data.columns) - data.context_column
    out = np.zeros((sum(data.pages[k]["n"] for k in pages), width), np.float32)
    begin = 0
    for k in pages:
        page, q = data.pages[k], scores[data.rows(k)]
        n, mass, slot, slots = page["n"], page["mass"].astype(float), page["slot"], page["slots"]
        r = out[begin : begin + n]
        begin += n
        if n == 0:
            continue
        parent, signature = slots[:, 0], slots[:, 1].astype(np.uint64)
        padded = np.concatenate([np.zeros(3), q, np.zeros(3)])
        sums, masses = np.concatenate([[0], np.cumsum(q * mass)]), np.concatenate([[0], np.cumsum(mass)])
        i = np.arange(n)
        result = [q] + [padded[3 + d : 3 + d + n] for d in (-1, 1, -2, 2, -3, 3)]
        for radius in (5, 15, 50):
            low, high = np.maximum(0, i - radius), np.minimum(n, i + radius + 1)
            result.append((sums[high] - sums[low]) / np.maximum(1, masses[high] - masses[low]))
        ones = np.ones(n)
        result += [sums[:-1] / max(1, sums[-1]), ones * (sums[-1] / max(1, masses[-1])), ones * rough_log2(sums[-1])]
        below = np.zeros((3, len(parent)))
        for row, value in zip(below, (mass, q * mass, ones)):
            np.add.at(row, slot, value)
        for s in range(len(parent) - 1, 0, -1):
            below[:, parent[s]] += below[:, s]
        up = slot.copy()
        for _ in range(4):
            result.append(below[1][up] / np.maximum(1, below[0][up]))
            higher = up.copy()
            while True:
                same = (below[2][higher] == below[2][up]) & (higher != 0)
                if not same.any():
                    break
                higher = np.where(same, parent[higher], higher)
            up = higher

        def around(s):
            return signature[s] << np.uint64(32) | signature[parent[s]]

        result.append(grouped_means(around(slot) * np.uint64(31) + signature[parent[parent[slot]]], q, mass))
        result.append(grouped_means(around(parent[slot]), q, mass))
        sure = np.nonzero(q > 0.7)[0]
        before, behind = np.searchsorted(sure, i), np.searchsorted(sure, i, side="right")
        padded_sure = np.concatenate([[-(10**6)], sure, [10**6]])
        result.append(np.minimum(200, i - padded_sure[before]))
        result.append(np.minimum(200, padded_sure[behind + 1] - i))
        result.append(ones * rough_log2((q * mass).max()))
        r[:] = np.column_stack(result)
    return out


def floored(data, q):
    """Code and blocks with formulas outside furniture count at least one half, as in native/extract/model.cc."""
    x, column = data.x, data.columns.index
    rescued = (x[:, column("kind")] == 2) | (x[:, column("formulas")] > 0)
    furniture = (x[:, column("hidden")] > 0) | (x[:, column("link_density")] > 0.5) | (x[:, [column(c) for c in ("t_nav", "t_footer", "t_aside")]] < 30).any(1)
    return np.where(rescued & ~furniture, np.maximum(q, 0.5), q)


WEIGHT_OF_RECALL = {"precision": 0.2, "balanced": 1, "recall": 6, "union": 10}


def choose(data, k, q, mode="balanced"):
    """native/extract/choose.cc."""
    page = data.pages[k]
    n, size = page["n"], page["words"]
    kept = np.zeros(n, bool)
    if n == 0:
        return kept
    beta = WEIGHT_OF_RECALL[mode]
    order = np.argsort(-q, kind="stable")
    value = (1 + beta) * np.cumsum(q[order] * size[order]) / np.maximum(1e-6, np.cumsum(size[order]) + beta * (q * size).sum())
    kept[order[: n - int(np.argmax(value[::-1]))]] = True
    if mode == "union":
        x = data.x[data.rows(k)]
        column = data.columns.index
        kept |= (q > 0.02) & (x[:, column("in_best")] > 0) & (x[:, column("hidden")] == 0) & (x[:, column("link_density")] < 0.5)
    seen = set()
    for b in np.nonzero(kept & (page["mass"] >= 80))[0]:
        if page["hash"][b] in seen:
            kept[b] = False
        seen.add(page["hash"][b])
    return kept


def score(page, kept):
    """Precision, recall, F1 of words as multisets."""
    found = Counter(w for b in np.nonzero(kept)[0] for w in page["texts"][b])
    common, total, gold = sum((found & page["gold"]).values()), sum(found.values()), sum(page["gold"].values())
    return common / max(1, total), common / max(1, gold), 2 * common / max(1, total + gold)


def confidence_rows(data, k, q, kept):
    """native/extract/model.cc, confidence_row."""
    page = data.pages[k]
    size = page["words"]
    chosen, hits = (size * kept).sum(), (size * q * kept).sum()
    missed, total = (size * q * ~kept).sum(), max(1, (size * kept).sum())
    own = [
        2 * hits / max(1, chosen + hits + missed), hits / total, hits / max(1, hits + missed), rough_log2(chosen), chosen / max(1, size.sum()),
        (size * q * (1 - q)).sum() / total, rough_log2(kept.sum()),
    ]  # fmt: skip
    rest = data.x[data.rows(k)][0, data.page_columns] if page["n"] else np.zeros(data.page_columns.stop - data.page_columns.start)
    return np.concatenate([own, rest]).astype(np.float32)
