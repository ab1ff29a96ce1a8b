import { workflowDeployment } from '@gauntlet/contract'
import type { Digest } from '@gauntlet/study'
import type { NativeConnection } from '@temporalio/worker'
import { setTimeout as sleep } from 'node:timers/promises'

/** The server does not take a version; the message says what to change. */
export class DeploymentRefused extends Error {
  override readonly name = 'DeploymentRefused'
}

/** Temporal's `VersionDrainageStatus`: whether runs are left that are pinned to a version. */
const drained = 2

/** The Worker Deployment of the workflows, as the server knows it. */
export class Deployment {
  constructor(
    private readonly connection: NativeConnection,
    private readonly namespace: string,
  ) {}

  /**
   * Makes a build current: new runs begin with it, and those that upgrade go on with it. The server takes a build only
   * after a worker of it has asked for work, which is waited for. Throws `DeploymentRefused`.
   */
  async makeCurrent(buildId: Digest, limitMilliseconds = 60_000): Promise<void> {
    const request = { namespace: this.namespace, deploymentName: workflowDeployment, buildId, identity: 'gauntlet' }
    for (const deadline = Date.now() + limitMilliseconds; ; await sleep(100)) {
      try {
        await this.connection.workflowService.setWorkerDeploymentCurrentVersion(request)
        return
      } catch (cause) {
        if (Date.now() < deadline) continue
        const message = `The Temporal server does not make these workflows current (${(cause as Error).message}); it must be 1.28 or newer, with Worker Deployments.`
        throw new DeploymentRefused(message, { cause })
      }
    }
  }

  /** The builds that are not current and may have runs. */
  async draining(): Promise<Digest[]> {
    const request = { namespace: this.namespace, deploymentName: workflowDeployment }
    const { workerDeploymentInfo } = await this.connection.workflowService.describeWorkerDeployment(request)
    const current = workerDeploymentInfo?.routingConfig?.currentDeploymentVersion?.buildId
    return (workerDeploymentInfo?.versionSummaries ?? []).flatMap(({ deploymentVersion, drainageInfo }) => {
      const buildId = deploymentVersion?.buildId
      return buildId && buildId !== current && drainageInfo && drainageInfo.status !== drained ? [buildId] : []
    })
  }
}
