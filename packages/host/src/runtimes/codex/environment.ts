/** Variables of the operator's environment that codex documents as its own, or that its providers commonly read a key from. */

export const CODEX_INHERITED: readonly string[] = [
  'CODEX_HOME',
  'CODEX_SQLITE_HOME',
  'CODEX_API_KEY',
  'CODEX_ACCESS_TOKEN',
  'CODEX_CA_CERTIFICATE',
  'OPENAI_API_KEY',
  'OPENAI_BASE_URL',
  'OPENAI_ORGANIZATION',
  'OPENAI_PROJECT',
  'AZURE_OPENAI_API_KEY',
  'OPENROUTER_API_KEY',
  'MISTRAL_API_KEY',
  'GROQ_API_KEY',
  'XAI_API_KEY',
  'DEEPSEEK_API_KEY',
  'GEMINI_API_KEY',
  'AWS_ACCESS_KEY_ID',
  'AWS_BEARER_TOKEN_BEDROCK',
  'AWS_DEFAULT_REGION',
  'AWS_PROFILE',
  'AWS_REGION',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'EDITOR',
  'VISUAL',
]

/** What of that an agent with an account has as well: it says neither who is asked nor in whose name. */
export const CODEX_KEPT_WITH_ACCOUNT: readonly string[] = ['CODEX_CA_CERTIFICATE', 'EDITOR', 'VISUAL']
