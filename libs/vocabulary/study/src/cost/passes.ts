/** Passes of single images through the model, by kind. */
export interface Passes {
  /** Forward passes alone. */
  readonly forward: number
  /** Forward passes with a backward pass to the pixels. */
  readonly gradient: number
  /** Forward passes with a backward pass to the parameters: an image's share of an optimiser step. */
  readonly update: number
}
