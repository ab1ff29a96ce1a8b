import { backboneFor, implementedArchitectures } from '@gauntlet/backbones'
import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import listed from './state-dicts.json' with { type: 'json' }

/** The image tower that open_clip makes of timm's convnext_base. */
const ofOpenClip = ['convnext_base_w']

it('knows the tensors of every architecture', () => {
  expect([...Object.keys(listed), ...ofOpenClip].sort()).toEqual([...implementedArchitectures].sort())
})

it.each(Object.entries(listed))(
  '%s has the names, shapes and order of its reference’s state dictionary',
  (id, sha256) => {
    const lines = backboneFor(id)
      .specifications(5)
      .map(({ name, shape }) => `${name} ${shape.join(',')}`)
    expect(createHash('sha256').update(lines.join('\n')).digest('hex')).toBe(sha256)
  },
)
