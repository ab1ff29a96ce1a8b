import { tf, type Tensor, type Tensor2D, type Tensor3D, type Tensor4D } from '@gauntlet/engine'
import { projectOntoL1AndBox } from './l1-projection.ts'
import { BumpAtlas, bumpOfSide, type Falloff, type PlacedBumps } from './square-bump.ts'
import { windowSides, windowSide, type ImageShape, type SquareMoves } from './square-moves.ts'
import { filledImages, filledWindow, maskOf, signsOf, windowsAt, type WindowFill } from './square-window.ts'

/** What differs between Square in the L2 ball and Square in the L1 ball: how the mass of offsets is measured. */
export interface Mass {
  readonly falloff: Falloff
  /** The norm of each channel, [batch, height, width, channels] → [batch, 1, 1, channels]. */
  ofChannels(offset: Tensor4D): Tensor4D
  /** The norm of each image, [batch, height, width, channels] → [batch, 1, 1, 1]. */
  ofImages(offset: Tensor4D): Tensor4D
  /**
   * The mass that a window may hold: what it and the other window hold, `held` [batch, 1, 1, channels], with its share
   * of what the image, which holds `spent` [batch, 1, 1, 1], has left.
   */
  allowance(held: Tensor4D, spent: Tensor4D, channels: number): Tensor4D
  /** The point at this offset from `origin`, brought into ball and box. */
  pointAt(offset: Tensor4D, origin: Tensor4D): Tensor4D
}

/** Mass in the L2 ball: Euclidean lengths (square.py:305 to :381). */
export function l2Mass(epsilon: number): Mass {
  const lengthOver = (axes: number[]) => (offset: Tensor4D) => offset.square().sum(axes, true).sqrt() as Tensor4D
  const ofImages = lengthOver([1, 2, 3])
  const pointAt = (offset: Tensor4D, origin: Tensor4D) =>
    origin.add<Tensor4D>(offset.mul(tf.div(epsilon, ofImages(offset).add(1e-12)))).clipByValue(0, 1) as Tensor4D
  return {
    falloff: 2,
    ofChannels: lengthOver([1, 2]),
    ofImages,
    allowance: (held, spent, channels) =>
      tf
        .sub<Tensor4D>(epsilon ** 2, spent.square())
        .maximum<Tensor4D>(0)
        .div<Tensor4D>(channels)
        .add<Tensor4D>(held.square())
        .sqrt<Tensor4D>(),
    pointAt,
  }
}

/**
 * Mass in the L1 ball: sums of absolute values (square.py:422 to :501). As in the reference, the allowance of a channel
 * is multiplied by the number of channels (:494); the projection then brings the point into the ball.
 */
export function l1Mass(epsilon: number): Mass {
  const within = epsilon * (1 - 1e-6) // :438, :500
  const pointAt = (offset: Tensor4D, origin: Tensor4D) =>
    projectOntoL1AndBox(origin.add(offset), origin, tf.fill([origin.shape[0]], within))
  return {
    falloff: 4,
    ofChannels: (offset) => offset.abs().sum([1, 2], true),
    ofImages: (offset) => offset.abs().sum([1, 2, 3], true),
    allowance: (held, spent, channels) => tf.sub(epsilon, spent).maximum(0).div(channels).add(held).mul(channels),
    pointAt,
  }
}

/** Keeps a quotient finite (square.py:368). */
const guard = 1e-12

/**
 * Square in the L2 ball (arXiv:1912.00049, algorithm 3) and in the L1 ball (arXiv:2103.01208, appendix), as
 * fra31/auto-attack@a3922004 runs them. It starts from a grid of bumps; each query then moves the mass of two windows
 * into one of them. The norms of windows are taken per channel.
 */
export function bumps(mass: Mass): SquareMoves {
  return {
    startDraws: (shape) => tilesOf(shape).corners.length * (1 + shape[2]),
    start: (origin, draws) => bumpGrid(mass, origin, draws),
    queryDraws: ([, , channels]) => 5 + channels,
    side: (query, shape) => bumpSide(windowSide(query, shape), shape),
    prepared: (sides, draws, shape) => preparedBumps(mass, sides, draws, shape),
    query: (best, origin, prepared) => bumpQuery(mass, best, origin, prepared as PreparedBumps),
  }
}

/** The start: a grid of bumps, each turned or not and with a sign for each channel. */
function bumpGrid(mass: Mass, origin: Tensor4D, draws: Tensor2D): Tensor4D {
  const [batch, height, width, channels] = origin.shape
  const shape: ImageShape = [height, width, channels]
  const { side, corners } = tilesOf(shape)
  const [turns, signs] = tf.split(draws.reshape([batch, corners.length, 1 + channels]), [1, channels], 2) as [
    Tensor,
    Tensor,
  ]
  const turned = turns.greater(0.5).toFloat()
  const signed = signs.mul(2).sub(1).sign()
  const laid = (share: Tensor, isTurned: boolean) =>
    tf.matMul(
      signed
        .mul(share)
        .transpose([0, 2, 1])
        .reshape<Tensor2D>([batch * channels, corners.length]),
      tilesLaidOut(mass, shape, side, corners, isTurned),
    )
  const offset = laid(tf.sub(1, turned), false).add(laid(turned, true))
  return mass.pointAt(offset.reshape([batch, channels, height, width]).transpose([0, 2, 3, 1]), origin)
}

