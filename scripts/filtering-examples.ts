/**
 * `node scripts/with-node.mjs scripts/filtering-examples.ts`: runs ten documents of ten kinds through every stage of a corpus and writes what
 * `explain` and `sweep` say of them, and what the run cost, into docs/filtering.md between its markers. A run of its own, in a folder that
 * is gone afterwards (`--ledger` also runs the quickstart's corpus, some minutes, and writes its costs); ids are hashes of names, so the same documents have the same ids on any machine.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'
import { ordinary } from '../pipelines/canary.ts'
import { Engine, root } from '../test/support/engine.ts'
import { makeReport, type ReportFacts } from '../web/report/index.ts'
import { between } from './generated.ts'

const page = (title: string, body: string) =>
  `<!doctype html><html lang="en"><head><title>${title}</title></head><body><main><article><h1>${title}</h1>${body}</article></main></body></html>`
const paragraphs = (text: string) =>
  text
    .split('\n\n')
    .map(each => `<p>${each}</p>`)
    .join('\n')
const source = readFileSync(join(root, 'pipelines/filter/columns.ts'), 'utf8')
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const finnish =
  'Lautta lähtee saarelle joka aamu seitsemältä, ja talvella se on usein ainoa ääni veden yllä. Useimmat matkustajat ovat kulkeneet sillä vuosia. He tietävät, missä tuuli on heikoin ja mikä penkeistä pysyy kuivana, kun meri tulee kaiteen yli. Kapteeni oppi reitin isältään, joka piti vihkoa jokaisen väylän syvyydestä.'

/** Kind of document -> file of a source, and its content. */
const files: Record<string, string> = {
  'web/ferry.html': page('The morning ferry', paragraphs(ordinary[0] as string)),
  'web/watches.html': page('Cheap watches', `<p>${'Best cheap watches online, buy cheap watches now and save. '.repeat(40)}</p>`),
  'web/lautta.html': page('Lautta', paragraphs(`${finnish} ${finnish.replaceAll('Lautta', 'Vene')}`)),
  'web/notice.html': page('Notice', '<p>The office is closed on Friday. It opens again on Monday at nine.</p>'),
  'code/lists/src/columns.ts': source,
  'code/lists/src/tides.py': `TIDES = [\n${Array.from({ length: 400 }, (_, i) => `    (${i}, ${(i * 0.37).toFixed(2)}, ${(i * 1.91).toFixed(2)}, ${i % 24}),`).join('\n')}\n]\n`,
  'manuals/README.md': readme,
  'books/clocks.txt': [ordinary[3], ordinary[1], ordinary[2]].join('\n\n').repeat(1),
  'letters.jsonl': JSON.stringify({
    kind: 'letter',
    title: 'A letter',
    text: `${ordinary[2]}\n\nWrite to marta@harbour.org or ask at the pier, please; she answers every letter herself.`,
  }),
  'lists.jsonl': JSON.stringify({
    kind: 'list',
    title: 'A list',
    text: Array.from({ length: 60 }, (_, i) => `- item ${i}: ${['the rope', 'a lamp', 'two oars', 'the anchor'][i % 4]}, ${i * 7}`).join(
      '\n',
    ),
  }),
}

const config = `name: examples
sources:
  - { name: web, path: web }
  - { name: code, path: code, kind: code }
  - { name: manuals, path: manuals }
  - { name: books, path: books, kind: book }
  - { name: letters, path: letters.jsonl }
  - { name: lists, path: lists.jsonl }
stages:
  filter:
    profiles: { list: none }
    language: { keep: [en], skipKinds: [code, list] }
    code: {}
    pii: {}
    modules:
      - { path: rules/dialogue.mjs, statistics: [quoted_share], options: { most: 0.5 } }
    expressions:
      - { name: mostly_items, drop: 'bullet_lines > 0.8 && words < 5000', kinds: [list] }
  tokenizer: { vocabulary: 1024, allowFewer: true, partitions: 2 }
`

