/** What Claude Code gets from the operator's environment, and what every launch sets in it. */

const SETTINGS = [
  'CLAUDE_CONFIG_DIR',
  'CLAUDE_CODE_OAUTH_TOKEN',
  'CLAUDE_CODE_USE_BEDROCK',
  'CLAUDE_CODE_USE_FOUNDRY',
  'CLAUDE_CODE_USE_VERTEX',
  'CLAUDE_CODE_SKIP_BEDROCK_AUTH',
  'CLAUDE_CODE_SKIP_VERTEX_AUTH',
  'CLAUDE_CODE_MAX_OUTPUT_TOKENS',
  'CLAUDE_CODE_SUBAGENT_MODEL',
  'CLAUDE_CODE_CLIENT_CERT',
  'CLAUDE_CODE_CLIENT_KEY',
  'MAX_THINKING_TOKENS',
  'API_TIMEOUT_MS',
  'BASH_DEFAULT_TIMEOUT_MS',
  'BASH_MAX_TIMEOUT_MS',
] as const

const ANTHROPIC = [
  'ANTHROPIC_API_KEY',
  'ANTHROPIC_AUTH_TOKEN',
  'ANTHROPIC_BASE_URL',
  'ANTHROPIC_BEDROCK_BASE_URL',
  'ANTHROPIC_CUSTOM_HEADERS',
  'ANTHROPIC_DEFAULT_HAIKU_MODEL',
  'ANTHROPIC_DEFAULT_OPUS_MODEL',
  'ANTHROPIC_DEFAULT_SONNET_MODEL',
  'ANTHROPIC_FOUNDRY_API_KEY',
  'ANTHROPIC_FOUNDRY_RESOURCE',
  'ANTHROPIC_MODEL',
  'ANTHROPIC_VERTEX_BASE_URL',
  'ANTHROPIC_VERTEX_PROJECT_ID',
] as const

const CLOUDS = [
  'AWS_ACCESS_KEY_ID',
  'AWS_BEARER_TOKEN_BEDROCK',
  'AWS_DEFAULT_REGION',
  'AWS_PROFILE',
  'AWS_REGION',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'CLOUD_ML_REGION',
  'GOOGLE_APPLICATION_CREDENTIALS',
  'GOOGLE_CLOUD_PROJECT',
] as const

/** Not `CLAUDECODE` and its like: those say that a program runs inside of a Claude Code. */
export const CLAUDE_INHERITED: readonly string[] = [...SETTINGS, ...ANTHROPIC, ...CLOUDS, 'NODE_EXTRA_CA_CERTS', 'EDITOR', 'VISUAL']

/** What of that an agent with an account has as well: it says neither who is asked nor in whose name. */
export const CLAUDE_KEPT_WITH_ACCOUNT: readonly string[] = [
  'CLAUDE_CODE_MAX_OUTPUT_TOKENS',
  'CLAUDE_CODE_SUBAGENT_MODEL',
  'MAX_THINKING_TOKENS',
  'API_TIMEOUT_MS',
  'BASH_DEFAULT_TIMEOUT_MS',
  'BASH_MAX_TIMEOUT_MS',
  'ANTHROPIC_DEFAULT_HAIKU_MODEL',
  'ANTHROPIC_DEFAULT_OPUS_MODEL',
  'ANTHROPIC_DEFAULT_SONNET_MODEL',
  'ANTHROPIC_MODEL',
  'NODE_EXTRA_CA_CERTS',
  'EDITOR',
  'VISUAL',
]

/** Tokens: the window that an agent works in, whatever its model could take. */
export const CONTEXT_CAP = 200_000

/** What caps the context. A version of the program that does not know these names does not cap it. */
export const CAP_VARIABLE = 'CLAUDE_CODE_DISABLE_1M_CONTEXT'
export const CAP_SETTING = 'autoCompactWindow'

/** Where its status line is written, absolute: in the environment, so that no shell text is built from a path. */
export const STATUS_LINE_VARIABLE = 'MOSAIC_CLAUDE_STATUS_FILE'

/** The roster's `env` can say otherwise. */
export const CLAUDE_ENVIRONMENT: Readonly<Record<string, string>> = {
  [CAP_VARIABLE]: '1',
  // Trust of the working directory for this launch alone; else a dialog, or a line in the operator's .claude.json.
  CLAUDE_CODE_SANDBOXED: '1',
  // A message that names a file by @ is text, and reads no file into the conversation.
  CLAUDE_CODE_DISABLE_FILE_MENTIONS: '1',
  // What runs is what was located: no program replaces itself under a living fleet.
  DISABLE_AUTOUPDATER: '1',
  // One request per turn, and only to the model.
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  // A guess at the next prompt stands in the composer, where it cannot be told from a draft.
  CLAUDE_CODE_ENABLE_PROMPT_SUGGESTION: 'false',
  // Dialogs that no tool announces: in a pane that nobody watches they stop an agent, and their Enter would be ours.
  DISABLE_COST_WARNINGS: '1',
  CLAUDE_CODE_DISABLE_FEEDBACK_SURVEY: '1',
  CLAUDE_CODE_RESUME_THRESHOLD_MINUTES: '1000000000',
}

/** As root, Claude Code skips permissions only where it is told that it stands in a sandbox. */
export const YOLO_AS_ROOT: Readonly<Record<string, string>> = { IS_SANDBOX: '1' }
