import { withDatabase } from '../app-context.ts'
import { readByteSize } from '../byte-size.ts'
import { text } from '../command.ts'
import type { CommandAction } from '../command.ts'

/** `icb volume create <db> [name] --size 5T`: the volume that the storage's options name; one that is there is found. */
export const volumeCreate: CommandAction = async (app, [database = '', name = database], options) =>
  withDatabase(app, database, async (connection) => {
    const size = text(options, 'size')
    const volume = await (await connection.storage()).createVolume({ name, ...(size === undefined ? {} : { size: readByteSize(size) }) }, { signal: app.signal })
    const mounts = volume.mounts.map((mount) => (mount.kind === 'path' ? mount.path : `${mount.server}:${mount.path} (${mount.options})`))
    app.print(`volume: ${volume.id}`)
    for (const mount of mounts) app.print(`  ${mount}`)
    return { schema: 'volume/1', result: { id: volume.id, name: volume.name, mounts } }
  })
