import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, sep } from 'node:path'

/** A folder lies on a network file system; a retry does not help, another folder does. */
export class DiskNotLocal extends Error {
  override readonly name = 'DiskNotLocal'
}

/** File systems of other machines, as Linux names their types. FUSE has a type for each program behind it. */
const networkTypes =
  /^(nfs4?|cifs|smb3|smbfs|ncpfs|afs|coda|lustre|gpfs|ceph|beegfs|panfs|wekafs|pvfs2|orangefs|ocfs2|gfs2|fuse\.(sshfs|ceph|glusterfs|gluster|beegfs|juicefs|rclone|s3fs|goofys|gcsfuse|mfs|moosefs|davfs|cvmfs.*))$/

/**
 * Throws `DiskNotLocal` where `home` lies on a network file system. Postgres and SQLite need locks and writes in order,
 * which such file systems promise and often do not keep; the loss is seen long after it.
 * @param mounts the text of `/proc/self/mountinfo` (proc_pid_mountinfo(5))
 */
export function requireLocalDisk(home: string, mounts = mountsOfThisProcess()): void {
  const type = networkFileSystem(home, mounts)
  if (!type) return
  throw new DiskNotLocal(
    `${home} lies on a network file system (${type}), on which Postgres and Temporal may lose what they wrote; set GAUNTLET_HOME to a folder on a local disk (GAUNTLET_ARTIFACTS may stay on the network), or DATABASE_URL and TEMPORAL_ADDRESS to servers of yours.`,
  )
}

/** The type of the network file system on which a folder lies, or would; undefined where it is none that is known. */
export function networkFileSystem(folder: string, mounts = mountsOfThisProcess()): string | undefined {
  const type = fileSystemOf(nearestExisting(folder), mounts)
  return type && networkTypes.test(type) ? type : undefined
}

/**
 * The type of the file system that holds a folder: that of the longest mount point above it, the last one of equals.
 */
function fileSystemOf(folder: string, mounts: string): string | undefined {
  let [longest, type]: [number, string | undefined] = [-1, undefined]
  for (const line of mounts.split('\n')) {
    const [mount, file] = line.split(' - ')
    const point = unescapeOctal(mount?.split(' ')[4] ?? '')
    const isAbove = folder === point || folder.startsWith(point.endsWith(sep) ? point : point + sep)
    if (point === '' || !isAbove || point.length < longest) continue
    longest = point.length
    type = file?.split(' ')[0]
  }
  return type
}

/** Spaces, tabs, newlines and backslashes of a path are written as `\040` and so on. */
function unescapeOctal(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}

function nearestExisting(folder: string): string {
  return existsSync(folder) ? realpathSync(folder) : nearestExisting(dirname(folder))
}

function mountsOfThisProcess(): string {
  return existsSync('/proc/self/mountinfo') ? readFileSync('/proc/self/mountinfo', 'utf8') : ''
}
