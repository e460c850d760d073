/**
 * `npm run docs`: writes docs/config.md from the zod schemas of a config (`--check` only compares). One table a section: field, type,
 * default, what it is. A field of a record stands as `<name>`, of a list as `[]`.
 */
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { configSchema } from '../pipelines/config.ts'
import { settle } from './generated.ts'

interface Json {
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  anyOf?: Json[]
  properties?: Record<string, Json>
  required?: string[]
  items?: Json
  additionalProperties?: Json | boolean
  propertyNames?: Json
  default?: unknown
  description?: string
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  exclusiveMaximum?: number
  minLength?: number
  pattern?: string
}

/** Above this an enumeration is named rather than listed in a cell. */
const listed = 12
const largest = Number.MAX_SAFE_INTEGER

const alternatives = (schema: Json): Json[] => (schema.anyOf ?? [schema]).filter(each => each.type !== 'null')
const nullable = (schema: Json): boolean =>
  (schema.anyOf ?? []).some(each => each.type === 'null') || (Array.isArray(schema.type) && schema.type.includes('null'))
const code = (value: unknown): string => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

function rangeOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Json): string {
  const low = exclusiveMinimum !== undefined ? `> ${exclusiveMinimum}` : minimum !== undefined && minimum > -largest ? `≥ ${minimum}` : ''
  const high = exclusiveMaximum !== undefined ? `< ${exclusiveMaximum}` : maximum !== undefined && maximum < largest ? `≤ ${maximum}` : ''
  return [low, high].filter(Boolean).join(', ')
}

function typeOf(schema: Json): string {
  const named = (one: Json): string => {
    if (one.enum) return one.enum.length > listed ? 'a name from the list below' : one.enum.map(code).join(', ')
    if (one.const !== undefined) return code(one.const)
    if (one.items) return `list of ${typeOf(one.items)}`
    if (one.properties) return 'section'
    if (typeof one.additionalProperties === 'object') return `map to ${typeOf(one.additionalProperties)}`
    const type = (Array.isArray(one.type) ? one.type.find(each => each !== 'null') : one.type) ?? 'anything'
    const range = rangeOf(one)
    return `${type === 'string' ? 'text' : type}${range ? ` ${range}` : ''}`
  }
  const types = [...new Set(alternatives(schema).map(named))]
  return [...types, ...(nullable(schema) ? ['null'] : [])].join(' or ')
}

function defaultOf(schema: Json, required: boolean): string {
  if (schema.default !== undefined)
    return alternatives(schema).some(each => each.properties) && isEmpty(schema.default) ? '' : code(schema.default)
  return required ? 'required' : ''
}
const isEmpty = (value: unknown): boolean => typeof value === 'object' && value !== null && Object.keys(value).length === 0

/** Rows of a section and of what lies inside it, in the order of the schema. */
function rowsOf(schema: Json, prefix: string): string[][] {
  const rows: string[][] = []
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const path = `${prefix}${name}`
    rows.push([`\`${path}\``, typeOf(field), defaultOf(field, schema.required?.includes(name) ?? false), field.description ?? ''])
    for (const each of alternatives(field)) rows.push(...inside(each, path))
  }
  return rows
}

function inside(schema: Json, path: string): string[][] {
  if (schema.properties) return rowsOf(schema, `${path}.`)
  if (schema.items) return alternatives(schema.items).flatMap(each => inside(each, `${path}[]`))
  if (typeof schema.additionalProperties === 'object')
    return alternatives(schema.additionalProperties).flatMap(each => inside(each, `${path}.<name>`))
  return []
}

function table(schema: Json): string {
  const rows = rowsOf(schema, '')
  if (!rows.length) return 'No fields.\n'
  return ['| field | type | default | |', '|---|---|---|---|', ...rows.map(row => `| ${row.map(cell).join(' | ')} |`)]
    .join('\n')
    .concat('\n')
}

/** Enumerations that are too long for a cell, each once: field -> names. */
function longLists(schema: Json, path: string, found = new Map<string, string>()): Map<string, string> {
  for (const names of [schema.enum, schema.propertyNames?.enum]) {
    const text = names?.map(code).join(', ')
    if (names && names.length > listed && text && ![...found.values()].includes(text)) found.set(path, text)
  }
  for (const each of schema.anyOf ?? []) longLists(each, path, found)
  for (const [name, field] of Object.entries(schema.properties ?? {})) longLists(field, path ? `${path}.${name}` : name, found)
  if (schema.items) longLists(schema.items, `${path}[]`, found)
  if (typeof schema.additionalProperties === 'object') longLists(schema.additionalProperties, `${path}.<name>`, found)
  return found
}

const asJson = (schema: z.ZodType): Json => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json

const whole = asJson(await configSchema())
const sections = Object.entries(whole.properties ?? {}).filter(([name]) => name !== '$schema')
const plain = sections.filter(([, schema]) => !alternatives(schema).some(each => each.properties || each.items))
const out = [
  '# Config reference',
  '',
  'Made from the schemas by `npm run docs`; do not edit. How to write a config: [guide.md](guide.md). Editors check and complete one that',
  'begins with `# yaml-language-server: $schema=./schema.json` (VS Code) or `# $schema: ./schema.json` (JetBrains), beside `configs/schema.json`.',
  '',
  'An unknown field, a wrong type or an impossible budget ends a run before it begins: exit code 2, with file, line, what was expected and',
  'what was found. Everything but `name` and `run` is identity: it names what stages make. `run` says how a run is executed and cannot change',
  'a byte.',
  '',
  '## Top level',
  '',
  table({ properties: Object.fromEntries(plain), required: whole.required ?? [] }),
]
for (const [name, schema] of sections) {
  if (plain.some(([other]) => other === name)) continue
  const list = schema.items !== undefined
  const body = alternatives(schema.items ?? schema).find(each => each.properties) ?? {}
  const required = whole.required?.includes(name) ? ' Required.' : ''
  const head = schema.description ?? body.description
  out.push(`## \`${name}${list ? '[]' : ''}\``, '', ...(head || required ? [`${head ? `${head}.` : ''}${required}`.trim(), ''] : []))
  if (name !== 'stages') {
    out.push(table(body))
    continue
  }
  out.push('A stage that is not named runs with its defaults.', '')
  for (const [stage, fields] of Object.entries(body.properties ?? {})) {
    out.push(`### \`stages.${stage}\``, '', ...(fields.description ? [`${fields.description}.`, ''] : []), table(fields))
    for (const [path, names] of longLists(fields, '')) out.push(`Names in \`${path}\`: ${names}.`, '')
  }
}
settle(fileURLToPath(new URL('../docs/config.md', import.meta.url)), `${out.join('\n').trimEnd()}\n`, 'npm run docs')
