/** A tar archive of these members, which may be hostile. */
export function tarOf(
  members: readonly { name: string; bytes?: Uint8Array; type?: string; link?: string; size?: number }[],
): Uint8Array {
  const blocks = members.flatMap(({ name, bytes = new Uint8Array(0), type = '0', link = '', size = bytes.length }) => {
    const padded = new Uint8Array(Math.ceil(bytes.length / 512) * 512)
    padded.set(bytes)
    return [headerOf({ name, size, type, link }), padded]
  })
  return Uint8Array.from(Buffer.concat([...blocks, new Uint8Array(1024)]))
}

function headerOf({ name, size, type, link }: { name: string; size: number; type: string; link: string }): Uint8Array {
  const header = Buffer.alloc(512)
  header.write(name, 0, 100)
  header.write('0000644\0', 100)
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  header.write('        ', 148)
  header.write(type, 156)
  header.write(link, 157, 100)
  header.write('ustar\x0000', 257)
  const checksum = header.reduce((sum, byte) => sum + byte, 0)
  header.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}
