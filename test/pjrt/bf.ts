import { ProgramBuilder, tf, bfloat16, float32, float16, uniform } from '@gauntlet/engine'
const n = 64
const a = tf.tensor(uniform({ seed: 1, purpose: 'a' }, n * n), [n, n]), w = tf.tensor(uniform({ seed: 1, purpose: 'b' }, n * n), [n, n])
const img = tf.tensor(uniform({ seed: 1, purpose: 'c' }, 2*8*8*8), [2, 8, 8, 8]), f = tf.tensor(uniform({ seed: 1, purpose: 'd' }, 3*3*8*8), [3, 3, 8, 8])
const b = new ProgramBuilder({ w, f })
b.capture('p', ({ a, img }: any, { w, f }: any) => ({ outputs: { y: tf.matMul(a, w), z: tf.conv2d(img, f, 1, 'same') } }), { a, img })
for (const p of [float32, bfloat16, float16]) { const s = b.load(p); console.log(p.name, s.agreements.get('p')); s.dispose() }
