import { DateTime } from 'luxon'
import { z } from 'zod'

const text = z.union([z.string(), z.number()]).transform(String)
const unitBytes: Readonly<Record<string, number>> = { '': 1, B: 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4, P: 1024 ** 5 }

/** `136K` as ZFS prints it: rounded to three digits. `undefined`: no size. */
export function bytesOf(printed: string | undefined): bigint | undefined {
  const [, number, unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([BKMGTP]?)i?B?\s*$/i.exec(printed ?? '') ?? []
  const factor = unitBytes[unit.toUpperCase()]
  return number === undefined || factor === undefined ? undefined : BigInt(Math.round(Number(number) * factor))
}

/** Seconds since 1970; dates as text have no time zone and are not read. */
function secondsOf(...candidates: readonly (string | undefined)[]): number | undefined {
  const found = candidates.find((each) => each !== undefined && /^\d{8,}(?:\.\d+)?$/.test(each.trim()))
  return found === undefined ? undefined : Math.floor(Number(found))
}

export interface SoftnasSnapshot {
  /** As the server named it. */
  readonly name: string
  readonly pool: string | undefined
  readonly volume: string | undefined
  /** By the server's clock, whole seconds. */
  readonly seconds: number
  readonly createdAt: DateTime
  readonly refers: bigint | undefined
}

export const snapshotRecord: z.ZodType<SoftnasSnapshot> = z
  .object({ snapshot_name: text, pool_name: text.optional(), volume_name: text.optional(), creation: text.optional(), datesort: text.optional(), refer: text.optional() })
  .transform((raw, context) => {
    const seconds = secondsOf(raw.creation, raw.datesort)
    if (seconds === undefined) {
      context.addIssue({ code: 'custom', path: ['creation'], message: 'neither creation nor datesort has seconds since 1970' })
      return z.NEVER
    }
    return {
      name: raw.snapshot_name.slice(raw.snapshot_name.lastIndexOf('@') + 1), pool: raw.pool_name, volume: raw.volume_name, seconds,
      createdAt: DateTime.fromSeconds(seconds, { zone: 'utc' }), refers: bytesOf(raw.refer),
    }
  })

export interface SoftnasVolume {
  readonly name: string
  readonly pool: string | undefined
  /** Path of its NFS export. */
  readonly path: string | undefined
}

export const volumeRecord: z.ZodType<SoftnasVolume> = z
  .object({ vol_name: text, pool: text.optional(), vol_path: text.optional() })
  .transform((raw) => ({ name: raw.vol_name, pool: raw.pool, path: raw.vol_path?.startsWith('/') === true ? raw.vol_path.replace(/(?<=.)\/+$/, '') : undefined }))
