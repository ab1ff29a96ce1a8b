/**
 * Registers each kernel of this copy of the engine with tfjs, again where another copy has registered its own since.
 */
export const kernelRegistrations: (() => void)[] = []
