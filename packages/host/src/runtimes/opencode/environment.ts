/** Variables of the operator's environment that OpenCode documents as its own or as a provider's (opencode.ai/docs). */

/** Not `OPENCODE_SERVER_PASSWORD` and `OPENCODE_CONFIG_CONTENT`: those are this launch's. */
const OPENCODE_SETTINGS = [
  'OPENCODE_CONFIG',
  'OPENCODE_CONFIG_DIR',
  'OPENCODE_DISABLE_AUTOCOMPACT',
  'OPENCODE_DISABLE_CLAUDE_CODE',
  'OPENCODE_DISABLE_MODELS_FETCH',
  'OPENCODE_ENABLE_EXA',
  'OPENCODE_MODELS_URL',
] as const

const API_KEYS = [
  'AI_GATEWAY_API_KEY',
  'ANTHROPIC_API_KEY',
  'CEREBRAS_API_KEY',
  'COHERE_API_KEY',
  'DEEPINFRA_API_KEY',
  'DEEPSEEK_API_KEY',
  'FIREWORKS_API_KEY',
  'GEMINI_API_KEY',
  'GITHUB_TOKEN',
  'GITLAB_TOKEN',
  'GOOGLE_GENERATIVE_AI_API_KEY',
  'GROQ_API_KEY',
  'HF_TOKEN',
  'MISTRAL_API_KEY',
  'MOONSHOT_API_KEY',
  'NVIDIA_API_KEY',
  'OPENAI_API_KEY',
  'OPENCODE_API_KEY',
  'OPENROUTER_API_KEY',
  'PERPLEXITY_API_KEY',
  'TOGETHER_API_KEY',
  'XAI_API_KEY',
  'ZHIPU_API_KEY',
] as const

const CLOUDS = [
  'AICORE_SERVICE_KEY',
  'AWS_ACCESS_KEY_ID',
  'AWS_BEARER_TOKEN_BEDROCK',
  'AWS_PROFILE',
  'AWS_REGION',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AZURE_API_KEY',
  'AZURE_RESOURCE_NAME',
  'CLOUDFLARE_ACCOUNT_ID',
  'CLOUDFLARE_API_TOKEN',
  'CLOUDFLARE_GATEWAY_ID',
  'GOOGLE_APPLICATION_CREDENTIALS',
  'GOOGLE_CLOUD_PROJECT',
  'VERTEX_LOCATION',
] as const

export const OPENCODE_INHERITED: readonly string[] = [...OPENCODE_SETTINGS, ...API_KEYS, ...CLOUDS, 'EDITOR', 'VISUAL']

/** What of that an agent with an account has as well: it says neither who is asked nor in whose name. */
export const OPENCODE_KEPT_WITH_ACCOUNT: readonly string[] = [
  'OPENCODE_DISABLE_AUTOCOMPACT',
  'OPENCODE_DISABLE_CLAUDE_CODE',
  'OPENCODE_DISABLE_MODELS_FETCH',
  'OPENCODE_ENABLE_EXA',
  'EDITOR',
  'VISUAL',
]

/** An agent that nobody watches neither replaces its own program nor fetches others. The roster's `env` can say otherwise. */
export const OPENCODE_ENVIRONMENT: Readonly<Record<string, string>> = {
  OPENCODE_DISABLE_AUTOUPDATE: '1',
  OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
}

/** Names the variable with the password of the server of one launch. */
export const PASSWORD_VARIABLE = 'OPENCODE_SERVER_PASSWORD'
