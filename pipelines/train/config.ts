/** Config of model, optimizer and phases, shared by mix, shard, train and evaluate. Defaults are those of spec longcat-flash.md 13. */
import * as z from 'zod'

const natural = z.int().min(1)

export const modelSchema = z
  .strictObject({
    hidden: natural.describe('Width of the residual stream'),
    layers: natural.describe('Layers before growth; each has two attention blocks, two dense FFNs and one mixture of experts'),
    heads: natural.describe('Attention heads'),
    qRank: natural.describe('Rank of the query latent'),
    kvRank: natural.describe('Rank of the key-value latent'),
    nopeDim: natural.describe('Head width without rotation'),
    ropeDim: natural.describe('Head width with rotation; even'),
    valueDim: natural.describe('Width of a value head'),
    denseWidth: natural.describe('Inner width of the dense FFNs'),
    expertWidth: natural.describe('Inner width of an expert'),
    experts: natural.describe('Experts with an FFN (N)'),
    zeroExperts: z.int().min(0).describe('Zero-computation experts (Z)'),
    topK: natural.describe('Experts chosen per token, of both kinds'),
    expectedExperts: z.number().positive().describe('FFN experts per token that the bias controller aims at (K_e)'),
    routedScale: z.number().positive().optional().describe('Multiplies every gate; default denseWidth / expertWidth'),
    normEps: z.number().positive().default(1e-5).describe('Epsilon of all norms but the two latent ones (1e-6)'),
    mtp: z.int().min(0).max(1).optional().describe('1: a head that predicts the token after the next; trained where a phase has mtpWeight'),
    from: z
      .strictObject({
        folder: z.string().min(1).describe('Absolute, or below the folder in which the worker runs; not identity'),
        sha256: z
          .string()
          .regex(/^[0-9a-f]{64}$/)
          .describe('Of its model.safetensors, which is read only where it has this digest'),
      })
      .optional()
      .describe('Begin with the weights of a LongcatFlashForCausalLM (config.json, one model.safetensors in float32) of this shape'),
    initStd: z
      .strictObject({
        embedding: z.number().positive().default(0.2),
        hidden: z.number().positive().default(0.5),
        residual: z.number().positive().default(0.5),
        router: z.number().positive().default(0.5),
        output: z.number().positive().default(0.5),
      })
      .prefault({})
      .describe('Standard deviation by class; all but embedding times 1/sqrt(fan-in)'),
  })
  .describe('Shape of the LongCat-Flash model; its vocabulary is the tokenizer’s')

const factor = z.number().min(0).max(1e6).optional()
const byClass = z.strictObject({
  embedding: factor,
  norm: factor,
  hidden: factor,
  residual: factor.describe('o_proj and down_proj: what writes to the residual stream'),
  router: factor,
  output: factor,
})

export const optimizerSchema = z
  .strictObject({
    beta1: z.number().min(0).lt(1).default(0.9).describe('Decay of the first moment'),
    beta2: z.number().min(0).lt(1).default(0.95).describe('Decay of the second moment'),
    eps: z.number().positive().default(1e-16).describe('Far below the gradients’ RMS (LongCat-Flash 3.1.3)'),
    weightDecay: z.number().min(0).default(0.1).describe('Not on norms, biases and the embedding'),
    clip: z.number().min(0).default(1).describe('Bound of the global gradient norm; 0 switches it off'),
    hiddenZLoss: z.number().min(0).default(1e-7).describe('λ of the hidden z-loss'),
    balanceAlpha: z.number().min(0).default(1e-4).describe('α of the balance loss'),
    balanceGroups: natural.default(8).describe('Groups of FFN experts in the balance loss; must divide the experts'),
    rowsPerSlab: natural.default(1).describe('Rows of one forward and backward pass; part of the order of summation'),
    precision: z
      .enum(['fp32', 'bf16'])
      .optional()
      .describe(
        'Of steps: bf16 stores activations and multiplies in bfloat16 (docs/numerics.md, 9); masters and moments stay float32. Default: fp32',
      ),
    rates: byClass.optional().describe('Factors of the learning rate by class of tensor; default: 1'),
    decays: byClass.optional().describe('Factors of weightDecay by class of tensor; default: 0 for embedding and norm, else 1'),
    recompute: z
      .int()
      .min(0)
      .max(2)
      .optional()
      .describe(
        'What the backward pass computes again: 0 nothing of size, 1 outputs of norms, 2 whole layers; not identity, as every level has the same bits. Default: the lowest that fits maxMemory',
      ),
  })
  .describe('AdamW and the auxiliary losses')

export const phaseSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9-]+$/)
      .describe('Unique; small letters, digits, hyphens'),
    tokens: natural.describe('Budget of the phase, in tokens of rows'),
    rowLength: natural.describe('Tokens of a row (S)'),
    batchRows: natural.describe('Rows of an optimizer step'),
    segmentSteps: natural.describe('Optimizer steps between two decisions'),
    mixture: z
      .record(z.string(), z.number().min(0))
      .describe('Component -> weight; normalised. A component that is not named has weight 0'),
    grow: z.int().min(2).optional().describe('Stack the layers this many times before the phase begins'),
    learningRate: z.number().positive().describe('After the warm-up'),
    endLearningRate: z.number().min(0).optional().describe('Reached linearly over the phase after the warm-up; default: constant'),
    warmupTokens: z.int().min(0).default(0).describe('Tokens of the phase over which the rate rises linearly from 0'),
    ropeBase: z.number().positive().default(1e6).describe('Base of the rotary frequencies'),
    mtpWeight: z.number().min(0).max(100).optional().describe('Weight of the loss of the MTP head (model.mtp); default: 0, the head rests'),
    biasRate: z.number().min(0).default(0.05).describe('µ of the bias controller at the start of the phase; cosine to 0 over it'),
    ramp: z
      .strictObject({
        components: z.array(z.string()).min(1).describe('Components that gain, in proportion to their weights'),
        to: z.number().gt(0).lte(1).default(0.7).describe('Share of these components at the end'),
        step: z.number().positive().default(0.05).describe('Share gained per segment'),
        tolerance: z
          .number()
          .positive()
          .default(0.01)
          .describe('Guard: held-out loss per token of every other component at most ln(1 + tolerance) above its best'),
        maxHolds: z.int().min(0).default(4).describe('Segments without a gain after which the phase goes on with the share it has'),
      })
      .optional()
      .describe('Raise the share of some components while the perplexity guard allows'),
  })
  .describe('One phase of training')

export type ModelSettings = z.output<typeof modelSchema>
export type OptimizerSettings = z.output<typeof optimizerSchema>
export type Phase = z.output<typeof phaseSchema>

/** What of the settings is identity: all but what cannot change a byte. */
export const identityOfOptimizer = ({ recompute: _, ...rest }: OptimizerSettings): OptimizerSettings => rest

/** Optimizer steps of a phase: its budget divided by the tokens of a step, rounded up. */
export const stepsOf = (phase: Phase): number => Math.ceil(phase.tokens / (phase.batchRows * phase.rowLength))
