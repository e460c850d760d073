/**
 * The report against a brute-force recount: a small run through every kind of step, then every number again from the data itself. The run
 * also has a source of hostile documents, and is started again by the commands that the summary prints.
 */
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { endKey, type RunEnd, summaryKey } from '../../activities/close-run.ts'
import { summaryLines } from '../../cli/summary.ts'
import { temporalCommands } from '../../cli/temporal-commands.ts'
import { ArrowReader, type Batch } from '../../pipelines/arrow/index.ts'
import { findManifest } from '../../storage/artifacts.ts'
import { readJson } from '../../storage/store.ts'
import { makeReport } from '../../web/report/index.ts'
import type { ReportSummary } from '../../web/report/summary.ts'
import type { FunnelRow, ReportFacts } from '../../web/report/types.ts'
import type { PretrainResult } from '../../workflows/pretrain.ts'
import { Engine, root } from '../support/engine.ts'

let engine: Engine
let config: string
let result: PretrainResult
let end: RunEnd
let facts: ReportFacts
let page: string

const hostile = '<script>alert(1)</script>"\'><img src=x onerror=alert(2)> \u202egnp.exe'

beforeAll(async () => {
  engine = await Engine.start()
  config = await smallConfig()
  result = await engine.run({ config })
  end = (await readJson<RunEnd>(engine.store, endKey(result.run))) as RunEnd
  facts = (await readJson<ReportFacts>(engine.store, end.facts ?? '')) as ReportFacts
  page = await readFile(join(engine.store.root, end.report ?? ''), 'utf8')
}, 240_000)

afterAll(() => engine?.stop())

/** `tiny` with a tenth of the steps, and a source of one document that no page should run. */
async function smallConfig(): Promise<string> {
  const text = (await readFile(join(root, 'configs/tiny.yaml'), 'utf8')).replaceAll('../test/', `${root}test/`)
  const tiny = parse(text) as {
    sources: object[]
    stages: { mix: { components: object[] } }
    phases: { name: string; tokens: number; segmentSteps: number; ramp?: object }[]
  }
  // So few tokens would leave no room for counts that are rounded by chance.
  tiny.stages.mix.components = tiny.stages.mix.components.map(component => ({ ...component, counts: 'uniform' }))
  const words = Array.from({ length: 120 }, (_, i) => `the word${i} of a ${hostile}`).join(' and ')
  await writeFile(join(engine.home, 'hostile.jsonl'), `${JSON.stringify({ text: words, title: hostile, kind: hostile })}\n`)
  tiny.sources.push({ name: 'hostile', path: join(engine.home, 'hostile.jsonl') })
  tiny.phases = tiny.phases
    .filter(phase => phase.name !== 'long-context')
    .map(({ ramp: _, ...phase }) => ({ ...phase, tokens: phase.tokens / 8, segmentSteps: phase.segmentSteps / 4 }))
    .map(phase => ({ ...phase, segmentSteps: Math.max(2, Math.ceil(phase.segmentSteps)) }))
  const path = join(engine.home, 'small.yaml')
  await writeFile(path, stringify({ ...tiny, name: 'small' }))
  return path
}

async function* batches(stage: string, fingerprint: string, role: string): AsyncGenerator<Batch> {
  const manifest = await findManifest(engine.store, stage, fingerprint)
  for (const part of manifest?.roles[role] ?? []) {
    const reader = await ArrowReader.open(engine.store.path(part.location))
    yield* reader
    await reader.close()
  }
}

async function values(row: Pick<FunnelRow, 'stage' | 'fingerprint'>, role: string, column: string): Promise<unknown[]> {
  const found: unknown[] = []
  for await (const batch of batches(row.stage, row.fingerprint, role))
    for (let i = 0; i < batch.rows; i++) found.push(batch.column(column).value(i))
  return found
}

const tally = (all: readonly unknown[]): Record<string, number> => {
  const sums: Record<string, number> = {}
  for (const value of all) sums[String(value)] = (sums[String(value)] ?? 0) + 1
  return sums
}

const row = (node: string): FunnelRow => facts.funnel.find(each => each.node === node) as FunnelRow

