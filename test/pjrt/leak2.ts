import '/work/wt/pjrt/libs/science/engine/src/testing/cpu-plugin.ts'
import { ProgramBuilder, tf } from '@gauntlet/engine'
import { pjrtDevice } from '/work/wt/pjrt/libs/science/engine/src/pjrt/pjrt-device.ts'
import { pjrtAddition } from '/work/wt/pjrt/libs/science/engine/src/pjrt/pjrt-addition.ts'
const a = pjrtAddition()
const builder = new ProgramBuilder({})
builder.capture('step', ({ x }: any) => ({ outputs: { mean: x.mean() } }), { x: tf.ones([64]) })
const d = pjrtDevice()!, p = d.plugin.path
const exe = d.compile('s', builder.lowered().get('step')!.module)
const v = new Float32Array(64)
const b0 = a.upload(p, v, 11, [64])
const o0 = a.run(exe, [b0])[0]!
const works: Record<string, () => void> = {
  upload: () => a.freeTensor(a.upload(p, v, 11, [64])),
  download: () => void a.download(o0),
  run: () => a.run(exe, [b0]).forEach((t) => a.freeTensor(t)),
  tensor: () => tf.tensor(new Float32Array(1), [], 'float32').dispose(),
  isDeleted: () => void a.isDeleted(b0),
}
for (const [name, work] of Object.entries(works)) {
  for (let i = 0; i < 20000; i++) work()
  global.gc?.()
  const r: number[] = []
  for (let k = 0; k < 3; k++) { const before = process.memoryUsage.rss(); for (let i = 0; i < 20000; i++) work(); global.gc?.(); r.push((process.memoryUsage.rss() - before) / 20000) }
  console.log(name, r.map((x) => x.toFixed(0)).join(' '), 'bytes a call')
}
