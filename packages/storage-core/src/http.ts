export { createHttpClient } from './http/client.ts'
export type { HttpAnswer, HttpClient, HttpClientOptions, HttpMethod, HttpRequest } from './http/client.ts'
export { tlsOptionsShape } from './http/tls-options.ts'
export type { TlsOptions } from './http/tls-options.ts'
