import { ora } from '../engine/ora-error.ts'
import type { SqlResult } from '../engine/protocol.ts'
import { unimplemented, type Statement } from './statement.ts'

/**
 * ADMINISTER KEY MANAGEMENT CREATE KEYSTORE | CREATE AUTO_LOGIN KEYSTORE FROM KEYSTORE | SET KEYSTORE OPEN | SET KEYSTORE CLOSE |
 * SET KEY, with IDENTIFIED BY. The directory may be named; it is that of the parameters.
 */
export function administerKeys({ cursor, instance }: Statement): Promise<SqlResult> {
  const { keystore } = instance
  const password = (): string => {
    cursor.expectWord('IDENTIFIED')
    cursor.expectWord('BY')
    const { kind, text } = { kind: cursor.token.kind, text: cursor.text.slice(cursor.token.start, cursor.token.end) }
    if (kind !== 'word' && kind !== 'quoted') throw ora(988, 'missing or invalid password(s)').at(cursor.at)
    cursor.next()
    return text.replaceAll('"', '')
  }
  const place = (): void => { if (cursor.token.kind === 'string') cursor.next() }
  const everywhere = (): void => {
    if (!cursor.acceptWords('CONTAINER')) return
    cursor.expectOperator('=', () => ora(46634, 'encryption wallet type is missing'))
    if (!cursor.acceptWords('ALL')) cursor.expectWord('CURRENT')
  }
  let action: () => void
  if (cursor.acceptWords('CREATE', 'KEYSTORE')) {
    place()
    const secret = password()
    action = () => { keystore.create(secret) }
  } else if (cursor.isWord('CREATE') && [cursor.peek(1).value, cursor.peek(2).value].includes('AUTO_LOGIN')) {
    cursor.next()
    const local = cursor.acceptWords('LOCAL')
    for (const word of ['AUTO_LOGIN', 'KEYSTORE', 'FROM', 'KEYSTORE']) cursor.expectWord(word)
    place()
    const secret = password()
    action = () => { keystore.createAutoLogin(secret, local) }
  } else if (cursor.acceptWords('SET', 'KEYSTORE', 'OPEN')) {
    const secret = password()
    everywhere()
    action = () => { keystore.open(secret) }
  } else if (cursor.acceptWords('SET', 'KEYSTORE', 'CLOSE')) {
    if (cursor.isWord('IDENTIFIED')) password()
    everywhere()
    action = () => { keystore.close() }
  } else if (cursor.acceptWords('SET', 'KEY')) {
    cursor.acceptWords('FORCE', 'KEYSTORE')
    const secret = password()
    if (cursor.acceptWords('WITH', 'BACKUP') && cursor.acceptWords('USING')) place()
    everywhere()
    action = () => { keystore.setKey(secret) }
  } else throw unimplemented().at(cursor.at)
  cursor.expectEnd(() => ora(46635, 'missing or invalid keyword'))
  action()
  return Promise.resolve({ message: 'keystore altered.' })
}
