/** Variables of the operator's environment that pi documents as its own or as a provider's (docs/environment-variables.md, docs/providers.md). */

/** Not `PI_SESSION_ID` and its like: those belong to the pi that set them. */
const PI_SETTINGS = [
  'PI_CODING_AGENT_DIR',
  'PI_CODING_AGENT_SESSION_DIR',
  'PI_PACKAGE_DIR',
  'PI_CACHE_RETENTION',
  'PI_SHARE_VIEWER_URL',
  'PI_RADIUS_GATEWAY',
  'PI_HARDWARE_CURSOR',
  'PI_HYPERLINKS',
  'PI_IMAGE_PROTOCOL',
  'PI_TRUE_COLOR',
  'PI_TUI_ESC_TIMEOUT',
] as const

const API_KEYS = [
  'AI_GATEWAY_API_KEY',
  'ANT_LING_API_KEY',
  'ANTHROPIC_API_KEY',
  'ANTHROPIC_AUTH_TOKEN',
  'ANTHROPIC_OAUTH_TOKEN',
  'BASETEN_API_KEY',
  'CEREBRAS_API_KEY',
  'COPILOT_GITHUB_TOKEN',
  'DEEPSEEK_API_KEY',
  'FIREWORKS_API_KEY',
  'GEMINI_API_KEY',
  'GROQ_API_KEY',
  'HF_TOKEN',
  'KIMI_API_KEY',
  'META_API_KEY',
  'MINIMAX_API_KEY',
  'MINIMAX_CN_API_KEY',
  'MISTRAL_API_KEY',
  'MOONSHOT_API_KEY',
  'NVIDIA_API_KEY',
  'OPENAI_API_KEY',
  'OPENCODE_API_KEY',
  'OPENROUTER_API_KEY',
  'QWEN_TOKEN_PLAN_API_KEY',
  'QWEN_TOKEN_PLAN_CN_API_KEY',
  'RADIUS_API_KEY',
  'TOGETHER_API_KEY',
  'XAI_API_KEY',
  'XIAOMI_API_KEY',
  'XIAOMI_TOKEN_PLAN_AMS_API_KEY',
  'XIAOMI_TOKEN_PLAN_CN_API_KEY',
  'XIAOMI_TOKEN_PLAN_SGP_API_KEY',
  'ZAI_API_KEY',
  'ZAI_CODING_CN_API_KEY',
] as const

const CLOUDS = [
  'AWS_ACCESS_KEY_ID',
  'AWS_BEARER_TOKEN_BEDROCK',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_DEFAULT_REGION',
  'AWS_PROFILE',
  'AWS_REGION',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AZURE_OPENAI_API_KEY',
  'AZURE_OPENAI_BASE_URL',
  'AZURE_OPENAI_RESOURCE_NAME',
  'CLOUDFLARE_ACCOUNT_ID',
  'CLOUDFLARE_API_KEY',
  'CLOUDFLARE_GATEWAY_ID',
  'GCLOUD_PROJECT',
  'GOOGLE_APPLICATION_CREDENTIALS',
  'GOOGLE_CLOUD_API_KEY',
  'GOOGLE_CLOUD_LOCATION',
  'GOOGLE_CLOUD_PROJECT',
] as const

export const PI_INHERITED: readonly string[] = [...PI_SETTINGS, ...API_KEYS, ...CLOUDS, 'EDITOR', 'VISUAL']

/** What of that an agent with an account has as well: it says neither who is asked nor in whose name. */
export const PI_KEPT_WITH_ACCOUNT: readonly string[] = [
  'PI_PACKAGE_DIR',
  'PI_CACHE_RETENTION',
  'PI_HARDWARE_CURSOR',
  'PI_HYPERLINKS',
  'PI_IMAGE_PROTOCOL',
  'PI_TRUE_COLOR',
  'PI_TUI_ESC_TIMEOUT',
  'EDITOR',
  'VISUAL',
]

/**
 * An agent that nobody watches asks nobody whether it is current, and reports to nobody. Offline is pi's word for not
 * fetching tools, packages and catalogues by itself, which would hold up its start for as long as a network is slow; its
 * models are reached all the same. The roster's `env` can say otherwise.
 */
export const PI_ENVIRONMENT: Readonly<Record<string, string>> = { PI_OFFLINE: '1', PI_SKIP_VERSION_CHECK: '1', PI_TELEMETRY: '0' }
