/** Writes a unit's part of a role: regroups rows into record batches of constant size, so that where rows came from leaves no trace. */
import type { Batch, Schema } from './arrow/index.ts'
import { ArrowWriter, concat } from './arrow/index.ts'
import { MillraceError } from './errors.ts'
import { batchBytes, batchRows } from './schemas.ts'
import type { PartWriter } from './stage.ts'

export interface WrittenPart {
  role: string
  path: string
  extension: string
  content: string
  sha256: string
  rows: number
  bytes: number
  schema?: string
  batches?: { rows: number; bytes: number; content: string }[]
}

export class RegroupingWriter implements PartWriter {
  #pending: Batch[] = []
  #rows = 0
  #bytes = 0
  #partitions = 0
  #writer: ArrowWriter
  #seen: ((batch: Batch) => void) | undefined
  readonly role: string
  readonly path: string

  private constructor(role: string, path: string, writer: ArrowWriter, seen: ((batch: Batch) => void) | undefined) {
    this.role = role
    this.path = path
    this.#writer = writer
    this.#seen = seen
  }

  /** `seen` is told of every batch that is appended, as it came. */
  static async open(
    role: string,
    path: string,
    schema: Schema,
    compression: 'zstd' | 'none',
    seen?: (batch: Batch) => void,
  ): Promise<RegroupingWriter> {
    return new RegroupingWriter(role, path, await ArrowWriter.open(path, schema, { compression }), seen)
  }

  async append(batch: Batch): Promise<void> {
    this.#seen?.(batch)
    let rest = batch
    while (rest.rows) {
      const perRow = Math.max(1, rest.byteLength / rest.rows)
      const room = Math.max(1, Math.min(batchRows - this.#rows, Math.floor((batchBytes - this.#bytes) / perRow)))
      const taken = room >= rest.rows ? rest : rest.slice(0, room)
      this.#pending.push(taken)
      this.#rows += taken.rows
      this.#bytes += taken.byteLength
      if (this.#rows >= batchRows || this.#bytes + perRow > batchBytes) await this.#flush()
      if (taken === rest) break
      rest = rest.slice(room, rest.rows)
    }
  }

  async appendPartition(batch: Batch): Promise<void> {
    this.#partitions++
    await this.#writer.append(batch)
  }

  async close(partitions: number | undefined): Promise<WrittenPart> {
    await this.#flush()
    if (partitions !== undefined && this.#partitions !== partitions) {
      throw new MillraceError({
        code: 'SHUFFLE_PARTITIONS',
        kind: 'bug',
        expected: `a shuffle to write ${partitions} partitions`,
        found: String(this.#partitions),
        where: `role ${this.role}`,
      })
    }
    const written = await this.#writer.close()
    return { role: this.role, path: this.path, extension: 'arrow', ...written }
  }

  /** Closes the file without finishing it: after an error. */
  discard = (): Promise<void> => this.#writer.discard()

  async #flush(): Promise<void> {
    if (!this.#rows) return
    const [first] = this.#pending
    const batch = this.#pending.length === 1 && first ? first : concat(this.#pending)
    this.#pending = []
    this.#rows = 0
    this.#bytes = 0
    await this.#writer.append(batch)
  }
}
