/** From counts to a vocabulary: one training, written as a table for our stages and as tokenizer.json for everyone else. */
import { writeFile } from 'node:fs/promises'
import { Encoder, train } from '../../native/addon/tokenizer.ts'
import { MillraceError } from '../errors.ts'
import type { Context } from '../stage.ts'
import { sumOf } from './count.ts'
import { sizeOf, withLayout, writeTokenizerFile } from './file.ts'
import type { TokenizerConfig } from './index.ts'
import { batchOf } from './table.ts'

/** Bytes that training holds per byte of distinct pieces (symbols, pairs and where they occur; measured 147 at 131,072 ids), and per piece. */
const memoryPerByte = 160
const memoryPerPiece = 32

export async function trainTokenizer(ctx: Context<TokenizerConfig>): Promise<void> {
  const { vocabulary: wanted, minCount, allowFewer } = ctx.config
  const counts = await sumOf(ctx, 'merge.counts')
  const memory = counts.bytes.length * memoryPerByte + counts.counts.length * memoryPerPiece
  if (memory > ctx.maxMemory) {
    throw new MillraceError({
      code: 'TOKENIZER_MEMORY',
      kind: 'config',
      expected: `a training of at most ${ctx.maxMemory} bytes (run.maxMemory)`,
      found: `${counts.counts.length} distinct pieces, which need about ${memory}`,
      where: 'stages.tokenizer',
      next: 'lower stages.tokenizer.maxBytes or raise run.maxMemory',
    })
  }
  const beat = setInterval(() => ctx.progress({}), 2000)
  const trained = await train(counts, { vocabulary: wanted, minCount }).finally(() => clearInterval(beat))
  const vocabulary = withLayout(trained)
  const size = sizeOf(vocabulary)
  if (size < wanted && !allowFewer) {
    throw new MillraceError({
      code: 'TOKENIZER_TOO_LARGE',
      kind: 'config',
      expected: `${wanted} ids`,
      found: `a corpus whose pairs run out at ${size}`,
      where: 'stages.tokenizer.vocabulary',
      next: `set vocabulary to at most ${size}, lower minCount, or set allowFewer`,
    })
  }
  await Encoder.open(vocabulary.tokens, vocabulary.merges, { cacheBytes: 0 }) // refuses what no other stage could use
  ctx.count('vocabulary', size)
  ctx.count('merges', vocabulary.merges.length / 3)
  await (await ctx.writer('tokenizer')).append(batchOf(vocabulary))
  await writeFile(ctx.file('file'), writeTokenizerFile(vocabulary))
}
