/** An image at its own size: three bytes a pixel, rows from the top. */
export interface Rgb8Image {
  /** [height, width, 3], red first. */
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
}
