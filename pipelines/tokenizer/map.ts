/**
 * A tokenizer of someone else in our layout of ids: its ordinary tokens, in the order of their ids, become 256, 257, …, so its merges and with
 * them the pieces of every text stay what they were. Of its added tokens the config says which reserved name takes their place; the rest is
 * dropped and listed, since no text yields them anyway.
 */
import { readFile } from 'node:fs/promises'
import type { Pattern } from '../../native/addon/tokenizer.ts'
import { MillraceError } from '../errors.ts'
import { columnOf, type GivenTokenizer } from './given.ts'
import { readGivenFile } from './json.ts'
import { firstByte, reservedNames } from './layout.ts'
import { readTiktokenFile } from './tiktoken.ts'
import type { Vocabulary } from './vocabulary.ts'

const refuse = (where: string, expected: string, found: string, next: string) =>
  new MillraceError({ code: 'TOKENIZER_GIVEN', kind: 'config', expected, found, where, next })

/** From a file: ranks by `.tiktoken`, else tokenizer.json. TOKENIZER_GIVEN, TOKENIZER_FILE. */
export async function readGivenTokenizer(options: {
  path: string
  pattern?: Pattern | undefined
  specials?: Readonly<Record<string, number>> | undefined
}): Promise<GivenTokenizer> {
  const { path, pattern, specials = {} } = options
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw refuse(path, 'a tokenizer file that can be read', error.code ?? error.message, 'name a tokenizer.json or a .tiktoken file')
  })
  if (/\.tiktoken$/i.test(path)) {
    if (!pattern) throw refuse(path, 'a pattern beside ranks, which have none', 'none', 'set `pattern` (given.pattern, --pattern)')
    return readTiktokenFile(text, path, { pattern, specials })
  }
  const given = readGivenFile(text, path)
  if (pattern && pattern !== given.pattern)
    throw refuse(path, `the pattern ${pattern}`, `a file with ${given.pattern}`, 'leave `pattern` out: a tokenizer.json has its own')
  return given
}

/** `map`: name of an added token -> reserved name. TOKENIZER_GIVEN names an entry that fits neither side. */
export function mapGiven(given: GivenTokenizer, map: Readonly<Record<string, string>>): Vocabulary {
  const { offsets, bytes } = given.tokens
  const token = (id: number) => bytes.subarray(offsets[id], offsets[id + 1])
  const special = new Map(Array.from(given.specials, id => [Buffer.from(token(id)).toString(), id] as const))
  const ids: (number | undefined)[] = Array.from({ length: firstByte }, () => undefined)
  const kept = new Set<number>()
  for (const [name, reserved] of Object.entries(map)) {
    const where = `stages.tokenizer.given.map[${JSON.stringify(name)}]`
    const [id, slot] = [special.get(name), reservedNames.indexOf(reserved)]
    if (id === undefined)
      throw refuse(where, `an added token of the file (${[...special.keys()].slice(0, 8).join(', ') || 'it has none'})`, name, 'correct it')
    if (slot < 0) throw refuse(where, 'a reserved name (docs/formats.md)', reserved, 'as </longcat_s> or <longcat_reserved_11>')
    if (ids[slot] !== undefined) throw refuse(where, 'a reserved name for each token', `${reserved} twice`, 'choose another')
    ids[slot] = id
    kept.add(id)
  }
  const forms = reservedNames.map(name => Buffer.from(name) as Uint8Array)
  const ours = new Map<number, number>()
  const isSpecial = new Set(given.specials)
  for (let id = 0; id + 1 < offsets.length; id++) {
    if (isSpecial.has(id) || token(id).length === 0) continue
    ours.set(id, ids.length)
    ids.push(id)
    forms.push(token(id))
  }
  const dropped = [...special].filter(([, id]) => !kept.has(id)).map(([name, id]) => ({ id, name }))
  return {
    tokens: columnOf(forms),
    merges: given.merges.map(id => ours.get(id) as number),
    pattern: given.pattern,
    whole: given.whole,
    nfc: given.nfc,
    given: { ids, dropped: dropped.sort((a, b) => a.id - b.id) },
  }
}
