/**
 * Which id means what, for every Millrace tokenizer: 0-255 special and reserved, 256-511 the bytes in GPT-2's byte order, then merges.
 *
 * Fixed before the first checkpoint. Names exist through the API alone: encoding never looks a name up, so text cannot forge a control token.
 * The C++ side of the byte order is native/tokenizer/layout.h.
 */
export const firstByte = 256
export const firstMerge = 512

const named = [
  '<longcat_unk>',
  '<longcat_s>',
  '</longcat_s>',
  '<longcat_pad>',
  '<longcat_fim_prefix>',
  '<longcat_fim_middle>',
  '<longcat_fim_suffix>',
  '<longcat_repo>',
  '<longcat_file>',
  '<longcat_tool_call>',
  '</longcat_tool_call>',
]

/** Names of ids 0-255. */
export const reservedNames: readonly string[] = Array.from({ length: firstByte }, (_, id) => named[id] ?? `<longcat_reserved_${id}>`)

/** Marks of a document that is told in another order (fim.ts). */
export const fim = { prefix: 4, middle: 5, suffix: 6 } as const

export const special = { unknown: 0, begin: 1, end: 2, padding: 3 } as const

const printable = (byte: number) => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae
const all = Array.from({ length: 256 }, (_, byte) => byte)

/** Bytes in the order of their ids: `byteOrder[i]` is the byte of id 256 + i. */
export const byteOrder: readonly number[] = [...all.filter(printable), ...all.filter(byte => !printable(byte))]

/** The character that stands for a byte in Hugging Face's files (`bytes_to_unicode` of GPT-2). */
const characterOf: readonly string[] = all.map(byte =>
  String.fromCharCode(printable(byte) ? byte : 256 + byteOrder.indexOf(byte) - all.filter(printable).length),
)
const byteOf = new Map(characterOf.map((character, byte) => [character, byte]))

/** Bytes as Hugging Face writes them. */
export function toCharacters(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += characterOf[byte]
  return text
}

/** The other way; undefined if some character stands for no byte. */
export function fromCharacters(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const byte = byteOf.get(text[i] as string)
    if (byte === undefined) return undefined
    bytes[i] = byte
  }
  return bytes
}
