/** Arrow IPC files, batches and columns: everything that stages, storage and the command line use. */
export * from './batch.ts'
export * from './builder.ts'
export * from './column.ts'
export { batchDigest, contentOf, schemaDigest } from './digest.ts'
export * from './errors.ts'
export * from './json.ts'
export * from './types.ts'
export * from './write.ts'
