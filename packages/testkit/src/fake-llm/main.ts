/** The model server as a program: prints `{"url": ..., "pid": ...}` and runs until SIGTERM or SIGINT. */

import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { parseScript } from './script-document.ts'
import { type FakeLlmOptions, startFakeLlm } from './server.ts'

const USAGE = 'usage: main.ts [--port N] [--script FILE] [--api-key KEY]'

const { values } = parseArgs({
  options: { port: { type: 'string' }, script: { type: 'string' }, 'api-key': { type: 'string' }, help: { type: 'boolean' } },
})

if (values.help === true) {
  process.stdout.write(`${USAGE}\n`)
  process.exit(0)
}

const port = Number(values.port ?? '0')
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  process.stderr.write(`bad port ${JSON.stringify(values.port)}\n${USAGE}\n`)
  process.exit(2)
}

function optionsOf(): FakeLlmOptions {
  try {
    return {
      port,
      ...(values.script === undefined ? {} : parseScript(readFileSync(values.script, 'utf8'))),
      ...(values['api-key'] === undefined ? {} : { apiKey: values['api-key'] }),
    }
  } catch (error) {
    process.stderr.write(`${values.script}: ${error instanceof Error ? error.message : error}\n`)
    process.exit(2)
  }
}

const llm = await startFakeLlm(optionsOf())
process.stdout.write(`${JSON.stringify({ url: llm.url, pid: process.pid })}\n`)

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void llm.close().then(() => process.exit(0)))
}
