import type { Command } from 'commander'
import type { Pattern } from '../../native/addon/tokenizer.ts'
import { usage } from '../usage.ts'

interface Options {
  tokenizer: string
  pattern?: string
  output?: string
  json?: boolean
}

/** Of a file; a page of more is none that anybody reads. */
const mostBytes = 2 ** 20

export function add(program: Command): void {
  program
    .command('tokens')
    .description('Show texts in the tokens that they become')
    .argument('<file...>', 'files of UTF-8 text; - is standard input')
    .requiredOption('--tokenizer <file>', 'a tokenizer.json, ours or of Hugging Face, or ranks (.tiktoken)')
    .option('--pattern <name>', 'of ranks: which pattern cuts pieces (gpt2, cl100k, o200k, …)')
    .option('--output <page>', 'where to write the page with tokens in colour (.html)')
    .option('--json', 'print ids and tokens as JSON, and write no page')
    .addHelpText(
      'after',
      '\nExamples:\n  millrace tokens README.md --tokenizer tokenizer.json --output tokens.html\n  echo "Hello" | millrace tokens - --tokenizer tokenizer.json --json',
    )
    .action(runTokens)
}

async function runTokens(files: string[], options: Options): Promise<void> {
  if (!options.json && !options.output) throw usage('--output', 'a page to write, or --json', 'neither')
  const { patterns, Tokenizer } = await import('../../pipelines/tokenizer/api.ts')
  const { shownToken } = await import('../../web/report/tokenizer.ts')
  const pattern = options.pattern === undefined ? undefined : patterns.find(name => name === options.pattern)
  if (options.pattern !== undefined && !pattern) throw usage('--pattern', patterns.join(', '), options.pattern)
  const tokenizer = await Tokenizer.open(options.tokenizer, pattern ? { pattern: pattern as Pattern } : {})
  const texts = []
  for (const file of files) {
    const bytes = await read(file)
    if (bytes.length > mostBytes) throw usage(file, `at most ${mostBytes} bytes of text`, String(bytes.length))
    const ids = await tokenizer.encode(bytes)
    texts.push({ name: file, kind: 'text', pieces: Array.from(ids, id => ({ id, text: shownToken(tokenizer.token(id)) })) })
  }
  const { json, number, out, safe } = await import('../output.ts')
  if (options.json) return json(texts.map(({ name, pieces }) => ({ name, pieces })))
  const { writeFile } = await import('node:fs/promises')
  const { tokensPage } = await import('../../web/report/tokenizer-section.ts')
  const path = options.output as string
  await writeFile(path, await tokensPage(files.length === 1 ? (files[0] as string) : 'Tokens', texts)).catch(
    (error: NodeJS.ErrnoException) => {
      throw usage('--output', 'a file that can be written', `${path} (${error.code})`)
    },
  )
  out(`${safe(path)}: ${number(texts.reduce((sum, { pieces }) => sum + pieces.length, 0))} tokens`)
}

async function read(file: string): Promise<Uint8Array> {
  const { readFile } = await import('node:fs/promises')
  return readFile(file === '-' ? '/dev/stdin' : file).catch((error: NodeJS.ErrnoException) => {
    throw usage('file', 'a file that can be read', `${file} (${error.code})`)
  })
}
