import { withDatabase } from '../app-context.ts'
import type { CommandAction } from '../command.ts'
import { renderTable } from '../table.ts'
import { describeClone } from './clone-create.command.ts'

/** `icb clone list <db>` */
export const cloneList: CommandAction = async (app, [name = '']) =>
  withDatabase(app, name, async (connection) => {
    const clones: ReturnType<typeof describeClone>[] = []
    for await (const clone of (await connection.storage()).listClones({ signal: app.signal })) clones.push(describeClone(clone))
    for (const line of renderTable(['CLONE', 'SNAPSHOT', 'CREATED (UTC)', 'MOUNT'], clones.map((clone) => [clone.name, clone.snapshot, clone.createdAt.slice(0, 19), clone.mounts.join(' ')]))) app.print(line)
    return { schema: 'clone-list/1', result: clones }
  })
