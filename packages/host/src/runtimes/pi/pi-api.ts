/** The part of pi's extension interface that is used here, as pi 0.87 has it (docs/extensions.md, dist/core/extensions/types.d.ts). */

export interface PiModel {
  id: string
  provider: string
}

export interface PiUsage {
  input?: number
  output?: number
  cacheRead?: number
  cacheWrite?: number
  reasoning?: number
  cost?: { total?: number }
}

export interface PiMessage {
  role: string
  content?: unknown
  /** Epoch milliseconds. */
  timestamp?: number
  usage?: PiUsage
  model?: string
  provider?: string
  stopReason?: string
  errorMessage?: string
}

export interface PiEntry {
  type: string
  message?: PiMessage
}

export interface PiContext {
  mode: string
  cwd: string
  model: PiModel | undefined
  modelRegistry: { hasConfiguredAuth(model: PiModel): boolean }
  sessionManager: {
    getSessionId(): string
    getSessionFile(): string | undefined
    /** Root to leaf. */
    getBranch(): PiEntry[]
  }
  ui: { getEditorText(): string }
  isIdle(): boolean
  hasPendingMessages(): boolean
  getContextUsage(): { tokens: number | null; contextWindow: number } | undefined
}

export interface PiCommandContext extends PiContext {
  newSession(): Promise<{ cancelled: boolean }>
}

export interface PiEvents {
  session_start: { reason: string }
  session_shutdown: { reason: string }
  session_before_compact: { reason: string }
  session_compact: { reason: string; compactionEntry?: { id?: string; usage?: PiUsage } }
  session_compact_failed: { reason: string; errorMessage?: string }
  input: { text: string; source: string; streamingBehavior?: 'steer' | 'followUp' }
  agent_start: object
  agent_settled: object
  message_start: { message: PiMessage }
  message_end: { message: PiMessage }
  ui_prompt_start: { kind: string; title?: string }
  ui_prompt_end: object
  after_provider_response: { status: number; headers: Record<string, string> }
}

export interface PiToolResult {
  content: { type: 'text'; text: string }[]
  details: unknown
}

export interface PiTool {
  name: string
  label: string
  description: string
  /** JSON Schema. */
  parameters: Record<string, unknown>
  /** A throw is the tool's error, shown to the model. */
  execute(toolCallId: string, input: unknown, signal: AbortSignal | undefined): Promise<PiToolResult>
}

export interface PiApi {
  on<K extends keyof PiEvents>(event: K, handler: (event: PiEvents[K], ctx: PiContext) => unknown): unknown
  registerTool(tool: PiTool): void
  registerCommand(name: string, options: { description: string; handler(args: string, ctx: PiCommandContext): Promise<void> }): void
  sendUserMessage(text: string, options?: { deliverAs?: 'steer' | 'followUp'; expandPromptTemplates?: boolean }): void
  sendMessage(message: { customType: string; content: string; display: boolean }, options: { triggerTurn: boolean }): void
}

/** All text of a message, as pi itself joins it. */
export function textOf(message: PiMessage): string {
  const { content } = message
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content
    .map((part: { type?: unknown; text?: unknown } | null) => (part?.type === 'text' && typeof part.text === 'string' ? part.text : ''))
    .join('')
}
