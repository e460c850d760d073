/**
 * Rules for the files of source trees: what a program wrote, copied, packed or encoded is dropped, and what people wrote to be read is kept.
 *
 * After The Stack v2 and StarCoder2 (arXiv 2402.19173, section 3): long lines, generated files, share of letters, encoded data, rules by
 * language. What these cannot see is told by paths (paths.ts) and by what lines are made of (native/text/code.h): minified scripts, tables
 * of data in code form, stubs that only import. A file of a kind that is not named here is not measured.
 */
import * as z from 'zod'
import { type CodeStatistic, codeStatistics, measureCode, type SyntaxName, syntaxes } from '../../native/addon/code.ts'
import { type Batch, f64 } from '../arrow/index.ts'
import { numberColumn, textsIn } from './columns.ts'
import { classOfPath, type PathClass } from './paths.ts'
import type { Outcome, Step, Verdict } from './step.ts'

/** What a rule applies to: languages are judged by what their files are made of, not one by one. */
export type Family = 'source' | 'assembly' | 'page' | 'prose' | 'settings' | 'notebook'

const syntaxOfType: Record<string, SyntaxName> = Object.create(null) // a file may end in .constructor
const familyOfType: Record<string, Family> = Object.create(null)
const declare = (syntax: SyntaxName, family: Family, types: string) => {
  for (const type of types.split(' ')) {
    syntaxOfType[type] = syntax
    familyOfType[type] = family
  }
}
declare(
  'slashes',
  'source',
  'c cpp csharp css cuda d dart fsharp glsl go groovy hlsl java javascript kotlin less metal odin php prisma protobuf rust',
)
declare('slashes', 'source', 'sass scala solidity swift systemverilog thrift typescript verilog wgsl zig objective-c mm cxx')
declare('slashes', 'source', 'gleam mlir svelte vue idris pascal ocaml')
declare(
  'hash',
  'source',
  'awk bazel cmake coffeescript dockerfile elixir fish graphql julia make nim nix perl powershell python r ruby shell tcl terraform',
)
declare('dashes', 'source', 'ada agda elm haskell lean lua sql vhdl')
declare('percent', 'source', 'erlang matlab prolog')
declare('semicolon', 'source', 'clojure lisp racket scheme')
declare('none', 'source', 'fortran vim')
declare('hash', 'assembly', 'asm')
declare('markup', 'page', 'html htm xhtml')
declare('markup', 'prose', 'markdown readme md xml')
declare('percent', 'prose', 'tex')
declare('none', 'prose', 'restructuredtext rst text txt')
declare('hash', 'settings', 'yaml')
declare('none', 'settings', 'json')
declare('hash', 'prose', 'toml')
declare('none', 'notebook', 'ipynb')

interface Rule {
  name: string
  statistic: CodeStatistic
  drops: 'above' | 'below'
  threshold: number
  families: readonly Family[]
  /** Asks the rule only where this holds. */
  where?: (value: (statistic: CodeStatistic) => number) => boolean
}

const every = ['source', 'assembly', 'page', 'prose', 'settings', 'notebook'] as const
const source = ['source'] as const
const others = ['assembly', 'page', 'prose', 'settings', 'notebook'] as const

/** In the order in which they are asked, behind paths. The first that fails decides. */
export const codeRules = [
  { name: 'code_empty', statistic: 'code_lines', drops: 'below', threshold: 1, families: every },
  { name: 'code_many_lines', statistic: 'code_lines', drops: 'above', threshold: 100_000, families: every },
  { name: 'code_generated', statistic: 'code_generated', drops: 'above', threshold: 0, families: every },
  { name: 'code_encoded_run', statistic: 'code_encoded_run', drops: 'above', threshold: 1024, families: every },
  { name: 'code_encoded_share', statistic: 'code_encoded_share', drops: 'above', threshold: 0.5, families: every },
  { name: 'code_minified', statistic: 'code_dense', drops: 'above', threshold: 0.5, families: source },
  { name: 'code_long_line', statistic: 'code_longest_line', drops: 'above', threshold: 1000, families: source },
  { name: 'code_long_mean_line', statistic: 'code_mean_line', drops: 'above', threshold: 100, families: source },
  { name: 'code_long_markup_line', statistic: 'code_longest_line', drops: 'above', threshold: 100_000, families: others },
  {
    name: 'code_few_letters',
    statistic: 'code_letters',
    drops: 'below',
    threshold: 0.25,
    families: ['source', 'page', 'prose', 'settings', 'notebook'],
  },
  { name: 'code_few_alphanumerics', statistic: 'code_alphanumerics', drops: 'below', threshold: 0.25, families: ['assembly'] },
  { name: 'code_data', statistic: 'code_data', drops: 'above', threshold: 0.8, families: source },
  { name: 'code_numbers', statistic: 'code_numbers', drops: 'above', threshold: 0.7, families: ['source', 'prose'] },
  { name: 'code_repeated_lines', statistic: 'code_dup_lines', drops: 'above', threshold: 0.7, families: source },
  // A file of imports can be the documentation of a package: then its comments say more than a notice does.
  {
    name: 'code_stub',
    statistic: 'code_substance',
    drops: 'below',
    threshold: 64,
    families: source,
    where: value => value('code_comments') < 256,
  },
  { name: 'code_many_settings', statistic: 'code_lines', drops: 'above', threshold: 512, families: ['settings'] },
  { name: 'code_little_text', statistic: 'code_visible', drops: 'below', threshold: 100, families: ['page'] },
  { name: 'code_mostly_tags', statistic: 'code_visible_share', drops: 'below', threshold: 0.2, families: ['page'] },
] as const satisfies readonly Rule[]

