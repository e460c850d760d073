import { domain } from './load.ts'

interface Process {
  dieWithParent(parent: number): boolean
  instructionSet(): string
  instructionSets(): string[]
}

/** Asks the kernel to kill this process when `parent` (a pid) ends. False if it has already ended: leave at once. */
export const dieWithParent = (parent: number): boolean => domain<Process>('process').dieWithParent(parent)
/** The instruction set that kernels run on: `scalar`, `avx2` or `avx512`. */
export const instructionSet = (): string => domain<Process>('process').instructionSet()
/** All that this CPU grants, weakest first. */
export const instructionSets = (): string[] => domain<Process>('process').instructionSets()
