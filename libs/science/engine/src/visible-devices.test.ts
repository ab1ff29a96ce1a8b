import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { visibleDevices, type DevicePlaces } from './visible-devices.ts'

let folder: string
let places: DevicePlaces
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gauntlet-devices-'))
  places = { nvidia: join(folder, 'nvidia'), windows: join(folder, 'dxg'), amd: join(folder, 'amd') }
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Writes what NVIDIA's driver says of so many GPUs. */
function machineWith(gpus: number): void {
  for (let i = 0; i < gpus; i++) mkdirSync(join(places.nvidia, `0000:0${i + 1}:00.0`), { recursive: true })
}

const seen = (listed?: string) =>
  visibleDevices('cuda', listed === undefined ? {} : { CUDA_VISIBLE_DEVICES: listed }, places).map(
    ({ CUDA_VISIBLE_DEVICES }) => CUDA_VISIBLE_DEVICES,
  )

describe('the GPUs of a machine', () => {
  it('are none without a driver, whatever is asked for', () => {
    expect(seen()).toEqual([])
    expect(seen('0,1')).toEqual([])
  })

  it('are all that the driver lists, each for a process that counts in the order of the bus', () => {
    machineWith(3)
    expect(seen()).toEqual(['0', '1', '2'])
    expect(visibleDevices('cuda', {}, places)[1]).toEqual({
      CUDA_VISIBLE_DEVICES: '1',
      CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    })
  })

  it.each([
    ['2,0', ['2', '0']],
    ['GPU-1abc-de', ['GPU-1abc-de']],
    ['1,-1,0', ['1']],
    ['-1', []],
    ['', []],
  ])('are those that CUDA_VISIBLE_DEVICES=%j lists', (listed, expected) => {
    machineWith(3)
    expect(seen(listed)).toEqual(expected)
  })

  it('are one where Linux runs inside Windows', () => {
    writeFileSync(places.windows, '')
    expect(seen()).toEqual(['0'])
  })

  it("are those nodes of AMD's driver that have SIMD units", () => {
    for (const [node, units] of Object.entries({ 0: 0, 1: 416, 2: 416 })) {
      mkdirSync(join(places.amd, node), { recursive: true })
      writeFileSync(join(places.amd, node, 'properties'), `cpu_cores_count 8\nsimd_count ${units}\nmem_banks_count 1\n`)
    }
    expect(visibleDevices('rocm', {}, places)).toEqual([{ HIP_VISIBLE_DEVICES: '0' }, { HIP_VISIBLE_DEVICES: '1' }])
    expect(visibleDevices('rocm', { HIP_VISIBLE_DEVICES: '1' }, places)).toEqual([{ HIP_VISIBLE_DEVICES: '1' }])
  })
})
