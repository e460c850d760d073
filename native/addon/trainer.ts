/**
 * The CPU trainer of LongCat-Flash models: fp32 or bf16, the same bits on any number of threads and any instruction set (docs/numerics.md).
 *
 * Every heavy call runs off the JavaScript thread and returns a promise; calls on one trainer run one after another in the order in which
 * they were made; arrays given to a call must stay as they are until its promise settles. Errors are `Error`s with a stable `code`: ARGUMENT, SHAPE, MEMORY (with the table of what the plan needs), IO, FORMAT.
 */
import { domain } from './load.ts'

/** Shape of the model, in the words of spec/longcat-flash.md 1.1. One layer = 2 MLA blocks, 2 dense FFNs, 1 MoE. */
export interface ModelConfig {
  /** Token ids are 0 … vocabulary − 1. Embedding and output matrix are separate tensors. */
  vocabulary: number
  hidden: number
  layers: number
  heads: number
  /** Width of the query latent; its scale is √(hidden / qRank). */
  qRank: number
  /** Width of the key-value latent; its scale is √(hidden / kvRank). */
  kvRank: number
  /** Head width without rotation, with rotation (even), and of values. */
  nopeDim: number
  ropeDim: number
  valueDim: number
  denseWidth: number
  expertWidth: number
  /** FFN experts N and zero-computation experts Z; the router's softmax runs over N + Z. */
  experts: number
  zeroExperts: number
  topK: number
  /** K_e, the FFN experts per token that the bias controller aims at; may be fractional. */
  expectedExperts: number
  /** Multiplies every gate, of zero experts too. The released models use denseWidth / expertWidth. */
  routedScale: number
  /** Of all norms but the two latent ones, which have 1e-6 as in Transformers. */
  normEps: number
  /** 1: a head that predicts the token after the next (longcat-flash.md 1.6), trained while `mtpWeight` > 0. Default 0. */
  mtp?: number
  /** Standard deviations of the normal init by class. Default: `defaultInitStd`. */
  initStd?: InitStd
}

/**
 * Embedding: as it stands. The other classes: times 1 / √fan-in, so that the variance falls with the width (longcat-flash.md 5.1);
 * `residual` is for the matrices that write to the residual stream (o_proj, down_proj).
 */
export interface InitStd {
  embedding: number
  hidden: number
  residual: number
  router: number
  output: number
}

export const defaultInitStd: InitStd = { embedding: 0.2, hidden: 0.5, residual: 0.5, router: 0.5, output: 0.5 }

/** Defaults in `defaultOptimizer`: longcat-flash.md 13. Weight decay spares norms and the embedding. */
export interface OptimizerConfig {
  beta1: number
  beta2: number
  eps: number
  weightDecay: number
  /** Bound of the global gradient norm; 0 = none. */
  clip: number
  /** λ of the hidden z-loss. */
  hiddenZLoss: number
  /** α and D (groups of FFN experts; must divide `experts`) of the balance loss. */
  balanceAlpha: number
  balanceGroups: number
  /** Factors of the learning rate (default 1) and of `weightDecay` (default 0 for embedding and norm, else 1) by class of tensor. */
  rates?: ByClass
  decays?: ByClass
}

/** `residual` is for o_proj and down_proj, the matrices that write to the residual stream. */
export interface ByClass {
  embedding?: number
  norm?: number
  hidden?: number
  residual?: number
  router?: number
  output?: number
}

export const defaultOptimizer: OptimizerConfig = {
  beta1: 0.9,
  beta2: 0.95,
  eps: 1e-16,
  weightDecay: 0.1,
  clip: 1,
  hiddenZLoss: 1e-7,
  balanceAlpha: 1e-4,
  balanceGroups: 8,
}

/** How much runs at once. `rowsPerSlab` is part of a run's identity: gradients are added slab by slab; so is `precision`. The others are not. */
export interface Resources {
  threads: number
  /** Rows per slab: the unit of one forward and backward pass. Default 1. */
  rowsPerSlab?: number
  /** Longest row that `step`, `evaluate` and `logits` will get. */
  maxRowLength: number
  /** Bytes; the whole plan (weights, gradients, moments, activations, scratch) must fit. */
  maxMemory: number
  /** What the backward pass computes again rather than keeps: 0 nothing of size (default), 1 outputs of norms, 2 whole layers from their inputs. The same bits at every level. */
  recompute?: 0 | 1 | 2
  /** No gradients, no moments, one layer's activations: for `evaluate` and `logits`; `step`, `save` and `grow` are refused. Default false. */
  inference?: boolean
  /** What products multiply and most activations are stored in (docs/numerics.md, 9): part of a run's identity, as `rowsPerSlab`. Weights, moments and the residual stream are fp32 in both. Default fp32. */
  precision?: 'fp32' | 'bf16'
}

