/** What the endpoint offers to agents, as it sees it: names, schemas, and a function that does one. */

/** The launch that calls, proven by its token. */
export interface ToolCaller {
  name: string
  launchId: string
  /** Given by a caller that may repeat the call: the same id is the same call. */
  callId?: string | undefined
}

export interface ToolDescription {
  name: string
  title: string
  description: string
  /** JSON Schema of an object. */
  inputSchema: Readonly<Record<string, unknown>>
  /** True when calling it changes nothing. */
  readOnly: boolean
}

export interface ToolAnswer {
  /** Shown to the model. */
  text: string
  isError: boolean
  /** The same for machines. */
  structured?: Readonly<Record<string, unknown>>
}

export interface AgentTools {
  readonly list: readonly ToolDescription[]
  /** `undefined`: there is no such tool. Never throws for what the agent did wrong: that is an answer with `isError`. */
  call(caller: ToolCaller, tool: string, input: unknown): Promise<ToolAnswer | undefined>
}

/** An endpoint for hooks and pings alone. */
export const NO_TOOLS: AgentTools = { list: [], call: async () => undefined }
