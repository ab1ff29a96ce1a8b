import '/work/wt/pjrt/libs/science/engine/src/testing/cpu-plugin.ts'
import { ProgramBuilder, tf } from '@gauntlet/engine'
const side = 64
const builder = new ProgramBuilder({ weight: tf.eye(side), total: tf.scalar(0), fixed: tf.ones([side]) })
const step = builder.capture('step', ({ x }: any, { weight, total, fixed }: any) => { const y = tf.matMul(x, weight).add(fixed); return { outputs: { mean: y.mean() }, state: { weight: weight.mul(0.9999), total: total.add(y.sum()) } } }, { x: tf.ones([1, side]) })
const session = builder.finish()
const x = tf.ones([1, side])
for (let k = 0; k < 8; k++) {
  const t = performance.now()
  for (let i = 0; i < 10000; i++) session.run(step, { x }).mean.dispose()
  global.gc?.(); await new Promise((r) => setImmediate(r)); await new Promise((r) => setTimeout(r, 50)); global.gc?.()
  console.log(k, (process.memoryUsage.rss() / 2 ** 20).toFixed(1), JSON.stringify(Object.fromEntries(Object.entries(process.memoryUsage()).map(([a, b]) => [a, Math.round(b / 2 ** 20)]))), tf.memory().numTensors, (performance.now() - t).toFixed(0))
}
