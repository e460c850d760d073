/**
 * Steps: what filtering does to a batch, one after the other. A step sees the documents that earlier steps kept, with the text as they left it.
 *
 * Every step measures, judges, edits, or does several of these; it knows nothing of the others, of tables on disk or of the engine. What it
 * measures goes to the role `statistics` also for documents that it drops; what a later step would have measured of those is null.
 */
import type { Texts } from '../../native/addon/text.ts'
import type { Batch, Column, Field } from '../arrow/index.ts'

/** Why a document is dropped: the rule that is said in `decisions`, what it measured and the limit that this crossed. */
export interface Verdict {
  reason: string
  value: number
  threshold: number
}

export interface Outcome {
  /** Row of the given batch -> verdict, for the rows that are dropped. */
  verdicts: Map<number, Verdict>
  /** One column for each of the step's `fields`, with a value for every row of the given batch; null where it has none. */
  measured: Column[]
  /** Texts of all rows of the given batch, where the step changed any; those of rows that it drops may be anything. */
  text?: Texts
  /** Rows whose text changed. */
  edited?: readonly number[]
  /** Rows that cannot be judged at all -> what was found, with the code of the quarantine. They are neither kept nor decided. */
  refused?: Map<number, { code: string; found: string }>
}

/** What earlier steps measured of the rows of a batch: for rules over statistics. */
export interface Measured {
  has(name: string): boolean
  /** One value a row of the given batch; null where it has none. TypeError for a name that no earlier step measures. */
  column(name: string): Column
}

export interface StepOptions {
  threads: number
  seed: number
  /** Absent: nothing was measured before. */
  measured?: Measured
}

export interface Step {
  /** Stands before the step's counters. */
  name: string
  /** Columns that it adds to `statistics`, nullable; names are unique over all steps. */
  fields: readonly Field[]
  /** Reads the files that it needs, so that a wrong one is found before any document. May be called more than once. */
  open?(): Promise<void>
  /**
   * Says what is wrong with the config and the files that it names before a run begins, without running what a user wrote and without holding
   * what it read. Cheap beside a unit: a large model is read as far as kind and labels. Default: `open`.
   */
  check?(): Promise<void>
  /** Judges a batch of `documents` (column `text` as earlier steps left it). Order of rows cannot change a verdict. */
  run(batch: Batch, options: StepOptions): Promise<Outcome>
}