describe('the funnel', () => {
  it('has a row for every step, all made', () => {
    for (const stage of [
      'extract',
      'filter',
      'dedup',
      'decontaminate',
      'longcontext',
      'tokenizer',
      'tokenize',
      'score',
      'mix',
      'shard',
      'initialize',
    ])
      expect(facts.funnel.filter(each => each.stage === stage).length, stage).toBeGreaterThan(0)
    for (const stage of ['train', 'grow', 'decide', 'evaluate'])
      expect(
        facts.funnel.some(each => each.stage === stage),
        stage,
      ).toBe(true)
    expect(facts.funnel.every(each => each.state === 'made')).toBe(true)
    expect(facts.run.unitsRun).toBeGreaterThan(50)
  })

  it('counts documents in and out as the parts hold them', async () => {
    let before = -1
    for (const node of ['extract', 'filter', 'dedup', 'decontaminate']) {
      const ids = await values(row(node), 'documents', 'id')
      expect(row(node).documents.out, node).toBe(ids.length)
      if (before >= 0) expect(row(node).documents.in, node).toBe(before)
      before = ids.length
    }
    const assembled = (await values(row('longcontext'), 'documents', 'id')).length
    expect(row('tokenize').documents).toEqual({ in: before + assembled, out: before + assembled })
  })

  it('counts what was dropped by rule, as the decisions hold it, and what was quarantined by code', async () => {
    for (const node of ['filter', 'dedup', 'decontaminate']) {
      const { documents, dropped, quarantined } = row(node)
      expect(Object.fromEntries(dropped.map(each => [each.rule, each.documents])), node).toEqual(
        tally(await values(row(node), 'decisions', 'rule')),
      )
      const gone = dropped.reduce((sum, each) => sum + each.documents, 0) + quarantined.reduce((sum, each) => sum + each.records, 0)
      expect((documents.in ?? 0) - gone, node).toBe(documents.out)
    }
    const codes = tally(await values(row('extract'), 'quarantine', 'code'))
    expect(Object.fromEntries(row('extract').quarantined.map(each => [each.code, each.records]))).toEqual(codes)
    expect(Object.values(codes).reduce((sum, n) => sum + n, 0)).toBe(3)
  })

  it('counts kinds and sources stage by stage, and warns of a kind that vanishes', async () => {
    for (const column of ['kind', 'source'] as const) {
      const rows =
        column === 'kind'
          ? facts.kinds.map(each => [each.kind, each.documents] as const)
          : facts.sources.map(each => [each.source, each.documents] as const)
      for (const node of ['extract', 'filter', 'dedup', 'decontaminate', 'tokenize']) {
        const role = node === 'tokenize' ? 'tokens' : 'documents'
        const told = rows.map(([name, documents]) => [name, documents.find(each => each.node === node)?.out ?? 0] as const)
        expect(Object.fromEntries(told.filter(([, out]) => out > 0)), `${node} by ${column}`).toEqual(
          tally((await values(row(node), role, column)).map(value => String(value).slice(0, 64))),
        )
      }
    }
    const vanished = facts.funnel.flatMap(each => each.kinds.filter(kind => kind.in > 0 && kind.out === 0).map(() => each.node))
    expect(facts.warnings.filter(each => each.code === 'KIND_VANISHED').map(each => each.where)).toEqual(vanished)
    expect(facts.warnings.some(each => each.code === 'ROWS_DO_NOT_ADD_UP')).toBe(false)
  })

  it('counts the tokens that reach the shards as their rows hold them', async () => {
    // Without the phase of long rows there is one row length.
    expect(facts.shards.map(each => each.node)).toEqual(['shard-128'])
    const found = { documents: new Set<string>(), tokens: 0, positions: 0 }
    for await (const batch of batches('shard', row('shard-128').fingerprint, 'rows'))
      for (let i = 0; i < batch.rows; i++)
        for (const run of batch.column('runs').value(i) as { document: string; pass: number; length: number }[]) {
          found.positions += run.length
          if (run.pass > 0) continue
          found.documents.add(run.document)
          found.tokens += run.length
        }
    expect(facts.reached).toMatchObject({ documents: found.documents.size, tokens: found.tokens })
    expect((facts.reached?.readTokens ?? 0) + (facts.reached?.validationTokens ?? 0)).toBe(found.positions)
    const counted = (await values(row('tokenize'), 'tokens', 'ids')) as number[][]
    expect(row('tokenize').tokens.out).toBe(counted.reduce((sum, ids) => sum + ids.length, 0))
  })

  it('tells of filtering: definitions by kind, steps, histograms with thresholds, edits', () => {
    const { filter } = facts
    expect(filter?.definitions).toEqual(expect.arrayContaining([expect.objectContaining({ kind: 'web', profile: 'millrace' })]))
    expect(filter?.definitions.reduce((sum, each) => sum + each.documents, 0)).toBe(row('filter').documents.in)
    const rules = filter?.steps.find(({ step }) => step === 'rules')
    expect(rules).toMatchObject({ in: row('filter').documents.in })
    for (const each of filter?.histograms ?? []) {
      expect(
        each.bins.reduce((a, b) => a + b, 0),
        each.rule,
      ).toBeGreaterThan(0)
      expect(each.threshold, each.rule).toBeGreaterThanOrEqual(each.from)
      expect(each.threshold, each.rule).toBeLessThanOrEqual(each.to)
    }
    expect(filter?.histograms.length).toBeGreaterThan(5)
    for (const edit of filter?.edits ?? []) expect(edit.changes.length, edit.key).toBeGreaterThan(0)
  })

  it('keeps a ledger: CPU of all units, whoever ran them, against what was read', () => {
    for (const node of ['extract', 'filter', 'dedup', 'tokenize']) {
      const { ledger, bytes, cost } = row(node)
      expect(ledger?.cpuSeconds, node).toBeCloseTo(cost?.cpuSeconds as number, 6)
      expect(ledger?.bytesIn, node).toBe(bytes.in)
      expect(ledger?.coreHoursPerTerabyte, node).toBeCloseTo((ledger?.cpuSeconds as number) / 3600 / ((bytes.in as number) / 1e12), 3)
      expect(ledger?.dollarsPerTerabyte, node).toBeCloseTo((ledger?.coreHoursPerTerabyte as number) * facts.pricePerCoreHour, 6)
    }
  })

  it('knows what this run cost', () => {
    for (const node of ['extract', 'filter', 'tokenize']) {
      const { cost, units } = row(node)
      expect(units.run, node).toBe(units.total)
      expect(cost?.wallSeconds, node).toBeGreaterThan(0)
      expect(cost?.documentsPerSecond, node).toBeGreaterThan(0)
    }
  })
})