/** A query's windows and bumps. */
type PreparedBumps = {
  readonly bump: PlacedBumps
  /** The window that the mass goes to, and the other one. */
  readonly mask: WindowFill
  readonly otherMask: WindowFill
}

function preparedBumps(mass: Mass, given: Tensor2D, draws: Tensor3D, shape: ImageShape): PreparedBumps {
  // The check of a captured program perturbs its inputs, and a side is used as an index.
  const sides = given.round<Tensor2D>()
  const channels = shape[2]
  const [first, second, turn, signs] = tf.split(draws, [2, 2, 1, channels], 2) as [
    Tensor3D,
    Tensor3D,
    Tensor3D,
    Tensor3D,
  ]
  const [windows, others] = [windowsAt(shape, sides, first), windowsAt(shape, sides, second)]
  const turned = turn.greater(0.5).squeeze<Tensor2D>([2])
  return {
    bump: atlasOf(mass, shape).placed(windows, sides, turned, signsOf(signs)), // :187
    mask: maskOf(windows, channels),
    otherMask: maskOf(others, channels),
  }
}

/** The point of a query: the mass of two windows is moved into the first, in the shape of what it holds and a bump. */
function bumpQuery(mass: Mass, best: Tensor4D, origin: Tensor4D, prepared: PreparedBumps): Tensor4D {
  const [batch, height, width, channels] = origin.shape
  const offset = best.sub(origin) as Tensor4D
  const bump = atlasOf(mass, [height, width, channels]).bumps(prepared.bump, origin.shape)
  const [mask, otherMask] = [filledWindow(prepared.mask, origin.shape), filledWindow(prepared.otherMask, origin.shape)]
  const inside = offset.mul(mask) as Tensor4D
  const insideBoth = offset.mul(mask.maximum(otherMask)) as Tensor4D
  const everywhere = (ofChannels: Tensor) => filledImages(ofChannels.reshape([batch, channels]), origin.shape)
  const shapeOfWindow = bump.add<Tensor4D>(inside.div(everywhere(mass.ofChannels(inside).add(guard))))
  const scale = mass
    .allowance(mass.ofChannels(insideBoth), mass.ofImages(offset), channels)
    .div(mass.ofChannels(shapeOfWindow).add(guard))
  return mass.pointAt(offset.sub(insideBoth).add(shapeOfWindow.mul(everywhere(scale))), origin)
}

/** At least 3, then odd, and at most the image (square.py:341 to :344). */
function bumpSide(side: number, [height, width]: ImageShape): number {
  const least = Math.max(side, 3)
  return Math.min(least + 1 - (least % 2), height, width)
}

const atlases = new Map<string, BumpAtlas>()

/** The bumps of all queries on images of this shape, which are computed once. */
function atlasOf({ falloff }: Mass, shape: ImageShape): BumpAtlas {
  const name = `${falloff} ${shape.join(' ')}`
  const known = atlases.get(name)
  if (known) return known
  const atlas = new BumpAtlas(
    falloff,
    windowSides(shape).map((side) => bumpSide(side, shape)),
  )
  atlases.set(name, atlas)
  return atlas
}

/**
 * The grid of the start: tiles whose side is a fifth of the height and at least one pixel, as many as fit
 * (square.py:307 to :317).
 */
function tilesOf([height, width]: ImageShape): { side: number; corners: [number, number][] } {
  const side = Math.max(Math.floor(height / 5), 1)
  const margin = Math.max(Math.floor((height - side * 5) / 2), 0)
  const rows = Array.from({ length: Math.floor(height / side) }, (_, i) => margin + i * side)
  const columns = Array.from({ length: Math.floor(width / side) }, (_, i) => margin + i * side)
  return { side, corners: rows.flatMap((row) => columns.map((column): [number, number] => [row, column])) }
}

/**
 * Every tile's bump in an image of its own, [tiles, height · width]. What lies beyond the image is cut off, where the
 * reference fails.
 */
function tilesLaidOut(
  mass: Mass,
  [height, width]: ImageShape,
  side: number,
  corners: [number, number][],
  turned: boolean,
): Tensor2D {
  const bump = bumpOfSide(mass.falloff, side)
  const canvas = new Float32Array(corners.length * height * width)
  corners.forEach(([top, left], tile) => {
    for (let i = 0; i < Math.min(side, height - top); i++) {
      for (let j = 0; j < Math.min(side, width - left); j++) {
        canvas[(tile * height + top + i) * width + left + j] = turned ? bump[j * side + i]! : bump[i * side + j]!
      }
    }
  })
  return tf.tensor2d(canvas, [corners.length, height * width])
}
