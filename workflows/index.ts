/** The workflows that a worker serves. */
export { buildCorpus } from './build-corpus.ts'
export { pretrain } from './pretrain.ts'
export { stage } from './stage.ts'
export { trainModel } from './train-model.ts'
