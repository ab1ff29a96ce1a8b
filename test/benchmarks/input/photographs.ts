import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { uniform } from '@gauntlet/engine/random'
import sharp from 'sharp'

/** Writes JPEG files of 500 × 375 in four classes: soft shapes with grain, about as large as photographs (40 KB). */
export async function writePhotographs(folder: string, count: number): Promise<void> {
  const grain = Uint8Array.from(uniform({ seed: 0, purpose: 'grain' }, 500 * 375 * 3), (value) => 116 + 24 * value)
  for (let i = 0; i < count; i++) {
    const name = join(folder, `class-${i % 4}`)
    mkdirSync(name, { recursive: true })
    const points = Uint8Array.from(uniform({ seed: i, purpose: 'shapes' }, 12 * 9 * 3), (value) => 256 * value)
    const shapes = sharp(points, { raw: { width: 12, height: 9, channels: 3 } }).resize(500, 375, { kernel: 'cubic' })
    const image = sharp(await shapes.png().toBuffer()).composite([
      { input: Buffer.from(grain), raw: { width: 500, height: 375, channels: 3 }, blend: 'overlay' },
    ])
    writeFileSync(join(name, `${i}.jpg`), await image.jpeg({ quality: 90 }).toBuffer())
  }
}
