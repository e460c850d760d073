/**
 * `import { defineStage } from 'millrace'`: what a stage outside this repository needs, and what runs one on local files.
 *
 * Nothing here loads native code; a stage of ours does when it runs. Tables and columns: `millrace/arrow`.
 */
export { MillraceError, type QuarantinedRecord } from './errors.ts'
export { canonical, digestOf, fractionOf } from './identity.ts'
export { asPart, type LocalRequest, type LocalResult, runStage } from './local.ts'
export type { Part, Raw } from './plan.ts'
export * as schemas from './schemas.ts'
export {
  type Context,
  defineStage,
  type LocalPart,
  type Operation,
  type OperationKind,
  type PartWriter,
  type RawFile,
  type Role,
  type SourceIdentity,
  type Stage,
} from './stage.ts'
export { stageNames, stageOf } from './stages.ts'
