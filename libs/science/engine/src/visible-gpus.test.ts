import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { gpuModel, visibleGpus, type GpuPlaces } from './visible-gpus.ts'

let folder: string
let places: GpuPlaces
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gauntlet-gpus-'))
  places = { gpus: join(folder, 'gpus'), windows: join(folder, 'dxg') }
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Writes what the driver says of GPUs of these models. */
function machineWith(...models: string[]): void {
  models.forEach((model, index) => {
    const place = join(places.gpus, `0000:0${index + 1}:00.0`)
    mkdirSync(place, { recursive: true })
    writeFileSync(join(place, 'information'), `Model: \t\t ${model}\nIRQ:   \t\t 97\nGPU UUID: \t GPU-${index}abc-de\n`)
  })
}

describe('the GPUs of a machine', () => {
  it('are none without a driver, whatever is asked for', () => {
    expect(visibleGpus({}, places)).toEqual([])
    expect(visibleGpus({ CUDA_VISIBLE_DEVICES: '0,1' }, places)).toEqual([])
  })

  it('are all that the driver lists', () => {
    machineWith('NVIDIA H100', 'NVIDIA H100', 'NVIDIA L4')
    expect(visibleGpus({}, places)).toEqual(['0', '1', '2'])
  })

  it.each([
    ['2,0', ['2', '0']],
    ['GPU-1abc-de', ['GPU-1abc-de']],
    ['1,-1,0', ['1']],
    ['-1', []],
    ['', []],
  ])('are those that CUDA_VISIBLE_DEVICES=%j lists', (listed, expected) => {
    machineWith('NVIDIA H100', 'NVIDIA H100', 'NVIDIA L4')
    expect(visibleGpus({ CUDA_VISIBLE_DEVICES: listed }, places)).toEqual(expected)
  })

  it('are none where GAUNTLET_ENGINE is cpu, and one where Linux runs inside Windows', () => {
    machineWith('NVIDIA H100')
    expect(visibleGpus({ GAUNTLET_ENGINE: 'cpu' }, places)).toEqual([])
    writeFileSync(places.windows, '')
    expect(visibleGpus({}, { ...places, gpus: join(folder, 'none') })).toEqual(['0'])
  })

  it('have a model, found by their index on the bus or by their UUID', () => {
    machineWith('NVIDIA H100', 'NVIDIA L4')
    expect(['0', '1', 'GPU-1abc', '2', 'GPU-9'].map((name) => gpuModel(name, places))).toEqual([
      'NVIDIA H100',
      'NVIDIA L4',
      'NVIDIA L4',
      'unknown',
      'unknown',
    ])
  })
})