describe('samples', () => {
  it('show dropped documents with value, threshold and the text that was judged', async () => {
    const texts = new Map<string, string>()
    for (const node of ['extract', 'filter', 'dedup']) {
      const [ids, own] = [await values(row(node), 'documents', 'id'), await values(row(node), 'documents', 'text')]
      for (const [i, id] of ids.entries()) texts.set(`${node} ${id}`, own[i] as string)
    }
    const reads: Record<string, string> = { filter: 'extract', dedup: 'filter', decontaminate: 'dedup' }
    expect(facts.samples.partial).toBe(false)
    expect(facts.samples.dropped.map(each => each.node)).toEqual(expect.arrayContaining(['dedup', 'decontaminate']))
    for (const { node, rule, count, documents } of facts.samples.dropped) {
      expect(documents.length, rule).toBe(Math.min(10, count))
      expect(row(node).dropped.find(each => each.rule === rule)?.documents).toBe(count)
      for (const { id, text } of documents) {
        const whole = texts.get(`${reads[node]} ${id}`) as string
        expect(text, `${node} ${rule} ${id}`).toBe([...whole].slice(0, 300).join(''))
      }
    }
    for (const { dropped, kept, similarity } of facts.samples.duplicates) {
      expect(texts.get(`dedup ${kept.id}`)?.startsWith(kept.text ?? '?')).toBe(true)
      expect(texts.has(`dedup ${dropped.id}`)).toBe(false)
      expect(similarity).toBeGreaterThan(0.7)
    }
  })
})

