/** The tables between the operations of `dedup`. Keys are bytes that sort as memcmp does; ids are 16 bytes. */
import { f64, fixed, list, schema, u32, u64 } from '../arrow/index.ts'
import { documentId } from '../schemas.ts'

/** One row a document. `text` is its XXH3-128; `bands` one key a band, empty where the document has no shingle. */
export const signatures = schema({ id: documentId, text: fixed(16), shingles: u32(), bands: list(u64()) })

/** Partitioned by the text's hash. */
export const textKeys = schema({ text: fixed(16), id: documentId })

/** Partitioned by the key. */
export const bandKeys = schema({ key: fixed(8), id: documentId })

/** `partner` is the smallest id of the group. Of an exact group a verdict, of a band an edge between candidates. */
export const pairs = schema({ id: documentId, partner: documentId })

/** Every document that has a candidate, sorted by id. `component` is the smallest id that edges lead to. */
export const components = schema({ id: documentId, component: documentId })

/** Partitioned by the hash of the component. `shingles` sorted, each once. */
export const members = schema({ component: documentId, id: documentId, shingles: list(u64()) })

/** Near duplicates to drop; `partner` is kept. */
export const verdicts = schema({ id: documentId, partner: documentId, similarity: f64() })
