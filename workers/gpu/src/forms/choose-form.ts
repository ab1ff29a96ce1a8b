import { formsToTry, formNamed, precisions, type Form, type Precision } from '@gauntlet/engine/forms'
import { installedBuild } from '@gauntlet/engine/installed-build'
import { formVariable } from '@gauntlet/engine/process-form'
import { gpuModel } from '@gauntlet/engine/visible-gpus'
import { writeFileAtomically } from '@gauntlet/files'
import { digestOf } from '@gauntlet/study'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { SettingsInvalid, type DeviceSettings, type DeviceVariables } from '../settings.ts'

/** How a form did, as the measuring process prints it. */
export interface MeasuredForm {
  readonly form: Form['name']
  /** Of one run; null where it cannot be used. */
  readonly seconds: number | null
}

/** Measures forms on a device; the fastest first. */
export type MeasureForms = (forms: readonly string[], device: DeviceVariables) => Promise<MeasuredForm[]>

/**
 * How many times as fast a form must be to be taken for the one that is preferred: less is noise, and workers of one
 * pool must agree.
 */
const worthwhile = 1.1

/**
 * The settings with the form of all programs in the devices' environment: `GAUNTLET_FORM` where the user says so, else
 * the fastest of the precision wanted (`GAUNTLET_PRECISION`: float32 unless told otherwise), measured where there is a
 * choice, once for a kind of device and an engine: the choice is kept in the cache folder. It is part of the
 * environment class, and so of every stage key.
 */
export async function withForm(
  settings: DeviceSettings,
  variables: NodeJS.ProcessEnv,
  measure: MeasureForms = measureInProcess,
): Promise<DeviceSettings> {
  const form = variables[formVariable]
    ? formNamed(variables[formVariable]).name
    : await fastest(settings.devices[0]!, variables, measure)
  return { ...settings, devices: settings.devices.map((device) => ({ ...device, [formVariable]: form })) }
}

async function fastest(
  device: DeviceVariables,
  variables: NodeJS.ProcessEnv,
  measure: MeasureForms,
): Promise<Form['name']> {
  const gpu = device['CUDA_VISIBLE_DEVICES']
  const candidates = formsToTry(gpu !== undefined, precisionWanted(variables)).map(({ name }) => name)
  if (candidates.length === 1) return candidates[0]!
  const kind = { model: gpuModel(gpu!), build: installedBuild(), candidates }
  const cache = variables['GAUNTLET_CACHE']
  const file = cache && join(cache, 'forms', `${digestOf(kind)}.json`)
  const known = file && readMeasured(file)
  if (known) return preferred(candidates, known)
  const measured = await measure(candidates, device)
  if (file) await keepMeasured(file, { ...kind, measured })
  return preferred(candidates, measured)
}

/** The first candidate, unless another one is faster by so much that it is worth it. */
function preferred(candidates: readonly Form['name'][], measured: readonly MeasuredForm[]): Form['name'] {
  const secondsOf = (name: string) => measured.find(({ form }) => form === name)?.seconds ?? Infinity
  return candidates.reduce((best, name) => (secondsOf(name) * worthwhile < secondsOf(best) ? name : best))
}

function precisionWanted(variables: NodeJS.ProcessEnv): Precision {
  const wanted = variables['GAUNTLET_PRECISION'] ?? 'float32'
  const precision = precisions.find((each) => each === wanted)
  if (precision) return precision
  throw new SettingsInvalid(`GAUNTLET_PRECISION is ${JSON.stringify(wanted)}; give one of ${precisions.join(', ')}.`)
}

/** What was measured before; undefined where nothing was, or where the file is damaged. */
function readMeasured(file: string): MeasuredForm[] | undefined {
  try {
    const { measured } = JSON.parse(readFileSync(file, 'utf8')) as { measured?: MeasuredForm[] }
    return Array.isArray(measured) ? measured : undefined
  } catch {
    return undefined
  }
}

async function keepMeasured(file: string, content: object): Promise<void> {
  await writeFileAtomically(file, `${JSON.stringify(content, null, 2)}\n`)
}

/** In a process that computes as a device process does. */
async function measureInProcess(forms: readonly string[], device: DeviceVariables): Promise<MeasuredForm[]> {
  const command = ['--import', 'tsx', join(import.meta.dirname, 'measure-main.ts'), ...forms]
  const { stdout } = await promisify(execFile)(process.execPath, command, { env: { ...process.env, ...device } })
  return JSON.parse(stdout) as MeasuredForm[]
}
