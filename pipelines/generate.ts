/**
 * Text from a checkpoint: for `millrace generate` and the report's last line. Reads two files; no stage, no artifact.
 *
 * Every token costs a forward pass over the whole context, as there is no cache of keys and values: fine for a line of text. Draws are
 * hash(seed, place), so the same checkpoint, prompt and options give the same text everywhere.
 */
import { readFile } from 'node:fs/promises'
import { fractionOf } from './identity.ts'
import { readTokenizerFile } from './tokenizer/file.ts'
import { firstByte, special } from './tokenizer/layout.ts'
import { openVocabulary, toNfc } from './tokenizer/vocabulary.ts'
import { idleOptimizer, loadTrainer } from './train/model.ts'

export interface GenerateRequest {
  /** Paths: `weights` of a checkpoint and the `file` role of `tokenizer` (tokenizer.json). */
  weights: string
  tokenizer: string
  /** May be empty: then a document begins. */
  prompt: string
  /** Default 64. */
  maxTokens?: number
  /** 0 takes the likeliest id, the lower one of two alike. Default 0.8. */
  temperature?: number
  seed?: number
  /** Rotary base of the phase that the checkpoint comes from (`ropeBase`). Default 1e6. */
  ropeBase?: number
  /** Ids that are looked back on; a longer text loses its beginning. Default 512. */
  maxContext?: number
  threads?: number
  maxMemory?: number
}

export interface Generated {
  /** What follows the prompt. A character that was cut off at the end is U+FFFD. */
  text: string
  ids: number[]
  /** Whether the model ended the document itself. */
  ended: boolean
}

/** Throws TRAIN_MEMORY where the model does not fit `maxMemory` (default 4 GiB), TOKENIZER_FILE, and FORMAT or IO of the checkpoint. */
export async function generate(request: GenerateRequest): Promise<Generated> {
  const { maxTokens = 64, temperature = 0.8, seed = 1, ropeBase = 1e6, maxContext = 512 } = request
  const vocabulary = readTokenizerFile(await readFile(request.tokenizer, 'utf8'), request.tokenizer)
  const encoder = await openVocabulary(vocabulary)
  const trainer = await loadTrainer(
    { threads: request.threads ?? 1, maxMemory: request.maxMemory ?? 2 ** 32 },
    { weights: request.weights, optimizer: idleOptimizer, maxRowLength: maxContext, inference: true },
  )
  const bytes = new Uint8Array(Buffer.from(request.prompt))
  const text = { offsets: Int32Array.of(0, bytes.length), bytes }
  const prompt = await encoder.encode(vocabulary.nfc ? toNfc(text) : text)
  const context = [special.begin, ...prompt.ids]
  const ids: number[] = []
  let ended = false
  while (ids.length < maxTokens && !ended) {
    const logits = await trainer.logits({ tokens: Uint32Array.from(context.slice(-maxContext)), ropeBase })
    const id = pick(logits.subarray(0, encoder.size), temperature, fractionOf(`${seed}/${ids.length}/generate`))
    ended = id === special.end
    if (ended) break
    ids.push(id)
    context.push(id)
  }
  const decoded = await encoder.decode({ offsets: Int32Array.of(0, ids.length), ids: Uint32Array.from(ids) }, { skipSpecial: true })
  return { text: new TextDecoder().decode(decoded.bytes), ids, ended }
}

/**
 * The id at `fraction` (0 to below 1) of softmax(logits / temperature). Only what a document can hold is drawn: ids of text, and its end.
 */
export function pick(logits: Float32Array, temperature: number, fraction: number): number {
  const allowed = (id: number) => id >= firstByte || id === special.end
  let best = special.end as number
  for (const [id, logit] of logits.entries()) if (allowed(id) && logit > (logits[best] as number)) best = id
  if (temperature <= 0) return best
  const weights = Float64Array.from(logits, (logit, id) => (allowed(id) ? Math.exp((logit - (logits[best] as number)) / temperature) : 0))
  let left = fraction * weights.reduce((sum, weight) => sum + weight, 0)
  for (const [id, weight] of weights.entries()) {
    left -= weight
    if (weight > 0 && left < 0) return id
  }
  return best
}
