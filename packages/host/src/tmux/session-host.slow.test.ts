import { sessionHostContract } from '@mosaic/testkit/contracts/session-host-contract'
import { HOLDER } from './fixtures/own-server.ts'
import { Tmux } from './tmux.ts'
import { TmuxSessionHost } from './tmux-session-host.ts'

sessionHostContract('tmux', (home) => ({
  open: () => new TmuxSessionHost(new Tmux({ socketName: home.tmuxSocket, env: home.env, timeoutMs: 30_000 }), HOLDER),
  scroll: async (session) => {
    await home.tmux('copy-mode', '-t', `=${session}:`)
  },
}))
