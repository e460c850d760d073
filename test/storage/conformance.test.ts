/** What every store promises (storage/store.ts), held against both: a folder, and a bucket of a real S3 server. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FileStore } from '../../storage/file.ts'
import { S3Store } from '../../storage/s3.ts'
import { createSame, type Store } from '../../storage/store.ts'
import { noServer, type S3Server, startS3 } from '../support/versitygw.ts'

let folder: string
let server: S3Server | undefined
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-store-'))
  if (noServer) console.log(`S3 skipped: ${noServer}`)
  else server = await startS3('bucket')
})
afterAll(async () => {
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Two clients of one store, as two workers would be. */
const stores: Record<string, () => [Store, Store]> = {
  file: () => [new FileStore(join(folder, 'store')), new FileStore(join(folder, 'store'))],
  ...(noServer
    ? {}
    : {
        s3: () => [
          new S3Store((server as S3Server).client, 'bucket', 'some/prefix/'),
          new S3Store((server as S3Server).client, 'bucket', 'some/prefix/'),
        ],
      }),
}

const sha256Of = async (path: string) => {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
const all = async (store: Store, prefix: string) => {
  const keys: string[] = []
  for await (const { key } of store.list(prefix)) keys.push(key)
  return keys
}

describe.each(Object.keys(stores))('%s', name => {
  let store: Store
  let other: Store
  beforeAll(async () => {
    ;[store, other] = (stores[name] as () => [Store, Store])()
    await store.probe()
  })

  it('lets exactly one of ten racing creators win, thirty times', async () => {
    for (let round = 0; round < 30; round++) {
      const key = `race/${round % 3}/${round}`
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, (_, i) => (i % 2 ? store : other).create(key, `content of ${i}`.repeat(1 + i * 500))),
      )
      expect(outcomes.filter(outcome => outcome === 'created')).toHaveLength(1)
      const winner = outcomes.indexOf('created')
      expect((await store.read(key))?.toString()).toBe(`content of ${winner}`.repeat(1 + winner * 500))
    }
  })

  it('shows an object whole or not at all', async () => {
    const content = Buffer.alloc(3_000_000, 'x')
    let done = false
    const seen = new Set<number>()
    const look = async () => {
      while (!done) {
        const [bytes, size] = [await other.read('whole/object'), await other.size('whole/object')]
        if (bytes) seen.add(bytes.length)
        if (size !== undefined) seen.add(size)
      }
    }
    const looking = [look(), look(), look()]
    await new Promise(resolve => setTimeout(resolve, 30))
    await store.create('whole/object', content)
    await new Promise(resolve => setTimeout(resolve, 50))
    done = true
    await Promise.all(looking)
    expect([...seen]).toEqual([content.length])
  })

  it.each([0, 1, 1000, 70 * 2 ** 20])(
    'holds %i bytes from memory and from a file',
    async size => {
      const path = join(folder, `${name}-${size}`)
      const file = await open(path, 'w')
      const block = createHash('sha512').update(String(size)).digest()
      for (let left = size; left > 0; left -= 64 * 16384) await file.write(Buffer.alloc(Math.min(left, 64 * 16384), block))
      await file.close()
      expect(await store.create(`sizes/${size}/file`, { path })).toBe('created')
      expect(await store.create(`sizes/${size}/file`, { path })).toBe('exists')
      expect(await other.size(`sizes/${size}/file`)).toBe(size)
      const fetched = await other.fetch(`sizes/${size}/file`, join(folder, `${name}-${size}-fetched`))
      expect(await sha256Of(fetched)).toBe(await sha256Of(path))
      if (size < 1e6) {
        expect(await store.create(`sizes/${size}/memory`, await readFile(path))).toBe('created')
        expect((await other.read(`sizes/${size}/memory`))?.equals(await readFile(path))).toBe(true)
      }
      await writeFile(path, 'the object is not the file that it was made from', { flag: 'wx' }).catch(() => undefined)
      await rm(path)
      expect(await other.size(`sizes/${size}/file`)).toBe(size)
    },
    60_000,
  )

  it('lets one of racing creators of a large file win', async () => {
    const paths = await Promise.all(
      ['a', 'b', 'c'].map(async letter => {
        const path = join(folder, `${name}-large-${letter}`)
        await writeFile(path, Buffer.alloc(65 * 2 ** 20, letter))
        return path
      }),
    )
    const outcomes = await Promise.all(paths.map((path, i) => (i % 2 ? store : other).create('large/race', { path })))
    expect(outcomes.filter(outcome => outcome === 'created')).toHaveLength(1)
    const fetched = await store.fetch('large/race', join(folder, `${name}-large-fetched`))
    expect(await sha256Of(fetched)).toBe(await sha256Of(paths[outcomes.indexOf('created')] as string))
    await Promise.all(paths.map(path => rm(path)))
  }, 60_000)

  it('says that nothing is there, and only then', async () => {
    await store.create('folder/object', 'x')
    for (const key of ['nothing', 'folder/nothing', 'folder', 'folder/object/below']) {
      expect(await store.read(key)).toBeUndefined()
      expect(await store.size(key)).toBeUndefined()
    }
    await expect(store.fetch('folder/nothing', join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'STORE_MISSING' })
    await store.remove('folder/nothing')
    await store.remove('folder/object')
    expect(await other.read('folder/object')).toBeUndefined()
    expect(await store.create('folder/object', 'y')).toBe('created')
  })

  it('refuses keys that leave it or that some store cannot hold', async () => {
    for (const key of [
      '',
      '/',
      '/etc/passwd',
      '../x',
      'a/../b',
      'a/..',
      './a',
      'a//b',
      'a/',
      'a\\b',
      'a\0b',
      'a\nb',
      'x'.repeat(300),
      `${'x/'.repeat(460)}y`,
      'é'.repeat(140),
      'a\ud800',
    ]) {
      for (const call of [
        store.create(key, 'x').catch(e => e),
        (async () => store.read(key))().catch(e => e),
        (async () => store.remove(key))().catch(e => e),
      ])
        expect(await call, JSON.stringify(key)).toMatchObject({ code: 'STORE_KEY' })
    }
    for (const prefix of ['../', '/', 'a/../..', '../../etc/'])
      await expect(all(store, prefix), prefix).rejects.toMatchObject({ code: 'STORE_KEY' })
    for (const key of ['a b', 'ü', '日本', 'a+b=c&d', "quote'", 'per%20cent', 'x'.repeat(200)]) {
      expect(await store.create(`names/${key}`, key)).toBe('created')
      expect((await other.read(`names/${key}`))?.toString()).toBe(key)
      expect(await all(other, `names/${key}`)).toEqual([`names/${key}`])
    }
  })

  it('lists by prefix, in order, without tmp, and not what is next to it', async () => {
    for (const key of ['list/b/2', 'list/b/1', 'list/a', 'list/b.json', 'listing/z', 'list/c/d/e']) await store.create(key, key)
    expect(await all(other, 'list/')).toEqual(['list/a', 'list/b.json', 'list/b/1', 'list/b/2', 'list/c/d/e'])
    expect(await all(other, 'list/b/')).toEqual(['list/b/1', 'list/b/2'])
    expect(await all(other, 'list/b')).toEqual(['list/b.json', 'list/b/1', 'list/b/2'])
    expect(await all(other, 'nowhere/')).toEqual([])
    const everything = await all(other, '')
    expect(everything).toContain('listing/z')
    expect(everything.filter(key => key.startsWith('tmp/'))).toEqual([])
    for await (const { size, modified } of other.list('list/a')) {
      expect(size).toBe(6)
      expect(Math.abs(Date.now() - modified.getTime())).toBeLessThan(60_000)
    }
  })

  it('lists more than one page of keys', async () => {
    for (let i = 0; i < 1100; i += 50)
      await Promise.all(Array.from({ length: 50 }, (_, j) => store.create(`pages/${String(i + j).padStart(5, '0')}`, '')))
    const keys = await all(other, 'pages/')
    expect(keys).toHaveLength(1100)
    expect(keys).toEqual([...keys].sort())
  }, 60_000)

  it('repairs: the one overwrite, whole as well', async () => {
    const path = join(folder, `${name}-repair`)
    await store.create('repair/object', 'damaged')
    await writeFile(path, 'good')
    await store.repair('repair/object', path)
    expect((await other.read('repair/object'))?.toString()).toBe('good')
    await store.repair('repair/gone', path)
    expect((await other.read('repair/gone'))?.toString()).toBe('good')
    await store.create('repair/linked', { path })
    await store.repair('repair/linked', path)
    expect((await stat(path)).size).toBe(4)
  })

  it('takes the same content twice, and another as a DeterminismError', async () => {
    expect(await createSame(store, 'same/object', 'one')).toBe('created')
    expect(await createSame(other, 'same/object', 'one')).toBe('exists')
    await expect(createSame(other, 'same/object', 'two')).rejects.toMatchObject({
      code: 'DETERMINISM',
      where: 'same/object',
      expected: expect.stringContaining('one'),
    })
  })

  it('leaves nothing behind in tmp', async () => {
    await store.create('tidy/object', 'x').then(() => store.create('tidy/object', 'x'))
    if (store instanceof FileStore) {
      const { readdir } = await import('node:fs/promises')
      expect(await readdir(store.path('tmp'))).toEqual([])
    }
  })
})

