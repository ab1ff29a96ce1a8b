import type { StageCode } from '@gauntlet/contract'
import { digestOf, type Digest } from '@gauntlet/study'
import { expect, it } from 'vitest'
import { descriptionOf } from './describe.ts'
import { SettingsInvalid } from './settings.ts'

const ready = (device: string) => ({ device, environment: { device }, environmentClass: digestOf(device) })
const bundles = {
  digests: async (codes: readonly StageCode[]) =>
    Object.fromEntries(codes.map((code) => [code, digestOf(code)])) as Record<StageCode, Digest>,
}

it('a worker is described by the class its devices share, the host, and the codes that it is asked for', async () => {
  const devices = [ready('gpu H100'), ready('gpu H100')]
  const { environmentClass, host, codeDigests } = await descriptionOf(devices, bundles, ['fine-tune/Swin'])
  expect(environmentClass).toBe(digestOf('gpu H100'))
  expect(host.environmentClass).toBe(digestOf(host.environment))
  expect(codeDigests).toEqual({ 'fine-tune/Swin': digestOf('fine-tune/Swin') })
})

it('a worker whose devices are not alike does not start', async () => {
  const description = descriptionOf([ready('gpu H100'), ready('gpu L4')], bundles, [])
  await expect(description).rejects.toBeInstanceOf(SettingsInvalid)
  await expect(description).rejects.toThrow(/gpu H100 and gpu L4; start a worker for each kind/)
})
