import { z } from 'zod'

/** How a storage system's certificate is verified, and the client's own one. File names are resolved by the adapter. */
export interface TlsOptions {
  /** PEM file of certificate authorities that are trusted instead of the built-in ones. */
  readonly caFile?: string | undefined
  /** SHA-256 of the server's certificate, hex with or without colons. The one certificate that is accepted, whoever signed it. */
  readonly fingerprint?: string | undefined
  /** The name that the certificate must be for, where it differs from the address. */
  readonly serverName?: string | undefined
  /** Accepts any certificate. Logged on every start. */
  readonly insecure?: boolean | undefined
  /** PEM files of a client certificate and its key. */
  readonly certFile?: string | undefined
  readonly keyFile?: string | undefined
}

const truthValue = z.union([z.boolean(), z.enum(['true', 'false', 'yes', 'no', '1', '0']).transform((text) => ['true', 'yes', '1'].includes(text))])

/** The zod members of the part of {@link TlsOptions} that every HTTPS adapter offers in its options, under these names. */
export const tlsOptionsShape: {
  readonly fingerprint: z.ZodType<string | undefined>
  readonly serverName: z.ZodType<string | undefined>
  readonly insecure: z.ZodType<boolean | undefined>
} = {
  fingerprint: z
    .string()
    .regex(/^([0-9a-fA-F]{2}:?){32}$/, 'expected the SHA-256 of a certificate: 64 hex digits, colons allowed')
    .optional(),
  serverName: z.string().min(1).optional(),
  insecure: truthValue.optional(),
}
