/** Reads a config as a command needs it: everything that can be wrong with it without looking at the input is said at once. */
import { readFile } from 'node:fs/promises'
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import { ConfigError, checkSection, loadConfig } from '../activities/config.ts'
import type { Config } from '../pipelines/config.ts'
import { corpusNodes } from '../pipelines/corpus.ts'
import { MillraceError } from '../pipelines/errors.ts'
import { stageOf } from '../pipelines/stages.ts'
import { trainingNodes } from '../pipelines/train/next.ts'

/** Throws CONFIG with file and line. Whether the file lies where a worker may read is for the worker to say. */
export async function readConfig(path: string): Promise<Config> {
  process.env.MILLRACE_ROOTS = '/'
  const config = await loadConfig(path)
  try {
    trainingNodes(config, await corpusNodes(config, { sourcesDigest: '', evaluationDigest: '', sources: [] }))
  } catch (error) {
    if (!(error instanceof MillraceError) || error.kind !== 'config') throw error
    throw new ConfigError(await place(path, error.where ?? ''), `${error.where ?? 'the config'} to have ${error.expected}`, error.found)
  }
  for (const [name, section] of Object.entries(config.stages)) {
    const stage = await stageOf(name)
    if (stage.check) await checkSection(stage, stage.config.parse(section), path)
  }
  return config
}

/** `file:line` of a dotted path, in which an item of a list is named by its `name`. */
async function place(path: string, where: string): Promise<string> {
  const lines = new LineCounter()
  let node = parseDocument(await readFile(path, 'utf8'), { lineCounter: lines }).contents as Node | null | undefined
  let offset = node?.range?.[0] ?? 0
  for (const key of where.split('.')) {
    if (isMap(node)) {
      const pair = node.items.find(item => isScalar(item.key) && String(item.key.value) === key)
      if (!pair) break
      offset = (pair.key as Node).range?.[0] ?? offset
      node = pair.value as Node | null
    } else if (isSeq(node)) {
      node = node.items.find(item => isMap(item) && item.get('name') === key) as Node | undefined
      offset = node?.range?.[0] ?? offset
    }
  }
  return `${path}:${lines.linePos(offset).line}`
}
