/** A table of statistics as filtering stores it, of numbers drawn from a seed: for tests and benchmarks of sweeps. */
import { createHash } from 'node:crypto'
import { ArrowWriter, Batch, BatchBuilder } from '../../pipelines/arrow/index.ts'
import { numberColumn, statisticsSchema } from '../../pipelines/filter/columns.ts'
import { filterConfig } from '../../pipelines/filter/config.ts'
import { chainOf } from '../../pipelines/filter/steps.ts'

const rules = ['gopher_short_doc', 'top_2_gram', 'empty']
const perBatch = 1024

/** Seven in ten judged as `millrace`, the rest as `markdown`; one in five dropped; one in 64 without a measured value. */
export async function writeStatistics(path: string, rows: number): Promise<void> {
  let state = 1
  const draw = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return state / 2 ** 32
  }
  const { fields } = chainOf(filterConfig.parse({}))
  const schema = statisticsSchema(fields)
  const writer = await ArrowWriter.open(path, schema)
  for (let first = 0; first < rows; first += perBatch) {
    const count = Math.min(perBatch, rows - first)
    const labels = new BatchBuilder({ fields: schema.fields.slice(0, 3) })
    for (let i = 0; i < count; i++) {
      const id = createHash('md5')
        .update(String(first + i))
        .digest()
      const profile = draw() < 0.7 ? 'millrace' : 'markdown'
      labels.append({ id, profile, rule: draw() < 0.2 ? rules[Math.floor(draw() * 3)] : undefined })
    }
    const columns = fields.map(({ name }) => {
      const top = name === 'characters' ? 20_000 : name.includes('words') && name !== 'alphabetic_words' ? 3000 : 0
      const value = () => (draw() < 1 / 64 ? Number.NaN : top ? Math.floor(draw() * top) : draw())
      return numberColumn(Float64Array.from({ length: count }, value))
    })
    await writer.append(new Batch(schema, [...labels.finish().columns, ...columns], count))
  }
  await writer.close()
}