describe('training', () => {
  it('tells every step, decision and growth, and the evaluation as its rows add up', async () => {
    const training = facts.training as NonNullable<ReportFacts['training']>
    const losses: number[] = []
    let tokens = 0
    for (const each of facts.funnel.filter(other => other.stage === 'train')) {
      losses.push(...((await values(each, 'metrics', 'loss')) as number[]))
      tokens += ((await values(each, 'metrics', 'tokens')) as bigint[]).reduce((sum, n) => sum + Number(n), 0)
    }
    expect(training.points.map(point => point.loss)).toEqual(losses)
    expect(training).toMatchObject({ steps: losses.length, tokens, every: 1, vocabulary: 1024 })
    expect(training.points[0]?.loss).toBeCloseTo(Math.log(1024), 0)
    expect(training.decisions.length).toBe(facts.funnel.filter(each => each.stage === 'decide').length)
    expect(training.growth).toMatchObject([{ step: training.phases[1]?.fromStep, factor: 2 }])
    expect(training.mixture.map(each => each.phase)).toEqual(training.phases.map(each => each.name))

    const last = training.evaluations.at(-1)
    const evaluated = facts.funnel.find(each => each.node === last?.node) as FunnelRow
    const [loss, unigram, targets, bytes] = (await Promise.all(
      ['lossSum', 'unigramLossSum', 'targets', 'bytes'].map(async name =>
        (await values(evaluated, 'evaluation', name)).reduce<number>((sum, value) => sum + Number(value), 0),
      ),
    )) as [number, number, number, number]
    expect(last?.final).toBe(true)
    expect(last?.all.perplexity).toBeCloseTo(Math.exp(loss / targets), 9)
    expect(last?.all.unigramPerplexity).toBeCloseTo(Math.exp(unigram / targets), 9)
    expect(last?.all.bitsPerByte).toBeCloseTo(loss / Math.log(2) / bytes, 9)
    expect(training.generated).toHaveLength(2)
    expect(await readFile(training.checkpoint?.path ?? '')).toHaveLength(training.checkpoint?.bytes ?? -1)
  })
})

