import { totalmem } from 'node:os'
import { describe, expect, it } from 'vitest'
import { readDeviceSettings, readGpuWorkerSettings, SettingsInvalid } from './settings.ts'

const needed = { TEMPORAL_ADDRESS: '127.0.0.1:7233', GAUNTLET_ARTIFACTS: 'file:///a', GAUNTLET_CACHE: '/c' }

describe('readGpuWorkerSettings', () => {
  it('refuses to start with database credentials', () => {
    expect(() => readGpuWorkerSettings({ ...needed, DATABASE_URL: 'postgres://x' })).toThrow(
      /must hold no database credentials/,
    )
  })

  it.each(Object.keys(needed))('names %s when it is missing', (name) => {
    expect(() => readGpuWorkerSettings({ ...needed, [name]: undefined })).toThrow(new RegExp(`needs ${name}`))
  })

  it('takes the default pool and namespace', () => {
    expect(readGpuWorkerSettings(needed)).toMatchObject({
      pool: 'default',
      temporal: { address: '127.0.0.1:7233', namespace: 'default' },
    })
  })
})

const gpu = (name: string) => ({ CUDA_VISIBLE_DEVICES: name })

describe('readDeviceSettings', () => {
  it('computes with one thread a device unless told otherwise', () => {
    expect(readDeviceSettings({}, []).devices[0]?.TF_NUM_INTEROP_THREADS).toBe('1')
    const { devices } = readDeviceSettings({ GAUNTLET_DEVICES: '3', GAUNTLET_THREADS: '4' }, [])
    expect(devices.map(({ TF_NUM_INTEROP_THREADS }) => TF_NUM_INTEROP_THREADS)).toEqual(['4', '4', '4'])
    for (const variables of devices) expect(variables).not.toHaveProperty('CUDA_VISIBLE_DEVICES')
  })

  it('shares the memory of the host among processes on CPUs, and leaves that of GPUs to their plugin', () => {
    const shareOf = (devices: string, gpus: Record<string, string>[] = []) =>
      readDeviceSettings({ GAUNTLET_DEVICES: devices }, gpus).devices.map(({ GAUNTLET_DEVICE_MEMORY }) =>
        Number(GAUNTLET_DEVICE_MEMORY),
      )
    const [whole] = shareOf('1')
    expect(whole! / totalmem()).toBeLessThanOrEqual(0.9)
    for (const share of shareOf('3')) expect(share / whole!).toBeCloseTo(1 / 3, 6)
    expect(shareOf('1', [gpu('0')])).toEqual([NaN])
    const { devices } = readDeviceSettings({ GAUNTLET_DEVICES: '1', GAUNTLET_DEVICE_MEMORY: '5000000000' }, [])
    expect(devices[0]!['GAUNTLET_DEVICE_MEMORY']).toBe('5000000000')
  })

  it('gives each GPU a process that sees no other', () => {
    const { devices } = readDeviceSettings({}, ['0', '1', 'GPU-5f'].map(gpu))
    expect(devices.map(({ CUDA_VISIBLE_DEVICES }) => CUDA_VISIBLE_DEVICES)).toEqual(['0', '1', 'GPU-5f'])
  })

  it('lets more processes than GPUs share them, and fewer leave some', () => {
    const gpusOf = (devices: string) =>
      readDeviceSettings({ GAUNTLET_DEVICES: devices }, ['0', '1'].map(gpu)).devices.map(
        ({ CUDA_VISIBLE_DEVICES }) => CUDA_VISIBLE_DEVICES,
      )
    expect(gpusOf('3')).toEqual(['0', '1', '0'])
    expect(gpusOf('1')).toEqual(['0'])
  })

  it.each(['0', '-1', 'two', '1.5', ''])('refuses %j devices', (devices) => {
    expect(() => readDeviceSettings({ GAUNTLET_DEVICES: devices })).toThrow(SettingsInvalid)
  })
})
