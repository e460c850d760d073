/**
 * Fill in the middle where rows are packed: which documents of a pass are told in another order, and their ids then. Decided here and not in
 * `tokenize`, so that a rate is changed without a text being encoded again, and another pass of a document is cut elsewhere.
 */
import type { Column } from '../arrow/index.ts'
import { MillraceError } from '../errors.ts'
import type { Context } from '../stage.ts'
import { fillInTheMiddle, fimMarks, isRearranged, startsOf } from '../tokenizer/fim.ts'
import { readTokenizer } from '../tokenizer/table.ts'
import type { PackedDocument } from './documents.ts'
import type { ShardConfig } from './layout.ts'

/** For each id whether it begins a character; empty where no component has a rate. SHARD_TOKENIZER where one has and there is no tokenizer. */
export async function readStarts(ctx: Context<ShardConfig>): Promise<Uint8Array> {
  const rates = Object.entries(ctx.config.fim ?? {}).filter(([, rate]) => rate > 0)
  if (!rates.length) return new Uint8Array(0)
  if (!ctx.parts('tokenizer').length)
    throw new MillraceError({
      code: 'SHARD_TOKENIZER',
      kind: 'config',
      expected: 'the tokenizer of these ids, to cut documents between characters',
      found: `none, and a rate for ${rates.map(([name]) => name).join(', ')}`,
      where: 'stages.shard.fim',
      next: 'give --tokenizer FILE, or leave fim out',
    })
  return startsOf((await readTokenizer(ctx.batches('tokenizer'))).tokens)
}

/** One component and pass. Documents come one after the other, so the ids of the latest are kept. */
export class Rearranger {
  readonly #options: { seed: number; pass: number; rate: number; starts: Uint8Array }
  #latest: PackedDocument | undefined
  #ids = new Uint32Array(0)

  constructor(options: { seed: number; pass: number; rate: number; starts: Uint8Array }) {
    this.#options = options
  }

  applies({ id, length }: PackedDocument): boolean {
    return isRearranged(length - 2, { ...this.#options, document: id })
  }

  /** With bos and eos. */
  lengthOf(document: PackedDocument): number {
    return document.length + (this.applies(document) ? fimMarks : 0)
  }

  /** As they are packed, without bos and eos. */
  idsOf(document: PackedDocument): Uint32Array {
    if (this.#latest === document) return this.#ids
    const column = document.batch.column('ids')
    const begin = (column.offsets as Int32Array)[document.row] as number
    const own = ((column.children[0] as Column).data as Uint32Array).subarray(begin, begin + document.length - 2)
    this.#latest = document
    this.#ids = (fillInTheMiddle(own, { ...this.#options, document: document.id }) ?? own) as Uint32Array<ArrayBuffer>
    return this.#ids
  }
}
