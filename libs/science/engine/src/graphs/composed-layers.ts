import { isFloat32, sameReference, type GraphNode, type Reference } from './graph.ts'

/** A layer that several nodes compute together. */
export interface ComposedLayer {
  readonly inputs: readonly Reference[]
  /** The nodes before the last one, and how often the layer reads each. */
  readonly inner: readonly (readonly [node: GraphNode, reads: number])[]
}

/** x Φ(x) by the error function (`gelu`), from its last node. The layer reads its input twice. */
export function geluOf(last: GraphNode): ComposedLayer | undefined {
  const [x, half] = inputsOf(last, 'Mul')
  const [plusOne] = inputsOf(half, 'Mul', 0.5)
  const [erf] = inputsOf(plusOne, 'AddV2', 1)
  const [scaled] = inputsOf(erf, 'Erf')
  const [same] = inputsOf(scaled, 'Mul', Math.SQRT1_2)
  if (!x || !same || !sameReference(x, same)) return undefined
  return { inputs: [x], inner: [half!, plusOne!, erf!, scaled!].map(({ node }) => [node, 1]) }
}

/** Layer normalisation of a matrix's rows (`normaliseLayer`), from its last node: of x, scale and offset. */
export function layerNormalisationOf(last: GraphNode): (ComposedLayer & { readonly epsilon: number }) | undefined {
  const [scaled, offset] = inputsOf(last, 'BiasAdd')
  const [normal, scale] = inputsOf(scaled, 'Mul')
  const [centred, inverse] = inputsOf(normal, 'Mul')
  const [sum] = inputsOf(inverse, 'Rsqrt')
  const [variance, epsilon] = inputsOf(sum, 'AddV2')
  const [square] = inputsOf(variance, 'Mean')
  const [same] = inputsOf(square, 'Square')
  const [x, mean] = inputsOf(centred, 'Sub')
  const [summed] = inputsOf(mean, 'Mean')
  const number = scalarOf(epsilon)
  if (number === undefined || !same || !sameReference(centred!, same) || !summed || !sameReference(x!, summed))
    return undefined
  const inner: [Reference, number][] = [
    ...[scaled!, normal!, inverse!, sum!, variance!, square!, mean!].map((each): [Reference, number] => [each, 1]),
    [centred!, 2],
  ]
  return { inputs: [x!, scale!, offset!], inner: inner.map(([{ node }, reads]) => [node, reads]), epsilon: number }
}

/** The inputs of a node of this float32 operator, if that is what it is and its second input, where given, is this. */
function inputsOf(of: GraphNode | Reference | undefined, operator: string, second?: number): readonly Reference[] {
  const node = of && 'node' in of ? of.node : of
  if (node?.operator !== operator || !isFloat32(node)) return []
  return second === undefined || scalarOf(node.inputs[1]) === Math.fround(second) ? node.inputs : []
}

/** The value of a float32 constant of one element. */
function scalarOf(reference: Reference | undefined): number | undefined {
  const value = reference?.node.attributes['value']
  if (!value || !('constant' in value) || value.constant.shape.length > 0) return undefined
  const { buffer, byteOffset } = value.constant.content
  return new DataView(buffer, byteOffset).getFloat32(0, true)
}
