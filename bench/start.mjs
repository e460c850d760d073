#!/usr/bin/env node
/**
 * `npm run bench:start`: what a newcomer waits for. Clones the repository, empties every cache, runs `npm start` twice and prints the time
 * of set-up and of the main job, the peak of resident memory over all processes, and what the second start did.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { at } from '../scripts/steps.mjs'

const folder = mkdtempSync(join(tmpdir(), 'millrace-start-'))
const clone = join(folder, 'millrace')
const mark = `MILLRACE_BENCH=${folder}`
const env = {
  PATH: process.env.PATH,
  HOME: join(folder, 'home'),
  MILLRACE_BENCH: folder,
  XDG_CACHE_HOME: join(folder, 'cache'),
  npm_config_cache: join(folder, 'npm'),
  PIP_CACHE_DIR: join(folder, 'pip'),
  CCACHE_DISABLE: '1',
  ...Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => /^(npm_config_|PIP_|PYENV_|SSL_|NODE_EXTRA|https?_proxy|no_proxy)/i.test(name) && !/cache/i.test(name),
    ),
  ),
}

/** Resident bytes of every process that inherited the mark. */
function resident() {
  let bytes = 0
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark)) continue
      bytes += Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
    } catch {
      // gone meanwhile
    }
  }
  return bytes
}

async function start(name) {
  const began = Date.now()
  let peak = 0
  let output = ''
  const sampler = setInterval(() => {
    peak = Math.max(peak, resident())
  }, 250)
  const child = spawn('npm', ['start'], { cwd: clone, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const keep = data => {
    output += data
    process.stderr.write(data)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const code = await new Promise(resolve => child.on('close', resolve))
  clearInterval(sampler)
  const seconds = (Date.now() - began) / 1000
  const setup = Number(/set-up done in (\d+) s/.exec(output)?.[1] ?? 0)
  return { name, code, seconds, setup, job: seconds - setup, peak, output }
}

const gib = bytes => (bytes / 2 ** 30).toFixed(2)
try {
  const cloned = spawnSync('git', ['clone', '-q', at(), clone])
  if (cloned.status !== 0) throw new Error(String(cloned.stderr))
  const first = await start('first')
  const second = await start('second')
  spawnSync(process.execPath, [join(clone, 'cli', 'millrace.mjs'), 'down'], { cwd: clone, env })
  const line = run =>
    `${run.name} npm start: exit code ${run.code}, ${run.seconds.toFixed(0)} s (set-up ${run.setup} s, main job ${run.job.toFixed(0)} s), peak memory ${gib(run.peak)} GiB`
  process.stdout.write(`\n${line(first)}\n${line(second)}\n`)
  const good =
    first.code === 0 &&
    second.code === 0 &&
    first.setup <= 480 &&
    first.job <= 360 &&
    first.peak <= 4 * 2 ** 30 &&
    second.seconds <= 20 &&
    /\b0 units/.test(second.output)
  process.stdout.write(
    good
      ? 'within the bars: set-up 480 s, main job 360 s, 4 GiB, second start 20 s with 0 units run\n'
      : 'OUTSIDE the bars: set-up 480 s, main job 360 s, 4 GiB, second start 20 s with 0 units run\n',
  )
  process.exitCode = good ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
