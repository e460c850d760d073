/** The unit child with the tests' stage beside the real ones. */
import { serve } from '../../pipelines/serve.ts'
import type { Stage } from '../../pipelines/stage.ts'
import { stageOf } from '../../pipelines/stages.ts'
import { trouble } from './stage.ts'

await serve(async name => (name === trouble.name ? (trouble as Stage) : stageOf(name)))
