/** A real S3 server for tests: versitygw over a folder, on a free port of this machine. Set-up builds it where Go is present. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { versitygwPath } from '../../scripts/versitygw.mjs'

/** Why there is none, or undefined. Tests that need it print this where they are skipped. */
export const noServer: string | undefined = existsSync(versitygwPath())
  ? undefined
  : `no versitygw at ${versitygwPath()}: set-up builds it where Go is present (node scripts/versitygw.mjs)`

export interface S3Server {
  endpoint: string
  /** What a process needs to reach it. */
  env: Record<string, string>
  client: S3Client
  stop(): Promise<void>
}

export async function startS3(bucket: string): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-s3-'))
  mkdirSync(join(folder, 'data'))
  const port = await freePort()
  const server = spawn(
    versitygwPath(),
    ['--port', `127.0.0.1:${port}`, '--access', 'test', '--secret', 'testsecret', 'posix', join(folder, 'data')],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  const endpoint = `http://127.0.0.1:${port}`
  const env = { MILLRACE_S3_ENDPOINT: endpoint, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'testsecret', AWS_REGION: 'us-east-1' }
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'testsecret' },
  })
  await ready(server, client, bucket)
  return {
    endpoint,
    env,
    client,
    async stop() {
      client.destroy()
      server.kill('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function ready(server: ChildProcess, client: S3Client, bucket: string): Promise<void> {
  let said = ''
  server.stderr?.on('data', text => {
    said = (said + text).slice(-1000)
  })
  for (let attempt = 0; ; attempt++) {
    try {
      await client.send(new CreateBucketCommand({ Bucket: bucket }))
      return
    } catch (error) {
      if (server.exitCode !== null || attempt > 100) throw new Error(`versitygw did not answer: ${(error as Error).message}; ${said}`)
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