describe('file', () => {
  it('goes on after somebody removed its folders', async () => {
    const store = new FileStore(join(folder, 'removed'))
    await store.create('units/a/1', 'x')
    await rm(join(folder, 'removed', 'units'), { recursive: true })
    expect(await store.create('units/a/1', 'y')).toBe('created')
    await rm(join(folder, 'removed'), { recursive: true })
    expect(await store.create('units/a/2', 'z')).toBe('created')
    expect((await store.read('units/a/2'))?.toString()).toBe('z')
  })

  it('lists while folders come and go', async () => {
    const store = new FileStore(join(folder, 'busy'))
    for (let i = 0; i < 20; i++) await store.create(`stay/${i}`, 'x')
    let done = false
    const churn = (async () => {
      for (let i = 0; !done; i++) {
        await mkdir(join(folder, 'busy', 'tmp', `work-${i}`, 'a', 'b'), { recursive: true })
        await rm(join(folder, 'busy', 'tmp', `work-${i}`), { recursive: true })
      }
    })()
    for (let i = 0; i < 100; i++) expect((await all(store, '')).filter(key => key.startsWith('stay/'))).toHaveLength(20)
    done = true
    await churn
  })

  it('says what is wrong with a store that cannot be written', async () => {
    await writeFile(join(folder, 'a-file'), 'x')
    await expect(new FileStore(join(folder, 'a-file')).probe()).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' })
    await expect(new FileStore(join(folder, 'a-file', 'below')).probe()).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' })
  })
})

