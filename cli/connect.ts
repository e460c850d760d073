/** Connections to Temporal: the standard TEMPORAL_* environment and profiles first, else what `millrace up` started. */
import { Client, Connection } from '@temporalio/client'
import { loadClientConnectConfig } from '@temporalio/envconfig'
import type { NativeConnectionOptions } from '@temporalio/worker'
import { MillraceError } from '../pipelines/errors.ts'
import { readUp } from './home.ts'

export interface Target {
  connection: NativeConnectionOptions
  address: string
  namespace: string
}

/** Which server to speak to; undefined where neither the environment nor `up` names one. */
export async function target(): Promise<Target | undefined> {
  if (process.env.TEMPORAL_ADDRESS || process.env.TEMPORAL_PROFILE || process.env.TEMPORAL_CONFIG_FILE) {
    const config = loadClientConnectConfig()
    const address = config.connectionOptions.address ?? 'localhost:7233'
    return { connection: config.connectionOptions as NativeConnectionOptions, address, namespace: config.namespace ?? 'default' }
  }
  const up = await readUp()
  return up ? { connection: { address: up.address }, address: up.address, namespace: up.namespace } : undefined
}

export const noServer = (): MillraceError =>
  new MillraceError({
    code: 'NO_SERVER',
    kind: 'config',
    expected: 'a Temporal server',
    found: 'none running here and no TEMPORAL_ADDRESS',
    next: 'millrace up',
  })

export async function connect(): Promise<{ client: Client; address: string; namespace: string; close: () => Promise<void> }> {
  const found = await target()
  if (!found) throw noServer()
  let connection: Connection
  try {
    connection = await Connection.connect({ ...(found.connection as object), address: found.address, connectTimeout: '5s' })
  } catch (error) {
    throw new MillraceError(
      {
        code: 'NO_SERVER',
        kind: 'config',
        expected: `a Temporal server at ${found.address}`,
        found: `no answer (${(error as Error).message.split('\n')[0]})`,
        next: 'millrace up',
      },
      { cause: error },
    )
  }
  return {
    client: new Client({ connection, namespace: found.namespace }),
    address: found.address,
    namespace: found.namespace,
    close: () => connection.close(),
  }
}
