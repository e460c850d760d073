/** Runs the filter's steps for code and maths over the labelled files, as `extract` would hand them on. */
import { BatchBuilder } from '../../pipelines/arrow/index.ts'
import { languageOf } from '../../pipelines/extract/languages.ts'
import { type CodeConfig, codeSchema, codeStep } from '../../pipelines/filter/code.ts'
import { mathsSchema, mathsStep } from '../../pipelines/filter/maths.ts'
import type { Verdict } from '../../pipelines/filter/step.ts'
import { documents } from '../../pipelines/schemas.ts'
import { halfOf, keyOf, type Label, readLabels, textOf } from './labels.ts'

export interface Scored {
  label: Label
  half: 'tune' | 'held'
  /** Absent: kept. */
  reason: string | undefined
  value: number | undefined
}

/** All kinds, as documentation in a source tree is judged here too. */
export const codeConfig: CodeConfig = codeSchema.parse({ kinds: ['code', 'markdown'] })

export async function judged(config: CodeConfig): Promise<{ scored: Scored[]; missing: number }> {
  const steps = [codeStep(config), mathsStep(mathsSchema.parse({}))]
  const scored: Scored[] = []
  let missing = 0
  for (const label of readLabels()) {
    const text = textOf(label)
    if (!text) {
      missing++
      continue
    }
    const builder = new BatchBuilder(documents)
    builder.append(documentOf(label, text))
    const batch = builder.finish()
    let verdict: Verdict | undefined
    for (const step of steps) verdict ??= (await step.run(batch, { threads: 1, seed: 0 })).verdicts.get(0)
    scored.push({ label, half: halfOf(label), reason: verdict?.reason, value: verdict?.value })
  }
  return { scored, missing }
}

/** What the reader of source trees gives, but for files that it leaves out by name: they are judged too. */
function documentOf(label: Label, text: Buffer) {
  const key = keyOf(label)
  const type = languageOf(key)
  const kind = type === 'markdown' || type === 'restructuredtext' ? 'markdown' : 'code'
  return { id: new Uint8Array(16), source: 'labels', key, kind, text: new Uint8Array(text), meta: new Map(), ...(type ? { type } : {}) }
}
