import type { Command } from 'commander'
import { bytes, dim, duration, green, json, number, out, safe, table, yellow } from '../output.ts'
import type { PlannedNode, RunPlan } from '../plan.ts'

export function add(program: Command): void {
  program
    .command('plan')
    .description('What a run would do: per step reuse, run or stale, and because of what. Needs no server')
    .argument('<config>', 'a YAML file')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExample:\n  millrace plan configs/quickstart.yaml')
    .action(async (config: string, options: { json?: boolean }) => {
      const { readConfig } = await import('../config.ts')
      await readConfig(config)
      const { planRun } = await import('../plan.ts')
      const plan = await planRun(config)
      if (options.json) json(plan)
      else out(planText(plan))
    })
}

function planText(plan: RunPlan): string {
  const { input, disk } = plan
  const lines = [
    `${plan.name}: ${number(input.files)} input files, ${bytes(input.bytes)}; store ${safe(plan.store)}`,
    dim(plan.comparedWith ? `compared with run ${plan.comparedWith}` : 'no earlier run of this name in the store'),
    ...input.notes.map(note => yellow(safe(note))),
    '',
    table(
      [
        ['step', '', 'units', 'reads', 'CPU before', 'because'].map(dim),
        ...plan.nodes.filter(node => !isTraining(node)).map(nodeRow),
        ...trainingRows(plan.nodes),
      ],
      '  ',
    ),
    '',
  ]
  const todo = plan.nodes.filter(node => node.state !== 'reuse')
  const cpu = todo.reduce((sum, node) => sum + (node.cpuSeconds ?? 0), 0)
  if (!todo.length) lines.push(`  everything is there: a run would do nothing`)
  else
    lines.push(
      `  ${number(todo.length)} of ${number(plan.nodes.length)} steps to run${cpu ? `, at most ${duration(cpu)} of CPU by what they cost before` : ''}`,
    )
  if (disk.needed) {
    const short = disk.free !== null && disk.free < disk.needed
    const text = `  about ${bytes(disk.needed)} of disk wanted${disk.free === null ? '' : `, ${bytes(disk.free)} free`}`
    lines.push(short ? yellow(`${text}: the run would be refused`) : text)
  }
  return lines.join('\n')
}

function nodeRow(node: PlannedNode): string[] {
  const states = { reuse: green('reuse'), run: 'run', stale: yellow('stale') }
  const { units } = node
  return [
    node.id,
    states[node.state],
    units ? (units.existing ? `${number(units.total - units.existing)} of ${number(units.total)}` : number(units.total)) : '',
    node.bytesIn === undefined ? '' : bytes(node.bytesIn),
    node.state !== 'reuse' && node.cpuSeconds ? `${node.cpuSeconds.toFixed(1)} s` : '',
    node.because.map(reason => safe(reason)).join('; '),
  ]
}

const isTraining = ({ stage }: PlannedNode): boolean => ['initialize', 'train', 'grow', 'decide', 'evaluate'].includes(stage)

/** Training has a step for every segment, evaluation and decision: one row a phase, with the reason of its first step. */
function trainingRows(nodes: readonly PlannedNode[]): string[][] {
  const phases = new Map<string, PlannedNode[]>()
  for (const node of nodes.filter(isTraining)) {
    const phase = /^[a-z]+-(.+?)(-\d+)?$/.exec(node.id)?.[1] ?? node.id
    phases.set(phase, [...(phases.get(phase) ?? []), node])
  }
  return [...phases].map(([phase, steps]) => {
    const todo = steps.filter(node => node.state !== 'reuse')
    const cpu = todo.reduce((sum, node) => sum + (node.cpuSeconds ?? 0), 0)
    const row = nodeRow({
      ...(todo[0] ?? (steps[0] as PlannedNode)),
      id: phase === 'initialize' ? phase : `train ${phase}`,
      cpuSeconds: cpu,
    })
    return row.with(2, todo.length ? `${number(todo.length)} of ${number(steps.length)} steps` : '').with(3, '')
  })
}