/** Rows of ids, and the runs in them. A position in no run is padding: it costs nothing and counts nowhere. */
export interface Rows {
  /** [rows × rowLength] */
  tokens: Uint32Array
  /** [runs] Row, first position and length of every run, ordered by (row, start), not overlapping. Positions restart at a run and attention stays inside it. */
  runRows: Int32Array
  runStarts: Int32Array
  runLengths: Int32Array
  rows: number
  rowLength: number
  /** Base of the rotary frequencies (rope theta). */
  ropeBase: number
}

export interface TargetRows extends Rows {
  /** [rows × rowLength] The id that each position should predict; −1 = none. */
  targets: Int32Array
}

export interface StepRequest extends TargetRows {
  learningRate: number
  /** µ of the bias controller (longcat-flash.md Eq. 2). */
  biasRate: number
  /** The update is left out (`applied: false`) where the mean loss or the gradient norm exceeds these. Never applied: a value that is not finite. */
  maxLoss?: number
  maxGradientNorm?: number
  /** Weight of the MTP head's loss, for a model with `mtp`. 0 (default): the head neither runs nor changes. */
  mtpWeight?: number
}

export interface StepMetrics {
  /** Whether the update was made. Where not, weights, moments and biases are as before; the step is counted. */
  applied: boolean
  /** Mean cross-entropy, nats per target. */
  loss: number
  /** Hidden z-loss and balance loss (mean over layers), both without their coefficient: the balance loss is 1 at perfect balance. */
  zLoss: number
  balanceLoss: number
  /** Of the mean loss, before clipping. */
  gradientNorm: number
  targets: number
  /** Tokens in runs: what routing counts are about. */
  tokens: number
  /** [layers × (experts + zeroExperts)] how often each expert was chosen. */
  expertCounts: Uint32Array
  /** FFN experts per token, mean over tokens and layers. */
  meanExperts: number
  /** Largest |selection bias| after the step, largest |h| of the last layer's output. */
  maxBias: number
  maxHidden: number
  /** Of the MTP head: mean cross-entropy over its own targets, nats; 0 where it does not run. */
  mtpLoss: number
}

export interface Evaluation {
  /** [rows] Sum of the cross-entropy of a row's targets, nats, and their number. */
  lossSum: Float64Array
  targets: Uint32Array
  /** FFN experts per token and layer: mean and standard deviation over tokens and layers. */
  expertMean: number
  expertStd: number
}

export interface TrainerState {
  /** Calls of `step` and the tokens in their runs, since the first init; growth goes on counting. */
  step: number
  tokens: number
  /** Adam's count of steps: those that were applied; and that of the MTP head. */
  updates: number
  mtpUpdates: number
  /** Revision of docs/numerics.md that this program computes by. */
  numerics: number
  parameters: number
  /** Bytes of the plan, all of which are reserved. */
  bytes: number
}

export interface CreateRequest extends Resources {
  model: ModelConfig
  optimizer: OptimizerConfig
  seed: number
}

export interface LoadRequest extends Resources {
  /** Path of a file that `save` wrote; the model's shape comes from its metadata. */
  weights: string
  /** Path of the moments; without them the optimizer starts anew. */
  optimizerState?: string
  /** For weights that another program wrote (`modelOfHuggingFace`, trainer.huggingface.ts): this shape instead of the metadata's, counters at 0. Float32 alone. */
  model?: ModelConfig
  /** XXH3 by name, as a `SaveReport` says them, of weights and, with `optimizerState`, of moments: an altered tensor is refused as FORMAT. */
  hashes?: Record<string, string>
  optimizer: OptimizerConfig
}

/** Bytes by purpose, their sum, and the table that a refusal shows. */
export interface TrainerPlan {
  bytes: number
  parameters: number
  table: string
  weights: number
  gradients: number
  moments: number
  activations: number
  scratch: number
  cache: number
}

/** `hub`: as Meituan publishes. `transformers5`: with rows of zeros for the gate and up of zero experts, without which Transformers 5 does not load. */
export type Dialect = 'hub' | 'transformers5'

/** What a save wrote. Hashes are XXH3 of a tensor's bytes, 16 hex digits, by name. */
export interface SaveReport {
  bytes: number
  /** Held at once beside the plan, for tensors that changed before they were written. */
  copiedBytes: number
  seconds: number
  /** Of these, how long training stood still. By the clock: for telemetry, not for an artifact. */
  stallSeconds: number
  weights: Record<string, string>
  moments: Record<string, string>
}

type Saving = { readonly saving: unique symbol }
type Handle = { readonly handle: unique symbol }

