/**
 * Weights that another program made: the folder of a `LongcatFlashForCausalLM`. The config says the digest of its weights, which is identity, and
 * the folder, which is not; a file of another digest is not parsed.
 */
import { join, resolve } from 'node:path'
import { modelOfHuggingFace } from '../../native/addon/trainer.huggingface.ts'
import { type LoadRequest, type ModelConfig, Trainer } from '../../native/addon/trainer.ts'
import { MillraceError } from '../errors.ts'
import { sha256Of } from '../files.ts'
import { fitting } from './checkpoint.ts'
import type { ModelSettings } from './config.ts'
import { taught } from './model.ts'

/** What of the model is identity: of `from` the digest alone. */
export const identityOfModel = ({ from, ...model }: ModelSettings) => (from ? { ...model, from: { sha256: from.sha256 } } : model)

/** Throws TRAIN_IMPORT where the folder has other weights or another shape than the config says; TRAIN_CHECKPOINT where they do not load. */
export async function importModel(
  { folder, sha256 }: NonNullable<ModelSettings['from']>,
  model: ModelConfig,
  resources: Omit<LoadRequest, 'weights' | 'model'>,
): Promise<Trainer> {
  const refused = (expected: string, found: string, where: string, next: string) =>
    new MillraceError({ code: 'TRAIN_IMPORT', kind: 'config', expected, found, where, next })
  const at = resolve(folder)
  const weights = join(at, 'model.safetensors')
  const digest = await sha256Of(weights).catch((error: Error) => {
    throw refused('a file model.safetensors', error.message, weights, 'mend model.from.folder in the config')
  })
  if (digest !== sha256) throw refused(`sha256 ${sha256}`, digest, weights, 'mend model.from.sha256 in the config, or bring back the file')
  const shape = await fitting(() => modelOfHuggingFace(at, { expectedExperts: model.expectedExperts }), at)
  for (const [field, value] of Object.entries(shape)) {
    const own = model[field as keyof ModelConfig]
    if (own !== value)
      throw refused(`${field} ${JSON.stringify(value)}, as in config.json`, JSON.stringify(own), at, `mend model.${field} in the config`)
  }
  return taught(() => fitting(() => Trainer.load({ ...resources, weights, model }), weights))
}