describe('the page', () => {
  it('has the numbers of the JSON, fetches nothing and runs nothing', () => {
    const number = (n: number | null | undefined) => (n ?? Number.NaN).toLocaleString('en-US')
    for (const each of facts.funnel.filter(other => other.documents.out !== null)) {
      expect(page).toContain(`<td>${each.node}</td>`)
      expect(page).toContain(`>${number(each.documents.out)}<`)
    }
    expect(page).toContain(`<b>${number(facts.reached?.tokens)}</b>`)
    expect(page).toContain(facts.training?.checkpoint?.sha256 ?? '?')
    expect(page).toContain(facts.training?.evaluations.at(-1)?.all.perplexity.toPrecision(3) ?? '?')
    expect(page).not.toMatch(/<(script|link|iframe|img|object|embed)|<[^>]+ (src|href|on\w+)=|url\(|@import/i)
    expect(page).toContain('default-src &#39;none&#39;')
    expect(page).not.toContain('NaN')
    expect(page).not.toContain('undefined')
  })

  it('escapes what documents say', () => {
    const { kept, dropped } = facts.samples
    const shown = [...kept, ...dropped.flatMap(each => each.documents)].filter(document => document.source === 'hostile')
    expect(shown.map(document => document.title)).toEqual([hostile])
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&gt;&lt;img src=x')
    expect(page).not.toContain('<img')
    expect(page).not.toContain('\u202e')
  })
})

describe('the end of a run', () => {
  it('is made once: the same facts, another time, are another file', async () => {
    const again = await makeReport(engine.store, result.run)
    expect({ ...again.facts, times: facts.times }).toEqual(facts)
    expect(result.report).toBe(join(engine.store.root, end.report ?? ''))
    expect(end.facts).toMatch(/^runs\/small-[0-9a-f]+\/report-[0-9a-f]{16}\.json$/)
  })

  it('is told by the terminal', async () => {
    const summary = (await readJson<ReportSummary>(engine.store, summaryKey(end.facts ?? ''))) as ReportSummary
    const text = summaryLines(summary).join('\n')
    expect(text).toMatch(/filter +\d+ +\d+/)
    expect(text).toMatch(/loss \d\.\d\d [▁▂▃▄▅▆▇█]+ \d\.\d\d/)
    expect(text).toContain('of a unigram model')
    expect(text).toContain('it writes: ')
  })

  it('prints commands that run as printed; again reuses everything', async () => {
    const { workflowId } = await engine.start({ config }).then(async handle => {
      await handle.result()
      return handle
    })
    const commands = temporalCommands({ address: engine.address, namespace: 'default', config, workflowId, stage: 'dedup' })
    const sh = async (command: string) => (await promisify(execFile)('sh', ['-c', command], { maxBuffer: 2 ** 24 })).stdout
    expect(await sh(commands.show)).toContain('WorkflowExecutionCompleted')

    const began = performance.now()
    const again = await resultOf(await sh(commands.again))
    expect(performance.now() - began).toBeLessThan(20_000)
    const told = await endOf(again.run)
    expect(told.unitsRun).toBe(0)
    expect(told.unitsReused).toBe(facts.run.unitsRun + facts.run.unitsReused)
    expect(summaryLines(told).join('\n')).toContain('0 units run')

    const replayed = await endOf((await resultOf(await sh(commands.replay))).run)
    expect(replayed.funnel.find(each => each.stage === 'dedup')?.run).toBe(row('dedup').units.total)
    expect(replayed.unitsRun).toBe(row('dedup').units.total)
  }, 120_000)
})

async function resultOf(printed: string): Promise<PretrainResult> {
  const workflowId = /WorkflowId\s+(\S+)/.exec(printed)?.[1] ?? ''
  return (await engine.client.workflow.getHandle(workflowId).result()) as PretrainResult
}

async function endOf(run: string): Promise<ReportSummary> {
  const { facts: key = '' } = (await readJson<RunEnd>(engine.store, endKey(run))) as RunEnd
  return (await readJson<ReportSummary>(engine.store, summaryKey(key))) as ReportSummary
}

describe('the tokenizer', () => {
  it('counts tokens, bytes and words by language and source, as the texts and the ids hold them', async () => {
    const lengths = new Map<string, number>()
    for await (const batch of batches('tokenize', row('tokenize').fingerprint, 'tokens'))
      for (let i = 0; i < batch.rows; i++)
        lengths.set(batch.column('id').value(i) as string, (batch.column('ids').value(i) as number[]).length)
    for (const by of ['language', 'source'] as const) {
      const want: Record<string, number[]> = {}
      for (const node of ['decontaminate', 'longcontext'])
        for await (const batch of batches(row(node).stage, row(node).fingerprint, 'documents'))
          for (let i = 0; i < batch.rows; i++) {
            const text = batch.column('text').text(i)
            const sums = (want[(batch.column(by).value(i) as string | null) ?? '(none)'] ??= [0, 0, 0, 0, 0])
            const words = text.split(/[\t-\r ]+/).filter(Boolean).length
            const letters = by === 'language' ? [words, [...text].length] : [0, 0]
            const own = [1, lengths.get(batch.column('id').value(i) as string) ?? 0, Buffer.byteLength(text), ...letters]
            for (const [j, n] of own.entries()) sums[j] = (sums[j] as number) + n
          }
      const rows = (by === 'language' ? facts.tokenizer?.languages : facts.tokenizer?.sources) ?? []
      const found = rows.map(each => [each.name, [each.documents, each.tokens, each.bytes, each.words, each.characters]])
      expect(Object.fromEntries(found)).toEqual(want)
    }
  })

  it('finds the longest tokens and those that no list of ids has; components add up', async () => {
    const { tokenizer } = facts
    const used = new Set(((await values(row('tokenize'), 'tokens', 'ids')) as number[][]).flat())
    const bytes = (await values(row('tokenizer'), 'tokenizer', 'bytes')) as string[]
    const merges = Array.from({ length: bytes.length - 512 }, (_, i) => 512 + i)
    expect(tokenizer?.unused.count).toBe(merges.filter(id => !used.has(id)).length)
    expect(tokenizer?.unused.of).toBe(merges.length)
    const lengths = bytes.slice(256).map(hex => hex.length / 2)
    expect(tokenizer?.longest.map(each => each.bytes)).toEqual(lengths.toSorted((a, b) => b - a).slice(0, tokenizer?.longest.length))
    expect(tokenizer?.read.all).toBe(true)
    const sum = (tokenizer?.components ?? []).reduce((total, each) => total + each.tokens, 0)
    expect(sum).toBe(row('tokenize').tokens.out)
    expect(tokenizer?.texts.length).toBeGreaterThan(2)
    expect(page).toContain('<h2>Tokenizer</h2>')
  })
})