interface Native {
  create(request: CreateRequest): Handle
  load(request: LoadRequest): Promise<Handle>
  save(handle: Handle, weights: string, optimizer: string): Promise<SaveReport>
  beginSave(handle: Handle, weights: string, optimizer: string): Promise<Saving>
  finishSave(handle: Handle, saving: Saving): Promise<SaveReport>
  exportGradients(handle: Handle, path: string): Promise<void>
  exportWeights(handle: Handle, path: string, dialect: Dialect): Promise<void>
  grow(handle: Handle, factor: number): Promise<void>
  step(handle: Handle, request: StepRequest): Promise<StepMetrics>
  evaluate(handle: Handle, request: TargetRows): Promise<Evaluation>
  logits(handle: Handle, tokens: Uint32Array, ropeBase: number): Promise<Float32Array>
  hash(handle: Handle, what: 'weights' | 'gradients'): Promise<string>
  state(handle: Handle): TrainerState
  model(handle: Handle): ModelConfig
  plan(request: Omit<CreateRequest, 'seed'>): TrainerPlan
  multiply(request: Product): void
  burst(turns: number, threads: number): number
}

const native = () => domain<Native>('trainer')

/** c[m, n] (+)= op(a)[m, k] · op(b)[k, n], row-major: what a trainer's layers are made of, for benchmarks. `dot32`: the rule of bf16 mode. */
export interface Product {
  m: number
  n: number
  k: number
  transA: boolean
  transB: boolean
  a: Float32Array
  b: Float32Array
  c: Float32Array
  accumulate: boolean
  dot32: boolean
  threads: number
}

/** On the calling thread, so that a clock around it sees the product alone. */
export const multiply = (product: Product) => native().multiply(product)

/** Fused multiply-adds in registers, `turns` times 64 vectors on each of `threads` threads; returns the operations done (one of them is two). */
export const fmaBurst = (turns: number, threads: number) => native().burst(turns, threads)

/** What a trainer would need, without making it: bytes, parameters, and the table by purpose. */
export const planTrainer = (request: Omit<CreateRequest, 'seed'>) => native().plan(request)

export class Trainer {
  readonly #handle: Handle
  #last: Promise<unknown> = Promise.resolve()

  private constructor(handle: Handle) {
    this.#handle = handle
  }

  /** A model with seeded weights. Throws ARGUMENT for a shape that cannot be, MEMORY for one that does not fit. */
  static create(request: CreateRequest): Trainer {
    return new Trainer(native().create(request))
  }

  /** Goes on from what `save` wrote: the same bits as a run without the interruption. */
  static async load(request: LoadRequest): Promise<Trainer> {
    return new Trainer(await native().load(request))
  }

  /** Two safetensors files: weights under the names of longcat-flash.md 1.5, and moments as `<name>.exp_avg`, `<name>.exp_avg_sq`. The same state gives the same bytes. */
  save(weights: string, optimizer: string): Promise<SaveReport> {
    return this.#next(() => native().save(this.#handle, weights, optimizer))
  }

  /**
   * The same while later calls go on: the files hold the state behind the calls made before this one. The outer promise is kept when writing
   * has begun, `finished` when it is on the disk. One at a time; a second waits for the first.
   */
  async beginSave(weights: string, optimizer: string): Promise<{ finished: Promise<SaveReport> }> {
    const saving = await this.#next(() => native().beginSave(this.#handle, weights, optimizer))
    return { finished: native().finishSave(this.#handle, saving) }
  }

  /** The last step's gradient sums, before division and clipping, under the names of the weights. */
  exportGradients(path: string): Promise<void> {
    return this.#next(() => native().exportGradients(this.#handle, path))
  }

  /** Weights alone, as the file of a Transformers model. `exportHuggingFace` (trainer.huggingface.ts) writes what belongs beside it. */
  exportWeights(path: string, dialect: Dialect): Promise<void> {
    return this.#next(() => native().exportWeights(this.#handle, path, dialect))
  }

  /** Repeats the layers `factor` times (1…n, 1…n, …) with their moments and router biases; counters go on. */
  grow(factor: number): Promise<void> {
    return this.#next(() => native().grow(this.#handle, factor))
  }

  /** One optimizer step over a batch. */
  step(request: StepRequest): Promise<StepMetrics> {
    return this.#next(() => native().step(this.#handle, request))
  }

  /** Loss per row. Touches no weight, bias, count or counter. */
  evaluate(request: TargetRows): Promise<Evaluation> {
    return this.#next(() => native().evaluate(this.#handle, request))
  }

  /** [vocabulary] Logits after the last of these tokens, taken as one document from position 0. */
  logits(request: { tokens: Uint32Array; ropeBase: number }): Promise<Float32Array> {
    return this.#next(() => native().logits(this.#handle, request.tokens, request.ropeBase))
  }

  /** 64 bits as 16 hex digits over the weights and router biases. */
  weightHash(): Promise<string> {
    return this.#next(() => native().hash(this.#handle, 'weights'))
  }

  /** The same over the last step's gradient sums, before division and clipping. */
  gradientHash(): Promise<string> {
    return this.#next(() => native().hash(this.#handle, 'gradients'))
  }

  state(): TrainerState {
    return native().state(this.#handle)
  }

  model(): ModelConfig {
    return native().model(this.#handle)
  }

  // One call at a time: native state belongs to one thread of the pool.
  #next<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#last.then(call)
    this.#last = result.catch(() => undefined)
    return result
  }
}
