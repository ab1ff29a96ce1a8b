import { asFloat32, type NamedArray } from '@gauntlet/weights'

/**
 * The image tower of an open_clip checkpoint (mlfoundations/open_clip, transformer.py `VisionTransformer`) under timm's
 * names. Its projection becomes the head, with a bias of zeros, as in timm's own conversion. The text tower and the
 * temperature are dropped. Other checkpoints stay as they are.
 */
export function convertOpenClip(arrays: readonly NamedArray[]): NamedArray[] {
  const bare = arrays.map((array) => ({ ...array, name: array.name.replace(/^module\./, '') }))
  if (!bare.some(({ name }) => name === 'visual.class_embedding')) return [...arrays]
  return bare.filter(({ name }) => !isTextTower(name)).flatMap(converted)
}

/**
 * Whether a tensor of a CLIP belongs to its text tower, or to the comparison of texts with images (open_clip, model.py
 * `CLIP`).
 */
export function isTextTower(name: string): boolean {
  return /^(positional_embedding|text_projection|logit_scale|logit_bias|attn_mask)$|^(token_embedding|transformer|ln_final|text)\./.test(
    name,
  )
}

function converted(array: NamedArray): NamedArray[] {
  const { name, shape } = array
  if (name === 'visual.proj') return headOf(array)
  if (name === 'visual.class_embedding') return [{ ...array, name: 'cls_token', shape: [1, 1, ...shape] }]
  if (name === 'visual.positional_embedding') return [{ ...array, name: 'pos_embed', shape: [1, ...shape] }]
  return [{ ...array, name: renames.reduce((current, [theirs, ours]) => current.replace(theirs, ours), name) }]
}

/** The replacements are made in this order. */
const renames: readonly (readonly [RegExp, string])[] = [
  [/^visual\./, ''],
  [/^conv1\./, 'patch_embed.proj.'],
  [/^transformer\.resblocks\./, 'blocks.'],
  [/^ln_pre\./, 'norm_pre.'],
  [/^ln_post\./, 'norm.'],
  [/\.ln_(\d)\./, '.norm$1.'],
  [/\.in_proj_/, '.qkv.'],
  [/\.out_proj\./, '.proj.'],
  [/\.mlp\.c_fc\./, '.mlp.fc1.'],
  [/\.mlp\.c_proj\./, '.mlp.fc2.'],
]

/** Turns a projection [in, out] into a linear layer: a weight [out, in] and a bias of zeros. */
function headOf(projection: NamedArray): NamedArray[] {
  const [inputs = 0, outputs = 0] = projection.shape
  const values = asFloat32(projection)
  const weight = Float32Array.from(
    { length: inputs * outputs },
    (_, i) => values[(i % inputs) * outputs + Math.floor(i / inputs)]!,
  )
  return [
    { name: 'head.weight', dtype: 'float32', shape: [outputs, inputs], data: weight },
    { name: 'head.bias', dtype: 'float32', shape: [outputs], data: new Float32Array(outputs) },
  ]
}
