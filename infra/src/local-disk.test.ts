import { mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { emptyFolder } from '@gauntlet/files/fixtures/empty-folder'
import { describe, expect, it } from 'vitest'
import { requireLocalDisk } from './local-disk.ts'

describe('the disk of a home', () => {
  it.each(['nfs', 'nfs4', 'cifs', 'lustre', 'gpfs', 'ceph', 'beegfs', 'fuse.sshfs', 'fuse.glusterfs'])(
    'is refused on %s, also before the home exists and with a space in its path',
    (type) => {
      const folder = realpathSync(emptyFolder())
      const share = join(folder, 'a share')
      mkdirSync(share)
      const mounts = `${mount('/', 'ext4')}\n${mount(folder, 'ext4')}\n${mount(share, type)}\n`
      const refused = expect.objectContaining({ name: 'DiskNotLocal', message: expect.stringContaining(`(${type})`) })
      expect(() => requireLocalDisk(join(share, 'x/.gauntlet'), mounts)).toThrow(refused)
      expect(() => requireLocalDisk(join(folder, '.gauntlet'), mounts)).not.toThrow()
      expect(() => requireLocalDisk(`${share}-beside`, mounts)).not.toThrow()
    },
  )

  it.each(['ext4', 'xfs', 'btrfs', 'overlay', 'tmpfs', 'zfs', 'virtiofs', '9p', 'fuse.ntfs-3g'])(
    'may be %s',
    (type) => {
      expect(() => requireLocalDisk(emptyFolder(), mount('/', type))).not.toThrow()
    },
  )

  it('is that of the mount on top where one lies over another', () => {
    const folder = realpathSync(emptyFolder())
    const below = `${mount(folder, 'nfs4')}\n${mount(folder, 'ext4')}`
    expect(() => requireLocalDisk(folder, below)).not.toThrow()
  })

  it('is accepted here', () => {
    expect(() => requireLocalDisk(emptyFolder())).not.toThrow()
  })
})

/** A line of mountinfo, with a tag of propagation as most have. */
function mount(point: string, type: string): string {
  return `36 35 98:0 / ${point.replaceAll(' ', '\\040')} rw,noatime shared:1 - ${type} server:/export rw`
}
