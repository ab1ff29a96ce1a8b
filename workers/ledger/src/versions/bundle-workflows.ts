import type { Digest } from '@gauntlet/study'
import { bundleWorkflowCode, DefaultLogger, type BundleOptions } from '@temporalio/worker'
import { createHash } from 'node:crypto'
import { basename, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Workflows as the sandbox runs them. */
export interface WorkflowBuild {
  /** The digest of `code`, which names the version of the Worker Deployment. */
  readonly buildId: Digest
  readonly code: string
}

type WebpackConfiguration = Parameters<NonNullable<BundleOptions['webpackConfigHook']>>[0]
type Plugin = Extract<NonNullable<NonNullable<WebpackConfiguration['plugins']>[number]>, { apply: unknown }>

const ownCheckout = resolve(import.meta.dirname, '../../../..')
const ownWorkflows = fileURLToPath(import.meta.resolve('@gauntlet/workflows'))

/** Modules that all workflows of a sandbox share, since they keep no state of any: each would load its own else. */
const sharedModules = ['@gauntlet/workflows/short-stacks', '@gauntlet/study', '@gauntlet/contract']

/** What the code ends with before its source map. */
const mapComment = '//# sourceMappingURL='

/** The source map of code that is kept without one: the worker takes no code that has none. */
const noMap = Buffer.from(
  JSON.stringify({ version: 3, file: 'workflows.js', sources: [], names: [], mappings: '' }),
).toString('base64')

/**
 * Bundles the workflows, their vocabulary and the workflow API that they rest on. Comments are left out, and modules
 * are named by their places in the checkout or by their packages, so that equal workflows have equal bytes wherever
 * the checkout lies, and an edited comment makes no other build.
 */
export async function bundleWorkflows(workflowsPath = ownWorkflows, checkout = ownCheckout): Promise<WorkflowBuild> {
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    preloadModules: sharedModules,
    logger: new DefaultLogger('ERROR'),
    webpackConfigHook: (configuration) => withoutPaths(configuration, checkout),
  })
  return buildOf(code.slice(0, code.lastIndexOf(mapComment)))
}

/** A build by its code. */
export function buildOf(code: string): WorkflowBuild {
  return { buildId: createHash('sha256').update(code).digest('hex'), code }
}

/** The code of a build as a worker takes it. */
export function runnableCode({ code }: WorkflowBuild): string {
  return `${code}${mapComment}data:application/json;base64,${noMap}\n`
}

function withoutPaths(configuration: WebpackConfiguration, checkout: string): WebpackConfiguration {
  return {
    ...configuration,
    context: checkout,
    output: { ...configuration.output, pathinfo: false, uniqueName: 'gauntlet' },
    optimization: { ...configuration.optimization, moduleIds: false },
    module: { ...configuration.module, rules: (configuration.module?.rules ?? []).map(withoutComments) },
    plugins: [...(configuration.plugins ?? []), namedByPlace(checkout)],
  }
}

type Rule = NonNullable<NonNullable<WebpackConfiguration['module']>['rules']>[number]

/** The rule that compiles TypeScript, told to write neither comments nor white space; other rules as they are. */
function withoutComments(rule: Rule): Rule {
  if (typeof rule !== 'object' || rule === null || typeof rule.use !== 'object' || !('loader' in rule.use!)) return rule
  const { options } = rule.use
  if (typeof options !== 'object') return rule
  const jsc = { ...(options['jsc'] as object), minify: { compress: false, mangle: false, format: { comments: false } } }
  return { ...rule, use: { ...rule.use, options: { ...options, minify: true, jsc } } }
}

/** Names each module by its path in the checkout, or from its package on, wherever that is installed. */
function namedByPlace(checkout: string): Plugin {
  return {
    apply(compiler) {
      compiler.hooks.compilation.tap('places', (compilation) => {
        const { requestShortener } = compilation
        compilation.hooks.moduleIds.tap('places', (modules) => {
          for (const module of modules) {
            const file = module.nameForCondition()
            // What is no file is left out of the sandbox, and named by what was asked for.
            const name = file ? placeOf(file, checkout) : basename(module.readableIdentifier(requestShortener))
            compilation.chunkGraph.setModuleId(module, name)
          }
        })
      })
    },
  }
}

function placeOf(path: string, checkout: string): string {
  const [, inPackages] = /.*[\\/]node_modules[\\/](.+)$/.exec(path) ?? []
  return (inPackages ?? relative(checkout, path)).split(sep).join('/')
}
