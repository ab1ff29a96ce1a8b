import { connect } from 'node:http2'

/** A `grpc.health.v1.HealthCheckRequest` for the workflow service, with its prefix of a flag and a length. */
const request = healthRequest('temporal.api.workflowservice.v1.WorkflowService')
/** `HealthCheckResponse { status: SERVING }` in wire form: field 1, value 1. */
const serving = Buffer.from([0, 0, 0, 0, 2, 0x08, 0x01])

/** Whether a Temporal server at `host:port` says that it serves, by the gRPC health protocol. */
export function temporalServes(address: string, limitMilliseconds = 2_000): Promise<boolean> {
  return new Promise((resolve) => {
    const session = connect(`http://${address}`)
    const finish = (answer: boolean) => {
      clearTimeout(limit)
      session.destroy()
      resolve(answer)
    }
    const limit = setTimeout(() => finish(false), limitMilliseconds)
    session.on('error', () => finish(false))
    const call = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    const received: Buffer[] = []
    call.on('data', (chunk: Buffer) => received.push(chunk))
    call.on('error', () => finish(false))
    call.on('end', () => finish(Buffer.concat(received).equals(serving)))
    call.end(request)
  })
}

/** Flag and length, then field 1 as a string. */
function healthRequest(service: string): Buffer {
  const name = Buffer.from(service)
  const message = Buffer.concat([Buffer.from([0x0a, name.length]), name])
  return Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message])
}
