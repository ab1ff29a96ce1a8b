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

/** The result of one form, as the measuring process prints it. */
export interface MeasuredForm {
  readonly form: Form['name']
  /** The seconds of one run; null where the form cannot be used. */
  readonly seconds: number | null
}

/** Measures forms on a device; the fastest first. */
export type MeasureForms = (forms: readonly string[], device: DeviceVariables) => Promise<MeasuredForm[]>

/**
 * How many times as fast as the preferred form another one must be to be chosen. A smaller gain may be noise, and the
 * workers of a pool must choose alike.
 */
const worthwhile = 1.1

/**
 * Adds the form of all programs to the environment of the devices. `GAUNTLET_FORM` sets it; otherwise it is the fastest
 * form of the wanted precision (`GAUNTLET_PRECISION`, by default float32). Where several are possible they are
 * measured, once for each kind of device and engine, and the result is kept in the cache folder. The form is part of
 * the environment class, and so of every stage key.
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

/** The first candidate, unless another one is faster by at least `worthwhile`. */
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

/** Measures in a process that computes as a device process does. */
async function measureInProcess(forms: readonly string[], device: DeviceVariables): Promise<MeasuredForm[]> {
  const command = ['--import', 'tsx', join(import.meta.dirname, 'measure-main.ts'), ...forms]
  const { stdout } = await promisify(execFile)(process.execPath, command, { env: { ...process.env, ...device } })
  return JSON.parse(stdout) as MeasuredForm[]
}