describe.skipIf(noServer)('s3', () => {
  it('refuses by name a service that overwrites', async () => {
    const careless = new S3Store((server as S3Server).client, 'bucket', 'careless/')
    const client = (server as S3Server).client
    const deaf = Object.assign(Object.create(Object.getPrototypeOf(client)), client, {
      send: (command: { input: { IfNoneMatch?: string } }) => {
        delete command.input.IfNoneMatch
        return client.send(command as never)
      },
    })
    await careless.probe()
    await expect(new S3Store(deaf, 'bucket', 'careless/').probe()).rejects.toMatchObject({
      code: 'STORE_REFUSED',
      where: 's3://bucket/careless/',
    })
  })

  it('says which bucket is not there, and that nobody answers', async () => {
    const { client } = server as S3Server
    const nowhere = new S3Store(client, 'no-such-bucket', '')
    await expect(nowhere.probe()).rejects.toMatchObject({ code: 'STORE_UNWRITABLE', where: expect.stringContaining('no-such-bucket') })
    await expect(nowhere.read('x')).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' })
    const { S3Client } = await import('@aws-sdk/client-s3')
    const credentials = { accessKeyId: 'test', secretAccessKey: 'wrong' }
    const wrong = new S3Client({ endpoint: (server as S3Server).endpoint, region: 'us-east-1', forcePathStyle: true, credentials })
    await expect(new S3Store(wrong, 'bucket', '').probe()).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' })
    const away = new S3Client({ endpoint: 'http://127.0.0.1:9', region: 'us-east-1', forcePathStyle: true, credentials, maxAttempts: 2 })
    await expect(new S3Store(away, 'bucket', '').create('x', 'x')).rejects.toMatchObject({ code: 'STORE_UNREACHABLE', kind: 'resource' })
    wrong.destroy()
    away.destroy()
  })
})
