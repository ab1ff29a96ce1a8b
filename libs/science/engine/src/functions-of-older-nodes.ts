import util from 'node:util'

/**
 * Gives `node:util` the two functions that tfjs' backend for Node calls at almost every operator
 * (`nodejs_kernel_backend.js`, `TopK.js`) and newer Nodes are parting with: `isNullOrUndefined` is gone since Node 23,
 * and both print a deprecation warning since Node 22 (DEP0051, DEP0044). Nothing else that tfjs or what it loads takes
 * from Node is gone in Node 26. To be called before tfjs computes; it changes the one module object of a process, so
 * that our packages' sources stay as npm has them.
 */
export function provideFunctionsOfOlderNodes(): void {
  Object.assign(util, {
    isNullOrUndefined: (value: unknown): value is null | undefined => value === null || value === undefined,
    isArray: Array.isArray,
  })
}
