/** Reads a small file role of an artifact (a decision, a mixture log) as text. */
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MillraceError } from '../pipelines/errors.ts'
import type { Manifest } from '../storage/artifacts.ts'
import type { Store } from '../storage/store.ts'

export async function unitsFile(store: Store, manifest: Manifest | undefined, role: string): Promise<string> {
  const part = manifest?.roles[role]?.[0]
  if (!manifest || !part)
    throw new MillraceError({
      code: 'ROLE_MISSING',
      kind: 'bug',
      expected: `role ${role}`,
      found: manifest ? `roles ${Object.keys(manifest.roles).join(', ')}` : 'no manifest',
    })
  return readFile(await store.fetch(part.location, join(tmpdir(), `millrace-${process.pid}-${part.content.slice(0, 16)}`)), 'utf8')
}
