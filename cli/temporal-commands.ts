/** The `temporal` commands that do what Millrace's own do: for people who start work, look at it and replay it with Temporal's CLI. */
import { temporalPath, which } from '../scripts/parts.mjs'

export interface Started {
  address: string
  namespace: string
  /** As the worker was given it. */
  config: string
  workflowId: string
  /** The stage that `replay` does again. */
  stage: string
}

export interface TemporalCommands {
  /** Starts the same run again. */
  again: string
  /** Shows what happened in this one. */
  show: string
  /** Does the committed units of one stage again and compares. */
  replay: string
}

/** Lines for a shell, to be pasted as they are. The binary's path stands where `temporal` is not on the PATH. */
export function temporalCommands({ address, namespace, config, workflowId, stage }: Started): TemporalCommands {
  const binary = which('temporal') ? 'temporal' : (temporalPath() ?? 'temporal')
  const where = ['--address', address, ...(namespace === 'default' ? [] : ['--namespace', namespace])]
  const command = (...words: string[]) => [binary, 'workflow', ...words].map(quoted).join(' ')
  const start = (input: object) =>
    command('start', ...where, '--task-queue', 'millrace', '--type', 'pretrain', '--input', JSON.stringify(input))
  return {
    again: start({ config }),
    show: command('show', ...where, '--workflow-id', workflowId),
    replay: start({ config, only: stage, force: [stage] }),
  }
}

/** A word for a POSIX shell. */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)

/** The page of a workflow in Temporal's web UI. */
export const workflowPage = (ui: string, { namespace, workflowId }: Pick<Started, 'namespace' | 'workflowId'>): string =>
  `${ui}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`
