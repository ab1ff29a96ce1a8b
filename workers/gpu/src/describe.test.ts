import { digestOf } from '@gauntlet/study'
import { expect, it } from 'vitest'
import { descriptionOf } from './describe.ts'
import { SettingsInvalid } from './settings.ts'

const ready = (device: string) => ({ device, environment: { device }, environmentClass: digestOf(device) })

it('a worker is described by the class its devices share', () => {
  const { environmentClass, codeDigests } = descriptionOf([ready('gpu H100'), ready('gpu H100')])
  expect(environmentClass).toBe(digestOf('gpu H100'))
  expect(Object.keys(codeDigests)).toHaveLength(5)
})

it('a worker whose devices are not alike does not start', () => {
  expect(() => descriptionOf([ready('gpu H100'), ready('gpu L4')])).toThrow(SettingsInvalid)
  expect(() => descriptionOf([ready('gpu H100'), ready('gpu L4')])).toThrow(
    /gpu H100 and gpu L4; start a worker for each kind/,
  )
})
