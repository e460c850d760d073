/** What decontaminate must drop: per evaluation set of the run, a page that quotes one of its items; the same page without it stays. */
import { type Canary, ordinary, type Planted } from '../canary.ts'
import type { RawFile } from '../stage.ts'
import { MiB } from '../stage.ts'
import type { DecontaminateConfig } from './index.ts'
import { itemsOf } from './items.ts'

/** Lines of a set that are looked at for an item long enough to be found, and how long it may be. */
const lines = 1000
const maxText = 65_536
/** Words beyond what the rule needs, as the rule's own words may be fewer than ours. */
const margin = 3

export const canary: Canary<DecontaminateConfig> = async ({ config, evaluation }) => {
  const documents: Planted[] = [{ key: 'an ordinary page', text: ordinary[0] as string }]
  const sets: { name: string; jsonl: string; fields: string[] }[] = []
  for (const [i, file] of evaluation.entries()) {
    const text = await quotable(file, config.ngram + config.minHits - 1 + margin)
    if (text === undefined) continue
    documents.push({ key: `a page that quotes ${file.source.name} (${file.key})`, text: `${ordinary[1 + (i % 3)]}\n\n${text}\n` })
    sets.push({ name: file.source.name, jsonl: `${JSON.stringify({ text })}\n`, fields: ['text'] })
  }
  if (!sets.length) return undefined
  const drops = documents.slice(1).map(({ key }) => key)
  return { config: { ...config, unitBytes: MiB }, documents, evaluation: sets, keeps: ['an ordinary page'], drops, oneOf: [] }
}

/** The text of the first item with so many words. */
async function quotable(file: RawFile, words: number): Promise<string | undefined> {
  for await (const { line, text } of itemsOf(file)) {
    if (line >= lines) return undefined
    const found = text.split(/\s+/).filter(word => /[\p{L}\p{N}]/u.test(word)).length
    if (found >= words && text.length <= maxText) return text
  }
  return undefined
}
