import { createServer } from 'node:http'
import { join } from 'node:path'
import { tempHome } from '@mosaic/testkit/temp-home'
import { expect, test } from 'vitest'
import { openTextSocket } from './text-socket.ts'

const frame = (first: number, text: string) => Buffer.concat([Buffer.from([first, text.length]), Buffer.from(text)])
const BEGIN = 0x01
const GO_ON = 0x00
const LAST = 0x80

/** What is heard of a server that sends these frames and says nothing more. */
async function heardOf(frames: readonly Buffer[], limitBytes: number): Promise<string[]> {
  await using home = await tempHome()
  const path = join(home.root, 'link')
  const server = createServer()
  server.on('upgrade', (_request, stream) => {
    stream.on('error', () => {})
    server.once('over', () => stream.destroy())
    stream.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
    for (const each of frames) stream.write(each)
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  try {
    const heard: string[] = []
    await new Promise<void>((resolve, reject) => {
      openTextSocket(path, { text: (text) => heard.push(text), closed: resolve }, limitBytes).catch(reject)
    })
    return heard
  } finally {
    server.emit('over')
    await new Promise((resolve) => server.close(resolve))
  }
}

test('a text in pieces is one, and one that is too long in sum ends the connection', async () => {
  const whole = [frame(BEGIN, '01234'), frame(GO_ON, '56'), frame(LAST, '789')]
  const endless = [frame(BEGIN, '0123456789'), frame(GO_ON, '0123456789'), frame(GO_ON, '0123456789')]
  expect(await heardOf([...whole, ...whole, ...endless], 25)).toEqual(['0123456789', '0123456789'])
})