export type CodeRuleName = (typeof codeRules)[number]['name']
const ruleNames = codeRules.map(rule => rule.name) as [CodeRuleName, ...CodeRuleName[]]

/** Plain text in a source tree is data but for these names: StarCoder2's list. */
const readable = /(^|\/)((readme|notes|todo|description|cmakelists)(\.[^./]*)?|[^/]*requirement[^/]*)$/i

const pathClasses = ['vendored', 'built', 'generated', 'lock', 'minified', 'data', 'licence', 'text'] as const
type PathRule = PathClass | 'text'

export const codeSchema = z
  .strictObject({
    kinds: z
      .array(z.string().regex(/^[a-z0-9_-]+$/))
      .default(['code'])
      .describe('Kinds of documents that are judged'),
    paths: z
      .array(z.enum(pathClasses))
      .default([...pathClasses])
      .describe(
        'What a path may say that drops a file: a copy of other work, built, generated, a lock file, minified, data, a licence, plain text',
      ),
    vendored: z.array(z.string().min(1).max(255)).default([]).describe('Further names of folders with copies of other work'),
    rules: z.partialRecord(z.enum(ruleNames), z.number().nullable()).default({}).describe('Threshold by rule; null switches the rule off'),
  })
  .describe('Files of source trees: what is generated, copied, minified, encoded or data is dropped')

export type CodeConfig = z.output<typeof codeSchema>

const extensionOf = (key: string): string => /\.([^./]+)$/.exec(key)?.[1]?.toLowerCase() ?? ''

/** Its language as `extract` named it, else its extension. */
const typeOf = (key: string, type: string | undefined): string => (type !== undefined && familyOfType[type] ? type : extensionOf(key))
const familyOf = (type: string): Family => familyOfType[type] ?? 'prose'

function pathVerdict(key: string, type: string, allowed: ReadonlySet<PathRule>, folders: ReadonlySet<string>): Verdict | undefined {
  const found: PathRule | undefined = classOfPath(key, folders) ?? (isPlainText(type) && !readable.test(key) ? 'text' : undefined)
  return found && allowed.has(found) ? { reason: `code_path_${found}`, value: 1, threshold: 0 } : undefined
}
const isPlainText = (type: string): boolean => type === 'text' || type === 'txt'

/** Judges documents of the kinds named by key, type and text. Fields: codeStatistics. Reasons: code_path_… and the names of codeRules. */
export function codeStep(config: CodeConfig): Step {
  const kinds = new Set(config.kinds)
  const allowed = new Set<PathRule>(config.paths)
  const folders = new Set(config.vendored.map(folder => folder.toLowerCase()))
  const rules: Rule[] = codeRules.flatMap((rule: Rule) => {
    const threshold = config.rules[rule.name as CodeRuleName]
    return threshold === null ? [] : [{ ...rule, threshold: threshold ?? rule.threshold }]
  })
  return {
    name: 'code',
    fields: codeStatistics.map(name => ({ name, type: f64(), nullable: true })),
    async run(batch, { threads }) {
      const { syntax, types, verdicts } = readPaths(batch, kinds, allowed, folders)
      const measured = await measureCode(textsIn(batch.column('text')), syntax, { threads })
      for (const [i, type] of types) if (!verdicts.has(i)) judge(i, familyOf(type), rules, measured, verdicts)
      return { verdicts, measured: codeStatistics.map(name => numberColumn(measured[name])) } satisfies Outcome
    },
  }
}

function readPaths(batch: Batch, kinds: ReadonlySet<string>, allowed: ReadonlySet<PathRule>, folders: ReadonlySet<string>) {
  const [kind, key, type] = [batch.column('kind'), batch.column('key'), batch.column('type')]
  const syntax = new Uint8Array(batch.rows).fill(syntaxes.skipped)
  const types = new Map<number, string>()
  const verdicts = new Map<number, Verdict>()
  for (let i = 0; i < batch.rows; i++) {
    if (!kinds.has(kind.text(i))) continue
    const path = key.text(i)
    const language = typeOf(path, type.isNull(i) ? undefined : type.text(i))
    types.set(i, language)
    syntax[i] = syntaxes[syntaxOfType[language] ?? 'none']
    const verdict = pathVerdict(path, language, allowed, folders)
    if (verdict) verdicts.set(i, verdict)
  }
  return { syntax, types, verdicts }
}

function judge(
  row: number,
  family: Family,
  rules: readonly Rule[],
  measured: Record<CodeStatistic, Float64Array>,
  verdicts: Map<number, Verdict>,
): void {
  const value = (statistic: CodeStatistic) => measured[statistic][row] as number
  for (const { name, statistic, drops, threshold, families, where } of rules) {
    if (!families.includes(family) || (where && !where(value))) continue
    const found = value(statistic)
    if (drops === 'above' ? !(found > threshold) : !(found < threshold)) continue
    verdicts.set(row, { reason: name, value: found, threshold })
    return
  }
}
