import { speedsFile } from '@gauntlet/client'
import { examine, type Part } from '@gauntlet/infra'
import { writeFileAtomically } from '@gauntlet/files'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import type { DeviceRequest } from '@gauntlet/contract'
import { bugReport } from '../bug-report/bug-report.ts'
import { benchDevice, benchDefaults } from '../device/bench-device.ts'
import { checkDefaults, checkDevice } from '../device/check-device.ts'
import { CommandFailed, Misuse } from '../command-failed.ts'
import { wholeNumber } from '../parse/whole-number.ts'
import { readCommandSettings } from '../settings.ts'
import { renderTable, type Column } from '../print/table.ts'

interface DoctorOptions {
  readonly json?: boolean
  readonly bench?: boolean
  readonly gpu?: boolean
  readonly bundle?: string
  readonly backbones?: string
  readonly resolution?: number
  readonly batch?: number
}

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('report every part that Gauntlet needs: its version, where it is, and what to do where it is missing')
    .option('--json', 'print JSON')
    .option(
      '--bench',
      'measure how many images a second this device computes, so that npx gauntlet plan can say how long a study takes',
    )
    .option(
      '--gpu',
      'check the accelerator that programs run on, in float32 and bfloat16: agreement with the CPU, same bits in two runs, speed beside PyTorch where there is one, memory; prints JSON to send back',
    )
    .option(
      '--backbones <a,b>',
      `with --bench or --gpu: names of backbones, separated by commas (default with --bench: ${benchDefaults.join(', ')}; with --gpu: ${checkDefaults.join(', ')})`,
    )
    .option(
      '--resolution <pixels>',
      "with --bench or --gpu: side of the images (default: each backbone's own)",
      wholeNumber('--resolution', 1, 4_096),
    )
    .option(
      '--batch <images>',
      'with --bench or --gpu: images per batch, more on a large GPU (default: as many as have the pixels of 8 × 224², at most 64)',
      wholeNumber('--batch', 1, 4_096),
    )
    .option(
      '--bundle <file>',
      'write what a bug report needs, with the ends of the logs and without passwords, keys and tokens',
    )
    .action(async ({ json, bench, gpu, bundle, ...what }: DoctorOptions) => {
      if (bundle !== undefined) return writeBundle(bundle)
      if (!bench && !gpu && Object.keys(what).length > 0)
        throw new Misuse('--backbones, --resolution and --batch set what is measured; give --bench or --gpu too.')
      if (bench && gpu) throw new Misuse('--bench and --gpu are two measurements; give one of them.')
      const parts = await examine()
      if (!bench && !gpu) print(json, parts, partColumns)
      if (!bench && !gpu && !json) for (const { note } of parts) if (note) console.log(`\n${note}`)
      requireAll(parts)
      if (bench) await measure(json, what)
      if (gpu) console.log(JSON.stringify(await checkDevice(checkRequest(what)), null, 2))
    })
}

async function writeBundle(file: string): Promise<void> {
  const report = await bugReport(readCommandSettings())
  await writeFileAtomically(resolve(file), `${JSON.stringify(report, null, 2)}\n`, 0o600)
  console.log(`Wrote ${resolve(file)}. Read it before you send it: paths and names of hosts are in it.`)
}

async function measure(json: boolean | undefined, { backbones, resolution, batch }: DoctorOptions): Promise<void> {
  const { home } = readCommandSettings()
  const sizes = { resolution: resolution ?? null, batch: batch ?? null }
  const { device, speeds } = await benchDevice(home, parseBackbones(backbones, benchDefaults), sizes)
  print(json, speeds, speedColumns, { device, speeds })
  if (!json) console.log(`\nMeasured on one device, ${device.device}; saved in ${speedsFile(home)}.`)
}

function checkRequest({ backbones, resolution, batch }: DoctorOptions): DeviceRequest {
  return {
    backbones: parseBackbones(backbones, checkDefaults),
    resolution: resolution ?? null,
    batch: batch ?? null,
  }
}

function requireAll(parts: readonly Part[]): void {
  const missing = parts.filter(({ state }) => state !== 'ok')
  if (missing.length > 0)
    throw new CommandFailed(missing.map(({ part, fix }) => `${part}: ${fix ?? 'run npm run set-up'}`).join('\n'))
}

function print<Row>(
  json: boolean | undefined,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  whole: unknown = rows,
) {
  console.log(json ? JSON.stringify(whole, null, 2) : renderTable(columns, rows))
}

function parseBackbones(text: string | undefined, byDefault: readonly string[]): readonly string[] {
  if (text === undefined) return byDefault
  const ids = text.split(',').map((id) => id.trim())
  if (ids.some((id) => id === ''))
    throw new Misuse(`--backbones is ${JSON.stringify(text)}; give names that commas separate.`)
  return [...new Set(ids)]
}

const partColumns: readonly Column<Part>[] = [
  { heading: 'part', cell: ({ part }) => part },
  { heading: 'state', cell: ({ state }) => state },
  { heading: 'version', cell: ({ version }) => version ?? '–' },
  { heading: 'where', cell: ({ where }) => where ?? '–' },
]

type Speed = Awaited<ReturnType<typeof benchDevice>>['speeds'][number]

/** Images per second, to three digits. */
const speedColumns: readonly Column<Speed>[] = [
  { heading: 'backbone', cell: ({ backbone }) => backbone },
  { heading: 'pixels', align: 'right', cell: ({ resolution }) => `${resolution}²` },
  { heading: 'batch', align: 'right', cell: ({ batch }) => String(batch) },
  { heading: 'forward, images/s', align: 'right', cell: ({ forward }) => threeDigits(forward) },
  { heading: 'input gradient', align: 'right', cell: ({ gradient }) => threeDigits(gradient) },
  { heading: 'training step', align: 'right', cell: ({ update }) => threeDigits(update) },
]

function threeDigits(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)))
}
