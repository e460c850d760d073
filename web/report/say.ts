/** The child of generated.ts: requests as JSON in, texts as JSON out. */
import { type GenerateRequest, generate } from '../../pipelines/generate.ts'

try {
  const said: { prompt: string; text: string }[] = []
  for (const request of JSON.parse(process.argv[2] ?? '[]') as GenerateRequest[])
    said.push({ prompt: request.prompt, text: (await generate(request)).text })
  process.stdout.write(JSON.stringify(said))
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exitCode = 1
}
