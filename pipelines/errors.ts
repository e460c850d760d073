/**
 * Errors that teach: a stable code, what was expected, what was found, where, and the next command.
 *
 * `kind` says who is charged: `input` (a byte is wrong: may quarantine a record), `config` (asked wrongly, exit code 2),
 * `resource` (memory, disk, network: the attempt, never the record), `bug` (ours).
 */
export type ErrorKind = 'input' | 'config' | 'resource' | 'bug'

export interface ErrorFields {
  code: string
  kind: ErrorKind
  expected: string
  found: string
  where?: string | undefined
  next?: string | undefined
}

export class MillraceError extends Error {
  readonly code: string
  readonly kind: ErrorKind
  readonly expected: string
  readonly found: string
  readonly where: string | undefined
  readonly next: string | undefined

  constructor(fields: ErrorFields, options?: ErrorOptions) {
    super(
      `${fields.where ? `${fields.where}: ` : ''}expected ${fields.expected}, found ${fields.found}${fields.next ? `. Next: ${fields.next}` : ''}`,
      options,
    )
    this.name = 'MillraceError'
    this.code = fields.code
    this.kind = fields.kind
    this.expected = fields.expected
    this.found = fields.found
    this.where = fields.where
    this.next = fields.next
  }
}

/** A record that cannot be read. Readers give it to `ctx.quarantine`; alone it never fails a unit. */
export interface QuarantinedRecord {
  source: string
  key: string
  /** Byte offset in the file, or row where the format has no bytes to point at. */
  offset: number
  code: string
  message: string
}
