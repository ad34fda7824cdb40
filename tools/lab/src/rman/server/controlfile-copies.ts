import { stat } from 'node:fs/promises'
import { CONTROL_BLOCK } from '../../engine/identify.ts'
import { writeError } from '../../engine/os-error.ts'
import { recordCopy } from './datafile-copies.ts'
import { defaultName, placedName } from './names.ts'
import { elapsed } from './work.ts'
import type { Channel, Work } from './work.ts'

/** BACKUP AS COPY CURRENT CONTROLFILE. @throws OraError ORA-19504 when the file exists, without REUSE */
export async function copyControlfile(work: Work, channel: Channel, options: { readonly format: string | null; readonly tag: string; readonly reuse: boolean }): Promise<void> {
  const { instance, emit } = work
  const started = instance.host.now()
  const setCount = await instance.updateControlFile(() => instance.nextRecid('setCount'))
  const parts = { setCount, setStamp: instance.stamp(started), piece: 1, controlfileCopy: true }
  const chosen = options.format ?? channel.format
  const name = chosen === null ? defaultName(instance, 'controlfile', options.tag, parts) : placedName(instance, chosen, 'controlfile', options.tag, parts)
  emit(`channel ${channel.name}: starting datafile copy`)
  emit('copying current control file')
  if (!options.reuse && (await instance.fileExists(name))) throw writeError(Object.assign(new Error('exists'), { code: 'EEXIST' }), name) as Error
  try {
    await instance.writeControlFileCopy(name)
  } catch (error) {
    throw writeError(error, name)
  }
  const blocks = Math.ceil((await stat(instance.host.real(name))).size / CONTROL_BLOCK)
  work.bytes.output += blocks * CONTROL_BLOCK
  const { checkpointScn, checkpointTime, resetlogsScn } = instance.controlFile
  const record = await recordCopy(work, {
    name, tag: options.tag, file: 0, tablespace: '', creationScn: 0n, resetlogsScn, incrementalLevel: null, checkpointScn, checkpointTime, absoluteFuzzyScn: 0n, recoveryFuzzyScn: 0n, markedCorrupt: 0, blocks, blockSize: CONTROL_BLOCK,
    completionTime: instance.host.now(),
  })
  emit(`output file name=${name} tag=${options.tag} RECID=${record.recid} STAMP=${record.stamp}`)
  emit(`channel ${channel.name}: datafile copy complete, elapsed time: ${elapsed(work, started)}`)
}
