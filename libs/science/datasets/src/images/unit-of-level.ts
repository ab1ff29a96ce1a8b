/** level / 255 in float32, by level. */
export const unitOfLevel = Float32Array.from({ length: 256 }, (_, level) => level / 255)
