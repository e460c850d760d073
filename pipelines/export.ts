/**
 * A checkpoint as a folder that Transformers' `LongcatFlashForCausalLM` loads: config.json, model.safetensors, and tokenizer.json with its config
 * where there is a tokenizer. Written beside its place and renamed, so the folder is whole or not there.
 */
import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { exportHuggingFace } from '../native/addon/trainer.huggingface.ts'
import type { Dialect } from '../native/addon/trainer.ts'
import { MillraceError } from './errors.ts'
import { reservedNames, special } from './tokenizer/layout.ts'
import { idleOptimizer, loadTrainer } from './train/model.ts'

export interface ExportCheckpoint {
  /** `weights` of a checkpoint. */
  weights: string
  /** The `file` role of `tokenizer`. */
  tokenizer?: string
  /** Where the folder shall be; it may be there, empty. */
  folder: string
  dialect: Dialect
  /** Rotary base of the phase that the weights come from, and its row length. */
  ropeBase: number
  maxPositions: number
  threads?: number
  maxMemory?: number
}

export interface Exported {
  folder: string
  files: string[]
  parameters: number
}

/** Throws EXPORT_EXISTS where the folder has something in it, TRAIN_MEMORY, and FORMAT or IO of the checkpoint. */
export async function exportCheckpoint(request: ExportCheckpoint): Promise<Exported> {
  const folder = resolve(request.folder)
  const inside = await readdir(folder).catch(() => [] as string[])
  if (inside.length)
    throw new MillraceError({
      code: 'EXPORT_EXISTS',
      kind: 'config',
      expected: 'a folder that is not there yet, or is empty',
      found: `${inside.length} entries`,
      where: folder,
      next: 'name another folder, or remove this one',
    })
  const { weights, tokenizer, dialect, ropeBase, maxPositions, threads = 1, maxMemory = 2 ** 36 } = request
  const trainer = await loadTrainer({ threads, maxMemory }, { weights, optimizer: idleOptimizer, maxRowLength: 1, inference: true })
  const aside = join(dirname(folder), `.${basename(folder)}-${process.pid}`)
  await mkdir(aside, { recursive: true })
  try {
    const ends = { bos: special.begin, eos: special.end }
    await exportHuggingFace(trainer, { folder: aside, dialect, ropeBase, maxPositions, ...ends })
    if (tokenizer) {
      await writeFile(join(aside, 'tokenizer.json'), await readFile(tokenizer))
      const named = (id: number) => reservedNames[id] as string
      const config = {
        tokenizer_class: 'PreTrainedTokenizerFast',
        ...{
          bos_token: named(special.begin),
          eos_token: named(special.end),
          pad_token: named(special.padding),
          unk_token: named(special.unknown),
        },
        ...{ model_max_length: maxPositions, clean_up_tokenization_spaces: false },
      }
      await writeFile(join(aside, 'tokenizer_config.json'), `${JSON.stringify(config, null, 2)}\n`)
    }
    const files = (await readdir(aside)).sort()
    await rmdir(folder).catch(() => undefined)
    await rename(aside, folder)
    return { folder, files, parameters: trainer.state().parameters }
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
}
