import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { listenerIn, listeningPorts, variableOf } from './listening.ts'

const LINE =
  '   0: 0100007F:1000 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0000000000000000 100 0 0 10 0'

test('reads a listener on loopback out of the kernel table, and nothing else', () => {
  expect(listenerIn(LINE)).toEqual({ port: 4096, inode: '4242' })
  expect(listenerIn(LINE.replace(' 0A ', ' 01 '))).toBeUndefined()
  expect(listenerIn(LINE.replace('0100007F', '00000000'))).toBeUndefined()
  expect(listenerIn('  sl  local_address rem_address   st')).toBeUndefined()
})

test('finds the ports on which a process listens, and none of a process that is gone', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  expect(listeningPorts(process.pid)).toContain(port)
  await new Promise((resolve) => server.close(resolve))
  expect(listeningPorts(process.pid)).not.toContain(port)
  expect(listeningPorts(2 ** 22 + 1)).toEqual([])
})

test('reads a variable that a process was started with', () => {
  expect(variableOf(process.pid, 'NO_SUCH_VARIABLE_HERE')).toBeUndefined()
  expect(variableOf(2 ** 22 + 1, 'PATH')).toBeUndefined()
})
