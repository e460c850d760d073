/** Finding and replacing personal data in text columns, off the JavaScript thread; definitions stand in native/text/pii.h. */
import { domain } from './load.ts'
import type { Texts } from './text.ts'

export const piiKinds = ['emails', 'ips', 'phones', 'cards', 'secrets'] as const
export type PiiKind = (typeof piiKinds)[number]
export const piiDefinitions = ['millrace', 'datatrove@0.10', 'dolma-1.5'] as const
export type PiiDefinition = (typeof piiDefinitions)[number]
/** off: not looked for; count: measured alone; drop: a document that has one is dropped. */
export const piiActions = ['off', 'count', 'replace', 'drop'] as const
export type PiiAction = (typeof piiActions)[number]

export interface PiiRules {
  definition: PiiDefinition
  actions: Readonly<Record<PiiKind, PiiAction>>
  /** A document with more, of all kinds together, is dropped. */
  most?: number | undefined
  /** What a kind is replaced by; several take turns, beginning at the document's start modulo their number. */
  replacements: Readonly<Partial<Record<PiiKind, readonly string[]>>>
}

export interface Redaction {
  /** By place in `piiKinds`, one number a text. */
  counts: Uint32Array[]
  /** -1 kept; place in `piiKinds` of the kind that drops it; 5 more than `most`. */
  verdict: Int8Array
  /** Texts that changed, rising. A dropped one does not. */
  edited: Uint32Array
  /** All texts; absent where none changed. */
  text?: Texts
}

interface Native {
  redact(
    offsets: Int32Array,
    bytes: Uint8Array,
    rulesOf: Uint8Array,
    starts: BigUint64Array,
    rules: readonly object[],
    threads: number,
  ): Promise<Redaction>
}

/** Looks through text i by `rules[rulesOf[i]]`. Errors: SHAPE, ARGUMENT, MEMORY (more than 2^31 - 1 bytes of new texts). */
export function redact(
  texts: Texts,
  rulesOf: Uint8Array,
  starts: BigUint64Array,
  rules: readonly PiiRules[],
  threads = 1,
): Promise<Redaction> {
  const flat = rules.map(({ definition, actions, most, replacements }) => ({
    definition: piiDefinitions.indexOf(definition),
    actions: piiKinds.map(kind => piiActions.indexOf(actions[kind])),
    most,
    replacements: piiKinds.map(kind => replacements[kind] ?? []),
  }))
  return domain<Native>('text').redact(texts.offsets, texts.bytes, rulesOf, starts, flat, threads)
}