const asked = [
  'web/ferry.html',
  'web/watches.html',
  'web/lautta.html',
  'web/notice.html',
  'code/lists/src/columns.ts',
  'code/lists/src/tides.py',
  'manuals/README.md',
  'books/clocks.txt',
  'letters/letters.jsonl#0',
  'lists/lists.jsonl#0',
]
const sweeps = [
  ['gopher_short_doc', '--at', '5,20,50,100,200'],
  ['top_2_gram', '--profile', 'millrace', '--samples', '1'],
  ['quoted_share', '--drops', 'above', '--at', '0.1,0.5', '--samples', '1'],
]

/** The corpus of configs/quickstart.yaml without its training: public input that every set-up has. */
function quickstart(): string {
  const config = parse(readFileSync(join(root, 'configs/quickstart.yaml'), 'utf8')) as {
    sources: { path: string }[]
    evaluation: { path: string }[]
  } & Record<string, unknown>
  for (const each of [...config.sources, ...config.evaluation])
    if (each.path.startsWith('../')) each.path = join(root, 'configs', each.path)
  return stringify({ ...config, name: 'ledger', model: undefined, phases: [] })
}

function ledger({ funnel, pricePerCoreHour }: ReportFacts): string {
  const number = (n: number | null, digits = 0) => (n === null ? '–' : n.toLocaleString('en-US', { maximumFractionDigits: digits }))
  const rows = funnel.flatMap(({ node, ledger: own, bytes }) =>
    own
      ? [
          `| ${node} | ${number(own.cpuSeconds, 1)} | ${number(own.bytesIn / 1e6, 1)} | ${number((bytes.out ?? 0) / 1e6, 1)} | ${number(own.coreHoursPerTerabyte)} | ${number(own.dollarsPerTerabyte, 2)} |`,
        ]
      : [],
  )
  return [
    `The corpus of \`configs/quickstart.yaml\`, at $${pricePerCoreHour} a core hour, on the machine that wrote this page. Units are small there, and each pays the start of what it does.`,
    '',
    '| stage | CPU-s | MB read | MB written | core hours/TB | $/TB |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n')
}

const folder = mkdtempSync(join(tmpdir(), 'millrace-examples-'))
const rule = readFileSync(join(root, 'test/fixtures/rules/dialogue.mjs'), 'utf8')
for (const [name, text] of Object.entries({ ...files, 'rules/dialogue.mjs': rule, 'examples.yaml': config })) {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), text)
}
const engine = await Engine.start()
try {
  const { run } = await engine.run({ config: join(folder, 'examples.yaml') })
  const shown = (args: readonly string[]) => {
    const text = execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', join(root, 'cli/main.ts'), ...args], {
      env: engine.env,
      encoding: 'utf8',
    })
    const command = `$ millrace ${args.join(' ')}`
    return [
      '```text',
      command,
      text
        .trimEnd()
        .replaceAll(run, 'examples')
        .replaceAll(/unit [0-9a-f]{32}/g, each => `${each.slice(0, 13)}…`),
      '```',
    ].join('\n')
  }
  const path = fileURLToPath(new URL('../docs/filtering.md', import.meta.url))
  let text = readFileSync(path, 'utf8')
  text = between(text, 'explain', asked.map(name => shown(['explain', name])).join('\n\n'))
  text = between(text, 'sweep', sweeps.map(args => shown(['sweep', ...args])).join('\n\n'))
  text = between(text, 'rule', ['```js', rule.trimEnd(), '```'].join('\n'))
  text = between(text, 'config', ['```yaml', config.trimEnd(), '```'].join('\n'))
  if (process.argv.includes('--ledger')) {
    writeFileSync(join(folder, 'ledger.yaml'), quickstart())
    const made = await engine.run({ config: join(folder, 'ledger.yaml') })
    text = between(text, 'ledger', ledger((await makeReport(engine.store, made.run, { prompts: [] })).facts))
  }
  writeFileSync(path, text)
  const { facts } = await makeReport(engine.store, run, { prompts: [] })
  process.stdout.write(
    `docs/filtering.md: written; ${facts.funnel.length} stages, filter kept ${facts.funnel.find(row => row.node === 'filter')?.documents.out} documents\n`,
  )
} finally {
  await engine.stop()
  rmSync(folder, { recursive: true, force: true })
}
