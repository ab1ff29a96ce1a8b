/** How often one image goes through the model, by what is asked of it. */
export interface Passes {
  /** Forward alone. */
  readonly forward: number
  /** Forward, and backward to the pixels. */
  readonly gradient: number
  /** Forward, and backward to the parameters: an image's share of an optimiser step. */
  readonly update: number
}
