/** What a segment says of every step (docs/formats.md). Read by reports; training never reads it back. */
import { bool, f64, schema, u64, utf8 } from '../arrow/index.ts'

/**
 * One row per optimizer step, in order. No clock is in it: the same segment gives the same table.
 *
 * step          over the whole run, from 0
 * sample        position of the step's first row in the run
 * tokens        positions in runs; `targets` those that predict one
 * loss          mean cross-entropy, nats per target; `gradientNorm` of that mean, before clipping
 * zLoss         hidden z-loss without its coefficient; `balanceLoss` likewise, 1 at perfect balance
 * meanExperts   FFN experts per token and layer
 * maxBias       largest |selection bias| after the step; `maxHidden` largest |h| of the last layer's output
 * mtpLoss       of the MTP head, mean over its own targets, nats; 0 where it rests
 * applied       false where the update was left out (a value that is not finite)
 */
export const metrics = schema({
  phase: utf8(),
  step: u64(),
  sample: u64(),
  tokens: u64(),
  targets: u64(),
  loss: f64(),
  gradientNorm: f64(),
  learningRate: f64(),
  biasRate: f64(),
  zLoss: f64(),
  balanceLoss: f64(),
  meanExperts: f64(),
  maxBias: f64(),
  maxHidden: f64(),
  mtpLoss: f64(),
  applied: bool(),
})

export interface StepRow {
  step: number
  sample: number
  tokens: number
  targets: number
  loss: number
  gradientNorm: number
  learningRate: number
  biasRate: number
  zLoss: number
  balanceLoss: number
  meanExperts: number
  maxBias: number
  maxHidden: number
  mtpLoss: number
  applied: boolean
}
