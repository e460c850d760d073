/** From counts, or from the file of someone else, to a vocabulary: written as a table for our stages and as tokenizer.json for everyone else. */
import { writeFile } from 'node:fs/promises'
import { Encoder, Trainer } from '../../native/addon/tokenizer.ts'
import { MillraceError } from '../errors.ts'
import { located } from '../files.ts'
import type { Context } from '../stage.ts'
import { patternOfConfig, type TokenizerConfig } from './config.ts'
import { countsOf, spillOf } from './count.ts'
import { writeTokenizerFile } from './file.ts'
import { mapGiven, readGivenTokenizer } from './map.ts'
import { batchOf } from './table.ts'
import { openVocabulary, sizeOf, type Vocabulary, withLayout } from './vocabulary.ts'

export async function makeTokenizer(ctx: Context<TokenizerConfig>): Promise<void> {
  const { vocabulary: wanted, allowFewer, given } = ctx.config
  const beat = setInterval(() => ctx.progress({}), 2000)
  const vocabulary = await (given ? takeGiven(ctx) : train(ctx)).finally(() => clearInterval(beat))
  const size = sizeOf(vocabulary)
  if (size > wanted || (size < wanted && !allowFewer)) throw otherSize(wanted, size, given !== undefined)
  // Refuses what no other stage could use.
  if (given) await openVocabulary(vocabulary, { cacheBytes: 0 })
  else await Encoder.open(vocabulary.tokens, vocabulary.merges, { cacheBytes: 0 })
  ctx.count('vocabulary', size)
  ctx.count('merges', vocabulary.merges.length / 3)
  if (vocabulary.given) ctx.count('addedTokensDropped', vocabulary.given.dropped.length)
  await (await ctx.writer('tokenizer')).append(batchOf(vocabulary))
  await writeFile(ctx.file('file'), writeTokenizerFile(vocabulary))
}

async function train(ctx: Context<TokenizerConfig>): Promise<Vocabulary> {
  const { vocabulary, minCount } = ctx.config
  const trainer = new Trainer({ vocabulary, minCount, spill: spillOf(ctx) })
  for await (const batch of ctx.batches('merge.counts')) await trainer.add(countsOf(batch))
  const { moved, ...trained } = await trainer.train()
  if (moved) ctx.count('arraysOnDisk', moved)
  return withLayout(trained, patternOfConfig(ctx.config))
}

async function takeGiven(ctx: Context<TokenizerConfig>): Promise<Vocabulary> {
  const { given } = located(ctx.config)
  if (!given) throw new Error('takeGiven without a given tokenizer')
  return mapGiven(await readGivenTokenizer(given), given.map)
}

const otherSize = (wanted: number, size: number, given: boolean) =>
  new MillraceError({
    code: 'TOKENIZER_TOO_LARGE',
    kind: 'config',
    expected: `${wanted} ids`,
    found: given ? `a given tokenizer that comes to ${size}` : `a corpus whose pairs run out at ${size}`,
    where: 'stages.tokenizer.vocabulary',
    next:
      size > wanted
        ? `set vocabulary to at least ${size}, and allowFewer where it is more`
        : `set vocabulary to at most ${size}, ${given ? '' : 'lower minCount, '}or set allowFewer`,
  })
