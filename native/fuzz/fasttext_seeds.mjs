/** Small fastText models, field by field as the format has them: each loss, plain and quantised, whole and pruned. */

const int32 = value => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}
const int64 = value => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(BigInt(value))
  return bytes
}
const floats = values => Buffer.from(Float32Array.from(values).buffer)
const word = (text, count, type) => Buffer.concat([Buffer.from(`${text}\0`), int64(count), Buffer.of(type)])

const dense = (rows, columns) =>
  Buffer.concat([int64(rows), int64(columns), floats(Array.from({ length: rows * columns }, (_, i) => Math.sin(i + 1)))])

const quantiser = columns =>
  Buffer.concat([int32(columns), int32(columns), int32(1), int32(1), floats(Array.from({ length: 256 * columns }, (_, i) => Math.cos(i)))])

const quantised = (rows, columns) =>
  Buffer.concat([
    Buffer.of(1),
    int64(rows),
    int64(columns),
    int32(rows * columns),
    Buffer.from(Array.from({ length: rows * columns }, (_, i) => (i * 37) & 255)),
    quantiser(columns),
    Buffer.from(Array.from({ length: rows }, (_, i) => i)),
    quantiser(1),
  ])

function model({ loss, maxn, ngrams, coded, pruned }) {
  const [dim, bucket, words] = [2, 7, ['</s>', 'red', 'blue']]
  const kept = pruned ? [0, 3, 5] : undefined
  const rows = words.length + (kept ? kept.length : maxn || ngrams > 1 ? bucket : 0)
  const labels = ['a', 'b', 'c', 'd']
  return Buffer.concat([
    ...[793712314, 12, dim, 5, 5, 1, 5, ngrams, loss, 3, bucket, 2, maxn, 100].map(int32),
    Buffer.from(Float64Array.of(1e-4).buffer),
    ...[words.length + labels.length, words.length, labels.length].map(int32),
    int64(100),
    int64(kept ? kept.length : -1),
    ...words.map((text, i) => word(text, 9 - i, 0)),
    ...labels.map((text, i) => word(`__label__${text}`, 9 - 2 * i, 1)),
    ...(kept ?? []).flatMap((id, row) => [int32(id), int32(row)]),
    Buffer.of(coded ? 1 : 0),
    coded ? quantised(rows, dim) : dense(rows, dim),
    Buffer.of(0),
    dense(labels.length, dim),
  ])
}

export const models = () => [
  model({ loss: 1, maxn: 3, ngrams: 1, coded: true, pruned: true }),
  model({ loss: 1, maxn: 0, ngrams: 1 }),
  model({ loss: 2, maxn: 2, ngrams: 1 }),
  model({ loss: 3, maxn: 3, ngrams: 3 }),
  model({ loss: 4, maxn: 0, ngrams: 2, coded: true }),
]
