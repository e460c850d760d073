/**
 * Models to and from Transformers' `LongcatFlashForCausalLM`: model.safetensors, config.json and a README beside it (training-engine.md 3).
 * `head_dim` equals the rotary width and `pad_token_id` is null on purpose: Transformers derives the one and would zero the row of the other.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Dialect, ModelConfig, Trainer } from './trainer.ts'

export interface ExportRequest {
  /** Exists already; files of the same names are replaced. */
  folder: string
  dialect: Dialect
  ropeBase: number
  maxPositions: number
  /** Ids of the tokens that begin and end a document; null where the tokenizer has none. */
  bos: number | null
  eos: number | null
}

/** Writes model.safetensors, config.json and README.md. Errors: IO. */
export async function exportHuggingFace(trainer: Trainer, request: ExportRequest): Promise<void> {
  const m = trainer.model()
  const config = {
    architectures: ['LongcatFlashForCausalLM'],
    model_type: 'longcat_flash',
    vocab_size: m.vocabulary,
    hidden_size: m.hidden,
    num_layers: m.layers,
    num_attention_heads: m.heads,
    q_lora_rank: m.qRank,
    kv_lora_rank: m.kvRank,
    qk_nope_head_dim: m.nopeDim,
    qk_rope_head_dim: m.ropeDim,
    head_dim: m.ropeDim,
    v_head_dim: m.valueDim,
    ffn_hidden_size: m.denseWidth,
    expert_ffn_hidden_size: m.expertWidth,
    n_routed_experts: m.experts,
    zero_expert_num: m.zeroExperts,
    zero_expert_type: 'identity',
    moe_topk: m.topK,
    routed_scaling_factor: m.routedScale,
    rms_norm_eps: m.normEps,
    max_position_embeddings: request.maxPositions,
    rope_theta: request.ropeBase,
    rope_parameters: { rope_type: 'default', rope_theta: request.ropeBase },
    attention_method: 'MLA',
    attention_bias: false,
    mla_scale_q_lora: true,
    mla_scale_kv_lora: true,
    tie_word_embeddings: false,
    bos_token_id: request.bos,
    eos_token_id: request.eos,
    pad_token_id: null,
    dtype: 'float32',
  }
  await trainer.exportWeights(join(request.folder, 'model.safetensors'), request.dialect)
  // JSON has no 6.0; Transformers 5 refuses a whole number where it wants a float.
  const text = JSON.stringify(config, null, 2).replace(/("(?:routed_scaling_factor|rope_theta)": -?\d+)(?=[,\n}])/g, '$1.0')
  await writeFile(join(request.folder, 'config.json'), `${text}\n`)
  await writeFile(
    join(request.folder, 'README.md'),
    request.dialect === 'hub'
      ? 'LongCat-Flash weights under the names that Meituan publishes. Transformers 5 needs the dialect `transformers5`.\n'
      : 'LongCat-Flash weights for Transformers 5: the gate and up rows of zero experts are zeros that it allocates and never reads.\n',
  )
}

/**
 * The shape in a folder's config.json, for `Trainer.load({ model, weights })`. What Transformers does not know comes from the caller.
 * Throws FORMAT where a field is missing or of another type, or where the model has what this trainer does not (bias, scaled rotation).
 */
export async function modelOfHuggingFace(folder: string, own: Pick<ModelConfig, 'expectedExperts'>): Promise<ModelConfig> {
  const path = join(folder, 'config.json')
  const wrong = (what: string) => Object.assign(new Error(`${path}: ${what}`), { code: 'FORMAT' })
  let config: Record<string, unknown>
  try {
    config = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    throw (error as { code?: string }).code ? error : wrong('expected JSON')
  }
  const number = (field: string): number => {
    const value = config?.[field]
    if (typeof value !== 'number') throw wrong(`${field}: expected a number, found ${JSON.stringify(value)}`)
    return value
  }
  if (config.model_type !== 'longcat_flash') throw wrong(`model_type: expected longcat_flash, found ${JSON.stringify(config.model_type)}`)
  if (config.attention_bias) throw wrong('attention_bias: expected false')
  const rope = config.rope_parameters as { rope_type?: string } | undefined
  if (rope?.rope_type && rope.rope_type !== 'default') throw wrong(`rope_parameters.rope_type: expected default, found ${rope.rope_type}`)
  return {
    vocabulary: number('vocab_size'),
    hidden: number('hidden_size'),
    layers: number('num_layers'),
    heads: number('num_attention_heads'),
    qRank: number('q_lora_rank'),
    kvRank: number('kv_lora_rank'),
    nopeDim: number('qk_nope_head_dim'),
    ropeDim: number('qk_rope_head_dim'),
    valueDim: number('v_head_dim'),
    denseWidth: number('ffn_hidden_size'),
    expertWidth: number('expert_ffn_hidden_size'),
    experts: number('n_routed_experts'),
    zeroExperts: number('zero_expert_num'),
    topK: number('moe_topk'),
    routedScale: number('routed_scaling_factor'),
    normEps: number('rms_norm_eps'),
    ...own,
  }
}
