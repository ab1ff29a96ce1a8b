/** An image as it is stored: three bytes a pixel, rows from the top, at its own size. */
export interface Rgb8Image {
  /** [height, width, 3], red first. */
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
}
