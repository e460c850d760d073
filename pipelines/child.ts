/** The unit child: a process of its own for native work (serve.ts). No Temporal, no store, no credentials in here. */
import { serve } from './serve.ts'
import { stageOf } from './stages.ts'

export type { ChildEvent } from './serve.ts'

await serve(stageOf)
