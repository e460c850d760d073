/** Training by phase: what `run` and `status` say of it. From the segments' metrics and evaluations, as committed. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ArrowReader } from '../pipelines/arrow/index.ts'
import type { Config } from '../pipelines/config.ts'
import { stepsOf } from '../pipelines/train/config.ts'
import { findManifest } from '../storage/artifacts.ts'
import type { Store } from '../storage/store.ts'

export interface PhaseFacts {
  phase: string
  /** Steps of the run before the phase. */
  firstStep: number
  steps: number
  stepsDone: number
  segments: number
  segmentsDone: number
  /** Of the last step that was committed. */
  loss?: number
  /** Over all held-out rows, of the last evaluation. */
  perplexity?: number
  bitsPerByte?: number
}

interface Step {
  id: string
  stage: string
  fingerprint: string
  config?: unknown
}

/** Caches what manifests said, since they never change. One per command. */
export class Training {
  readonly #store: Store
  readonly #config: Config
  #losses = new Map<string, { loss: number; steps: number } | undefined>()
  #evaluations = new Map<string, { perplexity: number; bitsPerByte: number } | undefined>()

  constructor(store: Store, config: Config) {
    this.#store = store
    this.#config = config
  }

  /** `done`: ids of committed steps. */
  async phases(steps: readonly Step[], done: ReadonlySet<string>): Promise<PhaseFacts[]> {
    const facts: PhaseFacts[] = []
    let firstStep = 0
    for (const phase of this.#config.phases) {
      const of = (stage: string) => steps.filter(step => step.stage === stage && step.id.startsWith(`${stage}-${phase.name}-`))
      const segments = of('train')
      const trained = segments.filter(step => done.has(step.id))
      const evaluated = of('evaluate')
        .filter(step => done.has(step.id))
        .at(-1)
      const last = trained.at(-1)
      const metrics = last ? await this.#loss(last) : undefined
      facts.push({
        phase: phase.name,
        firstStep,
        steps: stepsOf(phase),
        stepsDone: trained.reduce((sum, step) => sum + lengthOf(step), 0),
        segments: segments.length,
        segmentsDone: trained.length,
        ...(metrics ? { loss: metrics.loss } : {}),
        ...(evaluated ? await this.#evaluation(evaluated) : {}),
      })
      firstStep += stepsOf(phase)
    }
    return facts
  }

  async #loss(step: Step): Promise<{ loss: number; steps: number } | undefined> {
    if (!this.#losses.has(step.fingerprint)) {
      let last: { loss: number; steps: number } | undefined
      await this.#scan(step, 'metrics', ['loss'], columns => {
        const [loss] = columns
        if (loss?.length) last = { loss: loss.number(loss.length - 1), steps: loss.length }
      })
      this.#losses.set(step.fingerprint, last)
    }
    return this.#losses.get(step.fingerprint)
  }

  async #evaluation(step: Step): Promise<{ perplexity: number; bitsPerByte: number } | undefined> {
    if (!this.#evaluations.has(step.fingerprint)) {
      let [loss, targets, bytes] = [0, 0, 0]
      await this.#scan(step, 'evaluation', ['lossSum', 'targets', 'bytes'], ([losses, counts, sizes]) => {
        for (let i = 0; i < (losses?.length ?? 0); i++) {
          loss += losses?.number(i) ?? 0
          targets += counts?.number(i) ?? 0
          bytes += sizes?.number(i) ?? 0
        }
      })
      const found = targets ? { perplexity: Math.exp(loss / targets), bitsPerByte: loss / Math.LN2 / bytes } : undefined
      this.#evaluations.set(step.fingerprint, found)
    }
    return this.#evaluations.get(step.fingerprint)
  }

  async #scan(step: Step, role: string, names: readonly string[], each: (columns: ReturnType<typeof columnsOf>) => void): Promise<void> {
    const manifest = await findManifest(this.#store, step.stage, step.fingerprint)
    for (const part of manifest?.roles[role] ?? []) {
      const path = await this.#store.fetch(part.location, join(tmpdir(), `millrace-${process.pid}-${part.content.slice(0, 16)}`))
      const reader = await ArrowReader.open(path)
      for (let i = 0; i < reader.batches; i++) each(columnsOf(await reader.read(i, names)))
      await reader.close()
    }
  }
}

const columnsOf = (batch: Awaited<ReturnType<ArrowReader['read']>>) => batch.columns

/** Steps of a segment, from its config. */
const lengthOf = (step: Step): number => {
  const { fromStep = 0, toStep = 0 } = (step.config ?? {}) as { fromStep?: number; toStep?: number }
  return toStep - fromStep
}
