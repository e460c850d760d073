/** The order of training rows, the mixture log behind it, and the loader that reads them. */
export { readIndex } from '../shard/layout.ts'
export * from './loader.ts'
export * from './log.ts'
export * from './order.ts'
export * from './weights.ts'
