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

describe('readDeviceSettings', () => {
  it('computes with one thread a device unless told otherwise', () => {
    expect(readDeviceSettings({}, []).devices[0]?.TF_NUM_INTEROP_THREADS).toBe('1')
    const { devices } = readDeviceSettings({ GAUNTLET_DEVICES: '3', GAUNTLET_THREADS: '4' }, [])
    expect(devices.map(({ TF_NUM_INTEROP_THREADS }) => TF_NUM_INTEROP_THREADS)).toEqual(['4', '4', '4'])
    for (const variables of devices) expect(variables).not.toHaveProperty('CUDA_VISIBLE_DEVICES')
  })

  it('shares the memory of the host among processes on CPUs, and leaves that of GPUs to TensorFlow', () => {
    const shareOf = (devices: string, gpus: string[] = []) =>
      readDeviceSettings({ GAUNTLET_DEVICES: devices }, gpus).devices.map(({ GAUNTLET_DEVICE_MEMORY }) =>
        Number(GAUNTLET_DEVICE_MEMORY),
      )
    const [whole] = shareOf('1')
    expect(whole! / totalmem()).toBeLessThanOrEqual(0.9)
    for (const share of shareOf('3')) expect(share / whole!).toBeCloseTo(1 / 3, 6)
    expect(shareOf('1', ['0'])).toEqual([NaN])
    const { devices } = readDeviceSettings({ GAUNTLET_DEVICES: '1', GAUNTLET_DEVICE_MEMORY: '5000000000' }, [])
    expect(devices[0]!['GAUNTLET_DEVICE_MEMORY']).toBe('5000000000')
  })

  it('gives each GPU a process that sees no other, by its index on the bus', () => {
    const { devices } = readDeviceSettings({}, ['0', '1', 'GPU-5f'])
    expect(devices.map(({ CUDA_VISIBLE_DEVICES }) => CUDA_VISIBLE_DEVICES)).toEqual(['0', '1', 'GPU-5f'])
    expect(new Set(devices.map(({ CUDA_DEVICE_ORDER }) => CUDA_DEVICE_ORDER))).toEqual(new Set(['PCI_BUS_ID']))
  })

  it('lets more processes than GPUs share them, and fewer leave some', () => {
    const gpusOf = (devices: string) =>
      readDeviceSettings({ GAUNTLET_DEVICES: devices }, ['0', '1']).devices.map(
        ({ CUDA_VISIBLE_DEVICES }) => CUDA_VISIBLE_DEVICES,
      )
    expect(gpusOf('3')).toEqual(['0', '1', '0'])
    expect(gpusOf('1')).toEqual(['0'])
  })

  it('declares the form of programs by the kind of device and the precision, unless the user names it', () => {
    const formOn = (variables: Record<string, string>, gpus: string[] = []) =>
      readDeviceSettings({ GAUNTLET_DEVICES: '2', ...variables }, gpus).devices[1]!['GAUNTLET_FORM']
    expect(formOn({})).toBe('plain')
    expect(formOn({}, ['0'])).toBe('xla')
    expect(formOn({ GAUNTLET_PRECISION: 'bfloat16' })).toBe('bfloat16')
    expect(formOn({ GAUNTLET_PRECISION: 'bfloat16' }, ['0'])).toBe('xla-bfloat16')
    expect(formOn({ GAUNTLET_FORM: 'xla' })).toBe('xla')
    expect(() => formOn({ GAUNTLET_FORM: 'fast' })).toThrow('There is no form "fast"; choose from plain, xla, bfloat16')
    expect(() => formOn({ GAUNTLET_PRECISION: 'float8' })).toThrow('give one of float32, bfloat16, float16')
  })

  it.each(['0', '-1', 'two', '1.5', ''])('refuses %j devices', (devices) => {
    expect(() => readDeviceSettings({ GAUNTLET_DEVICES: devices })).toThrow(SettingsInvalid)
  })
})
