/**
 * A store in an S3 bucket: `s3://bucket/prefix`. Conditional create is `If-None-Match: *` on PUT and on CompleteMultipartUpload; a service
 * that does not honour it is refused at start-up by name.
 *
 * Credentials and region come from the standard AWS configuration of the worker; `MILLRACE_S3_ENDPOINT` names another service.
 */
import { randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { MillraceError } from '../pipelines/errors.ts'
import { checkKey, checkPrefix, missing, type Store, unreachable } from './store.ts'

/** Above this a file goes up in parts. S3 allows 10,000 parts, so files may have 640 GB. */
const partSize = 64 * 2 ** 20
const partsAtOnce = 4

/** Names and codes of errors that no answer came with. */
const network = /Timeout|Network|ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|EHOST|ENETUNREACH|ETIMEDOUT|socket|aborted|UND_ERR/i

type Refusal = Error & { $metadata?: { httpStatusCode?: number }; Code?: string }
const statusOf = (error: unknown): number => (error as Refusal).$metadata?.httpStatusCode ?? 0
const taken = (error: unknown): boolean => statusOf(error) === 412
/** Two conditional writes of one key at once: S3 answers 409 to one of them; it may try again. */
const raced = (error: unknown): boolean => statusOf(error) === 409

export class S3Store implements Store {
  readonly uri: string
  readonly #client: S3Client
  readonly #bucket: string
  readonly #prefix: string

  constructor(client: S3Client, bucket: string, prefix: string) {
    this.#client = client
    this.#bucket = bucket
    this.#prefix = prefix
    this.uri = `s3://${bucket}/${prefix}`
  }

  static open(uri: string): S3Store {
    const { host, pathname } = new URL(uri)
    const endpoint = process.env.MILLRACE_S3_ENDPOINT
    const client = new S3Client({
      maxAttempts: 8,
      retryMode: 'adaptive',
      ...(endpoint ? { endpoint, forcePathStyle: true } : {}),
      ...(endpoint && !process.env.AWS_REGION ? { region: 'us-east-1' } : {}),
    })
    const prefix = pathname.replace(/^\/+/, '')
    return new S3Store(client, host, prefix && !prefix.endsWith('/') ? `${prefix}/` : prefix)
  }

  #at = (key: string) => ({ Bucket: this.#bucket, Key: this.#prefix + checkKey(key) })

  async create(key: string, content: Uint8Array | string | { path: string }): Promise<'created' | 'exists'> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#put(key, content, true)
        return 'created'
      } catch (error) {
        if (taken(error)) return 'exists'
        if (!raced(error) || attempt >= 5) throw this.#refused(error, key)
        if ((await this.size(key)) !== undefined) return 'exists'
        await new Promise(resolve => setTimeout(resolve, 100 * attempt))
      }
    }
  }

  async read(key: string): Promise<Buffer | undefined> {
    try {
      const { Body } = await this.#client.send(new GetObjectCommand(this.#at(key)))
      return Buffer.from((await Body?.transformToByteArray()) ?? [])
    } catch (error) {
      if (statusOf(error) === 404 && (error as Refusal).name !== 'NoSuchBucket') return undefined
      throw this.#refused(error, key)
    }
  }

  async size(key: string): Promise<number | undefined> {
    try {
      return (await this.#client.send(new HeadObjectCommand(this.#at(key)))).ContentLength
    } catch (error) {
      if (statusOf(error) === 404) return undefined
      throw this.#refused(error, key)
    }
  }

  async fetch(key: string, to: string): Promise<string> {
    const staged = `${to}.${randomBytes(6).toString('hex')}`
    try {
      const { Body, ContentLength } = await this.#client.send(new GetObjectCommand(this.#at(key)))
      await pipeline(Body as Readable, createWriteStream(staged))
      const { size } = await stat(staged)
      if (ContentLength !== undefined && size !== ContentLength) throw new Error(`${size} of ${ContentLength} bytes arrived`)
      await rename(staged, to)
      return to
    } catch (error) {
      await rm(staged, { force: true })
      if (statusOf(error) === 404 && (error as Refusal).name !== 'NoSuchBucket') throw missing(this, key)
      throw this.#refused(error, key)
    }
  }

  async *list(prefix: string): AsyncGenerator<{ key: string; size: number; modified: Date }, void, undefined> {
    let token: string | undefined
    do {
      const page = await this.#client
        .send(new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: this.#prefix + checkPrefix(prefix), ContinuationToken: token }))
        .catch(error => {
          throw this.#refused(error, prefix)
        })
      for (const object of page.Contents ?? []) {
        const key = (object.Key ?? '').slice(this.#prefix.length)
        if (!key.startsWith('tmp/')) yield { key, size: object.Size ?? 0, modified: object.LastModified ?? new Date(0) }
      }
      token = page.NextContinuationToken
    } while (token)
  }

  async repair(key: string, path: string): Promise<void> {
    await this.#put(key, { path }, false).catch(error => {
      throw this.#refused(error, key)
    })
  }

  async remove(key: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand(this.#at(key))).catch(error => {
      throw this.#refused(error, key)
    })
  }

  async probe(): Promise<void> {
    const key = `tmp/probe-${randomBytes(8).toString('hex')}`
    const first = await this.create(key, 'probe')
    const second = await this.create(key, 'other')
    const read = (await this.read(key))?.toString()
    await this.remove(key)
    if (first === 'created' && second === 'exists' && read === 'probe') return
    throw new MillraceError({
      code: 'STORE_REFUSED',
      kind: 'config',
      expected: 'an S3 service that honours If-None-Match: * on PUT',
      found: `two writers of one key that were told "${first}" and "${second}"`,
      where: this.uri,
      next: 'use a service or a version that supports conditional writes, or a folder as the store',
    })
  }

  async #put(key: string, content: Uint8Array | string | { path: string }, conditional: boolean): Promise<void> {
    const condition = conditional ? { IfNoneMatch: '*' } : {}
    if (typeof content === 'string' || content instanceof Uint8Array) {
      const Body = Buffer.from(content as Uint8Array)
      await this.#client.send(new PutObjectCommand({ ...this.#at(key), Body, ContentLength: Body.length, ...condition }))
      return
    }
    const { size } = await stat(content.path)
    if (size <= partSize) {
      const file = await open(content.path)
      const body = await file.readFile().finally(() => file.close())
      await this.#client.send(new PutObjectCommand({ ...this.#at(key), Body: body, ContentLength: body.length, ...condition }))
    } else await this.#putInParts(key, content.path, size, condition)
  }

  async #putInParts(key: string, path: string, size: number, condition: { IfNoneMatch?: string }): Promise<void> {
    const { UploadId } = await this.#client.send(new CreateMultipartUploadCommand({ ...this.#at(key), ChecksumAlgorithm: 'CRC32' }))
    try {
      const count = Math.ceil(size / partSize)
      const parts: { PartNumber: number; ETag: string | undefined; ChecksumCRC32: string | undefined }[] = new Array(count)
      let next = 0
      const uploader = async () => {
        for (let i = next++; i < count; i = next++) {
          const start = i * partSize
          const end = Math.min(size, start + partSize) - 1
          const { ETag, ChecksumCRC32 } = await this.#client.send(
            new UploadPartCommand({
              ...this.#at(key),
              UploadId,
              PartNumber: i + 1,
              Body: createReadStream(path, { start, end }),
              ContentLength: end - start + 1,
              ChecksumAlgorithm: 'CRC32',
            }),
          )
          parts[i] = { PartNumber: i + 1, ETag, ChecksumCRC32 }
        }
      }
      await Promise.all(Array.from({ length: partsAtOnce }, uploader))
      await this.#client.send(
        new CompleteMultipartUploadCommand({ ...this.#at(key), UploadId, MultipartUpload: { Parts: parts }, ...condition }),
      )
    } catch (error) {
      await this.#client.send(new AbortMultipartUploadCommand({ ...this.#at(key), UploadId })).catch(() => undefined)
      throw error
    }
  }

  #refused(error: unknown, key: string): Error {
    const status = statusOf(error)
    const { name } = error as Refusal
    if (
      status >= 500 ||
      status === 429 ||
      status === 408 ||
      (status === 0 && network.test(`${name} ${(error as { code?: string }).code ?? ''}`))
    )
      return unreachable(this.uri, key, `${name}${status ? ` (${status})` : ''}: ${(error as Error).message.slice(0, 200)}`, error)
    if (status !== 403 && status !== 401 && name !== 'NoSuchBucket') return error as Error
    return new MillraceError(
      {
        code: 'STORE_UNWRITABLE',
        kind: 'resource',
        expected: 'leave to read and write the store',
        found: `${name} (${status})`,
        where: `${this.uri} (${key})`,
        next: 'check the bucket and the credentials of the worker, then start the same run again',
      },
      { cause: error },
    )
  }
}
