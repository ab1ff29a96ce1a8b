import { backboneFor, implementedBackbones } from '@gauntlet/backbones'

/** One backbone of each family, in the size that studies use most. */
const chosen = [
  'resnet50.a1_in1k',
  'convnext_tiny.fb_in1k',
  'vit_small_patch16_224.augreg_in21k',
  'deit_tiny_patch16_224.fb_in1k',
  'eva02_tiny_patch14_224.mim_in22k',
  'swin_tiny_patch4_window7_224.ms_in1k',
  'coatnet_0_rw_224.sw_in1k',
  'coat_tiny.in1k',
  'edgenext_small.usi_in1k',
  'mobilevit-small',
  'mobilenetv3_large_100.ra_in1k',
  'efficientnet-b0',
  'regnetx_004.pycls_in1k',
  'tf_efficientnet_lite0.in1k',
]

/** The chosen backbones, and the first of every family that has none among them. */
export function representatives(): string[] {
  const families = new Set(chosen.map((id) => backboneFor(id).family))
  const rest = implementedBackbones.filter((id) => {
    const { family } = backboneFor(id)
    return !families.has(family) && families.add(family)
  })
  return [...chosen, ...rest]
}

/** The side to compare at: `wanted` if the backbone computes with it, else its native side. */
export function sideOf(id: string, wanted: number): number {
  const { native, minimum, step = 1 } = backboneFor(id).resolution
  return wanted >= minimum && wanted % step === 0 && native !== minimum ? wanted : native
}
